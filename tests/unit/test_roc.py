"""Areas, DeLong's interval and paired test, curves: against pROC, scikit-learn and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from amygene.stats import roc

SCORES = ("s1", "s2", "s3")


@pytest.fixture
def data(reference):
    return reference("roc_input")


@pytest.mark.parametrize("score", SCORES)
def test_area_and_interval_equal_proc(data, reference, score):
    expected = reference("roc_proc").query("score == @score and site == 'all'").iloc[0]
    found = roc.interval(data[[score]].to_numpy().T, data["case"].to_numpy())
    assert found == pytest.approx((expected["auc"], expected["ci_low"], expected["ci_high"]), abs=1e-12)
    assert roc.area(data[score].to_numpy(), data["case"].to_numpy()) == pytest.approx(expected["auc"], abs=1e-12)


@pytest.mark.parametrize("pair", [("s1", "s2"), ("s1", "s3"), ("s2", "s3")])
def test_paired_test_equals_proc(data, reference, pair):
    expected = reference("roc_paired_proc").query("a == @pair[0] and b == @pair[1]").iloc[0]
    a, b = (data[[score]].to_numpy().T for score in pair)
    found = roc.paired_test(a, b, data["case"].to_numpy())
    assert found == pytest.approx((expected["difference"], expected["p"]), abs=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_curve_equals_proc(data, reference, score):
    expected = reference("roc_curve_proc").query("score == @score")["tpr"].to_numpy()
    found = roc.curve(data[score].to_numpy(), data["case"].to_numpy())
    # at no false positives pROC takes the lower end of a rise
    assert found[1:] == pytest.approx(expected[1:], abs=1e-9)


@pytest.mark.parametrize("score", SCORES)
def test_adjusted_area_is_the_mean_of_procs_areas_over_sites_weighted_by_cases(data, reference, score):
    by_site = reference("roc_proc").query("score == @score and site != 'all'")
    cases = data.groupby("site")["case"].sum().to_numpy()
    weights = cases / cases.sum()
    area = weights @ by_site["auc"].to_numpy()
    reach = 1.959963984540054 * np.sqrt(weights**2 @ by_site["variance"].to_numpy())
    values, case, site = data[score].to_numpy(), data["case"].to_numpy(), data["site"].to_numpy()
    assert roc.interval(values[None], case, site) == pytest.approx((area, area - reach, area + reach), abs=1e-12)
    assert roc.adjusted_area(values, case, site) == pytest.approx(area, abs=1e-12)


def test_many_labellings_at_once_equal_scikit_learn():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(7, 40)).round(1)
    case = np.array([rng.permutation(np.arange(40) % 3 == 0) for _ in range(7)]).astype(float)
    expected = [metrics.roc_auc_score(y, s) for y, s in zip(case, scores, strict=True)]
    assert roc.area(scores, case) == pytest.approx(expected)
    strata = np.arange(40) % 2
    each = [
        [metrics.roc_auc_score(y[strata == k], s[strata == k]) for k in (0, 1)]
        for y, s in zip(case, scores, strict=True)
    ]
    weights = np.array([[y[strata == k].sum() for k in (0, 1)] for y in case])
    expected = (np.array(each) * weights).sum(axis=1) / weights.sum(axis=1)
    assert roc.adjusted_area(scores, case, strata) == pytest.approx(expected)


def test_sites_of_one_group_say_nothing():
    rng = np.random.default_rng(1)
    case, strata = np.r_[np.ones(10), np.zeros(12), np.ones(5)], np.r_[np.zeros(22), np.ones(5)]
    scores = rng.normal(size=(1, 27))
    assert roc.interval(scores, case, strata) == pytest.approx(roc.interval(scores[:, :22], case[:22]))
    assert roc.adjusted_area(scores, case, strata) == pytest.approx(roc.area(scores[:, :22], case[:22]))


def test_shares_of_cases_that_differ_between_sites_do_not_count():
    # scores that tell sites apart and nothing else
    strata = np.repeat([0, 1], 200)
    rng = np.random.default_rng(2)
    case = (rng.random(400) < np.where(strata, 0.8, 0.2)).astype(float)
    scores = strata + 0.1 * rng.normal(size=400)
    assert roc.area(scores, case) > 0.75
    assert roc.adjusted_area(scores, case, strata) == pytest.approx(0.5, abs=0.06)


def test_scores_of_two_models_are_not_compared():
    rng = np.random.default_rng(10)
    case, strata = (rng.random(240) < 0.4).astype(float), np.arange(240) % 3
    folds = rng.integers(0, 4, (2, 240))
    scores = rng.normal(size=(2, 240)) + 0.6 * case
    shifted = scores + 10 * folds
    for found, expected in zip(
        roc.delong(shifted, case, strata, folds), roc.delong(scores, case, strata, folds), strict=True
    ):
        assert found == pytest.approx(expected)
    expected = [
        float(roc.adjusted_area(one, case, 10 * strata + fold)) for one, fold in zip(scores, folds, strict=True)
    ]
    assert roc.delong(scores, case, strata, folds)[0] == pytest.approx(expected)
    assert roc.area(shifted[0], case) < roc.interval(shifted, case, strata, folds)[0]
    # a fold without cases or controls of a site drops out, as in `adjusted_area`
    lonely = folds.copy()
    lonely[:, np.flatnonzero((strata == 0) & (case == 1))[:3]] = 9
    expected = [
        float(roc.adjusted_area(one, case, 10 * strata + fold)) for one, fold in zip(scores, lonely, strict=True)
    ]
    assert roc.delong(scores, case, strata, lonely)[0] == pytest.approx(expected)


def test_one_model_is_no_restriction():
    rng = np.random.default_rng(11)
    case, scores = np.arange(30) % 2, rng.normal(size=(3, 30))
    for found, expected in zip(
        roc.delong(scores, case, models=np.ones((3, 30))), roc.delong(scores, case), strict=True
    ):
        assert np.array_equal(found, expected)


def test_interval_covers_when_folds_are_few_and_small():
    rng = np.random.default_rng(12)
    case, strata = np.repeat([1, 0, 1, 0], [20, 25, 15, 20]), np.repeat([0, 1], [45, 35])
    folds = np.array([rng.permutation(np.arange(80) % 4) for _ in range(2)])
    inside = []
    for _ in range(1000):
        one = rng.normal(size=80) + 0.5 * case
        _, low, high = roc.interval(np.stack([one + 3 * f for f in folds]), case, strata, folds)
        inside.append(low <= 0.6382 <= high)
    # few to be compared with make DeLong's variance a little too large
    assert 0.935 < np.mean(inside) < 0.99


def test_one_group_gives_missing():
    assert np.isnan(roc.area(np.arange(4.0), np.ones(4)))
    assert np.isnan(roc.interval(np.arange(4.0)[None], np.ones(4))).all()
    assert np.isnan(roc.adjusted_area(np.arange(4.0), np.ones(4), np.zeros(4)))
    assert np.isnan(roc.band(np.arange(4.0)[None], np.ones(4), np.random.default_rng(0))[0]).all()


def test_a_single_case_gives_an_area_without_interval():
    area, low, high = roc.interval(np.array([[3.0, 1.0, 2.0, 4.0]]), np.array([1, 0, 0, 0]))
    assert area == pytest.approx(2 / 3)
    assert np.isnan([low, high]).all()


def test_a_site_with_a_single_case_takes_the_spread_of_the_others():
    rng = np.random.default_rng(3)
    case = np.r_[np.ones(15), np.zeros(15), 1, np.zeros(9)]
    strata = np.repeat([0, 1], [30, 10])
    found = roc.interval(rng.normal(size=(1, 40)), case, strata)
    assert np.isfinite(found).all()


def test_mean_of_repeats_has_the_variance_of_their_mean():
    rng = np.random.default_rng(4)
    case = np.repeat([1, 0], [30, 50])
    one = rng.normal(size=80) + 0.5 * case
    # repeats that are all alike add nothing; a repeat with independent noise does
    assert roc.interval(np.tile(one, (5, 1)), case) == pytest.approx(roc.interval(one[None], case))
    unlike = roc.interval(one + rng.normal(size=(5, 80)), case)
    single = roc.interval((one + rng.normal(size=80))[None], case)
    assert unlike[2] - unlike[1] < single[2] - single[1]


def test_a_score_does_not_differ_from_itself():
    case, score = np.arange(20) % 2, np.random.default_rng(5).normal(size=(1, 20))
    assert roc.paired_test(score, score, case) == (0.0, 1.0)
    perfect, useless = case[None].astype(float), 1.0 - case[None]
    difference, p = roc.paired_test(perfect, useless, case)
    assert difference == 1
    assert np.isnan(p)  # no variance to test it by


def test_delong_interval_covers_and_paired_test_holds(assert_level):
    rng = np.random.default_rng(6)
    case, inside, p = np.repeat([1, 0], [40, 60]), [], []
    truth = 0.6382  # P(N(.5, 1) > N(0, 1))
    for _ in range(1500):
        common = rng.normal(size=100)
        a, b = (0.5 * case + 0.7 * common + np.sqrt(0.51) * rng.normal(size=100) for _ in range(2))
        _, low, high = roc.interval(a[None], case)
        inside.append(low <= truth <= high)
        p.append(roc.paired_test(a[None], b[None], case)[1])
    assert_level(np.where(inside, 1.0, 0.0))
    assert_level(p)


def test_curve_has_the_area_and_ends_in_the_corners():
    rng = np.random.default_rng(7)
    case = np.repeat([1, 0], [400, 500])
    score = rng.normal(size=900) + case
    found = roc.curve(score, case)
    assert found[-1] == 1
    assert np.trapezoid(found, roc.GRID) == pytest.approx(roc.area(score, case), abs=0.003)
    fpr, tpr, _ = metrics.roc_curve(case, score, drop_intermediate=False)
    between = np.isin(np.searchsorted(fpr, roc.GRID, side="left"), np.searchsorted(fpr, roc.GRID, side="right"))
    assert found[between] == pytest.approx(np.interp(roc.GRID, fpr, tpr)[between])


def test_band_holds_the_curve_and_narrows_with_participants():
    def width(n):
        rng = np.random.default_rng(8)
        case = np.arange(n) % 2
        mean, low, high = roc.band((rng.normal(size=n) + case)[None], case, rng, draws=300)
        assert (low[1:-1] <= mean[1:-1] + 0.05).all()
        assert (mean[1:-1] <= high[1:-1] + 0.05).all()
        return (high - low)[20:80].mean()

    assert width(1600) < 0.6 * width(200)


def test_weights_of_the_bootstrap_count_participants():
    rng = np.random.default_rng(9)
    case, score = np.arange(30) % 2, rng.normal(size=30).round(1)
    times = rng.integers(1, 4, 30)
    repeated = roc.curve(np.repeat(score, times), np.repeat(case, times))
    assert roc.curve(score, case, times[None].astype(float))[0] == pytest.approx(repeated)
