"""The repair of Snakemake's issue 4166: still needed, and it mends what it should."""

from __future__ import annotations

import logging

import pytest
from snakemake import __version__

import snakemake_patch
from fixtures.project import CHECKOUT, Project

#: an edited setting is looked up, and used by what only waits for the look-up
WORKFLOW = f"""
import sys

sys.path.insert(0, {str(CHECKOUT / "scripts")!r})
if config["repaired"]:
    import snakemake_patch

    snakemake_patch.apply(logger)


rule end:
    input:
        "end.txt",
    output:
        "all.txt",
    shell:
        "touch {{output}}"


rule look_up:
    output:
        "found.txt",
    params:
        setting=config["setting"],
    shell:
        "touch {{output}}"


rule use:
    input:
        ancient("found.txt"),
    output:
        "end.txt",
    params:
        setting=config["setting"],
    shell:
        "touch {{output}}"


rule other:
    input:
        ancient("found.txt"),
    output:
        "other.txt",
    shell:
        "touch {{output}}"
"""
TARGETS = ("all.txt", "other.txt")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("ancient"))
    (made.folder / "Snakefile").write_text(WORKFLOW)
    made.make_targets(*TARGETS, "--config", "setting=1", "repaired=1")
    return made


def rerun(project, repaired):
    return {job.rule for job in project.plan(*TARGETS, "--config", "setting=2", f"repaired={repaired}")}


def test_an_edited_setting_reruns_what_uses_it(project):
    assert rerun(project, 1) == {"look_up", "use", "end"}


def test_snakemake_still_forgets_what_stands_below_ancient_files(project):
    """If this fails Snakemake is mended: take scripts/snakemake_patch.py away, and this file with it."""
    assert rerun(project, 0) == {"look_up"}


def test_this_version_was_checked():
    """If the other tests of this file pass, add the version."""
    assert __version__ in snakemake_patch.CHECKED


def test_another_version_is_told_about(monkeypatch, caplog):
    monkeypatch.setattr(snakemake_patch.DAG, "bfs", snakemake_patch.DAG.bfs)  # as it was, afterwards
    snakemake_patch.apply(logging.getLogger("snakemake"), "9.99.0")
    (said,) = caplog.messages
    assert "Snakemake 9.99.0" in said
    assert "test_snakemake_patch.py" in said
    assert snakemake_patch.DAG.bfs is snakemake_patch.bfs
    caplog.clear()
    snakemake_patch.apply(logging.getLogger("snakemake"), snakemake_patch.CHECKED[0])
    assert caplog.messages == []
