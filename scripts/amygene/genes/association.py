"""Which genes follow the map? Correlation over regions, under null maps that hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from amygene.stats.linear_model import complete_cases
from amygene.stats.map_test import COLUMNS, MapTest, NullMaps, unit, within_structures
from amygene.stats.multiplicity import discoveries
from amygene.stats.permutation import TIE, p_value

if TYPE_CHECKING:
    import pandas as pd

#: false discovery rate at which the genes of the count test are counted
LEVEL = 0.05
#: fewest regions over which a gene is correlated
MIN_REGIONS = 5


def ranks(values: np.ndarray, axis: int) -> np.ndarray:
    """Average ranks along an axis: Pearson of ranks is Spearman's correlation."""
    from scipy.stats import rankdata

    return rankdata(values, axis=axis)


def standard(values: np.ndarray, axis: int, correlation: str) -> np.ndarray:
    """Values (nothing missing) such that a product of two is their correlation, NaN where they do not vary.

    Parameters
    ----------
    correlation
        ``pearson`` or ``spearman``.
    """
    return unit(ranks(values, axis) if correlation == "spearman" else values, axis)


def parametric_p(r: np.ndarray, n: np.ndarray | int) -> np.ndarray:
    """Two-sided p of a correlation over n independent regions (which regions of a brain are not)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        t = r * np.sqrt((n - 2) / np.maximum((1 - r) * (1 + r), 0))
    return np.where(np.isnan(r), np.nan, 2 * special.stdtr(np.asarray(n, dtype=float) - 2, -np.abs(t)))


def following(table: pd.DataFrame) -> pd.Series:
    """Rows of a table of genes or sets that follow the map.

    They do at a false discovery rate of .05 under null maps and, where groups were compared, with p < .05 when the
    groups are relabeled.
    """
    return (table["q_null"] < LEVEL) & ~(table["p_group"] >= LEVEL)


def chunk_columns(n_genes: int, chunk: int, n_chunks: int) -> np.ndarray:
    """Columns of the genes of a chunk: every `n_chunks`-th block of `COLUMNS` genes, from block `chunk` on."""
    blocks = range(chunk, -(-n_genes // COLUMNS), n_chunks)
    columns = [np.arange(b * COLUMNS, min((b + 1) * COLUMNS, n_genes)) for b in blocks]
    return np.concatenate(columns) if columns else np.array([], dtype=int)


def expression_of(matrix: Mapping[str, np.ndarray], regions: np.ndarray) -> np.ndarray:
    """Rows of an expression matrix in the order of some regions.

    Parameters
    ----------
    matrix
        ``region`` (n,), ``gene`` (n_genes,), ``values`` (n, n_genes).
    regions : array of str, shape (n_regions,)

    Returns
    -------
    array of shape (n_regions, n_genes)
    """
    row = {name: i for i, name in enumerate(matrix["region"].tolist())}
    return matrix["values"][[row[name] for name in regions.tolist()]]


def complete_expression(matrix: Mapping[str, np.ndarray], regions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Genes that are measured in all of some regions and not constant there (but for rounding).

    Parameters as of `expression_of`.

    Returns
    -------
    gene : array of str, shape (n_complete,)
    expression : array of shape (n_regions, n_complete)
    """
    expression = expression_of(matrix, regions)
    usable = ~np.isnan(unit(expression, 0)).any(axis=0)
    return matrix["gene"][usable], expression[:, usable]


@dataclass(frozen=True)
class OnGenes:
    """A map, its null maps and complete genes over the same regions; ranks, if the correlation is Spearman's.

    Attributes
    ----------
    gene : array of str, shape (n_genes,)
    expression : array of shape (n_regions, n_genes)
    observed : array of shape (n_regions,)
    null_maps : array of shape (n_maps, n_regions)
    relabeled : array of shape (n_relabelings, n_regions)
    structure : array of str, shape (n_regions,)
    """

    gene: np.ndarray
    expression: np.ndarray
    observed: np.ndarray
    null_maps: np.ndarray
    relabeled: np.ndarray
    structure: np.ndarray

    @property
    def r(self) -> np.ndarray:
        """Correlation of the map with every gene."""
        return unit(self.observed, 0) @ unit(self.expression, 0)


def on_genes(maps: Mapping[str, np.ndarray], matrix: Mapping[str, np.ndarray], correlation: str) -> OnGenes:
    """Prepare a map and expression for scores of several genes.

    Parameters
    ----------
    maps
        ``region``, ``structure`` (n,), ``observed`` (n,), ``null_maps`` and ``relabeled`` (..., n).
    matrix
        As of `expression_of`.
    correlation
        ``pearson`` or ``spearman``.
    """
    gene, expression = complete_expression(matrix, maps["region"])
    observed, null_maps, relabeled = maps["observed"], maps["null_maps"], maps["relabeled"]
    if correlation == "spearman":
        observed, null_maps, relabeled = ranks(observed, 0), ranks(null_maps, 1), ranks(relabeled, 1)
        expression = ranks(expression, 0)
    return OnGenes(gene, expression, observed, null_maps, relabeled, maps["structure"])


def correlate(
    observed: np.ndarray,
    null_maps: np.ndarray,
    expression: np.ndarray,
    correlation: str = "pearson",
    strata: np.ndarray | None = None,
) -> tuple[MapTest, np.ndarray]:
    """Correlation of the map and of its null maps with every gene.

    Null hypothesis per gene: the map is one of its null maps (see `nulls.stratified`), unrelated to the gene.

    Parameters
    ----------
    observed : array of shape (n_regions,)
    null_maps : array of shape (n_maps, n_regions)
    expression : array of shape (n_regions, n_genes)
        Missing as NaN; such a gene is correlated over the regions in which it is measured.
    correlation
        ``pearson`` or ``spearman`` (ranks are those among the regions in which the gene is measured).
    strata : array of shape (n_regions,), optional
        Structures, when the null maps (of relabeled groups) do not keep the map's means of structures: then the
        score is what is left of the correlation without those means, of the map as of every null map.

    Returns
    -------
    MapTest
        NaN scores where a gene, or the map in the gene's regions, does not vary; such a gene counts in no maximum.
        A null map that does not vary there correlates with 0.
    n : array of int, shape (n_genes,)
        Regions each correlation rests on.
    """
    n_genes = expression.shape[1]
    score, null_mean = np.full(n_genes, np.nan), np.full(n_genes, np.nan)
    exceedances = np.zeros(n_genes, dtype=np.int64)
    maxima = np.zeros(len(null_maps))

    def prepared(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own, maps = standard(observed[rows], 0, correlation), standard(null_maps[:, rows], 1, correlation)
        if strata is None:
            return own, maps
        return within_structures(own, strata[rows]), within_structures(maps, strata[rows])

    everywhere = NullMaps(*prepared(np.arange(len(observed))))
    # block by block, so that the shapes of the products do not depend on how genes are dealt to chunks
    for first in range(0, n_genes, COLUMNS):
        # in one layout, too: it decides the order of sums
        block = np.ascontiguousarray(expression[:, first : first + COLUMNS])
        for rows, columns in complete_cases(block):
            if len(rows) < MIN_REGIONS:
                continue
            whole = len(rows) == len(observed)
            maps = everywhere
            if not whole:
                own, theirs = prepared(rows)
                if np.isnan(own).any():
                    continue
                maps = NullMaps(own, np.nan_to_num(theirs))
            values = block if len(columns) == block.shape[1] and whole else block[np.ix_(rows, columns)]
            profiles = standard(values, 0, correlation)
            varies = ~np.isnan(profiles).any(axis=0)
            if not varies.all():
                profiles[:, ~varies] = 0
            found = maps.test(profiles)
            here = first + columns[varies]
            score[here], null_mean[here] = found.score[varies], found.null_mean[varies]
            exceedances[here] = found.exceedances[varies]
            np.maximum(maxima, found.maxima, out=maxima)
    return MapTest(score, null_mean, exceedances, maxima), (~np.isnan(expression)).sum(axis=0)


@dataclass(frozen=True)
class CountTest:
    """Is the number of genes at a false discovery rate larger than under the null maps?

    Attributes
    ----------
    observed
        Genes that Benjamini and Hochberg's procedure finds with parametric p.
    null : array of int, shape (n_maps,)
        The same count for every null map.
    """

    observed: int
    null: np.ndarray

    @property
    def p(self) -> float:
        """One-sided p: the share of null maps with at least as many genes."""
        return float(p_value(np.array((self.null >= self.observed).sum()), len(self.null)))


def count_test(
    observed: np.ndarray, null_maps: np.ndarray, expression: np.ndarray, correlation: str = "pearson"
) -> CountTest:
    """The study's count test, with the count recomputed under every null map.

    Null hypothesis: the map is one of its null maps. Parameters as of `correlate`.
    """
    maps = np.vstack([observed, null_maps])
    measured = ~np.isnan(expression)
    n = measured.sum(axis=0)
    usable = (n >= MIN_REGIONS) & _varies(expression, measured, n)
    expression, n = expression[:, usable], n[usable]
    if (n == len(observed)).all():
        counts = _counts_complete(standard(maps, 1, correlation), standard(expression, 0, correlation), len(observed))
    elif correlation == "spearman":
        counts = _counts_ranked(maps, expression, n)
    else:
        counts = _counts_missing(maps - maps.mean(axis=1, keepdims=True), expression, n)
    return CountTest(int(counts[0]), counts[1:])


def _varies(expression: np.ndarray, measured: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Genes that vary over the regions in which they are measured, by the measure of `unit`."""
    mean = np.where(measured, expression, 0).sum(axis=0) / np.maximum(n, 1)
    length = np.linalg.norm(np.where(measured, expression - mean, 0), axis=0)
    return length > 1e-10 * np.sqrt(n) * np.abs(mean)


#: maps whose correlations with all genes are held at a time
_MAPS = 100


def _counts_complete(maps: np.ndarray, profiles: np.ndarray, n: int) -> np.ndarray:
    """Discoveries of every map when all genes have the same n: p is then a function of |r|."""
    n_genes = profiles.shape[1]
    # |r| at which p equals the k-th threshold of Benjamini and Hochberg, k = 1, 2, ...
    t = -special.stdtrit(n - 2.0, LEVEL * np.arange(1, n_genes + 1) / n_genes / 2)
    critical = t / np.sqrt(n - 2 + t * t) * (1 - TIE)
    counts = np.zeros(len(maps), dtype=np.int64)
    for top in range(0, len(maps), _MAPS):
        for i, row in enumerate(np.abs(maps[top : top + _MAPS] @ profiles)):
            large = np.sort(row[row >= critical[-1]])[::-1]
            passed = np.flatnonzero(large >= critical[: len(large)])
            counts[top + i] = passed[-1] + 1 if len(passed) else 0
    return counts


def _counts_missing(maps: np.ndarray, expression: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Discoveries of every map when genes are measured in different regions."""
    measured = (~np.isnan(expression)).astype(float)
    genes = np.where(measured == 1, expression - np.nanmean(expression, axis=0), 0)
    length2 = (genes * genes).sum(axis=0)
    counts = np.zeros(len(maps), dtype=np.int64)
    for top in range(0, len(maps), _MAPS):
        some = maps[top : top + _MAPS]
        total = some @ measured
        spread2 = (some * some) @ measured - total * total / n
        with np.errstate(invalid="ignore", divide="ignore"):
            r = some @ genes / np.sqrt(np.maximum(spread2, 0) * length2)
        counts[top : top + _MAPS] = discoveries(parametric_p(r, n), LEVEL)
    return counts


def _counts_ranked(maps: np.ndarray, expression: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The same by Spearman's correlation: ranks are those among the regions in which a gene is measured."""
    groups = [
        (rows, columns, standard(expression[np.ix_(rows, columns)], 0, "spearman"))
        for rows, columns in complete_cases(expression)
    ]
    counts = np.zeros(len(maps), dtype=np.int64)
    for top in range(0, len(maps), _MAPS):
        some = maps[top : top + _MAPS]
        r = np.empty((len(some), expression.shape[1]))
        for rows, columns, profiles in groups:
            r[:, columns] = standard(some[:, rows], 1, "spearman") @ profiles
        counts[top : top + _MAPS] = discoveries(parametric_p(r, n), LEVEL)
    return counts
