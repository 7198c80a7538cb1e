"""Inputs of make_deseq2.R and make_wgcna.R: generated once, python make_preclinical_inputs.py in tests/reference."""

import numpy as np
import pandas as pd

rng = np.random.default_rng(20260411)
groups = np.repeat(["A", "B", "C"], [5, 5, 6])
names = [f"{g}_{i}" for i, g in enumerate(groups)]
mean = np.exp(rng.normal(4.5, 1.6, 250))
dispersion = 0.04 + 2 / mean
shift = np.zeros((3, 250))
shift[1, :40] = rng.normal(0, 1, 40)
shift[2, 20:70] = rng.normal(0, 1, 50)
mu = mean * np.exp(shift[np.searchsorted(["A", "B", "C"], groups)]) * rng.lognormal(0, 0.3, (16, 1))
counts = rng.poisson(rng.gamma(1 / dispersion, mu * dispersion))
pd.DataFrame(counts.T, index=[f"gene{i:03d}" for i in range(250)], columns=names).to_csv("deseq2_input.csv")

factor = rng.standard_normal((20, 3))
values = factor @ rng.standard_normal((3, 30)) + rng.standard_normal((20, 30))
pd.DataFrame(values, index=[f"s{i}" for i in range(20)], columns=[f"g{i}" for i in range(30)]).round(6).to_csv(
    "wgcna_input.csv"
)
