"""A scan as a carpet: every line a voxel, before and after cleaning (Power 2017, 10.1016/j.neuroimage.2016.08.009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from amygene.cleaning.denoising import can_be_cleaned, make_operator, plan_cleaning
from amygene.imaging.grid import Grid
from amygene.imaging.images import file_order, read_header, read_voxels
from amygene.imaging.overlap import half_filled
from amygene.imaging.parcels import region_weights
from amygene.imaging.scans import Scan

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

#: lines of a carpet
N_LINES = 400
#: from top to bottom
ORDER = ("cortex", "subcortex", "cerebellum", "other")


def chosen(qc: pd.DataFrame) -> list[tuple[str, str]]:
    """Participants to show: those with the least, the median and the most motion of the first session."""
    first = qc.drop_duplicates("participant_id").sort_values("mean_fd", kind="stable")
    names = first["participant_id"].tolist()
    if len(names) < 3:
        return [(name, "shown") for name in names]
    return [(names[0], "least motion"), (names[len(names) // 2], "median"), (names[-1], "most motion")]


def carpet(
    scan: Scan,
    mask: np.ndarray,
    grid: Grid,
    regions: pd.DataFrame,
    atlas: Nifti1Image,
    cleaning: Mapping[str, Any],
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A scan before and after cleaning.

    Parameters
    ----------
    scan
        Its files.
    mask, grid
        The group's mask, bool in the shape of its grid.
    regions, atlas
        The atlas's table and image: which structure a voxel belongs to.
    cleaning
        The config's section.

    Returns
    -------
    displacement : array of shape (n_volumes,), or None
    kept : array of bool, shape (n_volumes,)
    before, after : arrays of shape (n_lines, n_volumes)
        Voxels with mean 0 and unit variance; NaN in volumes that are left out.
    layer : array of str, shape (n_lines,)
        Structure of every voxel, in the order of `ORDER`.
    """
    header = read_header(scan.bold)
    inside = mask
    if not header.grid.same_as(grid):
        inside = half_filled(mask, grid.affine, header.grid)
    voxels = file_order(inside)
    voxels = voxels[np.unique(np.linspace(0, len(voxels) - 1, N_LINES).astype(int))]
    weights = region_weights(atlas, regions["index"].to_numpy(), header.grid)[:, voxels].toarray()
    names = regions["structure"].fillna("other").to_numpy(dtype=str)
    layer = np.where(weights.any(axis=0), names[weights.argmax(axis=0)], "other")
    rank = np.array([ORDER.index(name) if name in ORDER else len(ORDER) - 1 for name in layer])
    order = np.argsort(rank, kind="stable")
    voxels, layer = voxels[order], np.array(ORDER)[rank[order]]
    ascending = np.argsort(voxels)
    series = np.empty((header.n_volumes, len(voxels)))
    series[:, ascending] = read_voxels(header, voxels[ascending], cleaning["smoothing"])
    plan = plan_cleaning(scan, header, cleaning)
    after = np.full((len(voxels), header.n_volumes), np.nan)
    if can_be_cleaned(plan, cleaning):
        after[:, plan.kept] = _unit(make_operator(plan, cleaning) @ (series - series.mean(axis=0))).T
    return plan.displacement, plan.kept, _unit(series).T, after, layer


def _unit(series: np.ndarray) -> np.ndarray:
    """Mean 0 and unit variance over time."""
    spread = series.std(axis=0)
    return (series - series.mean(axis=0)) / np.where(spread > 0, spread, 1)
