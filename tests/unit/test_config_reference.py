"""Every key of the config is explained, and used; config/README.md is what the schema says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

import config_reference
from amygene.settings import read_schema

ROOT = config_reference.ROOT
SCHEMA = read_schema(ROOT / "config/schemas/config.schema.yaml")
SHEET = yaml.safe_load((ROOT / "config/schemas/participants.schema.yaml").read_text())


def keys(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every named key with its rule, in whichever form of a value it stands."""
    for form in (schema, *schema.get("oneOf", [])):
        for name, rule in form.get("properties", {}).items():
            yield f"{path}{name}", rule
            yield from keys(rule, f"{path}{name}.")
        for inside in ("items", "additionalProperties"):
            if isinstance(form.get(inside), dict):
                yield from keys(form[inside], f"{path}<name>.")


KEYS = dict(keys(SCHEMA))
ROWS = [line.split("|") for line in config_reference.reference().splitlines() if line.startswith("| `")]


def test_the_reference_is_what_the_schema_says():
    """Otherwise: uv run python scripts/config_reference.py"""
    assert (ROOT / "config/README.md").read_text(encoding="utf-8") == config_reference.reference()


def test_every_row_has_a_value_and_a_meaning():
    assert len(ROWS) > 100
    for row in ROWS:
        assert row[2].strip(), row
        assert row[-2].strip(), row


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_in_the_reference(key):
    """By itself, or, as a part of a value with several forms, in the words about that value."""
    rows = {row[1].strip(" `"): " ".join(row[2:]) for row in ROWS}
    whole = key
    while whole not in rows:
        whole = whole.rsplit(".", 1)[0]
        assert "." in whole or whole in rows, key
    assert whole == key or re.search(rf"\b{key.rsplit('.', 1)[1]}\b", rows[whole]), key


def test_an_example_of_every_kind_of_row():
    text = config_reference.reference()
    assert "| `seed` | integer >= 0 | `20240501` | seed of every random draw" in text
    assert "| `study` | string | `required` | name of the study" in text
    assert "| `contrasts.<name>.exchange_within` | string or null | `site` |" in text
    assert "| `genes.pls_components` | integer >= 1 <= 10 | `3` |" in text
    assert "| `group.family` | seed \\| contrast | `seed` |" in text
    assert "| `cohort.select` | object |  | column: [low, high]" in text


@pytest.mark.parametrize("column", SHEET["properties"])
def test_a_column_of_the_sheet_is_in_the_reference(column):
    assert f"| `{column}` |" in config_reference.reference()


@pytest.fixture(scope="module")
def code() -> str:
    files = [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk"), *(ROOT / "scripts").rglob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_read_somewhere(code, key):
    """What reruns when it changes is held in tests/workflow/test_config_keys.py."""
    name = key.rsplit(".", 1)[-1]
    assert f'"{name}"' in code or f"'{name}'" in code or re.search(rf"\b{name}\b *[=:]", code)
