"""Moran spectral randomisation by BrainSpace.

Its compute_mem works in single precision, so the eigenvectors of the same doubly centred weights are taken in double
precision for the randomisation; the eigenvectors of compute_mem are written too.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from brainspace.null_models.moran import compute_mem, moran_randomization

HERE = Path(__file__).parent
N_MAPS, SEED = 5, 7

data = pd.read_csv(HERE / "space_input.csv")
xyz, value = data[["x", "y", "z"]].to_numpy(), data["value"].to_numpy()
n = len(xyz)
distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
np.fill_diagonal(distance, np.inf)
weights = 1 / distance

mem, _ = compute_mem(weights, spectrum="all", tol=1e-5)
single = pd.DataFrame(mem, columns=[f"v{j + 1:02d}" for j in range(n - 1)])
single.to_csv(HERE / "moran_mem_brainspace.csv", index=False, lineterminator="\n")

centring = np.eye(n) - 1 / n
values, vectors = np.linalg.eigh(centring @ weights @ centring)
vectors = vectors[:, np.abs(values) > 1e-9]
maps = moran_randomization(value, vectors, n_rep=N_MAPS, procedure="singleton", random_state=SEED)
# which components were turned, in the order of rising eigenvalues
signs = np.sign((maps - value.mean()) @ vectors * ((value - value.mean()) @ vectors)).astype(int)
pd.DataFrame(maps.T, columns=[f"map{i + 1}" for i in range(N_MAPS)]).to_csv(
    HERE / "moran_maps_brainspace.csv", index=False, lineterminator="\n"
)
pd.DataFrame(signs.T, columns=[f"map{i + 1}" for i in range(N_MAPS)]).to_csv(
    HERE / "moran_signs_brainspace.csv", index=False, lineterminator="\n"
)
