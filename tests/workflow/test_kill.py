"""A run that is killed goes on where it was, and nothing half-written or damaged is taken for a result."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from fixtures import small_study
from fixtures.project import LIMIT, Project, Run

pytestmark = pytest.mark.slow

#: makes every process wait before it puts one file in its place, once
PAUSE = """
import os, pathlib, time
plain = os.replace
def replace(source, target, **options):
    flag = pathlib.Path(os.environ["PAUSE_FLAG"])
    if pathlib.Path(target).name == os.environ["PAUSE_AT"] and not flag.exists():
        flag.touch()
        time.sleep(600)
    plain(source, target, **options)
os.replace = replace
"""
ATLAS = "atlas-Small30"
MAP = f"contrast-PATvsHC_seed-LEFT_{ATLAS}"


@pytest.fixture
def project(tmp_path) -> Project:
    made = Project.make(tmp_path / "killed")
    small_study.make_data(made.folder / "data")
    made.write_config(small_study.config())
    return made


@pytest.fixture(scope="module")
def expected(finished) -> dict[str, bytes]:
    """What an undisturbed run writes, without its report."""
    return {name: content for name, content in finished.contents("small").items() if not name.startswith("report/")}


def wait(condition: Callable[[], bool], process: Run) -> None:
    """Until the condition holds; the process must not end before."""
    stop = time.monotonic() + LIMIT
    while not condition():
        assert process.poll() is None, process.said()[-3000:]
        assert time.monotonic() < stop
        time.sleep(0.02)


def parts(project: Project) -> list[Path]:
    return list(project.folder.rglob("*.part"))


def test_killed_again_and_again(project, expected, tmp_path):
    rng = random.Random(1)
    results = project.results("small")
    (tmp_path / "sitecustomize.py").write_text(PAUSE)
    environment = {"PYTHONPATH": str(tmp_path), "PAUSE_FLAG": str(tmp_path / "flag")}
    # after so many jobs, or while this file is written
    moments = [1, "participants.tsv", 12, f"{MAP}_comparison.npz", f"{MAP}_genes.tsv", 40]
    for moment in moments:
        paused = isinstance(moment, str)
        at = {**environment, "PAUSE_AT": moment} if paused else {}
        process = project.start("--configfile", "study.yaml", environment=at)
        if paused:
            wait((tmp_path / "flag").exists, process)
            (tmp_path / "flag").unlink()
        else:
            wait(lambda n=moment: len(list(results.glob("logs/*"))) >= n, process)
            time.sleep(rng.uniform(0, 1))
        process.kill_group()
        found = {name: content for name, content in project.contents("small").items() if not name.endswith(".part")}
        assert [name for name in found if found[name] != expected[name]] == []
        if paused:
            assert [file.name.startswith(f".{moment}.") for file in parts(project)] == [True]
            assert not list(results.rglob(moment))
    jobs = len(project.plan("--configfile", "study.yaml"))
    assert 0 < jobs < 40
    project.make_targets("--configfile", "study.yaml")
    assert project.contents("small") == expected
    assert project.plan("--configfile", "study.yaml") == []


def test_a_second_run_of_a_study_is_refused_while_the_first_lives(project):
    arguments = ("cohort", "--configfile", "study.yaml")
    first = project.start(*arguments)
    lock = project.results("small") / ".lock"
    wait(lambda: lock.exists() and lock.read_text() != "", first)
    os.killpg(first.pid, signal.SIGSTOP)  # stopped: it stays at work for as long as the second one needs
    try:
        second = project.run(*arguments)
    finally:
        os.killpg(first.pid, signal.SIGCONT)
        first.kill_group()
    assert second.returncode == 1
    message = f"Another run of study small is at work in this folder (process {first.pid}); wait for it or stop it."
    assert message in second.text
    # the kernel freed the lock
    project.make_targets(*arguments)


def test_damaged_files_are_told_and_made_anew(finished, expected, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "damaged", symlinks=True)
    project = Project(tmp_path / "damaged")
    config = yaml.safe_load((project.folder / "study.yaml").read_text())
    config["stages"].remove("report")
    project.write_config(config)
    assert project.plan("--configfile", "study.yaml") == []

    right = MAP.replace("LEFT", "Amygdala_R")
    half = [
        f"group/shards/{MAP}_from-0.npz",
        f"group/{right}_stat-t_roi.tsv",
        f"sites/parts/{right}_b.json",
    ]
    emptied = [f"genes/parts/map-own_{ATLAS}_counts.npz"]
    flipped = [f"connectivity/seed-Amygdala_R_{ATLAS}_stat-fisherz_group.parquet"]
    for name in [*half, *emptied, *flipped]:
        file = project.results("small") / name
        content = bytearray(file.read_bytes())
        if name in flipped:
            content[len(content) // 2] ^= 1
        else:
            del content[len(content) // 2 if name in half else 0 :]
        file.write_bytes(content)
    done = project.run("--keep-going", "--configfile", "study.yaml")
    assert done.returncode == 1
    for name in [*half, *emptied, *flipped]:
        said = [line for line in done.text.splitlines() if f"results/small/{name}: " in line]
        assert any("delete it and start again, then it is made anew" in line for line in said), name
        (project.results("small") / name).unlink()
    project.make_targets("--configfile", "study.yaml")
    assert {n: c for n, c in project.contents("small").items() if not n.startswith("report/")} == expected
