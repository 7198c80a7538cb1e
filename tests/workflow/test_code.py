"""Edited code reruns the rules that use it, and no others.

Which modules a script uses is held in tests/unit/test_used_code.py; methods that the config chooses in
test_choices.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import used_code
from fixtures.project import Job, Project, starts
from fixtures.rules import read_rules

pytestmark = pytest.mark.slow

RULES = read_rules()
AHBA = {
    "study": "ahba",
    "stages": ["genes"],
    "atlas": {"name": "Mine", "labels": "labels.tsv", "image": "atlas.nii"},
    "maps": {"own": {"table": "map.tsv"}},
    "expression": {"source": "abagen"},
}


def users(module: str) -> set[str]:
    """Rules whose script imports a module, directly or through others."""
    scripts = Path(used_code.__file__).parent
    return {
        n for n, rule in RULES.items() if rule.script and scripts / module in used_code.modules(scripts, rule.script)
    }


@pytest.fixture(scope="module")
def every_job(finished) -> list[Job]:
    return finished.plan("--forceall", "--configfile", "study.yaml")


@pytest.fixture(scope="module")
def ahba(tmp_path_factory) -> Project:
    """A study with expression from abagen that Snakemake takes for done, downloads included."""
    project = Project.make(tmp_path_factory.mktemp("ahba"))
    for file in ("labels.tsv", "atlas.nii", "map.tsv"):
        (project.folder / file).touch()
    project.pretend(project.write_config(AHBA))
    return project


def after_edit(project: Project, file: str, *edits: tuple[str, str]) -> list[Job]:
    """The jobs of a dry run with a piece of text replaced, or one added to the end."""
    text = (project.folder / file).read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1) if old else text + new
    with project.edited(file, text):
        return project.plan("--configfile", "study.yaml")


@pytest.mark.parametrize(
    "module",
    [
        "amygene/io/problems.py",
        "amygene/cohort/summary.py",
        "amygene/connectivity/regions.py",
        "amygene/stats/permutation.py",
        "amygene/models/comparison.py",
        "amygene/genes/association.py",
        "amygene/enrichment/table.py",
        "amygene/report/style.py",
        "amygene/report/sections/genes.py",
    ],
)
def test_a_module_reruns_the_rules_that_import_it(finished, every_job, module):
    reran = after_edit(finished, f"scripts/{module}", ("", "\n\ndef another(x):\n    return x\n"))
    using, outputs = users(module), {job.output for job in reran}
    assert using
    assert [job for job in every_job if job.rule in using and job.output not in outputs] == []
    assert starts(reran) <= using


@pytest.mark.parametrize("module", ["amygene/io/problems.py", "amygene/io/files.py", "amygene/stats/linear_model.py"])
def test_comments_and_docstrings_rerun_nothing(finished, module):
    edits = [("", "\n# a comment\n"), ('"""', '"""In other words: ')]
    assert after_edit(finished, f"scripts/{module}", *edits) == []


def test_a_module_that_the_study_does_not_use_reruns_nothing(finished):
    assert after_edit(finished, "scripts/amygene/cohort/abide.py", ("", "\nx = 1\n")) == []


def test_a_script_reruns_its_rule(finished):
    assert starts(after_edit(finished, "scripts/genes/pls.py", ("", "\nx = 1\n"))) == {"genes_pls"}


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        # read by the jobs
        ("config/schemas/participants.schema.yaml", {"cohort_assemble", "cohort_contrast"}),
        ("scripts/amygene/report/templates/page.css", {"report_page"}),
        # read by the plan: the small study names seeds of its own
        ("config/seeds.tsv", set()),
    ],
)
def test_other_files_of_the_workflow(finished, file, rules):
    assert starts(after_edit(finished, file, ("", "\n"))) == rules


def test_a_script_that_a_shell_command_runs(ahba):
    assert starts(after_edit(ahba, "scripts/expression/abagen.py", ("", "\nx = 1\n"))) == {"expression_abagen"}
    assert after_edit(ahba, "scripts/expression/abagen.py", ("", "\n# a comment\n")) == []


def test_abagens_packages_and_code_do_not_repeat_the_download(ahba):
    for file in (
        "scripts/amygene/expression/abagen_compat.py",
        "scripts/amygene/io/tables.py",
        "scripts/expression/download.py",
    ):
        assert "expression_download" not in {job.rule for job in after_edit(ahba, file, ("", "\nx = 1\n"))}
    reran = after_edit(ahba, "envs/abagen/requirements.txt", ("", "\n"))
    assert starts(reran) == {"expression_environment"}
    assert {"expression_abagen", "genes_pls"} <= {job.rule for job in reran}
    assert "expression_download" not in {job.rule for job in reran}
