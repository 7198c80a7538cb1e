"""Maps averaged over regions, against nilearn and by hand."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.maskers import NiftiLabelsMasker

from amygene.imaging.grid import Grid
from amygene.imaging.parcels import membership, own_regions, region_means, region_weights, transfer
from amygene.imaging.seed_maps import Weights

GRID = Grid((10, 11, 9), np.array([[-3.0, 0, 0, 15], [0, 3, 0, -16], [0, 0, 3, -12], [0, 0, 0, 1]]))


def atlas_on(grid, rng, n_regions=5):
    return nib.Nifti1Image(rng.integers(0, n_regions + 1, grid.shape).astype(np.int16), grid.affine)


def test_means_on_the_atlas_s_own_grid_are_nilearn_s():
    rng = np.random.default_rng(0)
    atlas = atlas_on(GRID, rng)
    values = rng.standard_normal(GRID.shape)
    masker = NiftiLabelsMasker(atlas, standardize=None, dtype="float64")
    expected = np.squeeze(masker.fit_transform(nib.Nifti1Image(values[..., None], GRID.affine)))
    weights = region_weights(atlas, np.arange(1, 6), GRID)
    np.testing.assert_allclose(region_means(values.ravel(order="F"), weights), expected, atol=1e-6)


def test_regions_come_in_the_order_wanted_and_absent_ones_are_missing():
    rng = np.random.default_rng(1)
    atlas = atlas_on(GRID, rng)
    values = rng.standard_normal(GRID.shape)
    labels = np.asarray(atlas.dataobj)
    found = region_means(values.ravel(order="F"), region_weights(atlas, np.array([4, 9, 2]), GRID))
    assert found[[0, 2]] == pytest.approx([values[labels == 4].mean(), values[labels == 2].mean()])
    assert np.isnan(found[1])


def test_a_finer_atlas_weighs_voxels_by_how_much_of_the_region_they_hold():
    # 1.5 mm voxels, eight in each of the map's
    fine = np.array([[1.5, 0, 0, -0.75], [0, 1.5, 0, -0.75], [0, 0, 1.5, -0.75], [0, 0, 0, 1]])
    grid = Grid((3, 3, 3), np.diag([3.0, 3, 3, 1]))
    labels = np.zeros((6, 6, 6), dtype=np.int16)
    labels[:2, :2, :2] = 1  # the whole first voxel
    labels[2, 0, 0] = 1  # an eighth of the second
    values = np.arange(27.0).reshape(grid.shape, order="F")
    weights = region_weights(nib.Nifti1Image(labels, fine), np.array([1]), grid)
    assert region_means(values.ravel(order="F"), weights)[0] == pytest.approx(
        (8 * values[0, 0, 0] + values[1, 0, 0]) / 9
    )


def test_a_coarser_atlas_gives_each_voxel_the_region_its_centre_lies_in():
    coarse = np.diag([6.0, 6, 6, 1])
    labels = np.array([[[1, 2], [1, 2]], [[3, 3], [3, 0]]], dtype=np.int16)
    grid = Grid((5, 5, 5), np.diag([2.0, 2, 2, 1]))
    rng = np.random.default_rng(2)
    values = rng.standard_normal(grid.shape)
    found = region_means(
        values.ravel(order="F"), region_weights(nib.Nifti1Image(labels, coarse), np.arange(1, 4), grid)
    )
    at = np.round(np.arange(5) * 2 / 6).astype(int)
    assert at.max() == 1
    where = labels[np.ix_(at, at, at)]
    assert found == pytest.approx([values[where == k].mean() for k in (1, 2, 3)])


def test_what_has_no_value_does_not_count_and_half_a_region_is_enough():
    labels = np.zeros((4, 2, 1), dtype=np.int16)
    labels[:, 0], labels[:, 1] = 1, 2
    grid = Grid((4, 2, 1), np.eye(4))
    values = np.array([[1.0, 10], [3, np.nan], [np.nan, np.nan], [np.nan, np.nan]])[..., None]
    weights = region_weights(nib.Nifti1Image(labels, np.eye(4)), np.array([1, 2]), grid)
    found = region_means(values.ravel(order="F"), weights)
    assert found[0] == 2
    assert np.isnan(found[1])


def test_regions_that_the_seed_fills_by_half_are_its_own():
    labels = np.zeros((4, 3, 1), dtype=np.int16)
    labels[:, 0], labels[:, 1] = 1, 2
    weights = region_weights(nib.Nifti1Image(labels, np.eye(4)), np.array([1, 2, 7]), Grid((4, 3, 1), np.eye(4)))
    seed = Weights(np.array([0, 1, 4, 8]), np.array([1.0, 0.2, 1, 1]))
    assert own_regions(seed, weights).tolist() == [True, False, False]


def test_parcels_need_half_of_their_voxels():
    weights = membership(np.array([0, 0, 0, 1, 1, 1, 1, -1]), 3)
    values = np.array([1.0, 3, 8, 5, 7, np.nan, np.nan, 99])
    assert region_means(values, weights).tolist()[:2] == [4, 6]
    values[4] = np.nan
    assert np.isnan(region_means(values, weights)).tolist() == [False, True, True]


def test_transfer_takes_the_region_at_each_voxel():
    coarse = nib.Nifti1Image(np.repeat([1, 2], 4).reshape(8, 1, 1).astype(np.int16), np.eye(4))
    fine = nib.Nifti1Image(np.array([1, 1, 1, 1, 1, 2, 2, 3]).reshape(8, 1, 1).astype(np.int16), np.eye(4))
    source = pd.DataFrame({"region": ["a", "b"], "index": [1, 2]})
    target = pd.DataFrame({"region": ["x", "y", "z"], "index": [1, 2, 3]})
    values = pd.Series({"a": 1.0, "b": 6.0})
    found = transfer(values, (coarse, source), (fine, target))
    assert found.to_dict() == {"x": 2.0, "y": 6.0, "z": 6.0}
    found = transfer(values.drop("b"), (coarse, source), (fine, target))
    assert found["x"] == 1.0
    assert found[["y", "z"]].isna().all()
