"""Maps of voxels averaged over the regions of an atlas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from nibabel.affines import apply_affine
from scipy import sparse

from amygene.imaging.atlas import region_numbers, region_rows
from amygene.imaging.grid import Grid, grid_of, nearest
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
    rows = region_rows(region_numbers(atlas), numbers)
    own = grid_of(rows, atlas.affine)
    if own.volume <= grid.volume * 1.001:
        ijk = np.argwhere(rows >= 0)
        voxels = np.round(apply_affine(np.linalg.inv(grid.affine) @ own.affine, ijk)).astype(np.int64)
        inside = grid.holds(voxels)
        kept, regions = voxels[inside], rows[tuple(ijk[inside].T)]
    else:
        voxels = np.argwhere(np.ones(grid.shape, dtype=bool))
        ijk = np.round(apply_affine(np.linalg.inv(own.affine) @ grid.affine, voxels)).astype(np.int64)
        inside = own.holds(ijk)
        kept, regions = voxels[inside], rows[tuple(ijk[inside].T)]
        kept, regions = kept[regions >= 0], regions[regions >= 0]
    positions = np.ravel_multi_index(tuple(kept.T), grid.shape, order="F")
    shape = (len(numbers), int(np.prod(grid.shape)))
    return sparse.coo_array((np.ones(len(positions)), (regions, positions)), shape=shape).tocsr()


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


def region_means(values: np.ndarray, weights: sparse.csr_array) -> np.ndarray:
    """Mean of a map over every region; missing where less than half of the region has values.

    Parameters
    ----------
    values : array of shape (n_voxels,)
        Missing (NaN) where there is no value.
    weights
        From `region_weights` (then voxels come in the order of a file) or `membership`.

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


def transfer(
    values: pd.Series, source: tuple[Nifti1Image, pd.DataFrame], target: tuple[Nifti1Image, pd.DataFrame]
) -> pd.Series:
    """Values of one atlas's regions as those of another's: a voxel takes the value of the region that it is in.

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
    voxels = np.argwhere(rows >= 0)
    xyz = grid_of(rows, image.affine).xyz(voxels)
    known = np.append(values.reindex(source_regions["region"]).to_numpy(dtype=float), np.nan)
    numbers = nearest(region_numbers(source_image), source_image.affine, xyz)
    painted = known[region_rows(numbers, source_regions["index"])]
    found = region_means(painted, membership(rows[tuple(voxels.T)], len(regions)))
    return pd.Series(found, index=pd.Index(regions["region"]))
