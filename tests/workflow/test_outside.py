"""A study in a folder outside the clone, and the workflow as a module of another one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import pytest

from fixtures import small_study
from fixtures.project import Project

pytestmark = pytest.mark.slow

#: a workflow of the user's own, which goes on with a table of this one
CALLER = """
configfile: "study.yaml"


module amygene:
    snakefile:
        "{snakefile}"
    config:
        config


use rule * from amygene as amygene_*


onstart:
    amygene.onstart()


rule all:
    default_target: True
    input:
        rules.amygene_all.input,
        "results/lines.txt",


rule lines:
    input:
        "results/small/cohort/participants.tsv",
    output:
        "results/lines.txt",
    shell:
        "wc -l < {{input}} > {{output}}"
"""


def config():
    """Few jobs that use files of the workflow's own: schemas, published findings, the page's templates."""
    kept = ("study", "cohort", "atlas", "contrasts", "permutations", "jobs")
    whole = small_study.config()
    return {key: whole[key] for key in kept} | {"stages": ["group", "evidence", "report"], "seeds": ["Amygdala_R"]}


@dataclass(frozen=True)
class Study:
    """A study that was run, and the arguments of Snakemake."""

    project: Project
    arguments: tuple[str, ...] = ()

    def contents(self) -> dict[str, bytes]:
        """What its files hold; files of the clone are called as they are called inside it."""
        contents = self.project.contents("small")
        return {name: content.replace(b".snakemake/amygene/", b"") for name, content in contents.items()}


def files_of(folder):
    """Files below a folder and when they were changed, without Python's caches."""
    found = {f.relative_to(folder): f.stat().st_mtime_ns for f in folder.rglob("*") if f.is_file()}
    return {name: changed for name, changed in found.items() if "__pycache__" not in name.parts}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return Project.make(tmp_path_factory.mktemp("tools") / "a clone")


def study_in(folder):
    small_study.make_data(folder / "data")
    project = Project(folder)
    project.write_config(config())
    return project


@pytest.fixture(scope="module")
def elsewhere(clone, tmp_path_factory):
    """The study run by the clone's Snakefile from another folder, with downloads in a third."""
    before = files_of(clone.folder)
    project = study_in(tmp_path_factory.mktemp("study"))
    arguments = ("-s", str(clone.folder / "Snakefile"), "--configfile", "study.yaml")
    shared = project.folder.parent / "shared downloads"
    project.make_targets(*arguments, environment={"AMYGENE_RESOURCES": str(shared)})
    assert files_of(clone.folder) == before
    return Study(project, arguments)


@pytest.fixture(scope="module")
def module(clone, tmp_path_factory):
    """The study as a part of another workflow."""
    before = files_of(clone.folder)
    project = study_in(tmp_path_factory.mktemp("caller"))
    (project.folder / "Snakefile").write_text(CALLER.format(snakefile=clone.folder / "Snakefile"))
    project.make_targets()
    assert files_of(clone.folder) == before
    return Study(project)


@pytest.fixture(scope="module")
def inside(clone, elsewhere, module):
    """The study run in the clone, as most people do; after the others, which must not see its files."""
    study_in(clone.folder)
    clone.make_targets("--configfile", "study.yaml")
    return clone.contents("small")


def test_the_same_results_as_inside(elsewhere, inside):
    found = elsewhere.contents()
    assert list(found) == list(inside)
    assert [name for name in found if found[name] != inside[name]] == []
    assert b"config/evidence/kotoula2023_fmri.tsv" in inside["report/provenance.json"]


def test_the_same_results_as_a_module(module, inside):
    found = module.contents()
    assert list(found) == list(inside)
    assert [name for name in found if found[name] != inside[name]] == []
    assert (module.project.folder / "results/lines.txt").read_text().strip() == "25"


@pytest.mark.parametrize("how", ["elsewhere", "module"])
def test_logs_and_benchmarks_lie_with_the_study_and_nothing_is_left_to_do(how, request):
    study = request.getfixturevalue(how)
    results = study.project.results("small")
    assert any(results.glob("logs/*.log"))
    assert any(results.glob("benchmarks/*.tsv"))
    # the workflow's own lock was taken
    assert (results / ".lock").read_text().strip()
    assert study.project.plan(*study.arguments) == []


def test_a_clone_that_moves_reruns_nothing(clone, elsewhere, tmp_path):
    shutil.copytree(clone.folder, tmp_path / "moved", ignore=shutil.ignore_patterns(".snakemake", "results"))
    moved = ("-s", str(tmp_path / "moved/Snakefile"), *elsewhere.arguments[2:])
    assert elsewhere.project.plan(*moved) == []
    assert elsewhere.project.plan(*elsewhere.arguments) == []


def test_downloads_lie_where_the_variable_says(elsewhere):
    folder = elsewhere.project.folder
    assert (folder / "resources").readlink() == folder.parent / "shared downloads"
    assert (folder / "resources/logs").is_dir()
    other = {"AMYGENE_RESOURCES": str(folder.parent / "elsewhere")}
    done = elsewhere.project.run("-n", *elsewhere.arguments, environment=other)
    assert done.returncode != 0
    assert f"names {folder.parent / 'elsewhere'}, but {folder / 'resources'} is a link to" in done.text


def test_without_a_config(clone, tmp_path):
    done = Project(tmp_path).run("-n", "-s", str(clone.folder / "Snakefile"))
    assert done.returncode != 0
    assert "Which study? This folder has no config/config.yaml: name a config with --configfile" in done.text
    assert f"the demo is {clone.folder / 'config/config.yaml'}" in done.text
