"""Names of places: regions of voxels, and the wording of a cluster's place."""

from __future__ import annotations

import nibabel
import numpy as np
import pandas as pd
import pytest

from amygene.imaging.grid import Grid
from amygene.imaging.labels import (
    VoxelLabels,
    label_by_number,
    label_by_probability,
    main_region,
    read_labels,
    to_arrays,
    volumes_of,
)
from amygene.io.files import write_arrays

LINE = Grid((4, 1, 1), np.eye(4))


def test_regions_by_number_in_the_shape_of_the_grid():
    numbers = np.array([7, 0, 2], dtype=np.int16).reshape(3, 1, 1)
    regions = pd.DataFrame({"index": [2, 7], "region": ["Two", "Seven"]})
    found = label_by_number(nibabel.Nifti1Image(numbers, np.eye(4)), regions, LINE)
    assert found.number.shape == LINE.shape
    flat = found.within(np.ones(LINE.shape, dtype=bool))
    assert [flat.at(i) for i in range(4)] == ["Seven", None, "Two", None]


def test_the_most_probable_region_needs_a_probability_and_of_equal_ones_the_first_stays():
    percent = np.array([[60, 60, 10], [20, 24, 0], [30, 70, 0], [0, 0, 25]]).T.reshape(3, 4, 1, 1).astype(np.uint8)
    found = label_by_probability(iter(percent), np.eye(4), ["First", "Second", "Third"], LINE)
    assert found.number.ravel().tolist() == [0, -1, 1, 2]


def test_regions_of_a_cluster_are_shares_of_it():
    labels = VoxelLabels(np.array([0] * 50 + [1] * 30 + [2] * 2 + [-1] * 18), ["A", "B", "C"])
    assert labels.of(np.arange(100)) == "A 50 %; B 30 %"
    assert labels.of(np.arange(82, 100)) is None
    assert labels.at(60) == "B"
    assert labels.at(99) is None


def test_of_equal_shares_the_first_voxel_s_or_the_first_of_the_atlas_is_named_first():
    labels = VoxelLabels(np.array([1, 0, 1, 0]), ["A", "B"])
    assert labels.of(np.arange(4)) == "B 50 %; A 50 %"
    assert labels.with_outside((np.arange(4),)) == "A 50 %, B 50 %"


def test_a_place_with_what_lies_outside_all_regions():
    labels = VoxelLabels(np.array([0] * 70 + [1] * 25 + [-1] * 4 + [2]), ["Frontal", "Insula", "Other"])
    assert labels.with_outside((np.arange(100),)) == "Frontal 70 %, Insula 25 %"
    found = VoxelLabels(np.array([-1, -1, -1, 0]), ["Left"]).with_outside((np.arange(4),))
    assert found == "no region 75 %, Left 25 %"
    assert main_region(found) == "no region"
    assert main_region("Frontal_Mid_L 78 %") == "Frontal_Mid_L"


def test_labels_go_through_their_file(tmp_path):
    labels = VoxelLabels(np.array([[[0, 1]], [[-1, 1]]]), ["Left", "Right"])
    write_arrays(tmp_path / "labels.npz", **to_arrays({"aal": labels, "other": labels}))
    back = read_labels(tmp_path / "labels.npz")
    assert list(back) == ["aal", "other"]
    assert back["aal"].names == labels.names
    assert np.array_equal(back["aal"].number, labels.number)
    assert [back["aal"].within(labels.number != 0).at(i) for i in range(3)] == ["Right", None, "Right"]


def test_volumes_one_by_one(tmp_path):
    values = np.random.default_rng(1).integers(0, 100, (4, 5, 6, 3)).astype(np.uint8)
    nibabel.Nifti1Image(values, np.eye(4)).to_filename(tmp_path / "a.nii.gz")
    assert np.array_equal(np.stack(list(volumes_of(tmp_path / "a.nii.gz")), axis=-1), values)
    nibabel.Nifti1Image(values.astype(np.float32), np.eye(4)).to_filename(tmp_path / "b.nii.gz")
    with pytest.raises(ValueError, match="expected unscaled bytes"):
        next(volumes_of(tmp_path / "b.nii.gz"))
