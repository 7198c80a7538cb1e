"""The participants sheet: text as people wrote it in, typed columns out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, some

_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
#: .csv is separated by commas, the others by tabs
ENDINGS = (".tsv", ".csv", ".txt")


def read_text(path: Path) -> str:
    """Text of a sheet.

    Raises
    ------
    InputError
        The file is no text in UTF-8 with the ending of a table.
    """
    if path.suffix not in ENDINGS:
        raise InputError(
            f"{path}: its ending is {path.suffix!r}; a sheet ends in {' or '.join(ENDINGS)}: save it as such"
        )
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is no text in UTF-8 ({error.reason} at byte {error.start}); save it as such "
            "(in a spreadsheet program: CSV UTF-8)"
        ) from error


def read_sheet(path: str | Path, key: str = "participants") -> pd.DataFrame:
    """Read a tab- or comma-separated sheet, every cell as the text it is.

    Parameters
    ----------
    path
        The file.
    key
        Config key of the cohort that names it, for messages.

    Raises
    ------
    InputError
        The file is absent, is no table, or has a column twice.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file (config key cohort.{key})")
    try:
        sheet = pd.read_csv(
            StringIO(read_text(path)),
            sep="," if path.suffix == ".csv" else "\t",
            dtype=str,
            keep_default_na=False,
            header=None,
            skip_blank_lines=True,
            quoting=0 if path.suffix == ".csv" else 3,
        )
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{path}: is no table of text ({error})") from error
    header = [str(name).strip() for name in sheet.iloc[0]]
    if len(header) == 1 and any(mark in header[0] for mark in ",;\t"):
        raise InputError(
            f"{path}: its first line is one cell, {header[0]!r}; separate a .csv by commas, a .tsv or .txt by tabs"
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{path}: column {some(twice)} stands twice in the header")
    sheet = sheet.iloc[1:].reset_index(drop=True)
    sheet.columns = pd.Index(header)
    return sheet.apply(lambda column: column.str.strip())


def check_sheet(
    sheet: pd.DataFrame,
    name: str,
    schema: Mapping[str, Any],
    *,
    needed: Sequence[str],
    numeric: Sequence[str],
    missing: Sequence[str],
    codes: Mapping[str, Mapping[str, str]],
) -> tuple[pd.DataFrame, list[str]]:
    """Turn text into numbers and known codes.

    Parameters
    ----------
    sheet
        As read: text.
    name
        Of the file, for messages.
    schema
        config/schemas/participants.schema.yaml.
    needed
        Columns that the config uses: they must be there.
    numeric
        Columns beyond the schema's own that must hold numbers.
    missing
        Texts that mean "not known"; a number is compared as a number, so -9999 covers -9999.0.
    codes
        Column -> {text in the sheet: meaning}, from the config.

    Returns
    -------
    typed : DataFrame
        Numbers as float64 with NaN for missing, text with None for missing.
    problems : list of str
        Everything that is wrong, nothing raised.
    """
    problems = [
        f"{name}: column {column!r} is missing, which the config uses; found {some(sheet.columns, 12)}"
        for column in dict.fromkeys([*schema["required"], *needed])
        if column not in sheet
    ]
    typed = sheet.copy()
    is_missing = _missing_cells(sheet, missing)
    ids = sheet["participant_id"] if "participant_id" in sheet else pd.Series([str(i + 2) for i in sheet.index])
    if "participant_id" in sheet:
        blank = is_missing["participant_id"]
        if blank.any():
            problems.append(f"{name}: participant_id is empty in row {some(sheet.index[blank] + 2)}")
        twice = ids[ids.duplicated(keep="first") & ~blank].unique()
        if len(twice):
            problems.append(f"{name}: participant_id {some(twice)} stands more than once; keep one row each")
    for column in dict.fromkeys(["participant_id", *needed]):
        if column in sheet:
            problems += _control_characters(sheet[column], name)
    for column in sheet:
        rule = schema["properties"].get(column, {})
        cells = sheet[column].map(lambda text, c=column: codes.get(c, {}).get(text, text))
        cells = cells.map(lambda text, r=rule: r.get("synonyms", {}).get(text, text))
        gone = is_missing[column] | cells.isin(list(missing))
        if rule.get("type") == "number" or column in numeric:
            typed[column], wrong = _numbers(cells, gone, ids, name, column, rule)
        else:
            typed[column] = cells.where(~gone, None)
            wrong = _codes(cells, gone, ids, name, column, rule)
        problems += wrong
    return typed, problems


def _control_characters(cells: pd.Series, name: str) -> list[str]:
    """A line break in a name would break lists and tables of names."""
    return [
        f"{name}: column {cells.name!r}: {cells[i]!r} in row {i + 2} holds a control character (a line break, a tab or "
        "the like); take it out"
        for i in cells.index[cells.str.contains(_CONTROL)]
    ]


def _missing_cells(sheet: pd.DataFrame, missing: Sequence[str]) -> pd.DataFrame:
    """Cells that say "not known", compared as text and, where both are numbers, as numbers."""
    numbers = [n for n in map(_number, missing) if n is not None]
    cells = sheet.isin([*missing, ""])
    for column in sheet:
        as_number = pd.to_numeric(sheet[column], errors="coerce")
        cells[column] |= as_number.isin(numbers)
    return cells


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _numbers(
    cells: pd.Series, gone: pd.Series, ids: pd.Series, name: str, column: str, rule: Mapping[str, Any]
) -> tuple[pd.Series, list[str]]:
    values = pd.to_numeric(cells.where(~gone, None), errors="coerce").astype(float)
    text = ~gone & ~np.isfinite(values)
    problems = []
    if text.any():
        found = [f"{cells[i]!r} ({ids[i]})" for i in cells.index[text]]
        problems.append(
            f"{name}: column {column!r}: found {some(found)} where a number belongs; "
            "correct it or add the text to cohort.missing"
        )
    low, high = rule.get("minimum", -np.inf), rule.get("maximum", np.inf)
    outside = ~gone & ~text & ((values < low) | (values > high))
    if outside.any():
        found = [f"{cells[i]} ({ids[i]})" for i in cells.index[outside]]
        problems.append(f"{name}: column {column!r}: found {some(found)}, outside {low:g} to {high:g}")
    return values, problems


def _codes(
    cells: pd.Series, gone: pd.Series, ids: pd.Series, name: str, column: str, rule: Mapping[str, Any]
) -> list[str]:
    if "enum" not in rule:
        return []
    unknown = ~gone & ~cells.isin(rule["enum"])
    if not unknown.any():
        return []
    found = [f"{cells[i]!r} ({ids[i]})" for i in cells.index[unknown]]
    return [
        f"{name}: column {column!r}: found the unknown code {some(found)}; expected {', '.join(rule['enum'])}, "
        f"or say in cohort.codes.{column} what it means"
    ]
