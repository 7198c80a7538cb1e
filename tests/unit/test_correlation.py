"""Correlations: against R, scipy, exact enumeration and coverage of the interval."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from amygene.stats.correlation import PEARSON, SPEARMAN, Association, interval

COLUMNS = [f"x{j}" for j in range(1, 5)]
SETS = {"none": [], "dose": ["dose"], "both": ["dose", "age"]}


def associate(data, covariates, kind):
    strata = np.zeros(len(data), dtype=int)
    return Association(
        data[COLUMNS].to_numpy(), data["outcome"].to_numpy(), data[SETS[covariates]].to_numpy(dtype=float), strata, kind
    )


@pytest.mark.parametrize("covariates", list(SETS))
@pytest.mark.parametrize("kind", [PEARSON, SPEARMAN])
def test_equals_r(reference, covariates, kind):
    expected = reference("correlation_r").query("covariates == @covariates and kind == @kind").set_index("column")
    found = associate(reference("correlation_input"), covariates, kind).fit()
    for name in ("r", "df", "p"):
        assert getattr(found, name) == pytest.approx(expected.loc[COLUMNS, name].to_numpy(), rel=1e-9), name
    if covariates == "none" and kind == PEARSON:
        assert found.low == pytest.approx(expected.loc[COLUMNS, "ci_low"].to_numpy(), rel=1e-9)
        assert found.high == pytest.approx(expected.loc[COLUMNS, "ci_high"].to_numpy(), rel=1e-9)


def test_missing_values_leave_out_participants_of_a_column_only():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    x[3:8, 1] = np.nan
    found = Association(x, y, np.empty((30, 0)), np.zeros(30, dtype=int), PEARSON).fit()
    rest = np.setdiff1d(np.arange(30), np.arange(3, 8))
    assert found.r == pytest.approx([stats.pearsonr(x[:, 0], y)[0], stats.pearsonr(x[rest, 1], y[rest])[0]], rel=1e-12)
    assert found.n.tolist() == [30, 25]


def test_constant_column_has_no_correlation():
    x = np.column_stack([np.ones(10), np.arange(10.0)])
    found = Association(x, np.arange(10.0) ** 2, np.empty((10, 0)), np.zeros(10, dtype=int), PEARSON)
    assert np.isnan(found.fit().r[0])
    assert np.isnan(found.draw(1, np.arange(3))[:, 0]).all()


def test_draws_are_those_of_the_exact_distribution():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(6, 1)), rng.normal(size=6)
    every = np.array([stats.pearsonr(x[:, 0], y[list(o)])[0] for o in permutations(range(6))])
    association = Association(x, y, np.empty((6, 0)), np.zeros(6, dtype=int), PEARSON)
    drawn = np.concatenate([association.draw(3, np.arange(a, a + 100)) for a in range(0, 4000, 100)])[:, 0]
    assert np.abs(drawn[:100, None] - every).min(axis=1) == pytest.approx(0, abs=1e-12)
    observed = association.fit().r[0]
    exact = (np.abs(every) >= abs(observed) - 1e-12).mean()
    assert (np.abs(drawn) >= abs(observed) - 1e-12).mean() == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 4000))


def test_draws_stay_within_strata():
    """Two strata of two: four orders only."""
    strata = np.array([1, 0, 1, 0])
    association = Association(
        np.array([[1.0], [2], [4], [9]]), np.array([0.0, 1, 5, 3]), np.empty((4, 0)), strata, PEARSON
    )
    drawn = association.draw(1, np.arange(60))
    assert len(np.unique(drawn.round(12))) == 4
    assert np.isclose(drawn, association.fit().r).any()


@pytest.mark.parametrize("kind", [PEARSON, SPEARMAN])
def test_interval_covers_and_permutation_holds_its_level(kind):
    """1,000 columns of 40 participants: the interval of a true correlation of .4 holds it in 95 %; dose confounds."""
    rng = np.random.default_rng(3)
    n, rho = 40, 0.4
    y = rng.normal(size=n)
    # the outcome is as random as the columns, so one outcome per column
    covered = []
    for _ in range(600):
        y = rng.normal(size=n)
        x = rho * y + np.sqrt(1 - rho**2) * rng.normal(size=n)
        found = Association(x[:, None], y, np.empty((n, 0)), np.zeros(n, dtype=int), kind).fit()
        truth = rho if kind == PEARSON else 6 / np.pi * np.arcsin(rho / 2)
        covered.append(found.low[0] <= truth <= found.high[0])
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / 600))
    dose = rng.normal(size=n)
    y = dose + rng.normal(size=n)
    x = dose[:, None] + rng.normal(size=(n, 1000))
    association = Association(x, y, dose[:, None], np.zeros(n, dtype=int), kind)
    observed = np.abs(association.fit().r)
    counts = sum(
        (np.abs(association.draw(4, np.arange(a, a + 100))) >= observed).sum(axis=0) for a in (0, 100, 200, 300)
    )
    rate = ((1 + counts) / 401 <= 0.05).mean()
    # one outcome for all columns: their rates scatter more than binomially
    assert 0.02 <= rate <= 0.09


def test_interval_needs_three_degrees_of_freedom_more_than_none():
    low, high = interval(np.array([0.5, 0.5]), np.array([1.0, 10.0]), PEARSON)
    assert np.isnan([low[0], high[0]]).all()
    assert low[1] < 0.5 < high[1]
