"""Every column that a table may have is explained once, and every explanation is used."""

from __future__ import annotations

import re
from pathlib import Path

from amygene.io import columns

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_every_column_is_explained_once_in_words():
    for name, meaning in columns.MEANING.items():
        assert re.fullmatch("[a-z][a-z0-9_]*", name), name
        assert len(meaning) > 4, name
        assert meaning == meaning.strip()
    # a key that stands twice in a literal is silently the last
    keys = re.findall(r'^    "(\w+)":', Path(columns.__file__).read_text(), flags=re.MULTILINE)
    assert keys == list(columns.MEANING)


def test_no_explanation_is_left_of_a_column_that_is_gone():
    text = "\n".join(f.read_text() for f in sorted(SCRIPTS.rglob("*.py")) if f.name != "columns.py")
    words = set(re.findall(r"""["'](\w+)["']|\b(\w+)=""", text))
    words = {word for pair in words for word in pair}
    # names that are put together, as f"{atlas}_peak"
    ends = tuple(re.findall(r"""["'](?:\{\w+\})?(_[a-z]+)["']""", text))
    assert [name for name in columns.MEANING if name not in words and not name.endswith(ends)] == []
