"""Power: against statsmodels, pwr and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from amygene.stats import power
from amygene.stats.correlation import p_value


@pytest.mark.parametrize(("n1", "n2", "d"), [(20, 20, 0.5), (15, 40, 0.8), (64, 64, 0.5), (5, 5, 0.1)])
def test_two_groups_equal_statsmodels(n1, n2, d):
    found = power.power_t(d, n1 + n2 - 2, np.sqrt(1 / n1 + 1 / n2))
    assert found == pytest.approx(TTestIndPower().power(d, n1, 0.05, n2 / n1), abs=1e-7)


def test_smallest_effects_equal_statsmodels():
    expected = TTestIndPower().solve_power(nobs1=20, alpha=0.05, power=0.8, ratio=1.5)
    assert power.smallest_d(48, np.sqrt(1 / 20 + 1 / 30)) == pytest.approx(expected, abs=1e-5)
    expected = TTestPower().solve_power(nobs=25, alpha=0.05, power=0.8)
    assert power.smallest_d(24, np.sqrt(1 / 25)) == pytest.approx(expected, abs=1e-5)
    assert np.isnan(power.smallest_d(0, 1))
    assert np.isnan(power.smallest_d(20, np.nan))


def test_f_is_that_of_simulated_groups():
    """Three groups of 15, f2 = .15 (statsmodels' FTestPower counts the participants otherwise)."""
    rng = np.random.default_rng(2)
    shift = np.array([-1, 0, 1]) * np.sqrt(0.15 * 3 / 2)
    y = rng.normal(size=(10_000, 3, 15)) + shift[None, :, None]
    within = ((y - y.mean(axis=2, keepdims=True)) ** 2).sum(axis=(1, 2)) / 42
    between = 15 * ((y.mean(axis=2) - y.mean(axis=(1, 2))[:, None]) ** 2).sum(axis=1) / 2
    found = (stats.f.sf(between / within, 2, 42) < 0.05).mean()
    assert power.power_f(0.15, 2, 42) == pytest.approx(found, abs=0.015)


def test_correlation_equals_pwr_and_simulation():
    """R's pwr.r.test(r = .3, power = .8) asks for 84.07 participants."""
    assert power.power_r(0.3, 84.07364) == pytest.approx(0.8, abs=1e-4)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20_000, 30))
    y = 0.45 * x + np.sqrt(1 - 0.45**2) * rng.normal(size=x.shape)
    x, y = (v - v.mean(axis=1, keepdims=True) for v in (x, y))
    r = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    found = (p_value(r, np.full(len(r), 28.0)) < 0.05).mean()
    assert power.power_r(0.45, 30) == pytest.approx(found, abs=0.012)
    assert power.power_r(power.smallest_r(39), 39) == pytest.approx(0.8, abs=1e-9)
    assert np.isnan(power.smallest_r(4))


def test_without_effect_power_is_alpha():
    assert power.power_t(0, 30, 0.3) == pytest.approx(0.05)
    assert power.power_f(0, 2, 30) == pytest.approx(0.05)
    assert power.power_r(0, 30) == pytest.approx(0.05, abs=2e-3)
