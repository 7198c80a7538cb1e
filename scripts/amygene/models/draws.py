"""Permutation of maps in shards: the largest values of every draw, and their p.

A shard takes the draws ``start <= i < stop``; what it finds depends on the seed and on their numbers alone. Its memory
is the t-maps of one pass (`_PASS` bytes at most, or one block of draws) and one tile of the participants' maps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amygene.io.files import equal_parts
from amygene.models.voxel_comparison import VoxelComparison
from amygene.stats.lattice import Lattice
from amygene.stats.map_permutation import Counts
from amygene.stats.permutation import BLOCK, TIE, p_max, whole_blocks
from amygene.stats.sequential import draws_needed, is_clear, sequential_p
from amygene.stats.tail import Tail, tail_p
from amygene.stats.tfce import Scanner

#: what the largest of every draw is kept: absolute t, voxels and mass of a cluster, absolute score
STATISTICS = ("t", "size", "mass", "tfce")
#: scores rest on t of float32 where t is low: two that differ by less than this share are equal
_TIE_TFCE = 1e-5
#: bytes of t-maps that are held at a time
_PASS = 1 << 29


def draw_shard(
    comparison: VoxelComparison,
    lattice: Lattice,
    threshold: float,
    observed: Mapping[str, np.ndarray],
    seed: int,
    start: int,
    stop: int,
    until: int | None = None,
) -> dict[str, np.ndarray]:
    """Draw one shard.

    Parameters
    ----------
    comparison
        Of the contrast and seed.
    lattice
        Of its voxels.
    threshold
        Cluster-forming t.
    observed
        "t", the observed map, shape (n_voxels,); "largest", its `STATISTICS`, shape (4,).
    seed, start, stop
        The draws.
    until
        For sequential p: count each statistic until so many draws have reached it, and stop drawing when that is true
        of the four largest. The shard must hold all draws.

    Returns
    -------
    dict
        maxima, shape (n_draws, 4); reached and used, shape (n_voxels,), of the absolute t of every voxel.
    """
    n_voxels = len(comparison.maps)
    counts = Counts.start(n_voxels, until)
    maxima = [np.empty((0, len(STATISTICS)))]
    draws = comparison.draws(threshold, observed["t"])
    scanner = Scanner(lattice, threshold)
    # draws that are certain to be needed are made together; sequential p look after every block
    per_pass = BLOCK if until else max(_PASS // (8 * n_voxels) // BLOCK, 1) * BLOCK
    t = np.empty((min(per_pass, whole_blocks(stop - start)), n_voxels))
    for first in range(start, stop, per_pass):
        if until and all(_clear(np.concatenate(maxima), observed["largest"], until)):
            break
        indices = np.arange(first, first + min(per_pass, whole_blocks(stop - first)))
        maps = t[: len(indices)]
        draws.draw(comparison.moves(seed, indices), maps, counts, stop - first)
        maxima.append(np.array([scanner.maxima(one) for one in maps[: stop - first]]))
    return {"maxima": np.concatenate(maxima), "reached": counts.reached, "used": counts.used}


def _clear(maxima: np.ndarray, largest: np.ndarray, until: int) -> list[bool]:
    return [is_clear(largest[k], maxima[:, k], until) for k in range(len(STATISTICS))]


@dataclass(frozen=True)
class VoxelDraws:
    """All shards of one contrast and seed together.

    Attributes
    ----------
    maxima : array of shape (n_draws, 4)
        Largest `STATISTICS` of every draw; over all seeds of the family if that is the contrast.
    reached, used : arrays of shape (n_voxels,)
        Draws whose absolute t reaches that of the voxel, and draws counted.
    method
        How p come from draws: ``plain``, all draws are counted; ``tail``, small p from a fitted tail; ``sequential``,
        draws stop when nothing can become significant any more.
    until
        For sequential p.
    n_tests
        Tests that the family-wise p are over, this one and others.
    ranks : array of int, shape (n_draws, 4)
        Where p are counted over several tests: the `lowest_ranks` of every draw.
    """

    maxima: np.ndarray
    reached: np.ndarray
    used: np.ndarray
    method: str
    until: int | None = None
    n_tests: int = 1
    ranks: np.ndarray | None = None

    def p_family(self, statistic: str, values: np.ndarray) -> np.ndarray:
        """Family-wise p of values of a statistic.

        In one test the share of draws whose largest value reaches them. Over several tests the share of draws that
        have as small a p in any of them (single-step min-p: Westfall & Young 1993, Resampling-Based Multiple Testing),
        where tests count alike whatever their degrees of freedom; Bonferroni's where p are not counted. Draws with one
        number move the participants of all tests alike as long as these are the same. Where sessions are missing, or
        groups differ, they are draws of their own, which makes p rather too large (Sidak 1967, J Am Stat Assoc 62:626).
        """
        p = self._p_alone(statistic, values)
        if self.n_tests == 1:
            return p
        if self.ranks is None:
            return np.minimum(p * self.n_tests, 1)
        m = len(self.ranks)
        ordered = np.sort(self.ranks[:, STATISTICS.index(statistic)])
        joint = (1 + np.searchsorted(ordered, p * (1 + m) + 0.5)) / (1 + m)
        return np.where(np.isnan(p), np.nan, joint)

    def _p_alone(self, statistic: str, values: np.ndarray) -> np.ndarray:
        drawn = self.maxima[:, STATISTICS.index(statistic)]
        values = np.abs(np.asarray(values, dtype=float))
        if statistic == "tfce":
            values = values * (1 - _TIE_TFCE)
        if self.method == "tail":
            return tail_p(values, drawn)[0]
        if self.method == "sequential":
            assert self.until is not None
            known = ~np.isnan(values)
            # equal values need one count
            unique, back = np.unique(values[known], return_inverse=True)
            p = np.full(len(values), np.nan)
            p[known] = sequential_p(*draws_needed(unique, drawn, self.until), self.until)[back]
            return p
        return p_max(values, drawn)

    def critical(self, statistic: str, level: float = 0.05) -> float:
        """Value of a statistic beyond which its family-wise p is below a level; NaN if the draws are too few for that.

        The p of a value changes where it passes the largest value of a draw.
        """
        drawn = np.sort(self.maxima[:, STATISTICS.index(statistic)])
        # beyond what counts as equal
        beyond = drawn * (1 + 10 * _TIE_TFCE)
        below = self.p_family(statistic, beyond) < level
        return float(beyond[below][0]) if below.any() else float("nan")

    def p_voxel(self) -> np.ndarray:
        """p of every voxel by itself."""
        if self.method == "sequential":
            assert self.until is not None
            return sequential_p(self.reached, self.used, self.until)
        return (1.0 + self.reached) / (1.0 + self.used)

    def tail(self, statistic: str) -> Tail | None:
        """The fitted tail of a statistic; None where p are counted."""
        if self.method != "tail":
            return None
        return tail_p(np.empty(0), self.maxima[:, STATISTICS.index(statistic)])[1]

    @property
    def over_tests(self) -> str:
        """How family-wise p are over several tests, in words."""
        return "Bonferroni's correction" if self.ranks is None else "the smallest p of any test, draw by draw"

    def described(self) -> dict[str, str]:
        """How the p of every statistic were made, in words."""
        words = {}
        for k, statistic in enumerate(STATISTICS):
            tail = self.tail(statistic)
            if self.method == "sequential":
                words[statistic] = f"sequential: until {self.until} draws reach it, at most {len(self.maxima)} draws"
            elif tail is not None:
                words[statistic] = (
                    f"{len(self.maxima)} draws; p below .1 from a generalised Pareto tail above {tail.threshold:.5g} "
                    f"(scale {tail.scale:.5g}, shape {tail.shape:.5g})"
                )
            else:
                words[statistic] = f"{len(self.maxima)} draws, counted" + (
                    "; no tail fitted them" if self.method == "tail" else ""
                )
            if np.isnan(self.maxima[:, k]).all():
                words[statistic] = "not computed"
        return words


@dataclass(frozen=True)
class Largest:
    """Largest `STATISTICS` of one test over the seeds of the family: observed, shape (4,), and drawn, (n_draws, 4)."""

    observed: np.ndarray
    drawn: np.ndarray

    @staticmethod
    def of_seeds(observed: Sequence[np.ndarray], shards: Sequence[Sequence[np.ndarray]]) -> Largest:
        """From what was observed with every seed, and the maxima of every seed's shards."""
        return Largest(np.max(observed, axis=0), np.max([np.concatenate(seed) for seed in shards], axis=0))


def largest_of_tests(observed: Sequence[np.ndarray], maxima: Sequence[np.ndarray], n_seeds: int) -> list[Largest]:
    """Several tests, from what was observed and drawn with every seed.

    Parameters
    ----------
    observed
        Largest statistics of every seed, test by test.
    maxima
        Those of the draws of every shard, test by test, each seed by seed.
    """
    n_tests = len(observed) // n_seeds
    return [
        Largest.of_seeds(own, equal_parts(drawn, n_seeds))
        for own, drawn in zip(equal_parts(observed, n_tests), equal_parts(maxima, n_tests), strict=True)
    ]


def gather_draws(
    family: Sequence[Sequence[Mapping[str, np.ndarray]]],
    method: str,
    until: int | None = None,
    tests: Sequence[Largest] = (),
) -> VoxelDraws:
    """Put shards together.

    Parameters
    ----------
    family
        Shards of every seed of the family, this one's first.
    method, until
        As in `VoxelDraws`.
    tests
        If family-wise p are over several tests: all of them.
    """
    own = family[0]
    per_seed = [np.concatenate([shard["maxima"] for shard in shards]) for shards in family]
    return VoxelDraws(
        maxima=np.max(per_seed, axis=0),
        reached=np.sum([shard["reached"] for shard in own], axis=0),
        used=np.sum([shard["used"] for shard in own], axis=0),
        method=method,
        until=until,
        n_tests=max(len(tests), 1),
        ranks=lowest_ranks(tests) if method == "plain" and len(tests) > 1 else None,
    )


def lowest_ranks(tests: Sequence[Largest]) -> np.ndarray:
    """Of every draw its lowest rank over the tests, array of int, shape (n_draws, 4).

    A draw's rank in a test is the number of arrangements (the observed one among them) whose largest value reaches its
    own, so that rank / (1 + n_draws) is its p.
    """
    share = np.array([1 - TIE, 1 - TIE, 1 - TIE, 1 - _TIE_TFCE])
    ranks = []
    for test in tests:
        values = np.vstack([test.observed, test.drawn])
        below = [np.searchsorted(np.sort(column), column[1:] * s) for column, s in zip(values.T, share, strict=True)]
        ranks.append(len(values) - np.array(below).T)
    return np.min(ranks, axis=0)
