"""Probabilities against outcomes: Brier score, calibration slope, bins."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special
from sklearn.metrics import brier_score_loss
from statsmodels.stats.proportion import proportion_confint

from amygene.stats.reliability import brier, calibration_slope, reliability


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    probability = rng.beta(2, 3, 500)
    return probability, (rng.random(500) < probability).astype(float)


def test_brier_equals_scikit_learn(drawn):
    assert brier(*drawn) == pytest.approx(brier_score_loss(drawn[1], drawn[0]))


def test_slope_equals_statsmodels(drawn):
    probability, case = drawn
    expected = sm.Logit(case, sm.add_constant(special.logit(probability))).fit(disp=0).params[1]
    assert calibration_slope(probability, case) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("factor", "slope"), [(1.0, 1.0), (3.0, 1 / 3), (0.5, 2.0)])
def test_slope_tells_how_much_too_certain(factor, slope):
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 1.2, 40_000)
    case = (rng.random(40_000) < special.expit(logit)).astype(float)
    assert calibration_slope(special.expit(factor * logit), case) == pytest.approx(slope, rel=0.06)


def test_slope_is_missing_where_there_is_none(drawn):
    assert np.isnan(calibration_slope(np.full(10, 0.4), np.arange(10) % 2))
    assert np.isnan(calibration_slope(drawn[0], np.ones(500)))


def test_bins_hold_everybody_and_the_intervals_are_wilsons(drawn):
    found = reliability(*drawn, n_bins=7)
    assert found["n"].sum() == 500
    assert np.ptp(found["n"]) <= 1
    assert (np.diff(found["mean_probability"]) > 0).all()
    low, high = proportion_confint((found["observed_share"] * found["n"]).round(), found["n"], method="wilson")
    assert found["observed_low"] == pytest.approx(np.maximum(low, 0), abs=1e-12)
    assert found["observed_high"] == pytest.approx(np.minimum(high, 1), abs=1e-12)
    # the probabilities are right here
    assert (
        (found["observed_low"] < found["mean_probability"]) & (found["mean_probability"] < found["observed_high"])
    ).sum() >= 6
