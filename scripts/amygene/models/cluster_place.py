"""Where a cluster of voxels is, in words."""

from __future__ import annotations

import pandas as pd


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
