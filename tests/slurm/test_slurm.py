"""The profile for clusters on a real scheduler: same bytes as without it, whatever happens to jobs and nodes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures import small_study
from fixtures.cluster import Cluster, wait
from fixtures.project import CHECKOUT, RESOURCES, Project, Run

pytestmark = pytest.mark.slow

#: files are there at once
ON_CLUSTER = ("--profile", "config/profiles/slurm", "--latency-wait", "5")
HERE = Path(__file__).parent
#: jobs of every kind: groups of several, arrays, single ones
CUT_SMALL = {"subjects_per_job": 8, "permutations_per_shard": 100, "sites_per_job": 1}
#: the other rules of the group of connectivity_gather
COMPARISON = ("cohort_contrast", "group_comparison")
ARRAYS = ("--slurm-array-jobs", "group_permute,sites_leave_out")


def handed_out(project: Project) -> Project:
    """The same, for runs on the cluster."""
    return replace(project, program=(str(HERE / "impatient.py"),))


@contextmanager
def running(project: Project, *arguments: str) -> Iterator[Run]:
    """A run on the cluster, which is killed if the test fails."""
    run = project.start(*ON_CLUSTER, *arguments, "--configfile", "study.yaml", cores=1)
    try:
        yield run
    finally:
        if run.poll() is None:
            run.kill_group()


def small(folder: Path) -> Project:
    """The small study as far as its sites and with one seed, not run yet."""
    made = Project.make(folder)
    small_study.make_data(made.folder / "data")
    made.write_config(
        {
            **small_study.config(),
            "stages": ["cohort", "connectivity", "group", "sites"],
            "seeds": ["Amygdala_R"],
            "maps": {},
            "jobs": CUT_SMALL,
        }
    )
    return made


@pytest.fixture
def project(tmp_path: Path, cluster: Cluster) -> Project:
    """The small study, not run yet, and a cluster without jobs."""
    cluster.cancel_all()
    cluster.set_nodes("RESUME") if "drain" in cluster.say("sinfo", "--noheader", "--format=%T") else None
    return handed_out(small(tmp_path / "small"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small study, run without a cluster."""
    made = small(tmp_path_factory.mktemp("local"))
    made.make_targets("--configfile", "study.yaml")
    return made


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def test_the_demo_is_the_same_to_the_last_byte(cluster, tmp_path):
    local = Project(CHECKOUT)
    if "Nothing to be done" not in local.run("--dry-run").text:
        local = Project.make(tmp_path / "local", RESOURCES)
        local.make_targets()
    project = handed_out(Project.make(tmp_path / "demo", local.folder / "resources"))
    began = time.monotonic()
    # a busy machine may need three times as long as a quiet one
    done = project.run(*ON_CLUSTER, cores=1, seconds=1800)
    print(f"the demo through SLURM: {time.monotonic() - began:.0f} s")
    assert done.returncode == 0, done.text[-6000:]
    submitted = re.findall(r"has been submitted with SLURM jobid (\d+)", done.text)
    finished = {job.number for job in cluster.jobs() if job.state == "COMPLETED"}
    assert 10 < len(submitted) < 40
    assert set(submitted) <= finished
    assert differing(project.contents("demo"), local.contents("demo")) == []
    # nothing failed, so there is nothing to read
    assert not list((project.folder / "results/slurm-logs").rglob("*.log"))


def test_what_happens_to_jobs_and_nodes_changes_nothing(cluster, project, undisturbed):
    """A task of an array is cancelled, a job takes more memory than it may, a node fails, both are drained."""
    # 50 MB do not hold Python; with the second attempt's 1600 MB it goes well
    little = [f"{r}:mem_mb=50*attempt**5" for r in ("connectivity_gather", "connectivity_qc", *COMPARISON)]
    with running(project, *ARRAYS, "--set-resources", *little) as run:
        wait(lambda: cluster.running("series"), "the series are read")
        series = cluster.running("series")[0]
        # SLURM puts its job back into the queue, where it would wait two minutes; or gives it up, and Snakemake does
        cluster.set_nodes("DOWN", series.node)
        wait(lambda: not [job for job in cluster.running("") if job.number == series.number], "the node is empty")
        cluster.set_nodes("RESUME", series.node)
        if [job for job in cluster.jobs() if job.number == series.number and job.state == "PENDING"]:
            cluster.say("scontrol", "update", f"JobId={series.number}", "StartTime=now")
        wait(lambda: cluster.running("group_permute"), "permutations are at work")
        cancelled = cluster.running("group_permute")[0].number
        cluster.say("scancel", cancelled)
        cluster.set_nodes("DRAIN")  # what runs ends, nothing starts
        wait(lambda: not cluster.running(""), "the nodes are empty")
        time.sleep(3)
        assert not cluster.running("")
        cluster.set_nodes("RESUME")
        done = run.finish()
    assert done.returncode == 0, done.text[-6000:]
    assert differing(project.contents("small"), undisturbed.contents("small")) == []
    states = {job.number: job.state for job in cluster.jobs()}
    assert states[cancelled] == "CANCELLED"
    assert f"SLURM-job '{cancelled}' failed, SLURM status is: 'CANCELLED'" in done.text
    assert "exceeded memory limit" in "".join(log.read_text() for log in logs(project))
    assert done.text.count("Trying to restart job") >= 2


def logs(project: Project) -> list[Path]:
    return sorted((project.folder / "results/slurm-logs").rglob("*.log"))


def test_a_job_that_cannot_be_done_is_reported_and_the_next_run_goes_on(cluster, project, undisturbed):
    with running(project, "connectivity", "--retries", "0") as run:
        wait(lambda: cluster.running("connectivity_seed"), "the seeds are at work")
        number = cluster.running("connectivity_seed")[0].number
        cluster.say("scancel", number)
        done = run.finish()
    assert done.returncode == 1
    # of a group Snakemake names the rules and shows the end of SLURM's log
    assert "Error in rule connectivity_seed" in done.text
    assert re.search(rf"JOB {number} ON \w+ CANCELLED", done.text), done.text[-3000:]
    # where to read on
    assert [log for log in logs(project) if log.stem == number]
    assert not (project.results("small") / "connectivity/qc.tsv").exists()

    # the next one is killed itself, while its jobs go on: what they write is made again
    with running(project, "connectivity") as run:
        wait(lambda: cluster.running("connectivity_seed"), "the seeds are at work again")
        run.kill_group()
    with running(project, "connectivity") as run:
        done = run.finish()
    assert done.returncode == 0, done.text[-6000:]
    expected = undisturbed.contents("small")
    found = project.contents("small")
    assert "connectivity/qc.tsv" in found
    assert [name for name, content in found.items() if content != expected[name]] == []
