"""The stage prediction, end to end on the small study: any number of jobs and cores, a second study, the report."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from fixtures import small_study
from fixtures.project import Project

pytestmark = pytest.mark.slow

TABLES = ("performance", "predictions", "roc", "calibration", "sites", "weights", "folds")
NAME = "contrast-PATvsHC_atlas-Small30_{}.tsv"


def config(**changed: Any) -> dict[str, Any]:
    base = small_study.config() | {
        "stages": ["prediction"],
        "prediction": {
            "models": ["ridge", "rbf-svm"],
            "n_selected": 5,
            "folds": 3,
            "repeats": 2,
            "tested": ["ridge"],
            "grid": {"rbf-svm": {"C": [1, 10], "gamma": [1]}, "ridge": {"alpha": [0.1, 1]}},
        },
        "maps": {},
    }
    base["permutations"] = base["permutations"] | {"prediction": 30}
    return base | changed


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """The stage was run in few jobs."""
    made = Project.make(tmp_path_factory.mktemp("prediction"))
    small_study.make_data(made.folder / "data")
    made.make_targets("--configfile", made.write_config(config()))
    return made


def tables(project: Project, study: str) -> dict[str, bytes]:
    return {t: (project.results(study) / "prediction" / NAME.format(t)).read_bytes() for t in TABLES}


def read(project: Project, study: str, table: str) -> pd.DataFrame:
    return pd.read_csv(project.results(study) / "prediction" / NAME.format(table), sep="\t", na_values="n/a")


def test_the_replicate_is_labelled_and_the_others_pass_the_guard(project):
    found = read(project, "small", "performance")
    verdicts = found.drop_duplicates("design").set_index("design")["guard"].to_dict()
    assert verdicts == {
        "cross-validation": "passed",
        "leave-site-out": "passed",
        "replicate": "optimistic: selection saw the test data",
    }
    assert found.loc[found["model"] == "ridge", "p_permutation"].between(1 / 31, 1).all()


def test_every_table_tells_where_its_numbers_come_from(project):
    for table in TABLES:
        sidecar = json.loads(
            (project.results("small") / "prediction" / NAME.format(table).replace(".tsv", ".json")).read_text()
        )
        assert set(sidecar["columns"]) == set(read(project, "small", table).columns)
        assert sidecar["settings"]["folds"] == 3
        assert sidecar["seed"] == 20240501
        assert sidecar["sources"]


def test_any_number_of_jobs_and_cores_gives_the_same_bytes(project, tmp_path):
    other = Project.make(tmp_path / "project")
    small_study.make_data(other.folder / "data")
    jobs = {
        "subjects_per_job": 7, "sites_per_job": 1, "folds_per_job": 1, "relabelings_per_shard": 20,
        "permutations_per_shard": 1000, "genes_per_chunk": 20000,
    }  # fmt: skip
    other.make_targets("--configfile", other.write_config(config(jobs=jobs)), cores=1)
    assert len(list((other.results("small") / "prediction/parts").glob("*cross-validation*.npz"))) == 6
    assert len(list((other.results("small") / "prediction/shards").glob("*leave-site-out*.npz"))) == 2
    for table, written in tables(project, "small").items():
        assert tables(other, "small")[table] == written, table


def test_a_second_study_is_tested_by_models_of_this_one(project):
    second = config(study="second", stages=["connectivity"])
    second["cohort"] = second["cohort"] | {"select": {"site": {"in": ["north", "south"]}}}
    changed = config(study="trained", stages=["prediction", "report"])
    changed["prediction"] = changed["prediction"] | {"external": {"study": "second"}}
    wanted = project.write_config(changed, "trained.yaml")
    done = project.run("--configfile", wanted)
    assert done.returncode != 0
    log = (project.results("trained") / "logs/prediction_sample_contrast-PATvsHC_atlas-Small30.log").read_text()
    assert "config key prediction.external: study second lacks results/second/cohort/participants.tsv" in log
    assert "run the stage connectivity of that study first" in log

    project.make_targets("--configfile", project.write_config(second, "second.yaml"))
    project.make_targets("--configfile", wanted)
    found = read(project, "trained", "performance")
    own = found[found["design"] == "external"]
    assert set(own["unseen_site"]) == {"none", "site controls"}
    assert (own["n"] == 16).all()  # four controls a site are too few to harmonise by
    assert own["note"].dropna().str.contains("second/north has too few controls").all()
    assert own.loc[own["model"] == "ridge", "p_permutation"].notna().all()
    # the rest is what it was without it
    before = read(project, "small", "performance")
    pd.testing.assert_frame_equal(
        found[found["design"] == "cross-validation"].reset_index(drop=True),
        before[before["design"] == "cross-validation"].reset_index(drop=True),
    )
    page = (project.results("trained") / "report/index.html").read_text()
    assert "Can one subject be classified?" in page
    assert "In a second study" in page
    assert "optimistic: selection saw the test data" in page


def test_too_few_participants_for_the_folds_are_told(project):
    changed = config(study="toofew")
    changed["prediction"] = changed["prediction"] | {"folds": 20}
    done = project.run("--configfile", project.write_config(changed, "toofew.yaml"))
    assert done.returncode != 0
    log = (project.results("toofew") / "logs/prediction_sample_contrast-PATvsHC_atlas-Small30.log").read_text()
    assert "contrast PATvsHC has 12 cases, too few for 20 folds" in log
