"""Rank-rank overlap against loops, and its error rate."""

import numpy as np
import pytest
from scipy import stats

from amygene.preclinical.rank_rank import STEPS, log_tail, rank_rank


def test_counts_and_p_are_those_of_a_loop():
    rng = np.random.default_rng(1)
    one = rng.standard_normal(300)
    other = one + rng.standard_normal(300)
    found = rank_rank(one, other, 1, 0, 20)
    assert found.rho == pytest.approx(stats.spearmanr(one, other).statistic)
    for i, j in ((0, 0), (4, 10), (20, 20), (38, 2)):
        n, m = ((2 * (k + 1) * 300 + STEPS) // (2 * STEPS) for k in (i, j))
        shared = len(set(np.argsort(-one)[:n]) & set(np.argsort(-other)[:m]))
        many = shared >= n * m / 300
        tail = stats.hypergeom.sf(shared - 1, 300, n, m) if many else stats.hypergeom.cdf(shared, 300, n, m)
        assert found.log_p[i, j] == pytest.approx((1 if many else -1) * -np.log10(min(1, 2 * tail)), abs=1e-9)
    assert found.p == pytest.approx(1 / 21)


def test_opposite_rankings_are_told():
    rng = np.random.default_rng(2)
    one = rng.standard_normal(500)
    found = rank_rank(one, -one + 0.5 * rng.standard_normal(500), 1, 0, 20)
    assert found.largest < -5
    assert found.rho < -0.7


def test_level(assert_level):
    rng = np.random.default_rng(3)
    assert_level([rank_rank(*rng.standard_normal((2, 120)), 1, i, 39).p for i in range(400)])


def test_tail_is_that_of_scipy():
    for shared, n, a, b in (
        (50, 200, 60, 70),
        (3, 200, 60, 70),
        (0, 30, 5, 5),
        (5, 30, 5, 5),
        (20, 30, 25, 25),
        (25, 30, 25, 25),
    ):
        many = shared >= a * b / n
        truth = stats.hypergeom.logsf(shared - 1, n, a, b) if many else stats.hypergeom.logcdf(shared, n, a, b)
        assert log_tail(np.array(shared), n, np.array(a), np.array(b)) == pytest.approx(truth, abs=1e-9)
