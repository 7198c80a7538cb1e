"""Tables about the seeds of a cohort of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from nibabel.affines import apply_affine

from amygene.imaging.grid import Grid
from amygene.imaging.seed_maps import Source, Weights, dice


def seed_table(
    sources: Mapping[str, Source], weights: Mapping[str, Weights], grid: Grid, share: np.ndarray, qc: pd.DataFrame
) -> pd.DataFrame:
    """One row per seed: what it is, its size and centre, how much of it has signal, its signal-to-noise ratio.

    Parameters
    ----------
    share : array of shape (n_voxels,)
        Share of the scans in which a voxel has signal, in the order of a file.
    qc
        ``connectivity/qc.tsv``.
    """
    rows: list[dict[str, Any]] = []
    volume = abs(np.linalg.det(grid.affine[:3, :3]))
    for name, own in weights.items():
        ijk = np.column_stack(np.unravel_index(own.voxels, grid.shape, order="F"))
        centre = (
            np.average(apply_affine(grid.affine, ijk), axis=0, weights=own.values) if len(own.voxels) else [np.nan] * 3
        )
        rows.append(
            {
                "seed": name,
                "kind": sources[name].definition["kind"],
                "x": centre[0],
                "y": centre[1],
                "z": centre[2],
                "n_voxels": len(own.voxels),
                "mm3": own.values.sum() * volume,
                "mean_coverage": np.average(share[own.voxels], weights=own.values) if len(own.voxels) else np.nan,
                "min_coverage": qc[f"coverage_{name}"].min(),
                "n_maps": int(qc[f"mean_z_{name}"].notna().sum()),
                "tsnr_median": qc[f"tsnr_{name}"].median(),
                "tsnr_min": qc[f"tsnr_{name}"].min(),
            }
        )
    return pd.DataFrame(rows)


def overlap_table(weights: Mapping[str, Weights]) -> pd.DataFrame:
    """Overlap of every two seeds: Dice's coefficient, and the share of the first that lies in the second."""
    rows = []
    names = list(weights)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            a, b = weights[first], weights[second]
            shared = len(np.intersect1d(a.voxels, b.voxels, assume_unique=True))
            rows.append(
                {
                    "seed": first,
                    "other_seed": second,
                    "dice": dice(a, b),
                    "n_common": shared,
                    "share_of_seed": shared / len(a.voxels) if len(a.voxels) else np.nan,
                    "share_of_other": shared / len(b.voxels) if len(b.voxels) else np.nan,
                }
            )
    return pd.DataFrame(rows, columns=["seed", "other_seed", "dice", "n_common", "share_of_seed", "share_of_other"])
