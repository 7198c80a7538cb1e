"""Maps of voxels averaged over the regions of an atlas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from nibabel.affines import apply_affine
from scipy import sparse
from scipy.ndimage import find_objects

from amygene.imaging.atlas import region_numbers, region_rows
from amygene.imaging.grid import Grid, grid_of, nearest
from amygene.imaging.overlap import blocks_around_one, overlap, whole
from amygene.imaging.seed_maps import Weights

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

#: share of a region that must have values
_ENOUGH = 0.5


def region_weights(atlas: Nifti1Image, numbers: Sequence[int] | np.ndarray | pd.Series, grid: Grid) -> sparse.csr_array:
    """How much of every region lies in every voxel of a grid: the volume, in voxels of the finer of the two lattices.

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
    rows = region_rows(region_numbers(atlas), numbers)
    parts = []
    for region, box in enumerate(find_objects(rows + 1, max_label=len(numbers))):
        if box is None:
            continue
        affine = np.array(atlas.affine, dtype=float)
        affine[:3, 3] = apply_affine(affine, [axis.start for axis in box])
        volume, where = overlap(rows[box] == region, affine, grid)
        ijk = np.argwhere(volume)
        voxels = np.ravel_multi_index(tuple((ijk + [axis.start for axis in where]).T), grid.shape, order="F")
        parts.append((volume[tuple(ijk.T)], np.full(len(ijk), region), voxels))
    shape = (len(numbers), int(np.prod(grid.shape)))
    if not parts:
        return sparse.csr_array(shape)
    volume, regions, voxels = (np.concatenate(part) for part in zip(*parts, strict=True))
    return sparse.coo_array((volume, (regions, voxels)), shape=shape).tocsr()


def voxel_weights(atlas: Nifti1Image, numbers: Sequence[int] | np.ndarray | pd.Series, grid: Grid) -> sparse.csr_array:
    """Shares of every voxel of a grid that lie in every region, shape (n_regions, n_voxels), as `region_weights`.

    A voxel of whole voxels of the atlas around one (1 to 3 mm) lies where the one in its middle does.
    """
    if blocks_around_one(atlas.affine, grid):
        rows = nearest(region_rows(region_numbers(atlas), numbers) + 1, atlas.affine, grid.everywhere()) - 1
        return membership(rows.reshape(grid.shape).ravel(order="F"), len(numbers))
    return region_weights(atlas, numbers, grid) / whole(atlas.affine, grid)


def membership(rows: np.ndarray, n_regions: int) -> sparse.csr_array:
    """Weights of voxels that each lie in one region, or in none.

    Parameters
    ----------
    rows : array of int, shape (n_voxels,)
        Row of the voxel's region; -1 is none.

    Returns
    -------
    sparse array of shape (n_regions, n_voxels)
    """
    voxels = np.flatnonzero(rows >= 0)
    return sparse.coo_array((np.ones(len(voxels)), (rows[voxels], voxels)), shape=(n_regions, len(rows))).tocsr()


def region_means(values: np.ndarray, weights: sparse.csr_array, size: float | None = None) -> np.ndarray:
    """Mean of a map over every region; missing where less than half of the region has values.

    Parameters
    ----------
    values : array of shape (n_voxels,)
        Missing (NaN) where there is no value.
    weights
        From `region_weights` (then voxels come in the order of a file) or `membership`.
    size
        Of every region; None: the sum of its weights.

    Returns
    -------
    array of shape (n_regions,)
    """
    known = np.isfinite(values)
    sizes = weights.sum(axis=1) if size is None else np.full(weights.shape[0], size)
    covered = weights @ known.astype(float)
    total = weights @ np.where(known, values, 0.0).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((sizes > 0) & (covered >= _ENOUGH * sizes), total / covered, np.nan)


def own_regions(seed: Weights, weights: sparse.csr_array) -> np.ndarray:
    """Which regions the seed itself fills by at least half: they are no rows of its table. Bool, shape (n_regions,)."""
    inside = np.zeros(weights.shape[1])
    inside[seed.voxels] = 1
    size = weights.sum(axis=1)
    return (size > 0) & (weights @ inside >= _ENOUGH * size)


def transfer(
    values: pd.Series, source: tuple[Nifti1Image, pd.DataFrame], target: tuple[Nifti1Image, pd.DataFrame]
) -> pd.Series:
    """Values of one atlas's regions as those of another's: a voxel takes the mean of the regions that it lies in.

    Parameters
    ----------
    values
        Indexed by region of the source.
    source, target
        Image and table of the atlases.

    Returns
    -------
    Series
        Indexed by region of the target; missing where less than half of its voxels have values.
    """
    (source_image, source_regions), (image, regions) = source, target
    rows = region_rows(region_numbers(image), regions["index"])
    weights = voxel_weights(source_image, source_regions["index"], grid_of(rows, image.affine)).T.tocsr()
    painted = region_means(values.reindex(source_regions["region"]).to_numpy(dtype=float), weights, 1.0)
    found = region_means(painted.reshape(rows.shape, order="F").ravel(), membership(rows.ravel(), len(regions)))
    return pd.Series(found, index=pd.Index(regions["region"]))
