"""The table of clusters: where, how large, how likely by chance, and what the place is called."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from amygene.meta.ale import Convergence
from amygene.meta.anatomy import describe
from amygene.meta.chance import cluster_p
from amygene.meta.grid import Grid
from amygene.stats.permutation import monte_carlo_error

COLUMNS = [
    "cluster", "n_voxels", "volume", "peak_x", "peak_y", "peak_z", "peak_ale", "peak_z_value", "centre_x", "centre_y",
    "centre_z", "p_fwe", "p_error",
]  # fmt: skip


def cluster_table(
    found: Convergence, grid: Grid, largest: np.ndarray, atlases: Mapping[str, tuple[np.ndarray, dict[int, str]]]
) -> pd.DataFrame:
    """Every cluster, largest first.

    Parameters
    ----------
    largest : array of int, shape (n_draws,)
        Largest cluster of each draw.
    atlases
        Name -> numbers in the grid, and the regions' names.

    Returns
    -------
    DataFrame
        `COLUMNS` and a column per atlas. The centre is the median of the voxels' coordinates.
    """
    ijk = np.argwhere(found.labels > 0)
    number = found.labels[tuple(ijk.T)]
    order = np.argsort(number, kind="stable")
    ijk, number = ijk[order], number[order]
    stops = np.searchsorted(number, np.arange(1, len(found.sizes) + 1), side="right")
    p = cluster_p(found.sizes, largest)
    rows = []
    for cluster, (start, stop) in enumerate(zip(np.r_[0, stops[:-1]], stops, strict=True), 1):
        own = ijk[start:stop]
        xyz = grid.xyz(own)
        ale = found.ale[tuple(own.T)]
        peak = int(ale.argmax())
        row = {
            "cluster": cluster,
            "n_voxels": stop - start,
            "volume": (stop - start) * grid.size**3,
            **dict(zip(("peak_x", "peak_y", "peak_z"), xyz[peak], strict=True)),
            "peak_ale": ale[peak],
            "peak_z_value": found.z[tuple(own[peak])],
            **dict(zip(("centre_x", "centre_y", "centre_z"), np.median(xyz, axis=0), strict=True)),
            "p_fwe": p[cluster - 1],
            "p_error": monte_carlo_error(p[cluster - 1], len(largest)),
        }
        for atlas, (numbers, names) in atlases.items():
            row[atlas] = describe(numbers[tuple(own.T)], names)
        rows.append(row)
    return pd.DataFrame(rows, columns=[*COLUMNS, *atlases])
