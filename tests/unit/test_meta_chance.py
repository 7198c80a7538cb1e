"""Random foci: the same for any number of shards; the end of a hopeless analysis; level and power."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from amygene.meta.ale import converge
from amygene.meta.chance import LEVEL, cluster_p, largest_by_chance, settled
from fixtures.meta import ball, random_experiments

#: where foci are planted, mm
PLACE = (12.0, 8.0, -4.0)


@pytest.mark.parametrize("cuts", [(0, 250), (0, 100, 250), (0, 7, 31, 249, 250)])
def test_shards_change_nothing(cuts):
    grid = ball()
    experiments = random_experiments(grid, np.random.default_rng(1))
    threshold = converge(experiments, grid, 0.01).threshold
    whole = largest_by_chance(experiments, grid, threshold, 5, "x", 0, 250)
    parts = [largest_by_chance(experiments, grid, threshold, 5, "x", a, b) for a, b in pairwise(cuts)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_analyses_and_seeds_draw_by_themselves():
    grid = ball()
    experiments = random_experiments(grid, np.random.default_rng(1))
    draws = [largest_by_chance(experiments, grid, 0.01, *key, 0, 60) for key in ((5, "x"), (5, "y"), (6, "x"))]
    assert not np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_p_counts_ties_and_is_never_zero():
    largest = np.array([3, 5, 5, 8])
    assert cluster_p(np.array([9, 8, 5, 1]), largest).tolist() == [1 / 5, 2 / 5, 4 / 5, 1.0]


def test_settled_is_an_exact_limit():
    """The largest cluster is reached so often that its p is above .05 with 99.99 % confidence."""
    largest = np.r_[np.full(100, 50), np.zeros(900, dtype=int)]
    assert settled(np.array([50, 3]), largest)
    assert stats.binomtest(100, 1000).proportion_ci(0.9998, method="exact").low > LEVEL
    fewer = np.r_[np.full(60, 50), np.zeros(940, dtype=int)]
    assert not settled(np.array([50]), fewer)
    assert not settled(np.array([51]), largest)
    assert settled(np.zeros(0, dtype=int), np.zeros(0, dtype=int))


def _studies(planted: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Smallest p of a cluster in each of n studies, and the distance (mm) of that cluster's centre to `PLACE`."""
    grid = ball(radius=44.0)
    smallest, distance = np.ones(n), np.full(n, np.inf)
    for i in range(n):
        experiments = random_experiments(grid, np.random.default_rng([seed, i]), planted=planted, place=PLACE)
        found = converge(experiments, grid, 0.001)
        if len(found.sizes) == 0:
            continue
        largest = largest_by_chance(experiments, grid, found.threshold, i, "x", 0, 199)
        # the largest cluster has the smallest p
        smallest[i] = cluster_p(found.sizes, largest)[0]
        distance[i] = np.linalg.norm(grid.xyz(np.argwhere(found.labels == 1)).mean(axis=0) - PLACE)
    return smallest, distance


@pytest.mark.slow
def test_level_without_convergence():
    """Foci anywhere: an analysis has a significant cluster in 5 % of studies at most (clusters are discrete)."""
    p, _ = _studies(0, 300, seed=11)
    error = np.sqrt(LEVEL * (1 - LEVEL) / len(p))
    assert LEVEL - 3.5 * error < np.mean(p <= LEVEL) < LEVEL + 3 * error


@pytest.mark.slow
def test_power_with_convergence():
    """Half of the experiments report one place: it is found in 9 of 10 studies, at that place."""
    p, distance = _studies(7, 40, seed=12)
    found = p <= LEVEL
    # 3 standard errors below .9
    assert found.mean() > 0.75
    assert (distance[found] < 8).all()
