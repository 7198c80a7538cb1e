"""Whatever breaks, nothing wrong is taken for a result, and the next run goes on from what is right."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fixtures import small_study
from fixtures.project import LIMIT, RESOURCES, Project, Run

pytestmark = pytest.mark.slow

CONFIG = ("--configfile", "study.yaml")
KILLS = 20
#: what a process does at its start: what is renamed when and by whom is written down; one rename can be made to wait,
#: and one rule's files to be small
AT_START = """
import os, pathlib, resource, sys, time
plain = os.replace
def replace(source, target, **options):
    flag, name = pathlib.Path(os.environ["FLAGS"]), pathlib.Path(target).name
    if name == os.environ.get("WAIT_AT") and not (flag / "waited").exists():
        (flag / "waited").touch()
        time.sleep(30)
    plain(source, target, **options)
    with open(flag / "renamed", "a") as stream:
        stream.write(f"{os.getppid()} {name}\\n")
os.replace = replace
if os.environ.get("SMALL_FILES") and sys.argv[0].endswith(os.environ["SMALL_FILES"]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.make(tmp_path / "small")
    small_study.make_data(made.folder / "data")
    made.write_config(small_study.config())
    return made


@pytest.fixture
def flags(tmp_path: Path) -> dict[str, str]:
    """Environment of a run whose processes do what AT_START says."""
    (tmp_path / "sitecustomize.py").write_text(AT_START)
    (tmp_path / "flags").mkdir()
    return {"PYTHONPATH": str(tmp_path), "FLAGS": str(tmp_path / "flags")}


@pytest.fixture(scope="module")
def expected(finished: Project) -> dict[str, bytes]:
    """What an undisturbed run writes, without its report."""
    return {name: content for name, content in finished.contents("small").items() if not name.startswith("report/")}


def wait(condition: Callable[[], bool], process: Run) -> None:
    """Until the condition holds or the process ends."""
    stop = time.monotonic() + LIMIT
    while not condition() and process.poll() is None:
        assert time.monotonic() < stop
        time.sleep(0.02)


def wait_for_orphans(project: Project) -> None:
    """Until no job is at work any more."""
    with open(project.results("small") / "logs/.jobs", "a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)


def kill_alone(process: Run) -> None:
    """SIGKILL Snakemake, as the kernel does when memory is short; its jobs live on."""
    process.kill()
    process.wait()


def hashes(project: Project) -> dict[str, str]:
    """Of every file that a later job would take for a result."""
    found = project.contents("small").items()
    return {name: hashlib.sha256(content).hexdigest() for name, content in found if not name.endswith(".part")}


def test_killed_at_twenty_random_moments(project, expected):
    rng = random.Random(20240501)
    config = small_study.config()
    # small jobs, so that there is something to kill twenty times
    jobs = {"subjects_per_job": 1, "permutations_per_shard": 100, "genes_per_chunk": 5000, "sites_per_job": 1}
    project.write_config({**config, "jobs": jobs})
    lock = project.results("small") / ".lock"
    seen = []
    for kill in range(KILLS):
        if lock.exists():
            lock.write_text("")
        process = project.start(*CONFIG)
        if rng.random() < 0.1:
            time.sleep(rng.uniform(0, 2))  # while it plans
        else:
            wait(lambda p=process: lock.exists() and lock.read_text() == str(p.pid), process)
            time.sleep(rng.uniform(0, 2.5))
        assert process.poll() is None, process.said()[-3000:]
        if kill % 2:
            process.kill_group()
        else:
            kill_alone(process)
            if rng.random() < 0.5 and (project.results("small") / "logs").exists():
                wait_for_orphans(project)
        if project.results("small").exists():
            seen.append(hashes(project) if kill % 2 else {})
    project.make_targets(*CONFIG)
    now = hashes(project)
    # every file that was there after a kill was whole, and the one that an undisturbed run makes
    assert sum(map(len, seen)) > 50
    assert [(n, name) for n, then in enumerate(seen) for name in then if then[name] != now[name]] == []
    results = {n: c for n, c in expected.items() if "/parts/" not in n and "/shards/" not in n and "/series/" not in n}
    found = project.contents("small")
    assert len(results) > 40
    assert [name for name, content in results.items() if found[name] != content] == []
    assert project.plan(*CONFIG) == []


def test_a_job_that_outlives_its_run_does_not_overwrite_the_next_ones_result(project, flags):
    name = "contrast-PATvsHC_seed-LEFT_atlas-Small30_comparison.npz"
    target = f"results/small/group/shards/{name}"
    process = project.start(target, *CONFIG, environment={**flags, "WAIT_AT": name})
    flag = Path(flags["FLAGS"])
    wait((flag / "waited").exists, process)
    kill_alone(process)
    # the old one still waits with old settings, when the new one starts
    config = small_study.config()
    config["contrasts"]["PATvsHC"]["covariates"] = ["site"]
    project.write_config(config)
    done = project.run(target, *CONFIG, environment=flags)
    assert done.returncode == 0, done.text[-3000:]
    assert "Waiting for jobs that another run left at work in results/small" in done.text
    writers = [line.split()[0] for line in (flag / "renamed").read_text().splitlines() if line.endswith(name)]
    assert len(writers) == 2
    assert len(set(writers)) == 2
    other = Project.make(project.folder.parent / "other")
    small_study.make_data(other.folder / "data")
    other.write_config(config)
    other.make_targets(target, *CONFIG)
    assert (project.folder / target).read_bytes() == (other.folder / target).read_bytes()


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """A disk of its own for a folder, without room for more than what is there; then with room."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        with open(folder / "filler", "wb", buffering=0) as stream, suppress(OSError):
            while stream.write(bytes(4096)):
                pass
        yield
        (folder / "filler").unlink()
        shutil.copytree(folder, aside, dirs_exist_ok=True)
    finally:
        subprocess.run(["umount", folder], check=True)
    folder.rmdir()
    aside.rename(folder)


@pytest.mark.parametrize("how", ["full disk", "quota"])
def test_no_room_for_a_shard(project, flags, expected, how):
    project.make_targets("group", "--until", "group_comparison", *CONFIG)
    shards = project.results("small") / "group/shards"
    if how == "full disk":
        with full_disk(shards):
            done = project.run("group", *CONFIG)
            left = list(shards.glob("*from-*"))
        told = "No space left on device"
    else:
        done = project.run("group", *CONFIG, environment={**flags, "SMALL_FILES": "group_permute.py"})
        left = list(shards.glob("*from-*"))
        told = "File too large"
    assert done.returncode == 1
    assert "Error in rule group_permute" in done.text
    assert told in done.text
    assert left == []
    project.make_targets("group", *CONFIG)
    found = project.contents("small")
    assert "group/contrast-PATvsHC_seed-LEFT_atlas-Small30_stat-t_roi.tsv" in found
    assert [name for name, content in found.items() if content != expected[name]] == []


def test_a_resource_that_was_tampered_with_is_refused(tmp_path):
    artifact = "blitzgsea-1.3.54.tar.gz"
    if not (RESOURCES / "artifacts" / artifact).exists():
        Project.make(tmp_path / "first", RESOURCES).make_targets(f"resources/artifacts/{artifact}")
    project = Project.make(tmp_path / "second")
    copy = project.folder / "resources/artifacts" / artifact
    copy.parent.mkdir(parents=True)
    content = bytearray((RESOURCES / "artifacts" / artifact).read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    done = project.run("resources/blitzgsea/KEGG_2021_Human.gmt", "--rerun-triggers", "mtime")
    assert done.returncode == 1
    expected = hashlib.sha256((RESOURCES / "artifacts" / artifact).read_bytes()).hexdigest()
    assert f"its sha256 is {hashlib.sha256(content).hexdigest()}, expected {expected}; delete it and run again" in (
        done.text
    )
    assert not list((project.folder / "resources").rglob("*.gmt"))


def test_a_run_that_is_interrupted_stops_its_jobs_and_goes_on(project, flags, expected):
    """Ctrl-C, as most runs end early."""
    name = "contrast-PATvsHC_seed-LEFT_atlas-Small30_comparison.npz"
    process = project.start("group", *CONFIG, environment={**flags, "WAIT_AT": name})
    wait((Path(flags["FLAGS"]) / "waited").exists, process)
    os.killpg(process.pid, signal.SIGINT)
    done = process.finish(60)
    assert done.returncode == 1, done.text[-3000:]
    assert not list(project.results("small").rglob(name))
    project.make_targets("group", *CONFIG)
    found = project.contents("small")
    assert [n for n, content in found.items() if content != expected[n]] == []
