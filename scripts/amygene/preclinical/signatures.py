"""Signatures: what a contrast says of every gene, and the sets of genes it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from amygene.preclinical.contrasts import passing
from amygene.problems import InputError, raise_if_any, some
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.tables import read_given, read_table


@dataclass(frozen=True)
class Signature:
    """One contrast in one tissue, or a table of one's own.

    Attributes
    ----------
    name, tissue
    table : DataFrame
        gene, log2fc, stat, p, q, direction (+1, -1, 0 beyond the thresholds).
    """

    name: str
    tissue: str
    table: pd.DataFrame

    def genes(self, direction: int) -> list[str]:
        """Genes that are up (+1) or down (-1)."""
        return self.table.loc[self.table["direction"] == direction, "gene"].tolist()


def of_contrasts(table: pd.DataFrame, tissue: str) -> list[Signature]:
    """Signatures of a tissue's ``_de.tsv``, in its order."""
    return [
        Signature(str(name), tissue, part.reset_index(drop=True))
        for name, part in table.groupby("contrast", sort=False)
    ]


def read_signature(
    path: str | Path, name: str, columns: Mapping[str, str], thresholds: Mapping[str, float]
) -> Signature:
    """A ready signature: a table with columns of genes, log2 fold changes and p, and maybe q.

    The statistic is the standard normal quantile of p with the sign of the fold change. Without a column q the false
    discovery rate is taken over the table.

    Raises
    ------
    InputError
        A column is absent, a gene stands twice, a cell is no number, or a p is not between 0 and 1.
    """
    from scipy.stats import norm

    given = read_given(path, dtype=str)
    missing = [columns[k] for k in ("gene", "log2fc", "p") if columns[k] not in given]
    if missing:
        raise InputError(
            f"{path}: has no column {some(missing)}; its columns are {some(given.columns)} "
            f"(config key preclinical.signatures.{name})"
        )
    wanted = [k for k in ("log2fc", "p", "q") if columns.get(k) in given]
    table = pd.DataFrame({"gene": given[columns["gene"]].astype(str)})
    problems = []
    for key in wanted:
        cells = given[columns[key]]
        table[key] = pd.to_numeric(cells, errors="coerce")
        bad = table[key].isna() & cells.notna() & ~cells.isin(["n/a", "NA", "NaN", ""])
        if bad.any():
            problems.append(
                f"{path}: column {columns[key]}: found {some(map(repr, cells[bad]), 4)} where a number belongs"
            )
        outside = (table[key] < 0) | (table[key] > 1)
        if key != "log2fc" and outside.any():
            problems.append(f"{path}: column {columns[key]}: {some(table.loc[outside, key], 4)} is no probability")
    twice = table["gene"][table["gene"].duplicated()].unique()
    if len(twice):
        problems.append(f"{path}: gene {some(twice, 4)} stands twice")
    raise_if_any(problems)
    if "q" not in table:
        table["q"] = benjamini_hochberg(table["p"].to_numpy())
    table["stat"] = np.sign(table["log2fc"]) * norm.isf(np.clip(table["p"], 1e-300, 1) / 2)
    table["direction"] = passing(table, thresholds)
    return Signature(name, "", table)


def read_all(
    files: Sequence[str], tissues: Sequence[str], own: Mapping[str, Mapping[str, str]], thresholds: Mapping[str, float]
) -> list[Signature]:
    """Signatures of all tissues' ``_de.tsv``, then the ready ones; the problems of the latter in one message."""
    found = []
    for file, tissue in zip(files, tissues, strict=True):
        found += of_contrasts(read_table(file, dtype={"gene": str}), tissue)
    problems = []
    for name, one in own.items():
        try:
            found.append(read_signature(one["table"], name, one, thresholds))
        except InputError as error:
            problems += error.problems
    raise_if_any(problems)
    return found


def group_order(order: Sequence[str], contrasts: Mapping[str, Mapping[str, str]], present: Sequence[str]) -> list[str]:
    """Groups in the order asked for, then controls and cases of the contrasts, then the others."""
    named = [*order, *(c["control"] for c in contrasts.values()), *(c["case"] for c in contrasts.values()), *present]
    return [g for g in dict.fromkeys(named) if g in set(present)]
