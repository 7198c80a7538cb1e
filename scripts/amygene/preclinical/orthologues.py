"""From mouse genes to human genes: one-to-one orthologues only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, some
from amygene.io.tables import read_given

#: columns of BioMart's export, and what they are here
_BIOMART = {
    "Gene stable ID": "mouse_id", "Gene name": "mouse", "Human gene name": "human", "Human gene stable ID": "human_id",
    "Human homology type": "type",
}  # fmt: skip


def read_biomart(path: str | Path) -> pd.DataFrame:
    """One-to-one orthologues of Ensembl BioMart's export (comma-separated).

    Returns
    -------
    DataFrame
        mouse_id, mouse, human: each at most once in its column.

    Raises
    ------
    InputError
        The file or a column is absent, or no pair is one-to-one.
    """
    given = read_given(path, dtype=str)
    missing = [c for c in _BIOMART if c not in given]
    if missing:
        raise InputError(
            f"{path}: has no column {some(missing)}; its columns are {some(given.columns)}; export them from BioMart, "
            "or give a table mouse, human (config key preclinical.orthologues)"
        )
    table = given.rename(columns=_BIOMART)
    pairs = table[(table["type"] == "ortholog_one2one") & table["human"].notna() & table["mouse"].notna()]
    return _unique(path, pairs[["mouse_id", "mouse", "human"]])


def read_own(path: str | Path) -> pd.DataFrame:
    """A table of one's own with columns ``mouse`` (symbol or id, as in the counts) and ``human`` (symbol).

    A gene that stands in several pairs has no one-to-one orthologue and is left out.
    """
    table = read_given(path, dtype=str)
    missing = [c for c in ("mouse", "human") if c not in table]
    if missing:
        raise InputError(
            f"{path}: has no column {some(missing)}; its columns are {some(table.columns)} "
            "(config key preclinical.orthologues)"
        )
    pairs = table[["mouse", "human"]].dropna().drop_duplicates()
    return _unique(path, pairs.assign(mouse_id=pairs["mouse"])[["mouse_id", "mouse", "human"]])


def _unique(path: str | Path, pairs: pd.DataFrame) -> pd.DataFrame:
    pairs = pairs.drop_duplicates()
    several = pairs.duplicated("mouse", keep=False) | pairs.duplicated("human", keep=False)
    if several.all():
        raise InputError(
            f"{path}: none of its {len(pairs)} pairs is one-to-one; give pairs of genes that stand once each"
        )
    return pairs[~several].sort_values("mouse", kind="stable").reset_index(drop=True)


def human_names(genes: Sequence[str], pairs: pd.DataFrame) -> np.ndarray:
    """Human symbol of each mouse gene, empty without a one-to-one orthologue.

    Parameters
    ----------
    genes
        Symbols, or Ensembl ids (``ENSMUSG...``, with or without version).
    pairs
        From `read_biomart` or `read_own`.
    """
    names = np.array([str(g) for g in genes], dtype=object)
    if len(names) and np.mean([n.startswith("ENSMUSG") for n in names]) > 0.5:
        names = np.array([n.split(".")[0] for n in names], dtype=object)
        known = dict(zip(pairs["mouse_id"], pairs["human"], strict=True))
    else:
        known = dict(zip(pairs["mouse"], pairs["human"], strict=True))
    return np.array([known.get(n, "") for n in names], dtype=str)
