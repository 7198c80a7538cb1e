"""Registries of methods: every choice leads to a function, says what it is, and is loaded only when it is used."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import used_code
from amygene.io.choices import Registry, load
from amygene.models.choices import HARMONISATIONS, SITE_EFFECTS
from amygene.nulls.choices import NULLS, WHOLE_BRAIN, made_by
from amygene.prediction.choices import CLASSIFIERS
from amygene.prediction.designs import BASELINE_MODEL, REPLICATE_MODEL
from amygene.report.references import REFERENCES

SCRIPTS = Path(used_code.__file__).parent
REGISTRIES: dict[str, Registry] = {one.key: one for one in (NULLS, SITE_EFFECTS, CLASSIFIERS)}
CHOICES = [(key, name) for key, registry in REGISTRIES.items() for name in registry]
ADAPTERS = sorted(
    str(file.relative_to(SCRIPTS)) for file in SCRIPTS.glob("*/*.py") if file.relative_to(SCRIPTS).parts[0] != "amygene"
)


@pytest.mark.parametrize(("key", "name"), CHOICES)
def test_a_choice_has_a_function_and_says_what_it_is(key, name):
    choice = REGISTRIES[key][name]
    assert not choice.place or callable(load(choice.place))
    assert choice.label
    assert choice.sentence
    cited = set(re.findall(r"\{(\w+)\}", choice.sentence))
    assert cited <= set(REFERENCES)
    assert choice.reference is None or choice.reference in cited


def test_registries_that_are_a_part_of_others():
    assert list(WHOLE_BRAIN) == ["moran", "variogram", "shuffled"]
    assert list(HARMONISATIONS) == ["combat", "combat-mean", "none"]
    assert {BASELINE_MODEL, REPLICATE_MODEL} <= set(CLASSIFIERS)


def test_only_null_maps_of_the_whole_brain_are_made_within_structures():
    for name, null in NULLS.items():
        assert ("separately in cortex, subcortex and cerebellum" in made_by(null)) == (name != "spin")


@pytest.mark.parametrize("room", ["nulls", "models", "prediction"])
def test_a_registry_loads_no_method(room):
    code = f"import sys; import amygene.{room}.choices; print([m for m in ('numpy', 'sklearn') if m in sys.modules])"
    found = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=SCRIPTS)
    assert found.strip() == "[]"


@pytest.mark.parametrize("room", ["nulls", "models", "prediction"])
def test_only_what_writes_the_report_holds_labels_and_sentences(room):
    registry = SCRIPTS / f"amygene/{room}/choices.py"
    readers = [script for script in ADAPTERS if registry in used_code.modules(SCRIPTS, script)]
    assert readers
    assert [r for r in readers if not (r.startswith("report/") or Path(r).stem.startswith("report"))] == []


@pytest.mark.parametrize(
    ("script", "name", "uses"),
    [
        ("genes/nulls.py", "moran", {"moran"}),
        # structures of few regions are randomised by Moran
        ("genes/nulls.py", "variogram", {"moran", "variogram"}),
        ("genes/nulls.py", "spin", {"spin"}),
        ("genes/nulls.py", "shuffled", {"shuffled"}),
        # one of the published null models that the chosen one is compared with is Moran's
        ("genes/calibration.py", "spin", {"moran", "spin"}),
        ("meta/similarity.py", "moran", {"moran"}),
    ],
)
def test_a_script_depends_on_the_null_model_that_is_chosen(script, name, uses):
    module = NULLS[name].module
    found = used_code.modules(SCRIPTS, script, module) | {SCRIPTS / module}
    models = {SCRIPTS / null.module: key for key, null in NULLS.items()}
    assert {models[file] for file in found if file in models} == uses


@pytest.mark.parametrize("script", ["group/permute.py", "group/table.py", "sites/leave_out.py", "prediction/fit.py"])
def test_harmonisation_is_no_part_of_what_does_not_choose_it(script):
    harmonisation = SCRIPTS / SITE_EFFECTS["combat"].module
    assert harmonisation not in used_code.modules(SCRIPTS, script, *{c.module for c in CLASSIFIERS.values()})
