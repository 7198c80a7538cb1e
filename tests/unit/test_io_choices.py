"""Registries: names, places and messages."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from amygene.io.choices import Choice, Registry, load
from amygene.io.problems import InputError

ROOTS = Registry(
    "roots.kind",
    Choice("square", "math:sqrt", "square root", "We took roots.", "Heron 60"),
    Choice("none", "", "none", "We took none."),
)


def test_a_choice_leads_to_its_function():
    assert load(ROOTS["square"].place) is math.sqrt
    assert ROOTS["square"].module == "math.py"
    assert ROOTS["none"].module == ""
    assert list(ROOTS) == ["square", "none"]
    assert "square" in ROOTS
    assert "cube" not in ROOTS


@pytest.mark.parametrize(
    ("name", "hint"), [("sqare", "did you mean square?"), ("zzz", "choose one of square, none"), (3, "choose one of")]
)
def test_a_name_that_is_not_in_it_raises(name, hint):
    with pytest.raises(InputError, match=f"config key roots.kind: found {name!r}; ") as error:
        ROOTS[name]
    assert hint in str(error.value)


def test_a_name_that_stands_twice():
    with pytest.raises(ValueError, match="stands twice"):
        Registry("key", Choice("a", "", "", ""), Choice("a", "", "", ""))


def test_nothing_is_imported_before_it_is_loaded():
    code = "import sys; sys.path.insert(0, 'scripts'); import amygene.io.choices; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
