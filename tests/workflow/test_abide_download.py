"""ABIDE through config/abide.yaml, downloaded from a server on this machine that serves a made-up copy of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fixtures.abide import SITES, Copy, make_copy, served
from fixtures.project import RESOURCES, Project, jobs_by_rule

pytestmark = pytest.mark.slow

CONFIG = "config/abide.yaml"
#: jobs large enough for a copy that is small
JOBS = {"subjects_per_job": 600, "sites_per_job": 20}
FEW = {"permutations": {"group": 200, "sites": 100}, "jobs": JOBS}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Copy:
    return make_copy(tmp_path_factory.mktemp("abide-server") / "served")


@pytest.fixture(scope="module")
def server(copy):
    with served(copy.folder) as (url, asked):
        yield url, asked


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project.make(tmp_path_factory.mktemp("abide") / "project", RESOURCES)


@pytest.fixture(scope="module")
def changes(project, server) -> str:
    """What the user of another server puts into the config, and few draws."""
    cohort = {"url": server[0], "root": "downloads"}
    return project.write_config({"cohort": cohort, "stages": ["connectivity", "group", "sites"], **FEW}, "changes.yaml")


@pytest.fixture(scope="module")
def plan(project, server, changes) -> str:
    """Of everything, made before anything is downloaded."""
    done = project.run("--dry-run", "--configfile", CONFIG, changes)
    assert done.returncode == 0, done.text[-3000:]
    assert server[1] == []
    return done.text


@pytest.fixture(scope="module")
def study(project, plan, changes) -> Project:
    project.make_targets("--configfile", CONFIG, changes)
    return project


def read(project: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(project.results("abide") / name, sep="\t", na_values="n/a", keep_default_na=False)


def test_everything_is_planned_before_the_download(plan):
    jobs = jobs_by_rule(plan)
    assert jobs["abide_sheet"] == 1
    assert jobs["abide_series"] == jobs["cohort_series"] == 2
    assert jobs["group_table"] == jobs["sites_table"] == 2


def test_who_is_out_and_why(study, copy):
    excluded = read(study, "cohort/excluded.tsv").set_index("participant_id")
    assert set(excluded.index) == set(copy.traps.values())
    reason = {trap: excluded.loc[participant, ["step", "reason"]].tolist() for trap, participant in copy.traps.items()}
    assert reason["no file name"] == ["phenotype", "the release has no preprocessed series"]
    assert reason["moved a lot"] == ["selection", "mean_fd 0.9 is above 0.5"]
    for trap, words in (("not on the server", "no such file"), ("damaged", "cannot be read as .1D")):
        step, text = reason[trap]
        assert step == "series"
        assert words in text
        assert "rois_aal.1D" in text
    people = read(study, "cohort/participants.tsv")
    assert len(people) == len(copy.rows) - len(copy.traps)
    assert people["fiq"].dropna().gt(0).all()


def test_connectivity_is_that_of_the_served_files(study, copy):
    z = pd.read_parquet(study.results("abide") / "connectivity/seed-LAMY_atlas-AAL116_stat-fisherz_group.parquet")
    for row in copy.rows[-3:]:
        values = np.loadtxt(copy.file(row), skiprows=1)
        expected = np.arctanh(np.delete(np.corrcoef(values, rowvar=False)[40], 40))
        np.testing.assert_allclose(z.loc[f"sub-{row['SUB_ID']}"], expected, atol=1e-6)


def test_groups_are_compared_and_sites_left_out(study, copy):
    for seed in ("LAMY", "RAMY"):
        table = read(study, f"group/contrast-ASDvsHC_seed-{seed}_atlas-AAL116_stat-t_roi.tsv")
        assert len(table) == 115
        people = read(study, "cohort/participants.tsv")
        assert (table["n_case"] == (people["group"] == "ASD").sum()).all()
        loso = read(study, f"sites/contrast-ASDvsHC_seed-{seed}_atlas-AAL116_loso.tsv").set_index("site")
        assert loso.index.tolist() == sorted(SITES)
        assert loso.loc["OHSU", "note"] == "one group only: cannot be tested alone"


def test_what_is_there_is_not_downloaded_again(study, server, changes):
    before = len(server[1])
    assert before >= 40
    done = study.run("--dry-run", "--configfile", CONFIG, changes)
    assert jobs_by_rule(done.text) == {}
    # another version of the results from the same files
    study.make_targets("results/abide/cohort/abide/participants.tsv", "--force", "--configfile", CONFIG, changes)
    assert len(server[1]) == before


def test_faulty_files_stop_the_run_if_one_wants_that(study, copy, server):
    cohort = {"url": server[0], "root": "downloads", "faulty": "stop"}
    strict = study.write_config(
        {"study": "strict", "cohort": cohort, "stages": ["cohort"], "jobs": JOBS}, "strict.yaml"
    )
    done = study.run("--configfile", CONFIG, strict)
    assert done.returncode != 0
    assert "2 problems in the input" in done.text
    for trap in ("not on the server", "damaged"):
        assert f"  - {copy.traps[trap]}: " in done.text


def test_a_server_that_does_not_answer_is_told_about_in_words(project):
    cohort = {"url": "http://127.0.0.1:9", "root": "nowhere"}
    config = project.write_config({"study": "cut", "cohort": cohort, "stages": ["cohort"], "jobs": JOBS}, "cut.yaml")
    done = project.run("--configfile", CONFIG, config)
    assert done.returncode != 0
    assert "Phenotypic_V1_0b_preprocessed1.csv of ABIDE could not be downloaded" in done.text
    assert "cohort.url" in done.text
    assert "Traceback" not in done.text
