"""Every column that a table may have is explained once, and every explanation is used."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from amygene.io import columns
from amygene.io.files import read_json
from amygene.io.tables import write_table
from amygene.sites.columns import COLUMNS

SCRIPTS = Path(__file__).parents[2] / "scripts"
FILES = sorted((SCRIPTS / "amygene").glob("*/columns.py"))
ROOMS = [file.parent.name for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=ROOMS)
def test_every_column_is_explained_once_in_words(file):
    module = import_module(f"amygene.{file.parent.name}.columns")
    explained = {name: value for name, value in vars(module).items() if name.isupper()}
    for meanings in explained.values():
        for name, meaning in meanings.items():
            assert re.fullmatch("[a-z][a-z0-9_]*", name), name
            assert len(meaning) > 4 or meaning == "its p", name
            assert meaning == meaning.strip()
    # a key that stands twice in a literal is silently the last
    for literal in re.findall(r"^\w+ = .*?^\}", file.read_text(), flags=re.MULTILINE | re.DOTALL):
        keys = re.findall(r'^    "(\w+)":', literal, flags=re.MULTILINE)
        assert len(keys) == len(set(keys)), literal[:40]


def test_no_room_explains_what_another_does():
    seen = dict.fromkeys(columns.SHARED, "io")
    for room in ROOMS:
        for name in getattr(import_module(f"amygene.{room}.columns"), "COLUMNS", {}):
            assert name not in seen, (name, seen[name], room)
            seen[name] = room
    assert set(columns.known()) == set(seen)


def test_a_table_has_the_words_of_its_room_unless_it_brings_its_own(tmp_path):
    table = pd.DataFrame({"r_with_full": [0.1], "region": ["A"]})
    own = {"region": "the only one"}
    write_table(tmp_path / "t.tsv", table, sidecar=tmp_path / "t.json", meanings=own)

    assert read_json(tmp_path / "t.json")["columns"] == {"r_with_full": COLUMNS["r_with_full"], **own}


def test_no_explanation_is_left_of_a_column_that_is_gone():
    text = "\n".join(f.read_text() for f in sorted(SCRIPTS.rglob("*.py")) if f.name != "columns.py")
    words = set(re.findall(r"""["'](\w+)["']|\b(\w+)=""", text))
    words = {word for pair in words for word in pair}
    # names that are put together, as f"{atlas}_peak"
    ends = tuple(re.findall(r"""["'](?:\{\w+\})?(_[a-z]+)["']""", text))
    assert [name for name in columns.known() if name not in words and not name.endswith(ends)] == []
