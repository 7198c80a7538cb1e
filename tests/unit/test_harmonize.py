"""ComBat against sva and neuroCombat, with missing values, and applied to others."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.models.harmonisation import fit_combat, fit_combat_mean


def parts(table):
    """Outcomes, sites and the covariates to keep."""
    outcomes = table.filter(regex="^y").to_numpy()
    return outcomes, table["site"].to_numpy(), table[["group", "age"]].to_numpy(dtype=float)


@pytest.fixture
def complete(reference):
    return parts(reference("combat_input"))


@pytest.fixture
def missing(reference):
    return parts(reference("combat_missing_input"))


@pytest.mark.parametrize("program", ["sva", "neurocombat"])
def test_harmonised_values_equal_the_other_programs(complete, reference, program):
    outcomes, sites, keep = complete
    found = fit_combat(outcomes, sites, keep).apply(outcomes, sites, keep)
    assert found == pytest.approx(reference(f"combat_{program}").to_numpy(), abs=1e-6)


def test_means_alone_equal_sva(complete, reference):
    outcomes, sites, keep = complete
    model = fit_combat_mean(outcomes, sites, keep)
    expected = reference("combat_mean_sva").to_numpy()
    assert model.apply(outcomes, sites, keep) == pytest.approx(expected, abs=1e-10)
    # not what the other one gives
    assert np.abs(expected - reference("combat_sva").to_numpy()).max() > 0.1


def test_means_alone_leave_variances_as_they_are_at_sites_of_the_model_and_at_one_that_is_added(complete):
    outcomes, sites, keep = complete
    seen = sites != 3
    model = fit_combat_mean(outcomes[seen], sites[seen], keep[seen])
    added = model.with_site(3, outcomes[~seen], keep[~seen], np.zeros(outcomes.shape[1]))
    found = added.apply(outcomes, sites, keep)
    assert (added.stretch == 1).all()
    for site in (1, 2, 3):
        here = sites == site
        moved = found[here] - outcomes[here]
        assert moved == pytest.approx(np.broadcast_to(moved[0], moved.shape), abs=1e-12)
        assert np.abs(moved).max() > 0.05


def test_harmonised_values_with_missing_ones_equal_sva_on_complete_case_regressions(missing, reference):
    # sva's own moments and iteration, after lm() on every outcome's complete cases: see make_combat.R
    outcomes, sites, keep = missing
    found = fit_combat(outcomes, sites, keep).apply(outcomes, sites, keep)
    assert np.array_equal(np.isnan(found), np.isnan(outcomes))
    assert found == pytest.approx(reference("combat_missing_sva").to_numpy(), abs=1e-6, nan_ok=True)


def test_regression_of_an_outcome_rests_on_its_own_complete_cases(missing):
    outcomes, sites, keep = missing
    whole = fit_combat(outcomes, sites, keep)
    incomplete = np.flatnonzero(np.isnan(outcomes).any(axis=0))
    assert len(incomplete) > 5
    for j in incomplete:
        seen = ~np.isnan(outcomes[:, j])
        alone = fit_combat(outcomes[seen][:, [j]], sites[seen], keep[seen])
        assert whole.intercept[j] == pytest.approx(alone.intercept[0])
        assert whole.slopes[:, j] == pytest.approx(alone.slopes[:, 0])
        assert whole.spread[j] == pytest.approx(alone.spread[0])


def test_names_of_sites_and_order_of_participants_do_not_matter(complete):
    outcomes, sites, keep = complete
    expected = fit_combat(outcomes, sites, keep).apply(outcomes, sites, keep)
    shuffle = np.random.default_rng(0).permutation(40)
    renamed = np.array([0, 30, 10, 20])[sites]
    found = fit_combat(outcomes[shuffle], renamed[shuffle], keep[shuffle])
    assert found.apply(outcomes[shuffle], renamed[shuffle], keep[shuffle]) == pytest.approx(
        expected[shuffle], abs=1e-10
    )


def test_model_fitted_on_some_is_applied_to_others_one_by_one(complete):
    outcomes, sites, keep = complete
    train = np.arange(40) % 4 != 0
    model = fit_combat(outcomes[train], sites[train], keep[train])
    others = model.apply(outcomes[~train], sites[~train], keep[~train])
    for row, i in zip(others, np.flatnonzero(~train), strict=True):
        s = model.sites.index(sites[i])
        expected = model.intercept + keep[i] @ model.slopes
        residual = (outcomes[i] - expected) / model.spread - model.shift[s]
        assert row == pytest.approx(residual / np.sqrt(model.stretch[s]) * model.spread + expected)
    # what is applied to them does not depend on them
    assert model.apply(outcomes[:1], sites[:1], keep[:1])[0] == pytest.approx(others[0])


def test_unseen_site_is_refused_by_name(complete):
    outcomes, sites, keep = complete
    seen = sites != 3
    model = fit_combat(outcomes[seen], sites[seen], keep[seen])
    with pytest.raises(ValueError, match=r"not fitted on site \[3\]"):
        model.apply(outcomes, sites, keep)


def test_site_differences_go_and_the_group_difference_stays():
    rng = np.random.default_rng(0)
    n, n_outcomes = 600, 30
    sites, group = np.arange(n) % 3, rng.permutation(np.arange(n) % 2).astype(float)
    shift, stretch = rng.normal(0, 1, (3, n_outcomes)), rng.uniform(0.5, 2, (3, n_outcomes))
    outcomes = shift[sites] + 0.8 * group[:, None] + stretch[sites] * rng.normal(size=(n, n_outcomes))
    keep = group[:, None]
    found = fit_combat(outcomes, sites, keep).apply(outcomes, sites, keep)
    residual = found - 0.8 * group[:, None]
    means = np.stack([residual[sites == s].mean(axis=0) for s in range(3)])
    spreads = np.stack([residual[sites == s].std(axis=0) for s in range(3)])
    assert np.ptp(means, axis=0).max() < 0.15
    assert np.ptp(np.log(spreads), axis=0).max() < 0.15  # stretches differ by a factor of four
    difference = found[group == 1].mean(axis=0) - found[group == 0].mean(axis=0)
    assert difference.mean() == pytest.approx(0.8, abs=0.05)


def test_site_of_one_participant_gets_a_shrunken_shift_and_no_stretch(complete):
    outcomes, sites, keep = (x[np.r_[:23]] for x in complete)  # one participant of site 3 is left
    model = fit_combat(outcomes, sites, keep)
    # normal prior, one observation of variance 1: (t2 x + m) / (t2 + 1), Johnson et al. 2007
    x = (outcomes[22] - model.intercept - keep[22] @ model.slopes) / model.spread
    prior_mean, prior_var = x.mean(), x.var(ddof=1)
    assert model.shift[2] == pytest.approx((prior_var * x + prior_mean) / (prior_var + 1))
    assert (model.stretch[2] == 1).all()
    assert (model.stretch[:2] != 1).all()


def test_one_outcome_alone_is_shifted_without_shrinkage(complete):
    outcomes, sites, keep = complete
    model = fit_combat(outcomes[:, :1], sites, keep)
    found = model.apply(outcomes[:, :1], sites, keep)
    expected = model.intercept + keep @ model.slopes
    for s in (1, 2, 3):
        assert (found - expected)[sites == s].mean() == pytest.approx(0, abs=1e-12)


def test_region_that_a_site_lacks_stays_missing_there_and_is_harmonised_elsewhere(complete):
    outcomes, sites, keep = complete
    outcomes = outcomes.copy()
    outcomes[sites == 2, 5] = np.nan
    found = fit_combat(outcomes, sites, keep).apply(outcomes, sites, keep)
    assert np.array_equal(np.isnan(found), np.isnan(outcomes))


def test_sites_added_untouched_stay_as_they_are(complete):
    outcomes, sites, keep = complete
    seen = sites != 3
    model = fit_combat(outcomes[seen], sites[seen], keep[seen])
    assert model.unseen(sites) == [3]
    found = model.with_untouched([3]).apply(outcomes, sites, keep)
    assert found[~seen] == pytest.approx(outcomes[~seen])
    assert np.array_equal(found[seen], model.apply(outcomes[seen], sites[seen], keep[seen]))


def test_a_site_added_by_some_of_its_participants_resembles_the_kind_of_the_others():
    rng = np.random.default_rng(4)
    n, n_outcomes = 900, 25
    sites = np.repeat([0, 1, 2], 300)
    shift, stretch = rng.normal(0, 1, (3, n_outcomes)), rng.uniform(0.5, 2, (3, n_outcomes))
    outcomes = shift[sites] + stretch[sites] * rng.normal(size=(n, n_outcomes))
    keep = np.zeros((n, 0))
    seen = sites < 2
    model = fit_combat(outcomes[seen], sites[seen], keep[seen])
    # kind: every third participant, whose values lie higher in units of the model
    kind = np.arange(n) % 3 == 0
    outcomes[kind] += 0.8 * stretch[sites[kind]]
    centre = model.residuals(outcomes[seen & kind], sites[seen & kind], keep[seen & kind]).mean(axis=0)
    some = (sites == 2) & kind
    added = model.with_site(2, outcomes[some], keep[some], centre)
    for attribute in ("intercept", "slopes", "spread"):
        assert np.array_equal(getattr(added, attribute), getattr(model, attribute))
    left = added.residuals(outcomes[some], sites[some], keep[some])
    assert left.mean(axis=0) == pytest.approx(centre, abs=0.12)
    others = added.residuals(outcomes[(sites == 2) & ~kind], sites[(sites == 2) & ~kind], keep[:200])
    assert others.mean(axis=0) == pytest.approx(np.zeros(n_outcomes), abs=0.35)
    assert others.std(axis=0) == pytest.approx(np.ones(n_outcomes), abs=0.25)
