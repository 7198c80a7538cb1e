"""Random intercept: against lmerTest, statsmodels, and the closed form of complete data."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM
from test_repeated_measures import OUTCOMES, design_of, selected

from amygene.stats import mixed_model
from amygene.stats import repeated_measures as rm


def columns_of(design):
    effects = design.columns()
    names = ["covariates", rm.TIME, rm.GROUP, rm.INTERACTION]
    columns = np.hstack([np.ones((len(design.times), 1)), *(effects[name] for name in names)])
    labels = np.concatenate([["intercept"], *(np.repeat(name, effects[name].shape[1]) for name in names)])
    return columns, labels


@pytest.mark.parametrize(("model", "covariates"), [("two", ()), ("missing", ()), ("covariates", ("age", "fd"))])
def test_equals_lmertest(reference, model, covariates):
    expected = reference("repeated_lmertest").query("model == @model").set_index(["term", "outcome"])
    data = selected(reference("repeated_input"), model)
    columns, labels = columns_of(design_of(data, covariates))
    for term in (rm.GROUP, rm.TIME, rm.INTERACTION):
        rows = expected.loc[term].loc[OUTCOMES]
        found = mixed_model.fit(
            data[OUTCOMES].to_numpy(), columns, np.unique(data["participant"], return_inverse=True)[1], labels == term
        )
        regular = found.tau2 > 1e-9
        assert regular.sum() >= 4
        # lmerTest finds the curvature, of which df2 is made, by finite differences
        for name, tolerance in (("f", 1e-5), ("df1", 0), ("df2", 1e-4), ("p", 1e-4)):
            assert getattr(found, name)[regular] == pytest.approx(rows[name].to_numpy()[regular], rel=tolerance), name
        for name in ("sigma2", "tau2"):
            assert getattr(found, name) == pytest.approx(rows[name].to_numpy(), rel=1e-5, abs=1e-7)


def test_equals_statsmodels(reference):
    data = reference("repeated_input")
    columns, labels = columns_of(design_of(data, ("fd",)))
    codes = np.unique(data["participant"], return_inverse=True)[1]
    found = mixed_model.fit(data[["y1"]].to_numpy(), columns, codes, labels == "covariates")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = MixedLM(data["y1"].to_numpy(), columns, codes).fit(reml=True)
    at = int(np.flatnonzero(labels == "covariates")[0])
    assert found.beta[0] == pytest.approx(other.fe_params[at], rel=1e-4)
    assert found.se[0] == pytest.approx(other.bse_fe[at], rel=1e-4)


def test_complete_data_give_the_f_of_the_strata():
    rng = np.random.default_rng(1)
    participants, times = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
    empty = np.empty((60, 0))
    design = rm.Design(participants, times, participants % 2, empty, empty, np.zeros(20, dtype=int))
    y = rng.normal(size=(20, 5))[participants] + 0.5 * rng.normal(size=(60, 5))
    columns, labels = columns_of(design)
    for term in (rm.GROUP, rm.TIME, rm.INTERACTION):
        found, expected = mixed_model.fit(y, columns, participants, labels == term), rm.Term(y, design, term).fit()
        assert found.f == pytest.approx(expected.f, rel=1e-6)
        assert found.df2 == pytest.approx(expected.df2, rel=1e-6)


def test_no_variance_between_participants_is_a_linear_model():
    rng = np.random.default_rng(2)
    participants = np.repeat(np.arange(15), 2)
    y = rng.normal(size=(15, 1)).repeat(2, axis=1).ravel()[:, None] * np.tile([1, -1], 15)[:, None]
    x = np.column_stack([np.ones(30), rng.normal(size=30)])
    found = mixed_model.fit(y, x, participants, np.array([False, True]))
    assert found.tau2[0] == 0
    beta, squares = np.linalg.lstsq(x, y[:, 0], rcond=None)[:2]
    assert found.beta[0] == pytest.approx(beta[1], rel=1e-8)
    assert found.sigma2[0] == pytest.approx(squares[0] / 28, rel=1e-8)
    assert found.df2[0] == 28


def test_one_session_each_cannot_be_fitted():
    found = mixed_model.fit(np.ones((5, 1)), np.ones((5, 1)), np.arange(5), np.array([True]))
    assert np.isnan(found.f).all()


def test_false_positive_rate_with_missing_sessions():
    rng = np.random.default_rng(3)
    participants, times = np.repeat(np.arange(40), 2), np.tile(np.arange(2), 40)
    kept = (times == 0) | (rng.random(80) < 0.6)
    participants, times = participants[kept], times[kept]
    empty = np.empty((len(times), 0))
    design = rm.Design(participants, times, participants % 2, empty, empty, np.zeros(40, dtype=int))
    y = rng.normal(size=(40, 2000))[participants] + rng.normal(size=(len(times), 2000))
    columns, labels = columns_of(design)
    rate = (mixed_model.fit(y, columns, participants, labels == rm.INTERACTION).p < 0.05).mean()
    assert rate == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 2000))
