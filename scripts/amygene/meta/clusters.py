"""The table of clusters: where, how large, how likely by chance, and what the place is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from amygene.imaging.labels import VoxelLabels, main_region
from amygene.meta.ale import Convergence, Experiments
from amygene.meta.brain import Brain
from amygene.meta.chance import LEVEL, cluster_p
from amygene.stats.permutation import monte_carlo_error

COLUMNS = [
    "cluster", "n_voxels", "volume", "peak_x", "peak_y", "peak_z", "peak_ale", "peak_z_value", "centre_x", "centre_y",
    "centre_z", "p_fwe", "p_error",
]  # fmt: skip


def cluster_table(
    found: Convergence | None, grid: Brain, largest: np.ndarray, atlases: Mapping[str, VoxelLabels]
) -> pd.DataFrame:
    """Every cluster, largest first.

    Parameters
    ----------
    found
        None if the analysis was refused: no rows.
    largest : array of int, shape (n_draws,)
        Largest cluster of each draw.
    atlases
        Name -> labels of the grid's voxels.

    Returns
    -------
    DataFrame
        `COLUMNS` and a column per atlas. The centre is the median of the voxels' coordinates.
    """
    if found is None:
        return pd.DataFrame(columns=[*COLUMNS, *atlases])
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
        row |= {name: labels.with_outside(tuple(own.T)) for name, labels in atlases.items()}
        rows.append(row)
    return pd.DataFrame(rows, columns=[*COLUMNS, *atlases])


def analysis_note(refused: str, n_clusters: int, n_draws: int, wanted: int) -> str:
    """What a reader of the tables must know: why there is nothing, or what the p rest on.

    Parameters
    ----------
    refused
        Why the analysis was not made, or "".
    n_draws, wanted
        Sets of random foci that were drawn, and that the config asks for.
    """
    if refused:
        return refused
    if n_clusters == 0:
        return "no voxel reaches the threshold"
    fewer = ", since more could not have made a cluster significant" if n_draws < wanted else ""
    return f"family-wise p rests on {n_draws} sets of random foci{fewer}"


def analysis_row(
    comparison: str, subgroup: str, experiments: Experiments, table: pd.DataFrame, n_draws: int, refused: str
) -> dict[str, Any]:
    """One analysis in one row, as tables of papers have it.

    Returns
    -------
    dict
        comparison, subgroup, n_experiments, n_foci, n_subjects, p_fwe (the smallest), n_significant, places (of the
        significant clusters: AAL's first region, centre, voxels), n_draws, reason (why it was refused).
    """
    significant = table[table["p_fwe"] < LEVEL]
    places = [
        f"{main_region(row['aal']) if 'aal' in table else 'cluster'} "
        f"({row['centre_x']:.0f}, {row['centre_y']:.0f}, {row['centre_z']:.0f}; {row['n_voxels']} voxels)"
        for _, row in significant.iterrows()
    ]
    return {
        "comparison": comparison,
        "subgroup": subgroup,
        "n_experiments": len(experiments),
        "n_foci": len(experiments.xyz),
        "n_subjects": int(experiments.n_subjects.sum()),
        "p_fwe": float(table["p_fwe"].min()) if len(table) else None,
        "n_significant": len(significant),
        "places": "; ".join(places),
        "n_draws": n_draws,
        "reason": refused or None,
    }
