"""Maps of voxels averaged over the regions of an atlas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nibabel.affines import apply_affine
from scipy import sparse

from amygene.imaging.images import Grid
from amygene.imaging.seed_maps import Weights

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

#: share of a region that must have values
_ENOUGH = 0.5


def region_weights(atlas: Nifti1Image, numbers: np.ndarray, grid: Grid) -> sparse.csr_array:
    """How much of every region lies in every voxel of a grid.

    The finer of the two lattices is counted: voxels of the atlas that fall into a voxel of the grid, or voxels of the
    grid whose centre falls into a region.

    Parameters
    ----------
    atlas
        Image of region numbers.
    numbers : array of int, shape (n_regions,)
        Of the regions wanted.
    grid
        Of the maps.

    Returns
    -------
    sparse array of shape (n_regions, n_voxels)
        Voxels in the order of a file.
    """
    labels = np.round(np.asanyarray(atlas.dataobj)).astype(np.int64).reshape(atlas.shape[:3])
    row_of = np.full(max(labels.max(), numbers.max()) + 1, -1)
    row_of[numbers] = np.arange(len(numbers))
    volumes = [abs(np.linalg.det(affine[:3, :3])) for affine in (atlas.affine, grid.affine)]
    if volumes[0] <= volumes[1] * 1.001:
        ijk = np.argwhere(labels > 0)
        regions = row_of[labels[tuple(ijk.T)]]
        voxels = np.round(apply_affine(np.linalg.inv(grid.affine) @ atlas.affine, ijk)).astype(np.int64)
        inside = ((voxels >= 0) & (voxels < grid.shape)).all(axis=1)
    else:
        voxels = np.argwhere(np.ones(grid.shape, dtype=bool))
        ijk = np.round(apply_affine(np.linalg.inv(atlas.affine) @ grid.affine, voxels)).astype(np.int64)
        inside = ((ijk >= 0) & (ijk < labels.shape)).all(axis=1)
        regions = np.full(len(voxels), -1)
        found = labels[tuple(ijk[inside].T)]
        regions[inside] = np.where(found > 0, row_of[np.maximum(found, 0)], -1)
    kept = inside & (regions >= 0)
    positions = np.ravel_multi_index(tuple(voxels[kept].T), grid.shape, order="F")
    shape = (len(numbers), int(np.prod(grid.shape)))
    counted = sparse.coo_array((np.ones(len(positions)), (regions[kept], positions)), shape=shape)
    return counted.tocsr()


def region_means(values: np.ndarray, weights: sparse.csr_array) -> np.ndarray:
    """Mean of a map over every region; missing where less than half of the region has values.

    Parameters
    ----------
    values : array of shape (n_voxels,)
        In the order of a file, missing (NaN) where there is no value.
    weights
        From `region_weights`.

    Returns
    -------
    array of shape (n_regions,)
    """
    known = np.isfinite(values)
    size = weights.sum(axis=1)
    covered = weights @ known.astype(float)
    total = weights @ np.where(known, values, 0.0).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((size > 0) & (covered >= _ENOUGH * size), total / covered, np.nan)


def own_regions(seed: Weights, weights: sparse.csr_array) -> np.ndarray:
    """Which regions the seed itself fills by at least half: they are no rows of its table. Bool, shape (n_regions,)."""
    inside = np.zeros(weights.shape[1])
    inside[seed.voxels] = 1
    size = weights.sum(axis=1)
    return (size > 0) & (weights @ inside >= _ENOUGH * size)
