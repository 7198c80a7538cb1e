"""Published maps straight to genes and gene sets: every correlation computed once more here from the files.

The ENIGMA consortium's case-control differences of cortical thickness in major depression (68 regions; ENIGMA Toolbox,
BSD-3), and an atlas of the 5-HT1a receptor from PET as an image (Savli 2012; CC BY-NC-SA 4.0); expression embedded, and
as a user's table.
"""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pandas as pd
import pytest
from nilearn.image import resample_to_img
from scipy import ndimage, stats

from amygene.expression.alignment import read_dk83
from fixtures.project import RESOURCES, Project
from fixtures.real_data import real_data

pytestmark = pytest.mark.slow

ATLAS = RESOURCES / "imaging-transcriptomics/atlas-desikankilliany_1mm_MNI152.nii.gz"
MATRIX = RESOURCES / "imaging-transcriptomics/gene_expression_data.csv"
CELLS = RESOURCES / "imaging-transcriptomics/geneset_Pooled.gmt"
#: few draws: what is compared here does not depend on their number
FEW = {
    "permutations": {"null_maps": 100},
    "genes": {"calibration_maps": 2, "bootstraps": 100},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project.make(tmp_path_factory.mktemp("enigma") / "project", RESOURCES)


@pytest.fixture(scope="module")
def thickness_file():
    return real_data("enigma-mdd") / "mddadult_case-controls_CortThick.csv"


@pytest.fixture(scope="module")
def thickness(thickness_file) -> pd.Series:
    return pd.read_csv(thickness_file).set_index("Structure")["d_icv"]


@pytest.fixture(scope="module")
def receptor_file():
    return real_data("pet") / "5HT1a_way_hc36_savli.nii.gz"


@pytest.fixture(scope="module")
def study(project, thickness_file, receptor_file) -> Project:
    """A table and an image, with the config of the README."""
    config = {
        "study": "thickness",
        "stages": ["genes", "enrichment"],
        "maps": {
            "MDD": {"table": str(thickness_file), "region": "Structure", "value": "d_icv"},
            "receptor": {"image": str(receptor_file)},
        },
        "atlas": "DK83",
        "expression": {"source": "DK83"},
        "enrichment": {"collections": ["CELLS", "KEGG"], "random_sets": 100},
    }
    project.make_targets("--configfile", project.write_config(config | FEW))
    return project


@pytest.fixture(scope="module")
def matrix(study) -> pd.DataFrame:
    table = pd.read_csv(MATRIX, index_col="Region", encoding="utf-8-sig").drop(columns="label")
    # a spreadsheet turned names of genes into dates; only those have another name in the pipeline
    names = read_dk83(MATRIX).columns
    assert sum(a != b for a, b in zip(table.columns, names, strict=True)) == 23
    return table.set_axis(names, axis="columns")


def read(project: Project, name: str) -> pd.DataFrame:
    # cells as they stand: a gene may be called NAN
    return pd.read_csv(project.folder / "results" / name, sep="\t", dtype=str, keep_default_na=False)


def numbers(column: pd.Series) -> pd.Series:
    return column.replace("n/a", np.nan).astype(float)


def assert_correlations(genes: pd.DataFrame, values: pd.Series, matrix: pd.DataFrame) -> None:
    """Every gene by scipy, over the regions that have both."""
    genes = genes.set_index("gene")
    assert sorted(genes.index) == sorted(matrix.columns)
    values, matrix = values.dropna().align(matrix, join="inner", axis=0)
    complete = matrix.columns[matrix.notna().all()]
    found = stats.pearsonr(matrix[complete], values.to_numpy()[:, None], axis=0)
    expected = pd.DataFrame({"n": len(values), "r": found.statistic, "p": found.pvalue}, index=complete)
    for gene in matrix.columns.difference(complete):
        known = matrix[gene].notna()
        found = stats.pearsonr(matrix.loc[known, gene], values[known])
        expected.loc[gene] = known.sum(), found.statistic, found.pvalue
    expected = expected.loc[genes.index]
    assert (genes["n_regions"].astype(int) == expected["n"]).all()
    np.testing.assert_allclose(numbers(genes["r"]), expected["r"], atol=1e-6)
    np.testing.assert_allclose(numbers(genes["p_parametric"]), expected["p"], rtol=1e-6, atol=1e-12)


def test_thickness_follows_genes_as_scipy_says(study, thickness, matrix):
    assert_correlations(read(study, "thickness/genes/map-MDD_atlas-DK83_genes.tsv"), thickness, matrix)


def test_regions_of_the_atlas_that_the_map_lacks_are_named(study, thickness, matrix):
    used = read(study, "thickness/genes/map-MDD_atlas-DK83_map.tsv").set_index("region")
    assert set(thickness.index) <= set(used.index)
    lacking = matrix.index.difference(thickness.index)
    assert len(lacking) == 15
    assert (used.loc[lacking, "reason"] == "no value").all()
    assert (used.loc[lacking, "value"] == "n/a").all()
    assert (used.loc[thickness.index, "used"] == "True").all()
    np.testing.assert_allclose(numbers(used["value"])[thickness.index], thickness)
    log = (study.results("thickness") / "logs/genes_map_map-MDD_atlas-DK83.log").read_text()
    assert all(region in log for region in lacking)


def test_scores_of_sets_are_means_over_their_genes(study):
    genes = read(study, "thickness/genes/map-MDD_atlas-DK83_genes.tsv").set_index("gene")
    r = numbers(genes["r"])
    sets = read(study, "thickness/enrichment/map-MDD_atlas-DK83_collection-CELLS_sets.tsv").set_index("set")
    lines = [line.split("\t") for line in CELLS.read_text().splitlines() if line.strip()]
    members = {line[0]: [gene for gene in line[2:] if gene in r.index] for line in lines}
    assert len(sets) == len(members) == 7
    for name, row in sets.iterrows():
        assert int(row["n_genes"]) == len(set(members[name]))
        assert float(row["score"]) == pytest.approx(r[list(set(members[name]))].mean(), abs=1e-6)
    assert len(read(study, "thickness/enrichment/map-MDD_atlas-DK83_collection-KEGG_sets.tsv")) > 300


def test_an_image_is_averaged_over_regions(study, matrix, receptor_file):
    used = read(study, "thickness/genes/map-receptor_atlas-DK83_map.tsv").set_index("region")
    values = numbers(used["value"])
    atlas, image = nibabel.load(ATLAS), nibabel.load(receptor_file)
    assert image.shape != atlas.shape
    # voxels of value 0 lie outside the image's mask: they take no part in interpolation
    values_in_mask, mask = (
        np.asarray(
            resample_to_img(
                nibabel.Nifti1Image(part, image.affine),
                atlas,
                interpolation="linear",
                force_resample=True,
                copy_header=True,
            ).dataobj
        )
        for part in (image.get_fdata(), (image.get_fdata() != 0).astype(float))
    )
    resampled = np.divide(values_in_mask, mask, out=np.zeros(mask.shape), where=mask >= 0.5)
    index = read(study, "thickness/atlas/atlas-DK83_dseg.tsv").set_index("region")["index"].astype(int)
    labels = np.asarray(atlas.dataobj) * (resampled != 0)
    expected = ndimage.mean(resampled, labels, index[values.index])
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    # raphe aside, 5-HT1a is known to be dense in hippocampus and scarce in basal ganglia
    assert values["L_hippocampus"] > values.median() > values["L_caudate"]
    assert_correlations(read(study, "thickness/genes/map-receptor_atlas-DK83_genes.tsv"), values, matrix)


def test_an_image_painted_with_the_table_gives_the_table_back(study, thickness):
    folder = study.folder / "painted"
    folder.mkdir()
    atlas = nibabel.load(ATLAS)
    index = read(study, "thickness/atlas/atlas-DK83_dseg.tsv").set_index("region")["index"].astype(int)
    by_number = np.zeros(index.max() + 1)
    by_number[index[thickness.index]] = thickness
    image = nibabel.Nifti1Image(by_number[np.asarray(atlas.dataobj).astype(int)].astype(np.float32), atlas.affine)
    nibabel.save(image, folder / "painted.nii.gz")
    config = {
        "study": "painted",
        "stages": ["genes"],
        "maps": {"painted": {"image": "painted/painted.nii.gz"}},
        "atlas": "DK83",
        "expression": {"source": "DK83"},
    }
    config = study.write_config(config | FEW, "painted.yaml")
    name = "painted/genes/map-painted_atlas-DK83_map.tsv"
    study.make_targets(f"results/{name}", "--configfile", config)
    used = read(study, name).set_index("region")
    np.testing.assert_allclose(numbers(used["value"])[thickness.index], thickness, rtol=1e-6)
    # nothing is painted there, and nothing is not 0
    others = used.drop(thickness.index)
    assert (others["reason"] == "no value").all()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_regions_that_either_side_lacks_are_dropped_and_named(study, thickness, matrix, ending):
    study_name = f"own{ending}"
    folder = study.folder / study_name
    folder.mkdir()
    # expression: 300 genes; two regions absent, one known but empty, single cells empty, one row of another atlas
    rng = np.random.default_rng(3)
    own = matrix.loc[:, rng.choice(matrix.columns, 300, replace=False)].sample(frac=1, random_state=3)
    own = own.drop(["L_insula", "R_frontalpole"])
    own.loc["R_insula"] = np.nan
    holes = rng.random(own.shape) < 0.02
    own = own.mask(holes)
    own.loc["Somewhere_else"] = 0.5
    own.index.name = "region"
    if ending == "csv":
        own.to_csv(folder / "expression.csv")
    else:
        own.to_parquet(folder / "expression.parquet")
    # map: one region absent, one empty, one called n/a, one row of another atlas
    sheet = thickness.drop("L_cuneus").astype(object).rename_axis("Structure").reset_index()
    sheet.loc[sheet["Structure"] == "R_cuneus", "d_icv"] = None
    sheet.loc[sheet["Structure"] == "L_lingual", "d_icv"] = "n/a"
    sheet.loc[len(sheet)] = ["Elsewhere", 3.0]
    sheet.to_csv(folder / "map.csv", index=False)
    config = {
        "study": study_name,
        "stages": ["genes"],
        "maps": {"own": {"table": f"{study_name}/map.csv", "region": "Structure", "value": "d_icv"}},
        "atlas": "DK83",
        "expression": {"source": "table", "table": f"{study_name}/expression.{ending}"},
    }
    targets = [f"results/{study_name}/genes/map-own_atlas-DK83_{table}.tsv" for table in ("genes", "map")]
    study.make_targets(*targets, "--configfile", study.write_config(config | FEW, f"{study_name}.yaml"))

    values = thickness.drop(["L_cuneus", "R_cuneus", "L_lingual"])
    genes = read(study, f"{study_name}/genes/map-own_atlas-DK83_genes.tsv")
    assert genes["n_regions"].nunique() > 3
    assert_correlations(genes, values, own)
    used = read(study, f"{study_name}/genes/map-own_atlas-DK83_map.tsv").set_index("region")
    # rows of no region are no row here, and named
    sidecar = json.loads((study.results(study_name) / "genes/map-own_atlas-DK83_map.json").read_text())
    assert sidecar["note"] == "left out, since they are no regions of the atlas: Elsewhere"
    sidecar = json.loads((study.results(study_name) / "expression/atlas-DK83_coverage.json").read_text())
    assert sidecar["note"] == "left out, since they are no regions of the atlas: Somewhere_else"
    assert (used.loc[["L_cuneus", "R_cuneus", "L_lingual", "brainstem"], "reason"] == "no value").all()
    assert (used.loc[["L_insula", "R_frontalpole", "R_insula"], "reason"] == "no expression").all()
    assert (used["used"] == "True").sum() == 68 - 6
    coverage = read(study, f"{study_name}/expression/atlas-DK83_coverage.tsv").set_index("region")
    absent = ["L_insula", "R_frontalpole", "R_insula"]
    assert (coverage.loc[absent, "in_expression"] == "False").all()
    assert (coverage.drop(absent)["in_expression"] == "True").all()
    assert int(coverage.loc["L_precuneus", "n_genes"]) == own.loc["L_precuneus"].notna().sum()
