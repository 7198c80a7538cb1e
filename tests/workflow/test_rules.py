"""What every rule must have."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from fixtures.project import CHECKOUT
from fixtures.rules import read_rules

RULES = read_rules()
#: rules that only ask for files
WORKING = [name for name, rule in RULES.items() if "output" in rule.sections]
#: rules whose job is not done again when code changes, and why
KEPT = {"expression_download": "4 GB that another version of the code would download just the same"}


def test_the_rules_are_read():
    assert len(WORKING) > 30
    assert RULES["genes_pls"].script == "genes/pls.py"
    assert RULES["genes_pls"].outputs[0] == "results/{study}/genes/{map}_atlas-{atlas}_pls.tsv"


@pytest.mark.parametrize("name", RULES)
def test_a_docstring(name):
    assert re.match(r'    """[A-Z].+[.?]"""\n', RULES[name].text)


@pytest.mark.parametrize("name", WORKING)
def test_log_benchmark_memory_and_time(name):
    sections = RULES[name].sections
    assert {"log", "benchmark", "resources"} <= set(sections)
    # one thread is what Snakemake gives a job by itself
    assert sections.get("threads", "").strip() != "1"
    assert re.search(r"mem_mb=per_attempt\(\d+\)", sections["resources"])
    assert re.search(r"runtime=per_attempt\(\d+\)", sections["resources"])


@pytest.mark.parametrize("name", [name for name in WORKING if RULES[name].script and name not in KEPT])
def test_the_code_that_it_runs_is_among_its_params(name):
    rule = RULES[name]
    own = ", own=True" if "shell" in rule.sections else ""
    call = rf'code=(lambda w: )?code\("{rule.script}"{own}(, chosen=.+)?\),'
    assert re.search(call, rule.sections["params"])


def test_every_script_is_run_by_one_rule():
    scripts = {str(file.relative_to(CHECKOUT / "scripts")) for file in (CHECKOUT / "scripts").glob("*/*.py")}
    run = sorted(rule.script for rule in RULES.values() if rule.script and not rule.base)
    assert run == sorted(set(run))
    assert {file for file in scripts if not file.startswith("amygene/")} == set(run)


def test_no_script_hides_a_module():
    """A script's own folder is first on Python's path: `select.py` there would be what every library imports."""
    installed = set(metadata.packages_distributions())
    names = {Path(rule.script).stem for rule in RULES.values() if rule.script}
    assert names & (installed | sys.stdlib_module_names) == set()


def test_no_script_reads_the_config():
    for file in (CHECKOUT / "scripts").rglob("*.py"):
        assert "snakemake.config" not in file.read_text(encoding="utf-8"), file
