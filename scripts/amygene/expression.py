"""Gene expression of an atlas's regions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from amygene.problems import InputError, raise_if_any, some


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
