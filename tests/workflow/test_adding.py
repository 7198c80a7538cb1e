"""Who or what is added, taken away or edited touches its own jobs, and what gathers them."""

from __future__ import annotations

import copy
import shutil
from typing import Any

import pytest
import yaml

from amygene.cohort.buckets import deal
from fixtures import small_study
from fixtures.project import Job, Project

pytestmark = pytest.mark.slow

SUBJECTS_PER_JOB = 8
SHEET = "data/participants.tsv"
#: what one participant more or less touches besides the buckets: tables of all participants, and the comparison
GATHERING = {
    "cohort_assemble", "cohort_checked", "cohort_contrast", "connectivity_gather", "connectivity_qc",
    "group_comparison", "group_permute", "group_table", "group_harmonisation", "all",
}  # fmt: skip


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Project:
    """A study of two contrasts up to the group maps, in several buckets of participants, that was run."""
    project = Project.make(tmp_path_factory.mktemp("adding") / "project")
    small_study.make_data(project.folder / "data")
    config = small_study.config() | {"stages": ["cohort", "connectivity", "group"]}
    config["contrasts"]["Second"] = {"case": "PAT", "control": "HC", "covariates": ["sex"]}
    config["jobs"]["subjects_per_job"] = SUBJECTS_PER_JOB
    project.make_targets("--configfile", project.write_config(config))
    return project


def buckets(people: list[str]) -> dict[str, list[str]]:
    return deal(people, SUBJECTS_PER_JOB)


PEOPLE = [small_study.person(number)[0] for number in range(24)]


def sheet_without(project: Project, participant: str) -> str:
    lines = (project.folder / SHEET).read_text().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(f"{participant}\t"))


def sheet_with(project: Project, number: int) -> str:
    """The sheet with one person more, whose series are written."""
    row = small_study.make_person(project.folder / "data", number)
    return (project.folder / SHEET).read_text() + "\t".join(row.values()) + "\n"


def touched(jobs: list[Job], wildcard: str) -> set[str]:
    """Values of a wildcard in the jobs that have it."""
    return {job.wildcards[wildcard] for job in jobs if wildcard in job.wildcards}


def check_buckets(jobs: list[Job], people: list[str]) -> set[str]:
    """Only buckets of other members than before are touched; give them."""
    before, after = buckets(PEOPLE), buckets(people)
    changed = {bucket for bucket in after if before.get(bucket) != after[bucket]}
    assert {job.rule for job in jobs} == GATHERING | {"cohort_series", "connectivity_seed"}
    assert touched([job for job in jobs if job.rule == "cohort_series"], "bucket") == changed
    found = {(job.wildcards["seed"], job.wildcards["bucket"]) for job in jobs if job.rule == "connectivity_seed"}
    assert found == {(seed, bucket) for seed in ("LEFT", "Amygdala_R") for bucket in changed}
    assert len(changed) < len(before)
    return changed


def test_the_participants_are_dealt_to_several_buckets():
    assert len(buckets(PEOPLE)) >= 3


def test_another_participant_joins_one_bucket_or_splits_it(cohort):
    kinds = set()
    for number in (24, 25, 26, 27):
        with cohort.edited(SHEET, sheet_with(cohort, number)):
            jobs = cohort.plan("--configfile", "study.yaml")
        kinds.add(len(check_buckets(jobs, [*PEOPLE, small_study.person(number)[0]])))
    # a bucket that was full became two
    assert kinds == {1, 2}


def test_a_participant_less_touches_its_bucket(cohort):
    for participant in ("sub-04", "sub-17"):
        with cohort.edited(SHEET, sheet_without(cohort, participant)):
            jobs = cohort.plan("--configfile", "study.yaml")
        assert len(check_buckets(jobs, [p for p in PEOPLE if p != participant])) == 1


def test_other_series_of_a_participant_touch_its_bucket(cohort):
    """sub-01 has a text file."""
    file = "data/series/sub-01.tsv"
    lines = (cohort.folder / file).read_text().splitlines(keepends=True)
    with cohort.edited(file, "".join(lines[:-1])):
        jobs = cohort.plan("--configfile", "study.yaml")
    home = {bucket for bucket, members in buckets(PEOPLE).items() if "sub-01" in members}
    assert touched([job for job in jobs if job.rule in ("cohort_series", "connectivity_seed")], "bucket") == home


def test_another_age_of_a_participant_reads_no_series(cohort):
    text = (cohort.folder / SHEET).read_text()
    fields = text.splitlines()[5].split("\t")
    with cohort.edited(SHEET, text.replace("\t".join(fields), "\t".join([*fields[:3], "33", *fields[4:]]))):
        jobs = cohort.plan("--configfile", "study.yaml")
    assert {job.rule for job in jobs} == GATHERING


def test_a_touched_sheet_reruns_nothing(cohort):
    with cohort.edited(SHEET, (cohort.folder / SHEET).read_text()):
        assert cohort.plan("--configfile", "study.yaml") == []


def test_a_study_that_grew_gives_what_a_new_one_gives(cohort, tmp_path):
    """The same bytes, whether the 25th participant came later or was there from the start."""
    shutil.copytree(cohort.folder, tmp_path / "grown", symlinks=True)
    grown, fresh = Project(tmp_path / "grown"), Project.make(tmp_path / "fresh")
    (grown.folder / SHEET).write_text(sheet_with(grown, 24))
    shutil.copytree(grown.folder / "data", fresh.folder / "data")
    shutil.copy(grown.folder / "study.yaml", fresh.folder)
    for project in (grown, fresh):
        project.make_targets("--configfile", "study.yaml")
    found, expected = grown.contents("small"), fresh.contents("small")
    assert [name for name in expected if found[name] != expected[name]] == []
    assert small_study.person(24)[0].encode() in expected["cohort/participants.tsv"]


# contrasts, seeds, maps


def config_of(project: Project) -> dict[str, Any]:
    return yaml.safe_load((project.folder / "study.yaml").read_text())


def planned(project: Project, config: dict[str, Any]) -> list[Job]:
    return project.plan("--configfile", project.write_config(config, "changed.yaml"))


def test_another_contrast_touches_its_own_jobs(finished):
    config = config_of(finished)
    config["contrasts"]["Second"] = {"case": "PAT", "control": "HC", "covariates": ["sex"]}
    jobs = planned(finished, config)
    assert touched(jobs, "contrast") == {"Second"}
    assert touched(jobs, "map") == {f"contrast-Second_seed-{seed}" for seed in ("LEFT", "Amygdala_R")}
    others = {job.rule for job in jobs if not {"contrast", "map"} & set(job.wildcards)}
    # who is in may have changed: their table, and what describes them
    assert others == {
        "cohort_assemble", "cohort_checked", "connectivity_gather", "connectivity_qc", "report_cohort", "report_page",
        "all",
    }  # fmt: skip


def test_a_contrast_less_touches_no_other(cohort):
    config = config_of(cohort)
    del config["contrasts"]["Second"]
    jobs = planned(cohort, config)
    assert {job.rule for job in jobs} == {
        "cohort_assemble", "cohort_checked", "connectivity_gather", "connectivity_qc", "all",
    }  # fmt: skip


@pytest.mark.parametrize("added", [{"name": "BOTH", "regions": ["Amygdala_L", "Amygdala_R"]}, "Cor03"])
def test_another_seed_touches_its_own_jobs(finished, added):
    name = added if isinstance(added, str) else added["name"]
    config = config_of(finished)
    config["seeds"].append(added)
    jobs = planned(finished, config)
    assert touched(jobs, "seed") == {name}
    assert touched(jobs, "map") == {f"contrast-PATvsHC_seed-{name}"}
    others = {job.rule for job in jobs if not {"seed", "map"} & set(job.wildcards)}
    assert others == {"cohort_seeds", "connectivity_qc", "report_cohort", "report_page", "all"}
    assert {"connectivity_seed", "group_permute", "genes_table", "enrichment_sets", "report_group"} <= {
        job.rule for job in jobs
    }


def test_a_seed_less_touches_no_other(finished):
    config = config_of(finished)
    del config["seeds"][0]
    jobs = planned(finished, config)
    assert {job.rule for job in jobs} == {"cohort_seeds", "connectivity_qc", "report_cohort", "report_page", "all"}


def test_seeds_of_one_family_touch_each_others_tables(finished):
    """q and p_fwe rest on all seeds of the contrast, the estimates and draws do not."""
    config = copy.deepcopy(config_of(finished)) | {"group": {"family": "contrast"}}
    jobs = planned(finished, config)
    assert {job.wildcards["seed"] for job in jobs if job.rule == "group_table"} == {"LEFT", "Amygdala_R"}
    assert not {"group_permute", "group_comparison", "sites_leave_out"} & {job.rule for job in jobs}


def test_another_map_touches_its_own_jobs(finished):
    config = config_of(finished)
    config["maps"]["second"] = {"table": "data/map.tsv", "value": "other"}
    jobs = planned(finished, config)
    assert touched(jobs, "map") == {"map-second"}
    assert {job.rule for job in jobs if "map" not in job.wildcards} == {"report_page", "all"}


def test_a_map_less_touches_no_other(finished):
    config = config_of(finished)
    del config["maps"]["own"]
    assert {job.rule for job in planned(finished, config)} == {"report_page", "all"}
