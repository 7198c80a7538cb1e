"""Tails of permutation distributions against distributions whose tail is known, and against many draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from amygene.stats.permutation import p_value
from amygene.stats.tail import anderson_darling, fit_tail, tail_p


def largest(rng, n, df=60, m=2000):
    """Largest of m absolute t, n times."""
    return stats.t.isf(-np.expm1(np.log(rng.random(n)) / m) / 2, df)


def largest_sf(x, df=60, m=2000):
    return -np.expm1(m * np.log1p(-2 * stats.t.sf(x, df)))


def test_survival_is_that_of_scipy():
    draws = np.random.default_rng(0).pareto(5, 2000)
    tail = fit_tail(draws)
    x = np.linspace(tail.threshold, 8, 20)
    expected = tail.share * stats.genpareto.sf(x, -tail.shape, tail.threshold, tail.scale)
    assert tail.shape < 0
    assert tail.survival(x) == pytest.approx(expected, rel=1e-12)


def test_parameters_of_an_exponential_and_a_heavy_tail_are_found():
    rng = np.random.default_rng(1)
    exponential = fit_tail(rng.exponential(2.0, 20_000))
    assert exponential.scale == pytest.approx(2, rel=0.05)
    assert exponential.shape == pytest.approx(0, abs=0.05)
    heavy = fit_tail(stats.genpareto.rvs(0.2, size=20_000, random_state=2))
    assert heavy.shape == pytest.approx(-0.2, abs=0.06)


def test_small_p_from_few_draws_is_that_of_many():
    rng = np.random.default_rng(3)
    found = []
    x = np.array([4.9, 5.6, 6.2])
    for _ in range(60):
        p, tail = tail_p(x, largest(rng, 500))
        assert tail is not None
        found.append(p)
    truth = largest_sf(x)
    ratio = np.median(found, axis=0) / truth
    assert truth[-1] < 2e-4
    # at p of .01 unbiased; farther out cautious, within a factor of three
    assert ratio[0] == pytest.approx(1, abs=0.15)
    assert (ratio > 0.9).all()
    assert (ratio < 3).all()
    # counting 500 draws has no p below 1 / 501 and spreads more where it has
    counted = [p_value((largest(rng, 500) >= x[1]).sum(), 500) for _ in range(60)]
    assert np.std(np.log(np.array(found)[:, 1])) < np.std(np.log(counted)) + 0.3


def test_p_is_never_zero_and_falls_with_the_statistic():
    rng = np.random.default_rng(4)
    draws = largest(rng, 1000, df=1e6, m=3)  # falls faster than an exponential
    x = np.linspace(0.5, 12, 60)
    p, tail = tail_p(x, draws)
    assert tail is not None
    assert (p > 0).all()
    # counted p and those of the tail meet at its threshold
    assert (np.diff(p) <= 0.02).all()
    assert (np.diff(p[x > tail.threshold]) < 0).all()


def test_large_p_are_counted():
    draws = largest(np.random.default_rng(5), 400)
    x = np.quantile(draws, [0.1, 0.5, 0.85])
    p, _ = tail_p(x, draws)
    assert p == pytest.approx(p_value((draws[None] >= x[:, None] * (1 - 1e-9)).sum(axis=1), 400))


def test_a_distribution_with_lumps_or_too_few_draws_is_counted():
    rng = np.random.default_rng(6)
    lumps = rng.integers(0, 4, 500).astype(float)
    for draws in (lumps, rng.normal(size=60)):
        p, tail = tail_p(np.array([9.0]), draws)
        assert tail is None
        assert p[0] == pytest.approx(1 / (1 + len(draws)))


def test_missing_statistics_stay_missing():
    p, _ = tail_p(np.array([np.nan, 9.0]), largest(np.random.default_rng(7), 400))
    assert np.isnan(p[0])
    assert 0 < p[1] < 1e-4


def test_anderson_darling_is_scipys():
    x = np.random.default_rng(8).exponential(1, 200)
    # scipy fits the scale by the mean
    assert anderson_darling(stats.expon.cdf(x, scale=x.mean())) == pytest.approx(
        stats.anderson(x, "expon", method="interpolate").statistic, rel=1e-9
    )


def test_level_of_tail_p_holds(assert_level):
    rng = np.random.default_rng(9)
    p = [tail_p(largest(rng, 1), largest(rng, 300))[0][0] for _ in range(2500)]
    assert_level(p)
    assert np.mean(np.array(p) <= 0.01) < 0.016
