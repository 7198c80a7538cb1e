"""Tables on disk: TSV and parquet, each with a JSON sidecar that says where its numbers come from."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from amygene.io import columns as explained
from amygene.io.files import damaged, replacing, sha256
from amygene.io.problems import InputError, raise_if_any, some

#: ``n/a`` is BIDS's word for a missing value in a TSV
MISSING = "n/a"
#: some are in the main environment only, abagen in its own only
_PACKAGES = ("numpy", "scipy", "pandas", "nilearn", "statsmodels", "scikit-learn", "abagen")


def write_json(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write JSON that a person can read: keys in the order given, one per line."""
    with replacing(path) as beside:
        beside.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=_plain) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    """Numpy scalars and paths as what JSON knows."""
    if hasattr(value, "item"):
        return value.item()
    return str(value)


def write_table(
    path: str | Path,
    table: pd.DataFrame,
    *,
    sidecar: str | Path,
    sources: Iterable[str | Path] = (),
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    note: str | None = None,
    meanings: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write a TSV (or parquet, by its ending) and the sidecar that makes its numbers traceable.

    Parameters
    ----------
    path, sidecar
        Where the table and its JSON go.
    table
        One row per thing. Columns of a TSV must be known (`io.columns.known`): a column that nobody explained is
        refused.
    sources
        Files the numbers were computed from; their hashes are recorded.
    settings
        What the user chose and these numbers depend on.
    seed
        Of every random draw behind the table.
    note
        One sentence that a reader needs in order not to misread the table.
    meanings
        Of columns that only this table has, or that mean something of their own here.
    facts
        Whatever else the sidecar should say.
    """
    path = Path(path)
    columns: dict[str, str] = {}
    with replacing(path) as beside:
        if path.suffix == ".parquet":
            table.to_parquet(beside, index=True)
        else:
            known = explained.known() | dict(meanings or {})
            unexplained = [c for c in table.columns if c not in known]
            if unexplained:
                raise KeyError(f"columns without a meaning in the columns.py of a room: {unexplained}")
            columns = {c: known[c] for c in table.columns}
            table.to_csv(beside, sep="\t", index=False, na_rep=MISSING, float_format="%.10g", lineterminator="\n")
    facts = ({"columns": columns} if columns else {}) | dict(facts or {})
    write_sidecar(sidecar, path, sources=sources, settings=settings, seed=seed, note=note, **facts)


def write_sidecar(
    sidecar: str | Path,
    file: str | Path,
    *,
    sources: Iterable[str | Path] = (),
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    note: str | None = None,
    **facts: Any,
) -> None:
    """Write the JSON beside a file that makes its numbers traceable; parameters as for `write_table`.

    Parameters
    ----------
    file
        The table, array or image that it stands beside.
    facts
        Whatever else a reader needs.
    """
    content: dict[str, Any] = {"file": Path(file).name, "sha256": sha256(file)}
    if note:
        content["note"] = note
    content |= facts
    content["settings"] = dict(settings or {})
    if seed is not None:
        content["seed"] = seed
    content["sources"] = {Path(s).as_posix(): sha256(s) for s in sources}
    content["versions"] = versions()
    write_json(sidecar, content)


def write_text_table(path: str | Path, table: pd.DataFrame) -> None:
    """Write a TSV alone, without a sidecar: a table in another program's format."""
    with replacing(path) as beside:
        table.to_csv(beside, sep="\t", index=False, na_rep=MISSING, float_format="%.10g", lineterminator="\n")


def versions() -> dict[str, str]:
    """Versions of amygene and of the packages that its numbers depend on, of those that this environment has."""
    from amygene import __version__

    found = {"amygene": __version__}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def check_unchanged(path: str | Path) -> None:
    """Compare a table with the hash in its sidecar, if it has one.

    Raises
    ------
    InputError
        The file is not the one that was written: truncated, or changed by hand.
    """
    sidecar = Path(path).with_suffix(".json")
    try:
        told = json.loads(sidecar.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return
    if isinstance(told, dict) and "sha256" in told and told["sha256"] != sha256(path):
        raise damaged(path, f"was changed after it was written (its hash is not the one in {sidecar.name})")


def read_table(path: str | Path, **options: Any) -> pd.DataFrame:
    """Read a TSV that the pipeline wrote, ``n/a`` as missing; see `check_unchanged`."""
    check_unchanged(path)
    return pd.read_csv(path, sep="\t", na_values=[MISSING], keep_default_na=False, **options)


def read_given(path: str | Path, **options: Any) -> pd.DataFrame:
    """Read a table that the user gives: cells separated by commas in a .csv, else by tabs; .gz is unpacked.

    Raises
    ------
    InputError
        The file is absent or no table. A table of the pipeline's own was changed after it was written.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    check_unchanged(path)
    separator = "," if path.name.removesuffix(".gz").endswith(".csv") else "\t"
    try:
        return pd.read_csv(path, sep=separator, encoding="utf-8-sig", **options)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a table ({error}); save it as UTF-8 text") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: cannot be unpacked ({error}); copy it again") from None


def read_matrix(
    path: str | Path,
    names: str | None = None,
    drop: Iterable[str] = (),
    rename: Callable[[list[str]], list[str]] | None = None,
) -> pd.DataFrame:
    """Read rows x columns numbers with row names: tsv, csv or parquet.

    Parameters
    ----------
    path
        The file.
    names
        Column of the row names; the first if not given.
    drop
        Columns to leave out.
    rename
        Gives the columns of a text table other names, before they are checked.

    Returns
    -------
    DataFrame
        float64, names as index and columns. Empty cells and ``n/a`` are missing.

    Raises
    ------
    InputError
        The file is absent or no table, its ending is unknown, a column stands twice, or cells are not (finite)
        numbers: they are named. A table of the pipeline's own was changed after it was written.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    check_unchanged(path)
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        if not isinstance(table.index, pd.RangeIndex):
            table = table.reset_index()
    elif path.suffix in {".tsv", ".csv", ".txt"}:
        table = _read_text(path, "," if path.suffix == ".csv" else "\t", rename)
    else:
        raise InputError(f"{path}: its ending is {path.suffix!r}; a table ends in .tsv, .csv or .parquet")
    names = names or table.columns[0]
    table = table.drop(columns=list(drop))
    table = table.set_index(table[names].astype(str)).drop(columns=names)
    table.index.name = names
    problems = []
    for column in table.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]]:
        numbers = pd.to_numeric(table[column].replace(MISSING, None), errors="coerce")
        bad = (numbers.isna() & table[column].notna() & (table[column] != MISSING)).to_numpy()
        problems += _not_numbers(path, table.loc[bad, column])
        table[column] = numbers
    table = table.astype(float)
    infinite = np.isinf(table.to_numpy())
    for column in np.flatnonzero(infinite.any(axis=0)):
        problems += _not_numbers(path, table.iloc[infinite[:, column], column])
    raise_if_any(problems)
    return table


def _read_text(path: Path, separator: str, rename: Callable[[list[str]], list[str]] | None) -> pd.DataFrame:
    """A text table as pandas reads it, where pandas can be trusted."""
    how: dict[str, Any] = {"sep": separator, "encoding": "utf-8-sig"}
    try:
        header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False, **how).iloc[0].tolist()
        table = pd.read_csv(path, low_memory=False, **how)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a table ({error}); save it as UTF-8 text") from None
    # pandas takes cells beyond the header for row names, and renames the second of two columns
    if not isinstance(table.index, pd.RangeIndex):
        raise InputError(f"{path}: rows have more cells than the header, which has {table.shape[1]}")
    if table.shape[1] < 2:
        raise InputError(
            f"{path}: has one column, {table.columns[0]!r}; cells are separated by "
            f"{'commas' if separator == ',' else 'tabs'} in a file that ends in {path.suffix}"
        )
    table.columns = pd.Index(rename(header) if rename else header)
    twice = table.columns[table.columns.duplicated()].unique()
    if len(twice):
        raise InputError(f"{path}: column {some(map(repr, twice), 4)} stands twice")
    return table


def _not_numbers(path: Path, cells: pd.Series) -> list[str]:
    found = some([f"{value!r} ({row})" for row, value in cells.items()])
    return [f"{path}: column {cells.name!r}: found {found} where a number belongs"] if len(cells) else []
