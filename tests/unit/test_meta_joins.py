"""Maps beside each other: parcels, other atlases, correlations under null maps; targets; anatomy; images."""

import gzip

import numpy as np
import pandas as pd
import pytest
from nibabel.nifti1 import Nifti1Image
from nibabel.nifti1 import load as load_nifti

from amygene.meta.anatomy import atlases_of, describe, labels_at, main_region, most_probable, sample_labels, volumes_of
from amygene.meta.connectome import Connectome
from amygene.meta.grid import Grid
from amygene.meta.images import write_image
from amygene.meta.joins import parcellate, region_rows, similarity, transfer
from amygene.meta.targets import distances, seed_map
from amygene.nulls import moran, variogram
from fixtures.meta import ball


def test_parcels_need_half_of_their_voxels():
    region = np.array([0, 0, 0, 1, 1, 1, 1, -1])
    values = np.array([1.0, 3, 8, 5, 7, 0, 0, 99])
    known = np.array([True, True, True, True, True, False, False, True])
    assert parcellate(values, known, region, 3).tolist()[:2] == [4, 6]
    known[4] = False
    found = parcellate(values, known, region, 3)
    assert np.isnan(found[1])
    assert np.isnan(found[2])


def test_rows_of_numbers():
    assert region_rows(np.array([0, 5, 9, 2]), [5, 2]).tolist() == [-1, 0, -1, 1]


def test_transfer_takes_the_region_at_each_voxel():
    coarse = np.repeat([1, 2], 4).reshape(8, 1, 1)
    fine = np.array([1, 1, 1, 1, 1, 2, 2, 3]).reshape(8, 1, 1)
    source = pd.DataFrame({"region": ["a", "b"], "index": [1, 2]})
    target = pd.DataFrame({"region": ["x", "y", "z"], "index": [1, 2, 3]})
    values = pd.Series({"a": 1.0, "b": 6.0})
    found = transfer(values, (coarse, np.eye(4), source), (fine, np.eye(4), target))
    assert found.to_dict() == {"x": 2.0, "y": 6.0, "z": 6.0}
    found = transfer(values.drop("b"), (coarse, np.eye(4), source), (fine, np.eye(4), target))
    assert found["x"] == 1.0
    assert found[["y", "z"]].isna().all()


@pytest.fixture
def places(brain):
    names = [f"R{i}" for i in range(len(brain.xyz))]
    table = pd.DataFrame(brain.xyz, columns=["x", "y", "z"])
    table.insert(0, "region", names)
    return table.assign(structure=brain.structure)


@pytest.mark.parametrize("method", [moran, variogram])
def test_similarity_finds_likeness(brain, places, method):
    rng = np.random.default_rng(1)
    first = brain.smooth(1, rng)[0]
    like = first + 0.5 * brain.smooth(1, rng)[0]
    maps = {
        k: pd.Series(v, index=places["region"]) for k, v in (("a", first), ("b", like), ("c", brain.smooth(1, rng)[0]))
    }
    maps["c"].iloc[:5] = np.nan
    table = similarity(maps, places, method.null_maps, 1, 499).set_index(["map", "other"])
    assert table.loc[("a", "b"), "r"] == pytest.approx(np.corrcoef(first, like)[0, 1])
    assert table.loc[("a", "b"), "p_null"] < 0.02
    assert table.loc[("a", "c"), "n_regions"] == 55
    assert table.loc[("a", "c"), "p_null"] > 0.05
    assert (table["q_null"] >= table["p_null"]).all()


@pytest.mark.slow
def test_level_of_similarity(brain, places, assert_level):
    """Smooth maps that have nothing to do with each other, structures apart in their means."""
    rng, p = np.random.default_rng(2), []
    for i in range(300):
        one, two = (brain.smooth(1, rng, shift=1.0)[0] for _ in range(2))
        maps = {"a": pd.Series(one, index=places["region"]), "b": pd.Series(two, index=places["region"])}
        p.append(similarity(maps, places, moran.null_maps, i, 199)["p_null"][0])
    assert_level(np.array(p))


def test_a_map_is_not_tested_against_itself(brain, places):
    values = pd.Series(np.random.default_rng(1).standard_normal(len(places)), index=places["region"])
    table = similarity({"a": values, "b": values.copy(), "c": -values}, places, moran.null_maps, 1, 100).set_index(
        ["map", "other"]
    )
    assert table.loc[("a", "b"), "r"] == 1
    assert table.loc[("a", "b"), ["p_null", "q_null"]].isna().all()
    assert table.loc[("a", "c"), "p_null"] < 0.05


def test_too_few_regions_in_common(places):
    maps = {"a": pd.Series([1.0, 2, 3], index=["R0", "R1", "R2"]), "b": pd.Series(1.0, index=places["region"])}
    table = similarity(maps, places, moran.null_maps, 1, 100)
    assert table["n_regions"][0] == 3
    assert table[["r", "p_null", "q_null"]].isna().all(axis=None)


def test_seed_maps():
    matrix = np.array([[np.nan, 1, 2], [1, np.nan, 4], [2, 4, np.nan]])
    connectome = Connectome(matrix, ("a", "b", "c"), np.array([1, 1, 1]))
    assert np.array_equal(seed_map(connectome, np.array([1])), [1, np.nan, 4], equal_nan=True)
    # two voxels in a, one in b, one nowhere
    found = seed_map(connectome, np.array([0, 1, 0, -1]))
    assert found.tolist() == pytest.approx([1, 1, (2 * 2 + 4) / 3])
    assert np.isnan(seed_map(connectome, np.array([-1]))).all()


def test_distances():
    grid = ball()
    labels = np.zeros(grid.mask.shape, dtype=int)
    ijk = grid.voxels(np.array([[0.0, 0, 0], [4, 0, 0], [8, 0, 0]]))
    labels[tuple(ijk.T)] = 1
    row = {"cluster": 1, "peak_x": 8, "peak_y": 0, "peak_z": 0, "centre_x": 4, "centre_y": 0, "centre_z": 0}
    found = distances({"T": (4.0, 3.0, 0.0)}, grid, labels, pd.DataFrame([row])).iloc[0]
    assert (found["distance_peak"], found["distance_centre"], found["distance_edge"]) == (5, 3, 3)


def test_labels_at_coordinates():
    labels = np.arange(27).reshape(3, 3, 3)
    affine = np.diag([2.0, 2, 2, 1])
    assert labels_at(labels, affine, np.array([[0.0, 0, 0], [4.4, 4, 4], [0, 0, 2.9], [-5, 0, 0]])).tolist() == [
        0,
        26,
        1,
        0,
    ]


def test_atlases_of_a_file_of_labels():
    arrays = {"aal": np.array([[[0, 7]]]), "aal_numbers": np.array([2, 7]), "aal_names": np.array(["Left", "Right"])}
    atlases = atlases_of(arrays)
    assert list(atlases) == ["aal"]
    assert atlases["aal"].names == {2: "Left", 7: "Right"}
    assert atlases["aal"].numbers.tolist() == [[[0, 7]]]


def test_main_region_of_a_description():
    found = describe(np.array([0, 0, 0, 1]), {1: "Left"})
    assert found == "no region 75 %, Left 25 %"
    assert main_region(found) == "no region"
    assert main_region("Frontal_Mid_L 78 %") == "Frontal_Mid_L"


def test_most_probable_area():
    grid = Grid(np.ones((3, 1, 1), dtype=bool), np.eye(4))
    volumes = [np.array([60, 20, 0]).reshape(3, 1, 1), np.array([60, 70, 24]).reshape(3, 1, 1)]
    assert most_probable(volumes, np.eye(4), grid).ravel().tolist() == [1, 2, 0]
    assert sample_labels(np.array([4, 5, 6]).reshape(3, 1, 1), np.eye(4), grid).ravel().tolist() == [4, 5, 6]


def test_volumes_one_by_one(tmp_path):
    values = np.random.default_rng(1).integers(0, 100, (4, 5, 6, 3)).astype(np.uint8)
    Nifti1Image(values, np.eye(4)).to_filename(tmp_path / "a.nii.gz")
    assert np.array_equal(np.stack(list(volumes_of(tmp_path / "a.nii.gz")), axis=-1), values)
    Nifti1Image(values.astype(np.float32), np.eye(4)).to_filename(tmp_path / "b.nii.gz")
    with pytest.raises(ValueError, match="expected unscaled bytes"):
        next(volumes_of(tmp_path / "b.nii.gz"))


def test_descriptions():
    numbers = np.array([1] * 70 + [2] * 25 + [0] * 4 + [3])
    assert describe(numbers, {1: "Frontal", 2: "Insula", 3: "Other"}) == "Frontal 70 %, Insula 25 %"


def test_images_are_the_same_bytes(tmp_path):
    values = np.random.default_rng(1).standard_normal((5, 6, 7))
    affine = np.diag([2.0, 2, 2, 1])
    for name in ("a.nii.gz", "b.nii.gz"):
        write_image(tmp_path / name, values, affine)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    image = load_nifti(tmp_path / "a.nii.gz")
    assert np.allclose(np.asanyarray(image.dataobj), values, atol=1e-6)
    assert np.array_equal(image.affine, affine)
    assert image.header["sform_code"] == 4
    write_image(tmp_path / "c.nii.gz", np.ones((2, 2, 2), dtype=int), affine)
    assert load_nifti(tmp_path / "c.nii.gz").get_data_dtype() == np.int16
    assert gzip.decompress((tmp_path / "c.nii.gz").read_bytes())[:4] == (348).to_bytes(4, "little")
