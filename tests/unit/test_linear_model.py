"""Ordinary least squares of many outcomes against statsmodels and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.linalg import qr

from amygene.stats.linear_model import clean, complete_cases, fit, orthonormal_basis


def study(n: int = 40, n_outcomes: int = 12, missing: float = 0.1, seed: int = 0):
    """Outcomes with missing values, a group and an unbalanced design of intercept, sites and age."""
    rng = np.random.default_rng(seed)
    group = (rng.random(n) < 0.4).astype(float)
    site = np.arange(n) % 3
    nuisance = np.column_stack([np.ones(n), site == 1, site == 2, rng.normal(size=n) + group])
    outcomes = nuisance @ rng.normal(size=(4, n_outcomes)) + 0.7 * group[:, None] + rng.normal(size=(n, n_outcomes))
    outcomes[rng.random(outcomes.shape) < missing] = np.nan
    return outcomes, group, nuisance


def ols(y: np.ndarray, group: np.ndarray, nuisance: np.ndarray):
    """statsmodels on the complete cases."""
    seen = ~np.isnan(y)
    return sm.OLS(y[seen], np.column_stack([group, nuisance])[seen]).fit()


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_estimates_equal_statsmodels_on_complete_cases(missing):
    outcomes, group, nuisance = study(missing=missing)
    found = fit(outcomes, group, nuisance)
    for j, y in enumerate(outcomes.T):
        expected = ols(y, group, nuisance)
        assert found.beta[j] == pytest.approx(expected.params[0], rel=1e-10)
        assert found.se[j] == pytest.approx(expected.bse[0], rel=1e-10)
        assert found.t[j] == pytest.approx(expected.tvalues[0], rel=1e-10)
        assert found.df[j] == expected.df_resid
        assert found.scale[j] == pytest.approx(expected.bse[0] / np.sqrt(expected.mse_resid), rel=1e-10)


def test_scale_without_covariates_is_that_of_two_means():
    outcomes, group, _ = study(missing=0)
    n_case, n_control = group.sum(), (1 - group).sum()
    found = fit(outcomes, group, np.ones((len(group), 1)))
    assert found.scale == pytest.approx(np.full(12, np.sqrt(1 / n_case + 1 / n_control)))


def test_redundant_nuisance_columns_cost_no_degree_of_freedom():
    outcomes, group, nuisance = study()
    redundant = np.column_stack(
        [nuisance, nuisance[:, 3] * 2 - 1, nuisance[:, 1] + nuisance[:, 2], np.zeros(len(group))]
    )
    plain, same = fit(outcomes, group, nuisance), fit(outcomes, group, redundant)
    assert same.t == pytest.approx(plain.t, rel=1e-9)
    assert np.array_equal(same.df, plain.df)


def test_site_that_is_gone_from_the_complete_cases_costs_no_degree_of_freedom():
    outcomes, group, nuisance = study(missing=0)
    outcomes[nuisance[:, 1] == 1, 0] = np.nan
    found = fit(outcomes, group, nuisance)
    seen = nuisance[:, 1] == 0
    expected = sm.OLS(outcomes[seen, 0], np.column_stack([group, nuisance[:, [0, 2, 3]]])[seen]).fit()
    assert found.t[0] == pytest.approx(expected.tvalues[0], rel=1e-10)
    assert found.df[0] == expected.df_resid


def test_large_offset_and_unlike_units_of_covariates_do_no_harm():
    outcomes, group, nuisance = study(missing=0)
    nuisance = np.column_stack([nuisance, 1e6 + 1e-2 * np.random.default_rng(1).normal(size=len(group))])
    centred = nuisance.copy()
    centred[:, 4] = (centred[:, 4] - 1e6) * 100
    # the digits of the covariate itself are what is lost
    assert fit(outcomes, group, nuisance).t == pytest.approx(fit(outcomes, group, centred).t, rel=1e-6)


def test_regressor_that_nuisance_determines_gives_missing():
    outcomes, group, nuisance = study()
    found = fit(outcomes, group, np.column_stack([nuisance, 3 - 2 * group]))
    for values in (found.beta, found.se, found.t, found.df, found.scale):
        assert np.isnan(values).all()


def test_outcome_observed_in_one_group_only_is_missing_and_the_others_are_not():
    outcomes, group, nuisance = study(missing=0)
    outcomes[group == 1, 4] = np.nan
    found = fit(outcomes, group, nuisance)
    assert np.flatnonzero(np.isnan(found.t)).tolist() == [4]


def test_outcome_that_nobody_has_is_missing():
    outcomes, group, nuisance = study(missing=0)
    outcomes[:, 7] = np.nan
    found = fit(outcomes, group, nuisance)
    assert np.flatnonzero(np.isnan(found.beta)).tolist() == [7]


@pytest.mark.parametrize(("n", "freedom"), [(5, 0), (6, 1)])
def test_no_estimate_without_degree_of_freedom(n, freedom):
    rng = np.random.default_rng(2)
    outcomes, group = rng.normal(size=(n, 3)), np.arange(n) % 2.0
    nuisance = np.column_stack([np.ones(n), rng.normal(size=(n, 3))])
    found = fit(outcomes, group, nuisance)
    if freedom == 0:
        assert np.isnan(found.t).all()
    else:
        assert found.t[0] == pytest.approx(ols(outcomes[:, 0], group, nuisance).tvalues[0])
        assert (found.df == 1).all()


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_basis_spans_the_space_of_a_pivoted_qr(rank):
    rng = np.random.default_rng(rank)
    columns = rng.normal(size=(30, rank)) @ rng.normal(size=(rank, 6)) if rank < 6 else rng.normal(size=(30, 6))
    basis, kept = orthonormal_basis(columns)
    q = qr(columns, mode="economic", pivoting=True)[0][:, :rank]
    assert basis.shape == (30, rank)
    assert kept.tolist() == list(range(rank))
    assert basis.T @ basis == pytest.approx(np.eye(rank), abs=1e-14)
    assert basis @ basis.T == pytest.approx(q @ q.T, abs=1e-10)


def test_basis_names_the_columns_that_added_something():
    rng = np.random.default_rng(3)
    a, b, c = rng.normal(size=(3, 20))
    basis, kept = orthonormal_basis(np.column_stack([a, 2 * a, np.zeros(20), b, a - 3 * b, c]))
    assert kept.tolist() == [0, 3, 5]
    # basis vector k comes from the columns up to its own: the order is kept
    assert abs(basis[:, 0] @ a) == pytest.approx(np.linalg.norm(a))
    assert basis[:, 2] @ a == pytest.approx(0, abs=1e-12)
    assert basis[:, 2] @ b == pytest.approx(0, abs=1e-12)


def test_basis_is_orthonormal_for_nearly_parallel_columns():
    x = np.linspace(0, 1, 50)
    columns = np.column_stack([x**k for k in range(8)])  # condition number about 1e7
    basis, kept = orthonormal_basis(columns)
    assert len(kept) == 8
    assert basis.T @ basis == pytest.approx(np.eye(8), abs=1e-13)


def test_cleaned_regressor_is_the_residual_of_least_squares():
    _, group, nuisance = study()
    cleaned, length2 = clean(group, orthonormal_basis(nuisance)[0])
    residual = group - nuisance @ np.linalg.lstsq(nuisance, group, rcond=None)[0]
    assert cleaned == pytest.approx(residual, abs=1e-13)
    assert length2 == pytest.approx(residual @ residual)


def test_length_of_a_determined_regressor_is_exactly_zero():
    _, _, nuisance = study()
    assert clean(nuisance @ np.array([3.0, 1, -1, 0.2]), orthonormal_basis(nuisance)[0])[1] == 0


def test_outcomes_are_grouped_by_who_is_observed():
    outcomes = np.arange(12.0).reshape(4, 3)
    outcomes[1, [0, 2]] = np.nan
    groups = [(rows.tolist(), columns.tolist()) for rows, columns in complete_cases(outcomes)]
    assert groups == [([0, 2, 3], [0, 2]), ([0, 1, 2, 3], [1])]
