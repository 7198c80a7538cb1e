"""Tables of published findings: read and checked, all problems at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from amygene.evidence.places import Place, read_places
from amygene.io.problems import InputError, raise_if_any, some
from amygene.io.tables import read_given

#: texts that mean "not known"
_MISSING = ("", "n/a", "NA")


def read_findings(paths: Sequence[str | Path], schema: Mapping[str, Any]) -> pd.DataFrame:
    """All findings of some tables, one row each.

    Parameters
    ----------
    paths
        Tables as config/schemas/evidence.schema.yaml says.
    schema
        Its content.

    Returns
    -------
    DataFrame
        ``claim`` (file and row, "kotoula2023_fmri:12"), then the columns of the schema in its order: text with None and
        numbers with NaN for missing. Other columns are left out.

    Raises
    ------
    InputError
        A file or column is missing, a cell is no number or none of the words that are allowed, or a finding of
        connectivity has an effect size without its error: every row is named.
    """
    tables, problems = [], []
    for path in paths:
        text = read_given(path, dtype=str, keep_default_na=False, na_values=list(_MISSING))
        absent = [column for column in schema["required"] if column not in text]
        if absent:
            problems.append(f"{path}: column {some(absent)} is missing; found {some(text.columns, 12)}")
            continue
        table = pd.DataFrame({"claim": [f"{Path(path).stem}:{row}" for row in text.index + 2]})
        for column, rule in schema["properties"].items():
            cells = text[column].str.strip() if column in text else pd.Series([None] * len(text), dtype=object)
            table[column] = cells.astype(object).where(cells.notna(), None)
            known = cells.notna()
            if column in schema["required"]:
                problems += _rows(path, column, cells[~known], "is empty")
            if rule["type"] == "number":
                numbers = pd.to_numeric(cells, errors="coerce").astype(float)
                problems += _rows(path, column, cells[known & ~np.isfinite(numbers)], "is no number")
                table[column] = numbers
            elif "enum" in rule:
                wrong = cells[known & ~cells.isin(rule["enum"])]
                problems += _rows(path, column, wrong, f"is none of {', '.join(rule['enum'])}")
        stray = table["measure"][table["target"].notna() & (table["measure"] != "connectivity")]
        problems += _rows(path, "measure", stray, "is not connectivity, though there is a target,")
        known = table["effect_size"].notna()
        unsure = ~(table["se"] > 0) & ~(table["ci_high"] > table["ci_low"])
        problems += _rows(
            path, "effect_size", table["effect_size"][known & unsure], "has neither se nor ci_low < ci_high"
        )
        tables.append(table)
    raise_if_any(problems)
    return pd.concat(tables, ignore_index=True)


def read_evidence(
    tables: Sequence[str | Path],
    schema: Mapping[str, Any],
    regions_table: str | Path,
    atlas: str,
    regions: Collection[str],
) -> tuple[pd.DataFrame, dict[str, Place]]:
    """Findings, and where they lie in an atlas; the problems of all files in one message.

    An end of a connection must be a name of the table of regions (of whatever atlas); or a misspelt one would be passed
    over as one that the atlas lacks.

    Parameters
    ----------
    tables, schema
        As of `read_findings`.
    regions_table
        Table of `places.read_places`.
    atlas, regions
        Its name and its regions.
    """
    problems: list[str] = []
    try:
        findings = read_findings(tables, schema)
    except InputError as error:
        problems += error.problems
    try:
        table = read_given(regions_table, dtype=str)
        places = read_places(table, atlas, regions, regions_table)
    except InputError as error:
        problems += error.problems
    raise_if_any(problems)
    raise_if_any(_unknown_ends(findings, sorted(set(table["name"].dropna())), regions_table))
    return findings, places


def _unknown_ends(findings: pd.DataFrame, names: Sequence[str], regions_table: object) -> list[str]:
    """Problems of ends of connections that the table of regions does not name."""
    problems = []
    own = findings[findings["measure"] == "connectivity"]
    for column in ("region", "target"):
        for name, rows in own[own[column].notna() & ~own[column].isin(names)].groupby(column, sort=False):
            near = get_close_matches(str(name), names, 1)
            hint = f"did you mean {near[0]!r}? if so, " if near else ""
            problems.append(
                f"{some(rows['claim'], 5)}: {column} {name!r} is no name of {regions_table}; {hint}correct it, or add "
                "a row with that name (config key evidence.regions)"
            )
    return problems


def _rows(path: object, column: str, cells: pd.Series, what: str) -> list[str]:
    if cells.empty:
        return []
    found = some([f"row {i + 2}" + ("" if pd.isna(v) else f" ({v})") for i, v in cells.items()], 5)
    return [f"{path}: column {column!r} {what} in {found}"]
