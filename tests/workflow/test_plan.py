"""Studies are planned without their data where that can be, and large ones within a minute."""

from __future__ import annotations

import resource
from collections import Counter

import pytest

from amygene.cohort.buckets import deal
from fixtures.project import CHECKOUT, RESOURCES, Project, planned_jobs

pytestmark = pytest.mark.slow

CONFIGS = sorted(file.name for file in (CHECKOUT / "config").glob("*.yaml") if file.name != "resources.yaml")
#: studies whose jobs follow from data of the user's, and what is said when it is not there
NEED_DATA = {
    "rest-meta-mdd.yaml": "config keys cohort.root and cohort.series: ",
    "first-episode-psychosis.yaml": "config key cohort.participants: data/fep-cohort/participants.tsv: no such file",
}

N_SUBJECTS = 20_000
N_SITES = 40
PER_JOB = 100
SEEDS = ["LAMY", "RAMY", "Hippocampus_L", "Hippocampus_R", "Insula_L", "Insula_R", "Thalamus_L", "Thalamus_R"]
LARGE = {
    "study": "large",
    "cohort": {"format": "table", "participants": "data/participants.tsv"},
    "atlas": "AAL116",
    "seeds": SEEDS,
    "contrasts": {"PATvsHC": {"case": "PAT", "control": "HC", "covariates": ["age", "site"]}},
    "expression": {"source": "table", "table": "data/expression.tsv"},
    # half the default, so twice the jobs
    "jobs": {"subjects_per_job": PER_JOB},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project.make(tmp_path_factory.mktemp("plan") / "project", RESOURCES)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_is_planned_or_says_what_it_lacks(project, name):
    if name in NEED_DATA:
        done = project.run("--dry-run", "--configfile", f"config/{name}")
        assert done.returncode == 1
        assert NEED_DATA[name] in done.text
        assert "Traceback" not in done.text
    else:
        rules = {job.rule for job in project.plan("--configfile", f"config/{name}")}
        assert {"report_page", "all"} <= rules


def test_the_config_that_is_used_by_itself_is_that_of_the_demo(project):
    assert len(project.plan()) == len(project.plan("--configfile", "config/config.yaml"))


@pytest.fixture(scope="module")
def large(project):
    """The plan of 20,000 subjects with eight seeds, and the CPU time that Snakemake took for it."""
    folder = project.folder / "data"
    (folder / "series").mkdir(parents=True)
    names = [f"sub-{i:05d}" for i in range(N_SUBJECTS)]
    rows = ["participant_id\tgroup\tsite\tage\ttimeseries"]
    for i, name in enumerate(names):
        (folder / f"series/{name}.npy").touch()
        rows.append(f"{name}\t{('HC', 'PAT')[i % 2]}\tsite{i % N_SITES}\t{20 + i % 50}\tseries/{name}.npy")
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n")
    (folder / "expression.tsv").touch()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = project.run("--dry-run", "--configfile", project.write_config(LARGE))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.text[-3000:]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return planned_jobs(done.text), cpu


def test_planning_20000_subjects_with_8_seeds_takes_a_minute_at_most(large):
    jobs, cpu = large
    count = Counter(job.rule for job in jobs)
    buckets = deal([f"sub-{i:05d}" for i in range(N_SUBJECTS)], PER_JOB)
    print(f"\n{len(jobs)} jobs for {N_SUBJECTS} subjects and {len(SEEDS)} seeds planned in {cpu:.1f} s of CPU")
    assert count["cohort_series"] == len(buckets)
    assert count["connectivity_seed"] == len(SEEDS) * len(buckets)
    assert count["connectivity_gather"] == len(SEEDS)
    assert cpu < 120  # a guard: it takes about 20 s on a quiet core


def test_a_job_reads_its_bucket_and_not_the_cohort(large):
    """What grows with the cohort are tables of one row per participant, and the jobs that gather the buckets."""
    jobs, _ = large
    inputs = {job.rule: 0 for job in jobs}
    for job in jobs:
        if job.rule != "all":
            inputs[job.rule] = max(inputs[job.rule], len(job.input))
    assert inputs["cohort_series"] <= PER_JOB + 1
    assert inputs["connectivity_seed"] == 2
    gathering = {rule for rule, n in inputs.items() if n > PER_JOB + 1}
    assert gathering == {
        "cohort_assemble",
        "cohort_contrast",
        "connectivity_gather",
        "group_comparison",
        "prediction_sample",
    }
