"""Signatures: what a contrast says of every gene, and the sets of genes it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, raise_if_any, some
from amygene.io.tables import read_given, read_table
from amygene.preclinical.contrasts import passing
from amygene.preclinical.orthologues import human_names
from amygene.stats.multiplicity import benjamini_hochberg


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
        There is no gene, a column is absent, a gene has no name or stands twice, a cell is no number, or a p is not
        between 0 and 1.
    """
    from scipy.stats import norm

    given = read_given(path, dtype=str, keep_default_na=False)
    missing = [columns[k] for k in ("gene", "log2fc", "p") if columns[k] not in given]
    if missing:
        raise InputError(
            f"{path}: has no column {some(missing)}; its columns are {some(given.columns)} "
            f"(config key preclinical.signatures.{name})"
        )
    wanted = [k for k in ("log2fc", "p", "q") if columns.get(k) in given]
    if given.empty:
        raise InputError(f"{path}: has no gene (config key preclinical.signatures.{name})")
    table = pd.DataFrame({"gene": given[columns["gene"]].str.strip()})
    problems = []
    unnamed = table.index[table["gene"] == ""] + 2
    if len(unnamed):
        problems.append(f"{path}: row {some(unnamed, 4)} has no gene; name it, or remove the row")
    for key in wanted:
        cells = given[columns[key]]
        table[key] = pd.to_numeric(cells, errors="coerce")
        bad = table[key].isna() & ~cells.isin(["n/a", "NA", "NaN", ""]) | np.isinf(table[key])
        if bad.any():
            problems.append(
                f"{path}: column {columns[key]}: found {some(map(repr, cells[bad]), 4)} where a number belongs"
            )
        outside = (table[key] < 0) | (table[key] > 1)
        if key != "log2fc" and outside.any():
            problems.append(f"{path}: column {columns[key]}: {some(table.loc[outside, key], 4)} is no probability")
    twice = table["gene"][table["gene"].duplicated() & (table["gene"] != "")].unique()
    if len(twice):
        problems.append(f"{path}: gene {some(twice, 4)} stands twice; keep one row of each")
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


def signature_table(signatures: Sequence[Signature], pairs: pd.DataFrame) -> pd.DataFrame:
    """What every ready signature holds.

    Parameters
    ----------
    pairs
        Orthologues.

    Returns
    -------
    DataFrame
        signature, n_genes, n_up, n_down, n_orthologues, lost.

    Raises
    ------
    InputError
        A signature has no gene with an orthologue: its genes have other names.
    """
    rows, problems = [], []
    for one in signatures:
        genes = one.table["gene"]
        n_orthologues = int((human_names(genes, pairs) != "").sum())
        if n_orthologues == 0:
            problems.append(
                f"signature {one.name}: none of its genes ({some(genes, 3)}) is in the table of orthologues; name "
                "them by mouse symbol or Ensembl id, or give a table (config key preclinical.orthologues)"
            )
        rows.append((one.name, len(genes), len(one.genes(1)), len(one.genes(-1)), n_orthologues,
                     1 - n_orthologues / len(genes)))  # fmt: skip
    raise_if_any(problems)
    return pd.DataFrame(rows, columns=["signature", "n_genes", "n_up", "n_down", "n_orthologues", "lost"])


def group_order(order: Sequence[str], contrasts: Mapping[str, Mapping[str, str]], present: Sequence[str]) -> list[str]:
    """Groups in the order asked for, then controls and cases of the contrasts, then the others."""
    named = [*order, *(c["control"] for c in contrasts.values()), *(c["case"] for c in contrasts.values()), *present]
    return [g for g in dict.fromkeys(named) if g in set(present)]
