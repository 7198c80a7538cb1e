"""Groups measured several times: against R's aov and afex, t of change scores, exact enumeration, planted truth."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from amygene.stats import repeated_measures as rm
from amygene.stats.blocks import draw_keys, whole_block_orders, within_block_orders

OUTCOMES = [f"y{j}" for j in range(1, 6)]


def design_of(data, covariates=(), by_time=()):
    participants = np.unique(data["participant"], return_inverse=True)[1]
    times = np.unique(data["time"], return_inverse=True)[1]
    columns = [data[c].to_numpy(dtype=float)[:, None] for c in covariates]
    changing = [data[c].to_numpy(dtype=float)[:, None] - 35 for c in by_time]
    empty = np.empty((len(data), 0))
    return rm.Design(
        participants,
        times,
        data["group"].to_numpy(),
        np.hstack([empty, *columns]),
        np.hstack([empty, *changing]),
        np.zeros(participants.max() + 1, dtype=int),
    )


def sample(n, n_times, rng, missing=0.0):
    """Participants in two groups, all times, a share of sessions missed."""
    participants, times = np.repeat(np.arange(n), n_times), np.tile(np.arange(n_times), n)
    kept = (rng.random(n * n_times) >= missing) | (times == 0)
    participants, times = participants[kept], times[kept]
    groups = (participants % 2).astype(int)
    empty = np.empty((len(times), 0))
    return rm.Design(participants, times, groups, empty, empty, np.zeros(n, dtype=int))


def selected(data, model):
    counts = data.groupby("participant")["time"].transform("size")
    if model == "two":
        return data[(counts == 3) & (data["time"] != 1)]
    return data[counts == 3] if model == "three" else data


@pytest.mark.parametrize(
    ("model", "covariates", "by_time"),
    [
        ("two", (), ()),
        ("three", (), ()),
        ("missing", (), ()),
        ("covariates", ("age", "fd"), ()),
        ("by_time", ("fd",), ("age",)),
    ],
)
def test_strata_equal_aov(reference, model, covariates, by_time):
    expected = reference("repeated_aov").query("model == @model").set_index(["term", "outcome"])
    data = selected(reference("repeated_input"), model)
    for term in expected.index.unique("term"):
        found = rm.Term(data[OUTCOMES].to_numpy(), design_of(data, covariates, by_time), term).fit()
        rows = expected.loc[term].loc[OUTCOMES]
        for name in ("f", "df1", "df2"):
            assert getattr(found, name) == pytest.approx(rows[name].to_numpy(), rel=1e-9), (term, name)
        if found.df1[0] == 1:
            assert found.p == pytest.approx(rows["p"].to_numpy(), rel=1e-9)


def test_correction_for_unequal_covariances_equals_afex(reference):
    expected = reference("repeated_afex").set_index(["term", "outcome"])
    data = selected(reference("repeated_input"), "three")
    for term in (rm.TIME, rm.INTERACTION):
        found = rm.Term(data[OUTCOMES].to_numpy(), design_of(data), term).fit()
        rows = expected.loc[term].loc[OUTCOMES]
        assert found.epsilon == pytest.approx(rows["epsilon"].to_numpy(), rel=1e-9)
        assert found.p == pytest.approx(rows["p"].to_numpy(), rel=1e-9)


def test_interaction_of_2_x_2_is_the_squared_t_of_change_scores():
    rng = np.random.default_rng(1)
    design = sample(23, 2, rng)
    y = rng.normal(size=(46, 4))
    change = y[1::2] - y[::2]
    groups = design.groups[::2]
    t = stats.ttest_ind(change[groups == 1], change[groups == 0])
    found = rm.Term(y, design, rm.INTERACTION).fit()
    assert found.f == pytest.approx(t.statistic**2, rel=1e-12)
    assert found.p == pytest.approx(t.pvalue, rel=1e-12)
    assert found.beta / found.se == pytest.approx(t.statistic, rel=1e-12)
    assert found.beta == pytest.approx(change[groups == 1].mean(0) - change[groups == 0].mean(0), rel=1e-12)
    # in standard deviations of the change
    assert found.scale == pytest.approx(np.full(4, np.sqrt(1 / 11 + 1 / 12)), rel=1e-12)


def test_main_effects_of_2_x_2_are_the_tests_of_means_and_of_pairs():
    rng = np.random.default_rng(2)
    design = sample(20, 2, rng)
    y = rng.normal(size=(40, 3))
    means, groups = (y[1::2] + y[::2]) / 2, design.groups[::2]
    found = rm.Term(y, design, rm.GROUP).fit()
    t = stats.ttest_ind(means[groups == 1], means[groups == 0]).statistic
    assert found.beta / found.se == pytest.approx(t, rel=1e-12)
    assert found.scale == pytest.approx(np.full(3, np.sqrt(1 / 10 + 1 / 10)), rel=1e-12)
    one = rm.of_groups(design, [0])
    paired = rm.Term(y[one], design.subset(one), rm.TIME).fit()
    expected = stats.ttest_rel(y[one][1::2], y[one][::2]).statistic
    assert paired.beta / paired.se == pytest.approx(expected, rel=1e-12)
    assert paired.scale == pytest.approx(np.full(3, np.sqrt(1 / 10)), rel=1e-12)


def test_whole_blocks_are_the_exact_test_of_change_scores():
    rng = np.random.default_rng(3)
    design = sample(6, 2, rng)
    y = rng.normal(size=(12, 2)) + np.outer(design.groups * design.times, [1.5, 0])
    term = rm.Term(y, design, rm.INTERACTION)
    observed = term.fit().f
    change, groups = y[1::2] - y[::2], design.groups[::2]
    every = np.array(
        [
            stats.ttest_ind(c[groups == 1], c[groups == 0]).statistic ** 2
            for c in (change[list(o)] for o in permutations(range(6)))
        ]
    )
    exact = (every >= observed * (1 - 1e-9)).mean(axis=0)
    drawn = np.concatenate([term.draw(draw_keys(7, np.arange(a, a + 100), 6, 12)) for a in range(0, 4000, 100)])
    found = (drawn >= observed * (1 - 1e-9)).mean(axis=0)
    assert found == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 4000))
    # every drawn value is one of the exact distribution
    assert np.abs(drawn[:50, :, None] - every.T[None]).min(axis=2) == pytest.approx(0, abs=1e-8)


def test_sessions_within_blocks_are_the_exact_test_of_sign_flips():
    rng = np.random.default_rng(4)
    design = sample(7, 2, rng)
    design = rm.Design(design.participants, design.times, design.times * 0, *[np.empty((14, 0))] * 2, design.strata)
    y = rng.normal(size=(14, 1)) + 0.8 * design.times[:, None]
    term = rm.Term(y, design, rm.TIME)
    change = (y[1::2] - y[::2])[:, 0]
    every = np.array([stats.ttest_1samp(change * s, 0).statistic ** 2 for s in product([1, -1], repeat=7)])
    observed = term.fit().f[0]
    exact = (every >= observed * (1 - 1e-9)).mean()
    drawn = np.concatenate([term.draw(draw_keys(7, np.arange(a, a + 100), 7, 14)) for a in range(0, 4000, 100)])
    assert (drawn >= observed * (1 - 1e-9)).mean() == pytest.approx(exact, abs=4 * np.sqrt(exact / 4000))
    assert np.abs(drawn[:50] - every[None]).min(axis=1) == pytest.approx(0, abs=1e-8)


def test_draws_equal_models_fitted_to_permuted_residuals():
    """Missing sessions, covariates and a missing value: permuted residuals of the reduced model, fitted anew."""
    rng = np.random.default_rng(5)
    design = sample(30, 3, rng, missing=0.25)
    n = len(design.times)
    design = rm.Design(
        design.participants, design.times, design.groups, rng.normal(size=(n, 1)), np.empty((n, 0)), design.strata
    )
    y = rng.normal(size=(n, 2))
    y[4, 1] = np.nan
    keys = draw_keys(11, np.arange(5), 30, n)
    drawn = rm.Term(y, design, rm.INTERACTION).draw(keys)
    for j in range(2):
        rows = np.flatnonzero(~np.isnan(y[:, j]))
        part = design.subset(rows)
        columns = part.columns()
        dummies = (part.participants[:, None] == np.arange(30)).astype(float)
        reduced = np.hstack([dummies, part.covariates, columns[rm.TIME]])
        full = np.hstack([reduced, columns[rm.INTERACTION]])
        target = y[rows, j]
        expected = reduced @ np.linalg.lstsq(reduced, target, rcond=None)[0]
        residual = target - expected
        seen = np.zeros((30, 3), dtype=int)
        seen[part.participants, part.times] = 1
        classes = np.unique(seen, axis=0, return_inverse=True)[1].ravel()
        # those measured once do not count, whoever they change places with
        orders = whole_block_orders(keys.participants, part.participants, classes)
        for b in range(5):
            again = expected + residual[orders[b]]
            left = [np.sum((again - m @ np.linalg.lstsq(m, again, rcond=None)[0]) ** 2) for m in (reduced, full)]
            df2 = len(rows) - np.linalg.matrix_rank(full)
            assert drawn[b, j] == pytest.approx((left[0] - left[1]) / 2 / (left[1] / df2), rel=1e-8)


def test_orders_keep_blocks_together_and_strata_apart():
    participants = np.repeat([0, 1, 2, 3, 4], [2, 2, 3, 3, 2])
    classes = np.array([0, 0, 1, 1, 2])
    keys = draw_keys(1, np.arange(20), 5, 12)
    whole = whole_block_orders(keys.participants, participants, classes)
    assert np.array_equal(np.sort(whole, axis=1), np.tile(np.arange(12), (20, 1)))
    assert np.array_equal(classes[participants[whole]], np.tile(classes[participants], (20, 1)))
    moved = participants[whole]
    assert (moved[:, 1:] == moved[:, :-1])[:, participants[1:] == participants[:-1]].all()
    assert (whole[:, 10:] == [10, 11]).all()
    assert len(np.unique(whole, axis=0)) == 4
    within = within_block_orders(keys.measurements, participants)
    assert np.array_equal(participants[within], np.tile(participants, (20, 1)))
    assert len(np.unique(within, axis=0)) > 10


def test_permutation_depends_on_its_number_alone():
    design = sample(12, 3, np.random.default_rng(6), missing=0.2)
    y = np.random.default_rng(7).normal(size=(len(design.times), 3))
    term = rm.Term(y, design, rm.TIME)
    n = len(y)
    together = term.draw(draw_keys(3, np.arange(10), 12, n))
    assert np.array_equal(term.draw(draw_keys(3, np.arange(4, 6), 12, n))[0], together[4])


def test_nothing_to_compare_is_missing():
    design = sample(8, 2, np.random.default_rng(8))
    one = rm.of_groups(design, [0])
    y = np.ones((8, 1))
    assert np.isnan(rm.Term(y, design.subset(one), rm.GROUP).fit().f).all()
    first = np.flatnonzero(design.times == 0)
    found = rm.Term(np.random.default_rng(9).normal(size=(8, 2)), design.subset(first), rm.TIME)
    assert np.isnan(found.fit().f).all()
    assert np.isnan(found.draw(draw_keys(1, np.arange(3), 8, 8))).all()


@pytest.mark.parametrize("term", [rm.GROUP, rm.TIME, rm.INTERACTION])
def test_false_positive_rate_and_power(term):
    """400 outcomes in 40 participants: 5 % by chance, also with unequal variances of the times where blocks move."""
    rng = np.random.default_rng(10)
    design = sample(40, 3, rng, missing=0.15)
    n = len(design.times)
    spread = np.array([0.5, 1.0, 2.0])[design.times] if term != rm.TIME else np.ones(n)
    y = rng.normal(size=(40, 400))[design.participants] + spread[:, None] * rng.normal(size=(n, 400))
    planted = {
        rm.GROUP: design.groups,
        rm.TIME: design.times,
        rm.INTERACTION: design.groups * design.times * 1.5,
    }[term]
    for effect, low, high in ((0, 0.03, 0.075), (1.2, 0.7, 1)):
        fitted = rm.Term(y + effect * planted[:, None], design, term)
        observed = fitted.fit().f
        counts = sum(
            (fitted.draw(draw_keys(3, np.arange(a, a + 100), 40, n)) >= observed).sum(axis=0)
            for a in range(0, 400, 100)
        )
        rate = ((1 + counts) / 401 <= 0.05).mean()
        assert low <= rate <= high
