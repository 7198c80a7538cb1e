"""Maps from tables and images: values by region, what is left out and why, and what cannot be a map."""

from __future__ import annotations

import nibabel
import numpy as np
import pandas as pd
import pytest

from amygene.imaging.maps import MIN_REGIONS, map_from_image, map_from_table, used_regions
from amygene.io.problems import InputError

#: three blocks of 10 x 30 x 30 voxels of 1 mm along x, in a margin of 5
NAMES = ["back", "middle", "front"]


def block_atlas(region_numbers=(4, 2, 9)):
    numbers = np.zeros((40, 40, 40), dtype=np.int16)
    for i, number in enumerate(region_numbers):
        numbers[5 + 10 * i : 15 + 10 * i, 5:35, 5:35] = number
    affine = np.diag([1.0, 1, 1, 1])
    affine[:3, 3] = [-20, -10, 5]
    return nibabel.Nifti1Image(numbers, affine), pd.DataFrame({"index": region_numbers, "region": NAMES})


def regions_of(n, structure="cortex"):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"region": [f"r{i}" for i in range(n)], "structure": structure, "hemisphere": "L"})
    table[["x", "y", "z"]] = rng.normal(size=(n, 3))
    return table


def problems(function, *args):
    with pytest.raises(InputError) as caught:
        function(*args)
    return caught.value.problems


# tables


def test_values_come_in_the_atlases_order_and_are_missing_where_the_table_says_nothing():
    table = pd.DataFrame({"Structure": [" front ", "elsewhere", "back"], "d": ["0.5", "9", "-2e-1"]})
    found = map_from_table(table, "Structure", "d", block_atlas()[1], "m.csv")
    assert found.index.tolist() == NAMES
    assert found.tolist() == pytest.approx([-0.2, np.nan, 0.5], nan_ok=True)


def test_regions_that_are_numbers_are_found_by_their_text():
    regions = pd.DataFrame({"region": ["1", "2"]})
    assert map_from_table(pd.DataFrame({"r": [2, 1], "v": [5, 6]}), "r", "v", regions, "m").tolist() == [6, 5]


def test_missing_columns_are_told_together():
    table = pd.DataFrame({"a": [1], "b": [2]})
    assert problems(map_from_table, table, "region", "value", block_atlas()[1], "m.csv") == [
        "m.csv: column 'region' is missing; found a, b",
        "m.csv: column 'value' is missing; found a, b",
    ]


def test_all_that_is_wrong_in_a_table_is_told_together():
    table = pd.DataFrame({"region": ["x", "y", "y"], "value": ["1", "high", "?"]})
    assert problems(map_from_table, table, "region", "value", block_atlas()[1], "m.csv") == [
        "m.csv: column 'value': found 'high' (y), '?' (y) where a number belongs",
        "m.csv: region y stands twice",
        "m.csv: no row is a region of the atlas; found x, y, y, the atlas has back, middle, front",
    ]


# images


def test_mean_over_the_voxels_of_every_region():
    atlas, regions = block_atlas()
    values = np.random.default_rng(0).normal(size=(40, 40, 40))
    found = map_from_image(nibabel.Nifti1Image(values, atlas.affine), atlas, regions, "m.nii")
    assert found.index.tolist() == NAMES
    expected = [values[5 + 10 * i : 15 + 10 * i, 5:35, 5:35].mean() for i in range(3)]
    assert found.to_numpy() == pytest.approx(expected, rel=1e-12)
    one_volume = nibabel.Nifti1Image(values[..., None], atlas.affine)
    pd.testing.assert_series_equal(map_from_image(one_volume, atlas, regions, "m.nii"), found)


@pytest.mark.parametrize("outside", [0.0, np.nan, np.inf])
def test_voxels_outside_the_mask_do_not_count_and_a_region_needs_half_of_its_own(outside):
    atlas, regions = block_atlas()
    values = np.full((40, 40, 40), 3.0)
    values[10:15] = outside  # half of back
    values[15:21] = outside  # more than half of middle
    found = map_from_image(nibabel.Nifti1Image(values, atlas.affine), atlas, regions, "m.nii")
    assert found.tolist() == pytest.approx([3, np.nan, 3], nan_ok=True)


@pytest.mark.parametrize("outside", [0.0, np.nan])
def test_an_image_on_another_grid_gives_what_it_has_inside_its_mask(outside):
    atlas, regions = block_atlas()
    # 2.5 mm, turned, and with a mask whose edge runs through the middle region
    affine = np.array([[0, -2.5, 0, 30], [2.5, 0, 0, -20], [0, 0, 2.5, 0], [0, 0, 0, 1.0]])
    i, j, k = np.indices((24, 24, 24))
    x = (affine @ np.stack([i, j, k, np.ones_like(i)]).reshape(4, -1))[0].reshape(24, 24, 24)
    values = np.where(x < 4, 100 + x, outside)
    found = map_from_image(nibabel.Nifti1Image(values, affine), atlas, regions, "m.nii")
    # a field that is linear in x is met exactly away from the edge; mean x of the regions is -10.5, -.5, 9.5
    assert found["back"] == pytest.approx(89.5)
    assert np.isnan(found["front"])
    # the last plane inside is at 2.5: of the middle region, x from -5 to 4, x = 3 has its value, x = 4 has none
    assert found["middle"] == pytest.approx(np.mean([*range(95, 103), 102.5]))


def test_resampling_agrees_with_nilearn_far_from_the_mask():
    from nilearn.image import resample_to_img

    atlas, regions = block_atlas()
    affine = np.diag([3.0, 3, 3, 1])
    affine[:3, 3] = [-30, -20, -10]
    image = nibabel.Nifti1Image(np.random.default_rng(0).normal(5, 1, (24, 24, 24)), affine)
    by_nilearn = resample_to_img(image, atlas, interpolation="linear", force_resample=True, copy_header=True)
    numbers = np.asarray(atlas.dataobj)
    expected = [np.asarray(by_nilearn.dataobj)[numbers == n].mean() for n in regions["index"]]
    assert map_from_image(image, atlas, regions, "m.nii").to_numpy() == pytest.approx(expected, rel=1e-6)


def test_an_image_of_many_volumes_is_refused():
    atlas, regions = block_atlas()
    image = nibabel.Nifti1Image(np.ones((4, 4, 4, 2)), np.eye(4))
    assert problems(map_from_image, image, atlas, regions, "m.nii") == [
        "m.nii: expected a 3D image, found shape (4, 4, 4, 2)"
    ]


def test_an_image_elsewhere_is_refused():
    atlas, regions = block_atlas()
    affine = np.eye(4)
    affine[0, 3] = 500
    image = nibabel.Nifti1Image(np.ones((40, 40, 40)), affine)
    assert problems(map_from_image, image, atlas, regions, "m.nii") == [
        "m.nii: covers no region of the atlas; is it in MNI space?"
    ]


# which regions are used


def test_every_region_that_is_left_out_has_its_reason():
    regions = regions_of(16)
    regions.loc[15, "structure"] = "subcortex"
    regions.loc[3, "x"] = np.nan
    values = pd.Series(np.arange(16.0), index=regions["region"])
    values.iloc[[0, 1]] = [np.nan, np.inf]
    known = pd.Series([True] * 16)
    known[[0, 2]] = False
    for null, cortex_only, last in (("moran", False, None), ("spin", True, "not cortex (spin)")):
        table = used_regions(values, regions, known, null, cortex_only, "m")
        assert list(table) == ["region", "structure", "hemisphere", "x", "y", "z", "value", "used", "reason"]
        expected = ["no value", "no value", "no expression", "no coordinates", *[None] * 11, last]
        assert table["reason"].tolist() == expected
        assert table["used"].tolist() == [reason is None for reason in expected]
        assert table["value"].to_numpy() == pytest.approx(values.to_numpy(), nan_ok=True)


def test_too_few_regions_are_refused_with_the_reasons():
    regions = regions_of(MIN_REGIONS + 1)
    values = pd.Series(np.arange(MIN_REGIONS + 1.0))
    used_regions(values, regions, pd.Series([True] * MIN_REGIONS + [False]), "moran", False, "m")
    values[0] = np.nan
    assert problems(used_regions, values, regions, pd.Series([True] * MIN_REGIONS + [False]), "moran", False, "m") == [
        "m: 9 regions have a value, expression and coordinates, at least 10 are needed "
        "({'no value': 1, 'no expression': 1})"
    ]


def test_a_structure_that_is_unknown_is_named():
    regions = regions_of(12)
    regions.loc[[4, 7], "structure"] = None
    assert problems(used_regions, pd.Series(np.arange(12.0)), regions, pd.Series([True] * 12), "moran", False, "m") == [
        "m: structure of r4, r7 is unknown; name it in the atlas's labels"
    ]


def test_a_constant_map_is_refused():
    regions = regions_of(12)
    assert problems(used_regions, pd.Series([2.5] * 12), regions, pd.Series([True] * 12), "moran", False, "m") == [
        "m: all regions have the value 2.5; a constant map follows no gene"
    ]
