"""Gene expression of an atlas's regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, raise_if_any, some
from amygene.io.tables import read_matrix

#: genes that a spreadsheet turned into the date Mar-01 or Mar-02: of two the first is MARC1 or MARC2
_TWICE = {"Mar-01": "MTARC1", "Mar-02": "MTARC2"}


def read_dk83(path: str | Path) -> pd.DataFrame:
    """The matrix of imaging-transcriptomics: 83 regions x 15,633 genes, under today's symbols."""
    return read_matrix(path, names="Region", drop=["label"], rename=genes_from_dates)


def genes_from_dates(names: Sequence[str]) -> list[str]:
    """Turn the dates that a spreadsheet made of 23 genes' symbols back into symbols.

    The matrix of imaging-transcriptomics holds ``Mar-01`` to ``Mar-11`` and ``Sep-02`` to ``Sep-14``, two of them
    twice. Its genes are in the order of their symbols of then (MAPT, MARC1, MARC2, MARCH1, MARCH11, MARCH2, ...,
    MARCKS), which tells them apart. They get today's symbols, which gene sets use: MTARC1, MARCHF1, SEPTIN2.
    """
    seen: set[str] = set()
    symbols = []
    for name in names:
        month, _, number = name.partition("-")
        if name in _TWICE and name not in seen:
            symbols.append(_TWICE[name])
        elif month in ("Mar", "Sep") and number.isdigit():
            symbols.append(f"{'MARCHF' if month == 'Mar' else 'SEPTIN'}{int(number)}")
        else:
            symbols.append(name)
        seen.add(name)
    return symbols


def align(expression: pd.DataFrame, regions: pd.DataFrame, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring an expression matrix into the order of the atlas.

    Parameters
    ----------
    expression : DataFrame of shape (n_rows, n_genes)
        Rows named like the atlas's regions. Rows that are no region of the atlas are left out.
    regions
        The atlas's table.
    name
        Of the file, for messages.

    Returns
    -------
    expression : DataFrame of shape (n_found, n_genes)
        In the atlas's order; regions without a row, or whose row is missing throughout, are dropped.
    coverage : DataFrame
        Per region of the atlas: is it in the matrix, and how many of its genes are measured.

    Raises
    ------
    InputError
        A row or gene stands twice, or no row is a region of the atlas.
    """
    problems = []
    for what, labels in (("region", expression.index), ("gene", expression.columns)):
        twice = labels[labels.duplicated()]
        if len(twice):
            problems.append(f"{name}: {what} {some(twice, 4)} stands twice")
    labels = regions["region"]
    if not labels.isin(expression.index).any():
        problems.append(
            f"{name}: no row is a region of the atlas; found {some(expression.index, 4)}, "
            f"the atlas has {some(labels, 4)}"
        )
    raise_if_any(problems)
    ordered = expression.reindex(labels)
    measured = ordered.notna().sum(axis=1)
    coverage = pd.DataFrame(
        {
            "region": labels.to_numpy(),
            "structure": regions["structure"].to_numpy(),
            "in_expression": (measured > 0).to_numpy(),
            "n_genes": measured.to_numpy(),
        }
    )
    kept = ordered[(measured > 0).to_numpy()]
    return kept.loc[:, kept.notna().any(axis=0)], coverage


def set_profile(expression: pd.DataFrame, genes: Iterable[str], regions: pd.DataFrame) -> np.ndarray:
    """Mean expression of a gene set over the atlas's regions, within structures.

    Every gene is standardised first; then the mean of each structure is removed, since a test that keeps the
    means of structures cannot see differences between them.

    Returns
    -------
    array of shape (n_regions,)
        In the order of the atlas.
    """
    found = [g for g in genes if g in expression.columns]
    if not found:
        raise InputError("none of the genes of the set is in the expression matrix")
    values = expression.loc[regions["region"], found].to_numpy()
    profile = pd.Series(((values - values.mean(axis=0)) / values.std(axis=0)).mean(axis=1))
    structure = regions["structure"].to_numpy()
    return (profile - profile.groupby(structure).transform("mean")).to_numpy()
