"""Which genes are specific to a class of cells, or to a region at an age? The specificity index and its p."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, some
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import p_value
from amygene.stats.streams import SPECIFICITY, stream


def average_ranks(folds: np.ndarray) -> np.ndarray:
    """Rank of every gene by falling fold change (1: the largest), averaged over comparisons.

    Parameters
    ----------
    folds : array of shape (n_comparisons, n_genes)
        Fold changes of one class against every other; equal ones share their average rank.

    Returns
    -------
    array of shape (n_genes,)
    """
    total = np.zeros(folds.shape[1])
    for row in folds:
        order = np.argsort(-row, kind="stable")
        falling = row[order]
        first = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
        last = np.r_[first[1:], len(row)]
        ranks = np.empty(len(row))
        ranks[order] = np.repeat((first + 1 + last) / 2, last - first)
        total += ranks
    return total / len(folds)


def specificity_index(expression: np.ndarray, own: int, min_expression: float) -> np.ndarray:
    """Specificity index of one class (Dougherty et al. 2010, Nucleic Acids Res 38:4218, eq. 1).

    SI of gene n in class 1 of m is the mean over k = 2..m of rank(IP_1n / IP_kn), the rank among the genes of their
    fold change over class k. As in the authors' R package pSI (function specificity.index): genes below
    `min_expression` in the class are not ranked, the other classes are not filtered (a fold change over 0 is infinite
    and these share a rank), and rank 1 is the largest fold change, so a small index is a specific gene.

    Parameters
    ----------
    expression : array of shape (n_genes, n_classes)
        On a linear scale (RPKM, TPM, intensities), nothing missing or negative.
    own : int
        Column of the class.
    min_expression : float
        Above 0; the authors use .3 for RNA sequencing and 50 for microarrays.

    Returns
    -------
    array of shape (n_genes,)
        NaN of genes that are not ranked.
    """
    ranked = expression[:, own] >= min_expression
    index = np.full(len(expression), np.nan)
    if ranked.any():
        index[ranked] = average_ranks(_folds(expression[ranked].T, own))
    return index


def _folds(values: np.ndarray, own: int) -> np.ndarray:
    """Log2 fold change of one class over every other, classes in rows."""
    with np.errstate(divide="ignore"):
        return np.log2(values[own] / np.delete(values, own, axis=0))


def specificity_p(expression: np.ndarray, own: int, min_expression: float, draws: int, seed: int) -> np.ndarray:
    """p of the specificity index of every gene in one class (pSI).

    Null hypothesis: a gene's expression in the class is independent of its expression in every other class. As in the
    source each class is drawn anew with replacement, independently, from its values over the genes that the class
    ranks; the average ranks of all such genes of all draws are one null distribution. p is one-sided, (1 + b) / (1 + m)
    with b null values that are as small or smaller; the R package takes the rank among the null values over m, which
    differs by at most 2 / m, and leaves out p above .1. The null holds the values of specific genes too: where a share
    of the genes is specific, their p lies around that share and not below, which is conservative.

    Parameters
    ----------
    draws : int
        Draws of all genes; 50 in the source. m is this times the number of ranked genes.

    Returns
    -------
    array of shape (n_genes,)
    """
    index = specificity_index(expression, own, min_expression)
    known = ~np.isnan(index)
    p = np.full(len(index), np.nan)
    values = expression[known].T
    n_genes = values.shape[1]
    if n_genes == 0:
        return p
    null = np.empty((draws, n_genes))
    for i in range(draws):
        rng = stream(seed, SPECIFICITY, own * draws + i)
        drawn = np.stack([row[rng.integers(n_genes, size=n_genes)] for row in values])
        null[i] = average_ranks(_folds(drawn, own))
    # a tie may differ in its last bit
    reached = np.searchsorted(np.sort(null.ravel()), index[known] * (1 + 1e-12), side="right")
    p[known] = p_value(reached, null.size)
    return p


def check_expression(table: pd.DataFrame, path: object) -> pd.DataFrame:
    """Genes x classes, ready for the index: complete genes only, one row per gene.

    Genes with a missing value are left out. Of several rows of one gene that with the largest sum is taken.

    Raises
    ------
    InputError
        Fewer than three classes, negative values (logarithms), or no gene.
    """
    if table.shape[1] < 3:
        raise InputError(
            f"{path}: has {table.shape[1]} classes ({some(table.columns)}); specificity needs 3 or more columns"
        )
    low = table.columns[(table < 0).any()]
    if len(low):
        raise InputError(
            f"{path}: values below 0 in {some(low, 4)}; give expression on a linear scale (RPKM, TPM, intensities), "
            "not its logarithm"
        )
    complete = table.dropna()
    ranked = complete.iloc[np.argsort(-complete.sum(axis=1).to_numpy(), kind="stable")]
    kept = ranked[~ranked.index.duplicated()]
    kept = kept.loc[[gene for gene in dict.fromkeys(complete.index) if gene in kept.index]]
    if kept.empty:
        raise InputError(f"{path}: no gene has a value in every class")
    return kept


def specific_sets(p: pd.DataFrame, threshold: float) -> dict[str, list[str]]:
    """Class -> the genes with p below the threshold, the smallest first; classes without any are left out."""
    found = {}
    for name in p.columns:
        own = p[name][p[name] < threshold].sort_values(kind="stable")
        if len(own):
            found[str(name)] = own.index.tolist()
    return found


def specificity_table(expression: pd.DataFrame, min_expression: float, n_draws: int, seed: int) -> pd.DataFrame:
    """`specificity_p` of every class: genes x classes, as `expression` is."""
    values = expression.to_numpy()
    p = {name: specificity_p(values, i, min_expression, n_draws, seed) for i, name in enumerate(expression.columns)}
    return pd.DataFrame(p, index=expression.index.rename("gene"))


def fisher_table(
    p: pd.DataFrame, listed: Iterable[str], measured: Iterable[str], thresholds: Sequence[float]
) -> pd.DataFrame:
    """Over-representation of a gene list among the genes specific to every class, at every threshold (replicate).

    Null hypothesis: the list is a random sample of the genes that both the map and the classes know. It is not, since
    genes are expressed together and maps are smooth; p-values are too small. Fisher's exact test, one-sided, as the
    CSEA tool (Xu et al. 2014, J Neurosci 34:1420) does; Benjamini and Hochberg over the classes of one threshold.

    Parameters
    ----------
    p : DataFrame of shape (n_genes, n_classes)
        From `specificity_p`.
    listed, measured
        The list, and all genes that could be on it.

    Returns
    -------
    DataFrame
        set, threshold, n_genes, n_listed, odds_ratio, p_fisher, q_fisher. The odds ratio is that of the sample: 0
        without a shared gene, infinite if only specific genes are listed.
    """
    from scipy.stats import fisher_exact

    both = p.loc[p.index.isin(set(measured))]
    on_list = both.index.isin(set(listed))
    rows = []
    for threshold in thresholds:
        for name in both.columns:
            specific = (both[name] < threshold).to_numpy()
            shared = int((specific & on_list).sum())
            table = [
                [shared, int((specific & ~on_list).sum())],
                [int((~specific & on_list).sum()), int((~specific & ~on_list).sum())],
            ]
            ratio, p_fisher = fisher_exact(table, alternative="greater")
            rows.append((name, threshold, int(specific.sum()), shared, ratio, p_fisher))
    found = pd.DataFrame(rows, columns=["set", "threshold", "n_genes", "n_listed", "odds_ratio", "p_fisher"])
    found["q_fisher"] = found.groupby("threshold")["p_fisher"].transform(
        lambda column: benjamini_hochberg(column.to_numpy())
    )
    return found
