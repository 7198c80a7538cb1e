"""Which processes, cells and ages follow the map? Gene-set scores under null maps, and beside them other nulls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from amygene.stats.map_test import MapTest, against_null_maps, null_sd, unit, within_structures
from amygene.stats.permutation import TIE, p_value
from amygene.stats.streams import RANDOM_SETS, stream

#: null maps whose correlations with all genes are held at a time
_MAPS = 100


def set_test(
    observed: np.ndarray,
    null_maps: np.ndarray,
    expression: np.ndarray,
    membership: sparse.csr_array,
    score: str,
    strata: np.ndarray | None = None,
) -> tuple[MapTest, np.ndarray]:
    """Score of every set against its scores under the null maps.

    Null hypothesis per set: the map is one of its null maps. Unlike a test against random genes this one knows
    that genes of a set are expressed together and that maps are smooth, which inflates false positives of the
    latter many hundred times (Fulcher et al. 2021, Nat Commun 12:2669). Two-sided around the null mean.

    Parameters
    ----------
    observed : array of shape (n_regions,)
    null_maps : array of shape (n_maps, n_regions)
    expression : array of shape (n_regions, n_genes)
        Nothing missing, no constant gene.
    membership : sparse array of shape (n_sets, n_genes)
        From `genesets.measured_sets`.
    score
        ``mean_r``: mean correlation of the set's genes; finds sets whose genes follow the map in one direction.
        ``mean_abs_r``: mean absolute correlation; finds sets whose genes follow it in either.
    strata : array of shape (n_regions,), optional
        As of `genes.correlate`.

    Returns
    -------
    MapTest
        Its maxima are of scores divided by their null spread, so that they compare sets of unlike size.
    z : array of shape (n_sets,)
        Distance of the score from its null mean in null standard deviations.
    """
    sizes = np.asarray(membership.sum(axis=1))
    one, maps, genes = unit(observed, 0), unit(null_maps, 1), unit(expression, 0)
    if strata is not None:
        one, maps = within_structures(one, strata), within_structures(maps, strata)
    if score == "mean_r":
        profiles = (membership @ genes.T).T / sizes
        spread = null_sd(maps, profiles)
        found = against_null_maps(one, maps, profiles / spread)
        z = found.score - found.null_mean
        return MapTest(found.score * spread, found.null_mean * spread, found.exceedances, found.maxima), z
    values = np.empty((len(maps), membership.shape[0]))
    for top in range(0, len(maps), _MAPS):
        values[top : top + _MAPS] = (membership @ np.abs(maps[top : top + _MAPS] @ genes).T).T / sizes
    own = membership @ np.abs(one @ genes) / sizes
    mean, spread = values.mean(axis=0), values.std(axis=0)
    values = np.abs(values - mean) / spread
    z = (own - mean) / spread
    reached = values >= np.abs(z) * (1 - TIE)
    return MapTest(own, mean, reached.sum(axis=0), values.max(axis=1)), z


@dataclass(frozen=True)
class CoexpressionTest:
    """Arrays over sets: p, and the co-expression of the set and of the random sets drawn for it."""

    p: np.ndarray
    own: np.ndarray
    matched: np.ndarray


#: random centres of pools; each random set takes one of them
N_CENTRES = 300


def make_pools(profiles: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Random genes, each with all genes ordered by co-expression with it.

    Parameters
    ----------
    profiles : array of shape (n_regions, n_genes)
        Expression, from `unit`.
    seed : int

    Returns
    -------
    dict
        ``neighbours`` (n_centres, n_genes): genes by falling correlation with the centre. ``widths`` (n_widths,):
        numbers of nearest neighbours, 3 % apart; ``curves`` (n_centres, n_widths): the mean correlation of
        two genes among so many.
    """
    genes = np.ascontiguousarray(profiles.T)
    n_genes = len(genes)
    centres = stream(seed, RANDOM_SETS, 0).choice(n_genes, size=min(N_CENTRES, n_genes), replace=False)
    widths = np.unique(np.round(np.geomspace(2, n_genes, 300)).astype(int))
    starts = np.r_[0, widths[:-1]]
    neighbours = np.empty((len(centres), n_genes), dtype=np.int32)
    curves = np.empty((len(centres), len(widths)))
    for i, centre in enumerate(centres):
        order = np.argsort(-(genes @ genes[centre]), kind="stable")
        neighbours[i] = order
        total = np.cumsum(np.add.reduceat(genes[order], starts, axis=0), axis=0)
        pairs = (total * total).sum(axis=1) - widths
        # the curve falls, up to small bumps
        curves[i] = np.minimum.accumulate(pairs / (widths * (widths - 1.0)))
    return {"neighbours": neighbours, "widths": widths, "curves": curves}


class RandomSets:
    """Random gene sets of a wanted size and co-expression.

    A random gene and its nearest neighbours by co-expression form a pool; the wider the pool, the lower the
    mean correlation of genes drawn from it. For every centre the pool is as wide as makes the expected mean
    correlation that of the set to be matched (the null-coexpressed-gene idea of Wei et al. 2022, Hum Brain
    Mapp 43:885).
    """

    def __init__(self, profiles: np.ndarray, seed: int, pools: Mapping[str, np.ndarray]):
        """Prepare.

        Parameters
        ----------
        profiles : array of shape (n_regions, n_genes)
            Expression, from `unit`.
        seed : int
        pools
            From `make_pools` of the same profiles.
        """
        self.genes = np.ascontiguousarray(profiles.T)
        self.seed = seed
        self.neighbours, self.widths, self.curves = pools["neighbours"], pools["widths"], pools["curves"]
        self._primes = _primes(len(self.genes))

    def draw(self, size: int, coexpression: float, n_sets: int, index: int) -> np.ndarray:
        """Random sets.

        Parameters
        ----------
        size, coexpression
            Of the set to be matched: number of genes, mean correlation of their pairs.
        n_sets
            How many.
        index
            Number of the random stream.

        Returns
        -------
        array of int, shape (n_sets, size)
            Genes, each at most once in a set. A pool holds at least twice the set, so that draws differ: the
            co-expression of a set whose genes are closer than any pool's cannot be reached.
        """
        rng = stream(self.seed, RANDOM_SETS, 1 + index)
        n_genes = self.neighbours.shape[1]
        if size > self._primes[-1]:
            # nearly all genes: no walk is long enough
            return np.stack([rng.permutation(n_genes)[:size] for _ in range(n_sets)])
        reach = np.maximum((self.curves > coexpression).sum(axis=1) - 1, 0)
        width = self.widths[reach]
        wide = width >= 2 * size
        usable = np.flatnonzero(wide) if wide.sum() >= 20 else np.argsort(-width, kind="stable")[:20]
        width = np.clip(width, min(2 * size, n_genes), n_genes)
        # an affine walk modulo a prime visits distinct ranks, any two of them as likely as any other two
        prime = self._primes[np.searchsorted(self._primes, width, side="right") - 1]
        chosen = rng.choice(usable, size=n_sets)
        modulus = prime[chosen][:, None]
        start = (rng.random((n_sets, 1)) * modulus).astype(np.int32)
        step = 1 + (rng.random((n_sets, 1)) * (modulus - 1)).astype(np.int32)
        ranks = (start + step * np.arange(size, dtype=np.int32)) % modulus.astype(np.int32)
        return self.neighbours[chosen[:, None], ranks]

    def coexpression(self, sets: np.ndarray) -> np.ndarray:
        """Mean correlation of the pairs of genes of every set, shape (n_sets,)."""
        size = sets.shape[1]
        total = self.genes[sets].sum(axis=1)
        return ((total * total).sum(axis=1) - size) / (size * (size - 1))


def coexpression_test(
    r: np.ndarray, membership: sparse.csr_array, score: str, random_sets: RandomSets, n_random: int
) -> CoexpressionTest:
    """Score of every set against random sets of the same size and co-expression.

    Null hypothesis: the set's genes follow the map no more than random genes that are expressed together as
    much. A competitive test: unlike `set_test` it does not know that maps are smooth, so it stands beside that
    test and does not replace it. Two-sided around the mean of the random sets.

    Parameters
    ----------
    r : array of shape (n_genes,)
        Correlation of every gene with the map.
    membership : sparse array of shape (n_sets, n_genes)
    score
        As of `set_test`.
    random_sets
        Of the same genes.
    n_random : int
        Random sets per set.
    """
    values = np.abs(r) if score == "mean_abs_r" else r
    n_sets = membership.shape[0]
    p, own, matched = (np.empty(n_sets) for _ in range(3))
    for i in range(n_sets):
        members = membership.indices[membership.indptr[i] : membership.indptr[i + 1]]
        own[i] = random_sets.coexpression(members[None])[0]
        drawn = random_sets.draw(len(members), own[i], n_random, i)
        # a sample says how well the co-expression is met
        matched[i] = random_sets.coexpression(drawn[:50]).mean()
        null = values[drawn].mean(axis=1)
        distance = np.abs(values[members].mean() - null.mean())
        p[i] = p_value(np.sum(np.abs(null - null.mean()) >= distance * (1 - TIE)), n_random)
    return CoexpressionTest(p, own, matched)


def hypergeometric_p(membership: sparse.csr_array, listed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Over-representation of a gene list in every set, the measured genes as background (replicate).

    Null hypothesis: the list is a random sample of the measured genes. It is not, since genes are expressed
    together and maps are smooth; the p-values are far too small.

    Parameters
    ----------
    membership : sparse array of shape (n_sets, n_genes)
    listed : array of bool, shape (n_genes,)

    Returns
    -------
    p, n_listed : arrays of shape (n_sets,)
        One-sided p, and listed genes of the set.
    """
    from scipy import stats  # its import takes longer than most jobs that use this module

    sizes = np.asarray(membership.sum(axis=1))
    n_listed = np.asarray(membership @ listed.astype(float))
    p = stats.hypergeom.sf(n_listed - 1, membership.shape[1], listed.sum(), sizes)
    return np.clip(p, 0, 1), n_listed.astype(int)


def redundant(membership: sparse.csr_array, min_kappa: float = 0.3) -> np.ndarray:
    """Cluster sets that hold much the same genes.

    Average-linkage clustering of Cohen's kappa between memberships, cut at `min_kappa` (as Metascape: Zhou et
    al. 2019, Nat Commun 10:1523).

    Parameters
    ----------
    membership : sparse array of shape (n_sets, n_genes)

    Returns
    -------
    array of int, shape (n_sets,)
        Number of each set's cluster, from 1, in the order of the first set.
    """
    n_sets = membership.shape[0]
    if n_sets < 2:
        return np.ones(n_sets, dtype=int)
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distance = 1 - kappa(membership)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    labels = fcluster(tree, 1 - min_kappa, "distance")
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse] + 1


def kappa(membership: sparse.csr_array) -> np.ndarray:
    """Cohen's kappa of the memberships of every two sets over all genes, shape (n_sets, n_sets)."""
    n_genes = membership.shape[1]
    both = (membership @ membership.T).toarray()
    size = np.diag(both)
    agree = (both + n_genes - size[:, None] - size[None] + both) / n_genes
    chance = (size[:, None] * size[None] + (n_genes - size[:, None]) * (n_genes - size[None])) / n_genes**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(chance < 1, (agree - chance) / (1 - chance), 1.0)


def _primes(limit: int) -> np.ndarray:
    """Primes up to a limit."""
    sieve = np.ones(limit + 1, dtype=bool)
    sieve[:2] = False
    for i in range(2, int(limit**0.5) + 1):
        if sieve[i]:
            sieve[i * i :: i] = False
    return np.flatnonzero(sieve)
