"""Power: against statsmodels, pwr and simulation."""

from __future__ import annotations

import numpy as np
import pytest
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
    assert power.power_r(0, 30) == pytest.approx(0.05, abs=2e-3)
