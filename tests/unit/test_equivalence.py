"""Two one-sided tests against their dual, the 90 % interval, and in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from amygene.stats.effect_size import hedges_g, small_sample_correction
from amygene.stats.equivalence import power_equivalence, tost


def test_p_is_below_05_exactly_when_the_90_percent_interval_lies_within_the_margin():
    t = np.linspace(-4, 4, 161)
    df, scale = np.full(161, 60.0), np.full(161, 0.2)
    margin = 0.45
    p = tost(t, df, scale, margin)
    _, low, high = hedges_g(t, df, scale, level=0.9)
    unbiased = small_sample_correction(df)
    inside = (low / unbiased > -margin) & (high / unbiased < margin)
    assert np.array_equal(p < 0.05, inside)
    assert inside.any()
    assert not inside.all()


def test_it_is_symmetric_and_smallest_without_a_difference():
    t = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    p = tost(t, np.full(5, 40.0), np.full(5, 0.3), 0.8)
    assert p == pytest.approx(p[::-1])
    assert p.argmin() == 2


@pytest.mark.parametrize("edge", [0.5, -0.5])
def test_level_holds_at_the_edge_of_the_null_hypothesis(edge, assert_level):
    rng = np.random.default_rng(0)
    n = 100  # with few participants the two tests together are below the level
    a, b = rng.normal(size=(2, 6000, n)) + np.array([edge, 0.0])[:, None, None]
    spread = np.sqrt((a.var(axis=1, ddof=1) + b.var(axis=1, ddof=1)) / 2)
    scale = np.sqrt(2 / n)
    t = (a.mean(axis=1) - b.mean(axis=1)) / spread / scale
    assert_level(tost(t, np.full(6000, 2.0 * n - 2), np.full(6000, scale), 0.5))


@pytest.mark.parametrize(("n", "margin"), [(15, 0.9), (40, 0.6), (200, 0.3)])
def test_power_is_the_share_of_studies_without_a_difference_that_show_equivalence(n, margin):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 8000, n))
    spread = np.sqrt((a.var(axis=1, ddof=1) + b.var(axis=1, ddof=1)) / 2)
    scale, df = np.sqrt(2 / n), 2 * n - 2.0
    t = (a.mean(axis=1) - b.mean(axis=1)) / spread / scale
    shown = tost(t, np.full(8000, df), np.full(8000, scale), margin) < 0.05
    assert power_equivalence(df, scale, margin) == pytest.approx(shown.mean(), abs=4 * 0.5 / np.sqrt(8000))


def test_power_in_a_large_sample_is_that_of_the_normal_distribution():
    """Chow, Shao and Wang 2008, Sample Size Calculations in Clinical Research, 3.2.3: 2 Phi(margin/se - z) - 1."""
    for margin in (0.02, 0.03, 0.05):
        expected = 2 * stats.norm.cdf(margin / 0.01 - stats.norm.ppf(0.95)) - 1
        assert power_equivalence(40_000, 0.01, margin) == pytest.approx(expected, abs=2e-4)
    # thousands of participants and a wide margin
    assert power_equivalence(20_000, 0.01, 1.0) == 1
    assert power_equivalence(20, 0.5, 0.3) == 0
    assert np.isnan(power_equivalence(0, 0.5, 0.3))
    assert np.isnan(power_equivalence(20, np.nan, 0.3))


def test_p_of_a_large_sample_is_small_and_a_number():
    """Where scipy's noncentral t underflows: margins of 37 standard errors and more."""
    t, scale = np.array([0.0, 0.5, 1.0, 2.0, np.nan]), np.full(5, 0.01)
    for df, margin in ((68, 0.37), (68, 0.38), (2000, 0.39), (50_000, 2.0)):
        p = tost(t, np.full(5, float(df)), scale, margin)
        assert ((p[:4] > 0) & (p[:4] < 1e-100)).all()
        assert np.isnan(p[4])
