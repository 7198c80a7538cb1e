"""Rank-rank hypergeometric overlap: do two contrasts rank the genes alike, whatever the thresholds?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from amygene.stats.permutation import TIE, p_value
from amygene.stats.streams import PRECLINICAL_RANKS, stream

#: steps into which each ranking is cut
STEPS = 40


@dataclass(frozen=True)
class RankRank:
    """Overlap of the tops of two rankings.

    Attributes
    ----------
    log_p : array of shape (STEPS - 1, STEPS - 1)
        Row i, column j: the first (i + 1) / STEPS of one ranking against the first (j + 1) / STEPS of the other;
        -log10 of twice the hypergeometric tail, with a minus where they share fewer genes than by chance.
    largest : float
        Largest ``|z|`` of the count of shared genes, with its sign.
    p : float
        Share of random orders of the genes whose largest ``|z|`` reaches it.
    rho : float
        Spearman's correlation of the rankings.
    """

    log_p: np.ndarray
    largest: float
    p: float
    rho: float


def rank_rank(one: np.ndarray, other: np.ndarray, seed: int, index: int, n_permutations: int) -> RankRank:
    """Compare two rankings of the same genes, most up-regulated first (Plaisier 2010, Nucleic Acids Res 38:e169).

    Null hypothesis: the second ranking is a random order with respect to the first. It takes genes for exchangeable;
    they are expressed together, so contrasts that share animals reach small p easily.

    Parameters
    ----------
    one, other : arrays of shape (n_genes,)
        Statistics with a sign, such as Wald's.
    seed, index, n_permutations : int
        Of the random orders; index is the number of the pair.
    """
    n = len(one)
    cuts = (np.arange(1, STEPS) * n + STEPS // 2) // STEPS
    first, second = (np.argsort(np.argsort(-values, kind="stable"), kind="stable") for values in (one, other))
    bins = np.searchsorted(cuts, np.arange(n), side="right")
    shared = _shared(bins[first], bins[second])
    expected = np.outer(cuts, cuts) / n
    spread = np.sqrt(expected * np.outer(n - cuts, n - cuts) / n / max(n - 1, 1))
    z = (shared - expected) / spread
    log_p = -np.minimum(log_tail(shared, n, cuts[:, None], cuts[None]) + np.log(2), 0) / np.log(10)
    log_p = np.where(shared >= expected, log_p, -log_p)
    largest = z.flat[np.abs(z).argmax()]
    reached = 0
    for k in range(n_permutations):
        order = stream(seed, PRECLINICAL_RANKS, index * 100_000 + k).permutation(n)
        drawn = (_shared(bins[first], bins[second[order]]) - expected) / spread
        reached += np.abs(drawn).max() >= abs(largest) * (1 - TIE)
    rho = float(np.corrcoef(first, second)[0, 1])
    return RankRank(log_p, float(largest), float(p_value(np.array(reached), n_permutations)), rho)


def _shared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Genes before every pair of cuts."""
    table = np.bincount(one * STEPS + other, minlength=STEPS * STEPS).reshape(STEPS, STEPS)
    return table.cumsum(axis=0).cumsum(axis=1)[:-1, :-1]


def log_tail(shared: np.ndarray, n: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Natural logarithm of the hypergeometric tail from a count away from its mean, the count included.

    scipy's own ``logsf`` takes a millisecond for each value.

    Parameters
    ----------
    shared : array of int
    n : int
        Genes.
    first, second : arrays of int, broadcast against `shared`
        Genes in the two tops.
    """
    k, a, b = (np.array(x, dtype=float) for x in np.broadcast_arrays(shared, first, second))
    up = k >= a * b / n

    def choose(m: np.ndarray, j: np.ndarray) -> np.ndarray:
        return gammaln(m + 1) - gammaln(j + 1) - gammaln(m - j + 1)

    start = choose(a, k) + choose(n - a, b - k) - choose(np.full_like(b, n), b)
    # probabilities of the counts further out, relative to that of the first; they fall faster and faster
    term, total = np.ones_like(k), np.ones_like(k)
    while term.max() > 1e-14:
        further = (a - k) * (b - k) / ((k + 1) * (n - a - b + k + 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            back = k * (n - a - b + k) / ((a - k + 1) * (b - k + 1))
        term = term * np.where(up, further, back)
        total += term
        k = np.where(term > 0, np.where(up, k + 1, k - 1), k)
    return start + np.log(total)
