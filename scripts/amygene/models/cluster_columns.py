"""Tables of clusters of voxels: what columns mean that mean something else elsewhere, and where a cluster is."""

from __future__ import annotations

import pandas as pd

OF_CLUSTERS = {
    **dict.fromkeys("xyz", "position of the peak, MNI mm"),
    "cluster": "number of the cluster among those formed alike, the largest first",
    "n_voxels": "size of the cluster",
    "volume": "size of the cluster, mm3",
    "n_tests": "tests that p_fwe, p_tfce, p_size and p_mass are over: pairs of sessions, their trend, pairs of groups",
    "region": "where the peak is, after the cluster's number",
    "n_equivalent": "voxels of the cluster whose own p of equivalence is below .05",
    **dict.fromkeys(("centre_x", "centre_y", "centre_z"), "centre of the cluster weighted by |t|, MNI mm"),
}


def place(row: pd.Series) -> str:
    """Where a cluster is: the region of its peak, or the one that holds most of it, or the position of the peak."""
    for column in ("aal_peak", "harvard_oxford_peak"):
        if isinstance(row[column], str):
            return row[column]
    for column in ("aal_regions", "harvard_oxford_regions"):
        if isinstance(row[column], str):
            # Precuneus_L 61 %; Cuneus_L 22 %
            return row[column].split(";")[0].rsplit(" ", 2)[0]
    return f"{row['x']:.0f}, {row['y']:.0f}, {row['z']:.0f}"
