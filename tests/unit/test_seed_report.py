"""What the seeds are, and how they overlap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from amygene.connectivity.seed_report import overlap_table, seed_table
from amygene.imaging.grid import Grid
from amygene.imaging.seed_maps import Source, Weights

GRID = Grid((4, 3, 2), np.array([[-2.0, 0, 0, 6], [0, 3, 0, 0], [0, 0, 4, -4], [0, 0, 0, 1]]))
SEEDS = {
    "A": Weights(np.array([0, 1, 5]), np.array([1.0, 1, 1])),
    "B": Weights(np.array([1, 5, 6, 7]), np.array([0.5, 0.25, 0.25, 1])),
    "NONE": Weights(np.empty(0, dtype=int), np.empty(0)),
}


def test_size_place_and_signal_of_a_seed():
    share = np.ones(24)
    share[[1, 5]] = 0.5
    qc = pd.DataFrame(
        {f"coverage_{s}": [1, 0.25] for s in SEEDS}
        | {f"mean_z_{s}": [0.1, np.nan] for s in SEEDS}
        | {f"tsnr_{s}": [30.0, 50] for s in SEEDS}
    )
    sources = {name: Source({"kind": "sphere"}) for name in SEEDS}
    table = seed_table(sources, SEEDS, GRID, share, qc).set_index("seed")
    # voxels 0, 1 and 5 are (0, 0, 0), (1, 0, 0) and (1, 1, 0)
    assert table.loc["A", ["x", "y", "z"]].tolist() == pytest.approx([6 - 2 * 2 / 3, 1, -4])
    assert table.loc["A", "mm3"] == pytest.approx(3 * 24)
    assert table.loc["B", "mm3"] == pytest.approx(2 * 24)
    assert table.loc["B", "mean_coverage"] == pytest.approx((0.5 * 0.5 + 0.25 * 0.5 + 0.25 + 1) / 2)
    assert table.loc["A", ["min_coverage", "n_maps", "tsnr_median", "tsnr_min"]].tolist() == [0.25, 1, 40, 30]
    assert table.loc["NONE", "n_voxels"] == 0
    assert np.isnan(table.loc["NONE", "x"])


def test_overlap_of_every_two_seeds():
    table = overlap_table(SEEDS).set_index(["seed", "other_seed"])
    assert len(table) == 3
    assert table.loc["A", "B"].tolist() == pytest.approx([2 * 2 / 7, 2, 2 / 3, 2 / 4])
    assert table.loc[("A", "NONE"), "dice"] == 0
    assert overlap_table({"A": SEEDS["A"]}).empty
