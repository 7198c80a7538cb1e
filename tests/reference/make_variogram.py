"""Surrogate maps by BrainSMASH, with the permutations and the noise that it drew."""

from pathlib import Path

import numpy as np
import pandas as pd
from brainsmash.mapgen import base

HERE = Path(__file__).parent
N_MAPS, SEED = 4, 11

data = pd.read_csv(HERE / "space_input.csv")
xyz, value = data[["x", "y", "z"]].to_numpy(), data["value"].to_numpy()
distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
maps = base.Base(value, distance, seed=SEED)(n=N_MAPS, batch_size=N_MAPS)

# what Base draws: a seed for its only batch, then permutations, then noise
batch = np.random.RandomState(SEED).randint(np.iinfo(np.int32).max, size=1)[0]
draws = np.random.RandomState(batch)
permuted = draws.random_sample((len(value), N_MAPS)).argsort(axis=0)
noise = draws.randn(len(value), N_MAPS)
columns = {}
for i in range(N_MAPS):
    columns |= {f"permuted{i + 1}": permuted[:, i], f"noise{i + 1}": noise[:, i], f"map{i + 1}": maps[i]}
pd.DataFrame(columns).to_csv(HERE / "variogram_brainsmash.csv", index=False, lineterminator="\n")
