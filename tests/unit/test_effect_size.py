"""Hedges g and its interval against closed forms, scipy, pingouin and simulation."""

from __future__ import annotations

from math import gamma, lgamma, sqrt

import numpy as np
import pytest
from scipy import special, stats

from amygene.stats.effect_size import hedges_g, small_sample_correction, two_sided_p
from amygene.stats.linear_model import fit


@pytest.mark.parametrize("df", [2, 3, 10, 57, 150])
def test_correction_is_the_ratio_of_gamma_functions(df):
    assert small_sample_correction(df) == pytest.approx(gamma(df / 2) / (sqrt(df / 2) * gamma((df - 1) / 2)), rel=1e-12)


def test_correction_of_many_degrees_of_freedom_is_its_series():
    df = np.array([1e4, 1e6])
    assert small_sample_correction(df) == pytest.approx(1 - 3 / (4 * df - 1), abs=1e-8)


def test_corrected_effect_size_is_unbiased():
    rng = np.random.default_rng(0)
    n, delta = 5, 0.8
    x = rng.normal(delta, 1, (20_000, n))
    y = rng.normal(0, 1, (20_000, n))
    pooled = np.sqrt((x.var(axis=1, ddof=1) + y.var(axis=1, ddof=1)) / 2)
    d = (x.mean(axis=1) - y.mean(axis=1)) / pooled
    g = hedges_g(d / sqrt(2 / n), np.full(len(d), 2.0 * n - 2), np.full(len(d), sqrt(2 / n)))[0]
    assert g.mean() == pytest.approx(delta, abs=4 * g.std() / sqrt(len(g)))
    assert abs(d.mean() - delta) > 5 * d.std() / sqrt(len(d))  # Cohen's d is not


def test_g_of_two_groups_equals_pingouin(reference):
    data, expected = reference("hedges_input"), reference("hedges_pingouin")
    case = data["case"].to_numpy(dtype=float)
    found = fit(data.drop(columns="case").to_numpy(), case, np.ones((len(case), 1)))
    g, _, _ = hedges_g(found.t, found.df, found.scale)
    assert found.t * found.scale == pytest.approx(expected["cohen"].to_numpy(), rel=1e-12)
    # pingouin takes the approximate correction 1 - 3 / (4 df - 1), as exact as 1e-4 here
    assert g == pytest.approx(expected["hedges"].to_numpy(), rel=1e-4)
    assert g * (1 - 3 / (4 * found.df - 1)) / small_sample_correction(found.df) == pytest.approx(
        expected["hedges"].to_numpy(), rel=1e-12
    )


def noncentral_t_cdf(t: float, df: float, nc: float) -> float:
    """P((Z + nc) / S <= t) as the integral of P(Z <= t s - nc) over the density of S = sqrt(chi-squared / df)."""
    low, high = max(0.0, 1 - 12 / sqrt(2 * df)), 1 + 12 / sqrt(2 * df)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    s = (high - low) / 2 * nodes + (high + low) / 2
    density = np.exp(np.log(2) + df / 2 * np.log(df / 2) - lgamma(df / 2) + (df - 1) * np.log(s) - df * s * s / 2)
    return float((high - low) / 2 * np.sum(weights * density * special.ndtr(t * s - nc)))


def test_integral_used_here_equals_scipy_where_scipy_has_a_value():
    for t, df, nc in [(1.9, 24, 1.0), (-0.3, 3, 0.5), (4.5, 400, 3.0)]:
        assert noncentral_t_cdf(t, df, nc) == pytest.approx(stats.nct.cdf(t, df, nc), rel=1e-9)


@pytest.mark.parametrize("t", [-6.0, -0.3, 0.0, 1.9, 4.5, 12.0, 40.0])
@pytest.mark.parametrize("df", [1.0, 3.0, 24.0, 400.0, 3000.0])
def test_interval_inverts_the_noncentral_t(t, df):
    scale = 0.3
    g, low, high = (float(x[0]) for x in hedges_g(np.array([t]), np.array([df]), np.array([scale])))
    unit = float(small_sample_correction(df)) * scale
    assert g == pytest.approx(t * unit, rel=1e-12)
    if df > 1:  # with one degree of freedom the correction is 0
        assert noncentral_t_cdf(t, df, low / unit) == pytest.approx(0.975, abs=1e-5)
        assert noncentral_t_cdf(t, df, high / unit) == pytest.approx(0.025, abs=1e-5)


@pytest.mark.parametrize("delta", [0.0, 0.9])
def test_interval_covers_the_true_effect_as_often_as_it_says(delta, assert_level):
    rng = np.random.default_rng(1)
    n_case, n_control, n_draws = 8, 12, 4000
    group = np.repeat([1.0, 0.0], [n_case, n_control])
    age = rng.normal(size=20) + group
    outcomes = rng.normal(size=(20, n_draws)) + delta * group[:, None] + 0.5 * age[:, None]
    found = fit(outcomes, group, np.column_stack([np.ones(20), age]))
    _, low, high = hedges_g(found.t, found.df, found.scale)
    true = delta * small_sample_correction(found.df)  # g's unit: the interval is that of delta, times J
    assert_level(np.where((low <= true) & (true <= high), 1.0, 0.0))  # 1: covered, 0: missed


def test_missing_t_gives_missing_g_and_interval():
    found = hedges_g(np.array([np.nan, 1.0]), np.array([np.nan, 20.0]), np.array([np.nan, 0.3]))
    for values in found:
        assert np.isnan(values).tolist() == [True, False]


def test_two_sided_p_equals_scipy_far_into_the_tail():
    t, df = np.array([0.0, -2.1, 8.0, 40.0]), np.array([5.0, 20.0, 300.0, 500.0])
    assert two_sided_p(t, df) == pytest.approx(2 * stats.t.sf(np.abs(t), df), rel=1e-10)
    assert two_sided_p(np.array([40.0]), np.array([500.0]))[0] > 0
