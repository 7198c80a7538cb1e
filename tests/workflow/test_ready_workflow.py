"""Connectivity that comes ready gives the numbers of the series that it was computed from."""

from __future__ import annotations

import pandas as pd
import pytest

from fixtures import small_study
from fixtures.project import Project

pytestmark = pytest.mark.slow

STAGES = ["cohort", "connectivity", "group", "sites"]
MAPS = {"LEFT": "data/left.tsv", "Amygdala_R": "data/right.parquet"}


def config(study, stages=(), **cohort):
    given = small_study.config()
    kept = {key: given[key] for key in ("atlas", "seeds", "contrasts", "sites", "permutations", "jobs")}
    # several buckets
    kept["jobs"] |= {"subjects_per_job": 12}
    return kept | {"study": study, "stages": [*STAGES, *stages], "cohort": given["cohort"] | cohort}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A folder with the study from series, and the same from its own connectivity."""
    project = Project.make(tmp_path_factory.mktemp("ready"))
    data = project.folder / "data"
    data.mkdir()
    people = pd.DataFrame(small_study.make_data(data))
    project.make_targets("--configfile", project.write_config(config("series"), "series.yaml"), cores=1)
    # nothing is known of the files, and the sheet may still name them
    people.drop(columns="timeseries").assign(bold="scan.nii").to_csv(data / "people.tsv", sep="\t", index=False)
    for seed, file in MAPS.items():
        z = pd.read_parquet(
            project.results("series") / f"connectivity/seed-{seed}_atlas-Small30_stat-fisherz_group.parquet"
        )
        # in any order
        z = z.iloc[::-1, ::-1]
        if file.endswith(".tsv"):
            z.to_csv(project.folder / file, sep="\t")
        else:
            z.to_parquet(project.folder / file)
    project.make_targets("--configfile", project.write_config(ready("ready", ["report"]), "ready.yaml"), cores=1)
    return project


def ready(study, stages=(), **cohort):
    own = {"format": "ready", "participants": "data/people.tsv", "maps": MAPS, "scale": "fisher-z"}
    return config(study, stages, **own | cohort)


def test_the_numbers_are_those_of_the_series(project):
    made, given = project.results("ready"), project.results("series")
    # lengths of series are not known
    for table in sorted(
        file.relative_to(given).as_posix()
        for stage in ("connectivity", "group", "sites")
        for file in given.glob(f"{stage}/*")
        if file.suffix in (".tsv", ".parquet") and file.name != "qc.tsv"
    ):
        read = pd.read_parquet if table.endswith(".parquet") else lambda file: pd.read_csv(file, sep="\t")
        pd.testing.assert_frame_equal(read(made / table), read(given / table), rtol=0, atol=1e-12, check_exact=False)
    assert (
        pd.read_parquet(made / "connectivity/seed-LEFT_atlas-Small30_stat-fisherz_group.parquet").isna().any(axis=None)
    )
    files = pd.read_csv(made / "cohort/files.tsv", sep="\t")
    assert sorted(files["file"].unique()) == sorted(MAPS.values())
    assert "n_timepoints" not in pd.read_csv(made / "cohort/participants.tsv", sep="\t")


def test_the_report_says_what_was_done(project):
    page = (project.results("ready") / "report/index.html").read_text()
    assert "was computed elsewhere" in (project.results("ready") / "report/methods.md").read_text()
    assert "Mean connectivity and head motion" in page
    assert project.plan("--configfile", "ready.yaml") == []


def test_another_scale_or_table_reruns_and_what_is_wrong_is_told(project):
    jobs = project.plan("--configfile", project.write_config(ready("ready", ["report"], scale="r"), "other.yaml"))
    assert jobs[0].rule == "cohort_ready" or "cohort_ready" in {job.rule for job in jobs}
    z = pd.read_csv(project.folder / "data/left.tsv", sep="\t").drop(index=5)
    z.rename(columns={"Cor00": "Cor99"}).to_csv(project.folder / "data/wrong.tsv", sep="\t", index=False)
    wrong = ready("wrong", maps=MAPS | {"LEFT": "data/wrong.tsv"})
    done = project.run("cohort", "--configfile", project.write_config(wrong, "wrong.yaml"), cores=1)
    assert done.returncode != 0
    told = (project.results("wrong") / "logs/cohort_ready.log").read_text()
    assert "data/wrong.tsv: the atlas has no region Cor99\n" in told
    z.to_csv(project.folder / "data/fewer.tsv", sep="\t", index=False)
    fewer = ready("fewer", maps=MAPS | {"LEFT": "data/fewer.tsv"})
    done = project.run("cohort", "--configfile", project.write_config(fewer, "fewer.yaml"), cores=1)
    assert done.returncode != 0
    assert "has no row in data/fewer.tsv" in (project.results("fewer") / "logs/cohort.log").read_text()
    fewer["cohort"]["faulty"] = "exclude"
    project.make_targets("connectivity", "--configfile", project.write_config(fewer, "fewer.yaml"), cores=1)
    excluded = pd.read_csv(project.results("fewer") / "cohort/excluded.tsv", sep="\t")
    assert excluded["reason"].str.contains("has no row in data/fewer.tsv").sum() == 1
