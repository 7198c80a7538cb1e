"""Freedman-Lane permutation against its definition, against exact enumeration and in simulation."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from amygene.stats.linear_model import fit, orthonormal_basis
from amygene.stats.permutation import (
    BLOCK,
    FreedmanLane,
    blocks,
    constant_within,
    draw_orders,
    monte_carlo_error,
    p_max,
    p_value,
    reaches,
    restrict,
    whole_blocks,
)


def study(n=36, n_outcomes=5, n_sites=3, missing=0.0, seed=0):
    """Null data with sites of unlike level, and an age that differs between the groups."""
    rng = np.random.default_rng(seed)
    site = rng.permutation(np.arange(n) % n_sites)
    group = rng.permutation(np.arange(n) % 2).astype(float)
    age = rng.normal(size=n) + 0.8 * group
    dummies = (site[:, None] == np.arange(1, n_sites)).astype(float)
    nuisance = np.column_stack([np.ones(n), dummies, age])
    level = rng.normal(size=(n_sites, n_outcomes))
    outcomes = level[site] + 0.5 * age[:, None] + rng.normal(size=(n, n_outcomes))
    outcomes[rng.random(outcomes.shape) < missing] = np.nan
    return outcomes, group, nuisance, site


def t_of(y, group, nuisance):
    """Slope of the group and its standard error by least squares, straight from the textbook."""
    x = np.column_stack([group, nuisance])
    coefficients, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    residual = y - x @ coefficients
    covariance = residual @ residual / (len(y) - rank) * np.linalg.pinv(x.T @ x)
    return coefficients[0], np.sqrt(covariance[0, 0])


def naive_freedman_lane(y, group, nuisance, strata, order):
    """Permute the residuals of the reduced model, add its fitted values, fit the full model."""
    seen = np.flatnonzero(~np.isnan(y))
    place = {subject: k for k, subject in enumerate(seen)}
    by_stratum = [place[s] for s in np.argsort(strata, kind="stable") if s in place]
    order = [place[s] for s in order if s in place]
    y, group, nuisance = y[seen], group[seen], nuisance[seen]
    fitted = nuisance @ np.linalg.lstsq(nuisance, y, rcond=None)[0]
    permuted = np.empty(len(y))
    permuted[order] = (y - fitted)[by_stratum]
    return t_of(fitted + permuted, group, nuisance)


@pytest.mark.parametrize("missing", [0.0, 0.12])
@pytest.mark.parametrize("exchangeable", ["everybody", "within site"])
def test_draws_equal_the_definition_of_freedman_and_lane(exchangeable, missing):
    outcomes, group, nuisance, site = study(missing=missing)
    strata = site if exchangeable == "within site" else np.zeros(len(site), dtype=int)
    orders = draw_orders(7, np.arange(6), strata)
    beta, se = FreedmanLane(outcomes, group, nuisance, strata).draw(orders)
    for i, order in enumerate(orders):
        for j, y in enumerate(outcomes.T):
            expected = naive_freedman_lane(y, group, nuisance, strata, order)
            assert (beta[i, j], se[i, j]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("missing", [0.0, 0.12])
def test_identity_order_gives_the_observed_t(missing):
    outcomes, group, nuisance, site = study(missing=missing)
    identity = np.argsort(site, kind="stable")[None]
    beta, se = FreedmanLane(outcomes, group, nuisance, site).draw(identity)
    observed = fit(outcomes, group, nuisance)
    assert beta[0] == pytest.approx(observed.beta, rel=1e-10)
    assert se[0] == pytest.approx(observed.se, rel=1e-10)


def test_outcomes_that_cannot_be_fitted_are_missing_in_every_draw():
    outcomes, group, nuisance, site = study()
    outcomes[group == 1, 2] = np.nan
    beta, se = FreedmanLane(outcomes, group, nuisance, site).draw(draw_orders(1, np.arange(4), site))
    assert np.isnan(beta[:, 2]).all()
    assert np.isnan(se[:, 2]).all()
    assert np.isfinite(np.delete(beta, 2, axis=1)).all()


def t_of_relabelings(y, group, strata):
    """t under every relabeling of the groups within strata, sites as covariates; the observed one is among them."""
    places = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    choices = [list(combinations(here, int(group[here].sum()))) for here in places]
    nuisance = (strata[:, None] == np.unique(strata)).astype(float)
    for cases in product(*choices):
        relabeled = np.zeros(len(y))
        relabeled[np.concatenate([np.array(c, dtype=int) for c in cases])] = 1
        beta, se = t_of(y, relabeled, nuisance)
        yield beta / se


@pytest.mark.parametrize(
    ("sites", "n_relabelings"), [([0] * 10, 252), ([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 100)], ids=["one site", "two sites"]
)
def test_random_p_converges_to_the_exact_p_of_all_relabelings(sites, n_relabelings):
    rng = np.random.default_rng(3)
    strata = np.array(sites)
    group = np.array([1, 0, 1, 0, 1, 0, 1, 0, 1, 0.0])
    outcomes = rng.normal(size=(10, 4)) + np.outer(group, [0, 0.8, 1.6, 2.5]) + strata[:, None]
    nuisance = np.column_stack([np.ones(10), strata])
    n_draws = 4000
    lane = FreedmanLane(outcomes, group, nuisance, strata)
    beta, se = lane.draw(draw_orders(5, np.arange(n_draws), strata))
    observed = fit(outcomes, group, nuisance).t
    random_p = p_value(reaches(beta / se, observed).sum(axis=0), n_draws)
    for j in range(4):
        all_t = np.array(list(t_of_relabelings(outcomes[:, j], group, strata)))
        assert len(all_t) == n_relabelings
        exact_p = np.mean(np.abs(all_t) >= abs(observed[j]) * (1 - 1e-9))
        assert exact_p >= 1 / n_relabelings  # the observed labelling is one of them
        assert abs(random_p[j] - exact_p) < 4 * np.sqrt(exact_p * (1 - exact_p) / n_draws) + 1 / n_draws


def test_draws_of_a_tiny_design_are_the_relabelings_each_as_often():
    outcomes, group = np.arange(4.0)[:, None] ** 2, np.array([1.0, 1, 0, 0])
    strata = np.zeros(4, dtype=int)
    beta, _ = FreedmanLane(outcomes, group, np.ones((4, 1)), strata).draw(draw_orders(2, np.arange(6000), strata))
    expected = sorted(outcomes[list(c)].mean() - np.delete(outcomes, c).mean() for c in combinations(range(4), 2))
    values, counts = np.unique(beta[:, 0].round(9), return_counts=True)
    assert values == pytest.approx(expected)
    assert (np.abs(counts - 1000) < 4 * np.sqrt(6000 * 5 / 36)).all()


def test_orders_shuffle_subjects_within_strata_only():
    strata = np.array([2, 0, 1, 0, 2, 1, 0, 0, 2, 1])
    orders = draw_orders(3, np.arange(200), strata)
    assert (np.sort(orders, axis=1) == np.arange(10)).all()
    assert (strata[orders] == np.sort(strata)).all()
    assert len(np.unique(orders, axis=0)) > 150  # of 4! 3! 3! = 864


def test_every_order_is_as_likely_as_any_other():
    orders = draw_orders(4, np.arange(6000), np.zeros(3, dtype=int))
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6
    assert ((counts - 1000) ** 2 / 1000).sum() < 20.5  # chi-squared on 5 degrees of freedom, p .001


def test_an_order_depends_on_seed_and_index_alone():
    strata = np.arange(12) % 3
    together = draw_orders(9, np.arange(50), strata)
    assert np.array_equal(draw_orders(9, np.array([17, 3, 49]), strata), together[[17, 3, 49]])
    in_blocks = np.concatenate([draw_orders(9, part, strata) for part in np.array_split(np.arange(50), 7)])
    assert np.array_equal(in_blocks, together)
    assert not np.array_equal(draw_orders(10, np.arange(50), strata), together)


def test_restricted_orders_keep_the_order_of_the_subjects_that_are_left():
    strata = np.arange(15) % 2
    orders = draw_orders(1, np.arange(20), strata)
    rows = np.array([0, 3, 4, 7, 8, 13])
    found = restrict(orders, rows)
    for order, left in zip(orders, found, strict=True):
        assert rows[left].tolist() == [s for s in order if s in rows]
    # still stratum by stratum
    assert (strata[rows][found] == np.sort(strata[rows])).all()


def test_restricting_twice_equals_restricting_once():
    orders = draw_orders(1, np.arange(5), np.zeros(10, dtype=int))
    first, second = np.array([0, 2, 3, 5, 8, 9]), np.array([1, 2, 5])
    assert np.array_equal(restrict(restrict(orders, first), second), restrict(orders, first[second]))


def test_restricting_to_everybody_changes_nothing():
    orders = draw_orders(1, np.arange(5), np.zeros(6, dtype=int))
    assert np.array_equal(restrict(orders, np.arange(6)), orders)


def test_blocks_cover_the_shard_in_whole_blocks():
    found = list(blocks(BLOCK, 2 * BLOCK + 1))
    assert [b[0] for b in found] == [BLOCK, 2 * BLOCK]
    assert all(len(b) == BLOCK for b in found)
    assert [whole_blocks(n) for n in (1, BLOCK, BLOCK + 1)] == [BLOCK, BLOCK, 2 * BLOCK]


def test_a_shard_that_starts_inside_a_block_is_refused():
    with pytest.raises(ValueError, match=f"multiple of {BLOCK}, got 7"):
        list(blocks(7, 300))


def test_directions_that_are_constant_within_strata_are_found():
    strata = np.array([0, 0, 1, 1, 1, 2])
    columns = np.column_stack([np.ones(6), strata == 1, [1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]]).astype(float)
    basis, _ = orthonormal_basis(columns)
    assert constant_within(basis, strata).tolist() == [True, True, False, False]
    # the last column is the dummy of site 2, but its part that is new after the third is not constant in site 1
    basis, _ = orthonormal_basis(columns[:, [0, 1, 3, 2]])
    assert constant_within(basis, strata).tolist() == [True, True, True, False]


def test_p_counts_the_observed_labelling_and_is_never_zero():
    assert p_value(np.array([0, 49, 999]), 999) == pytest.approx([0.001, 0.05, 1])


def test_ties_count_as_reached_in_either_sign_and_despite_rounding():
    observed = np.array([0.1 + 0.2, -2.0, 1.0])
    drawn = np.array([[0.3, 2.0, 1 - 1e-6], [-0.3, -2.0, -1.0], [0.29, 1.9, 0.0]])
    assert reaches(drawn, observed).tolist() == [[True, True, False], [True, True, True], [False, False, False]]


def test_reach_of_a_missing_statistic_is_never_counted():
    assert not reaches(np.array([np.nan, 3.0]), np.array([1.0, np.nan])).any()


def test_family_wise_p_equals_counting_draw_by_draw():
    rng = np.random.default_rng(0)
    observed = np.append(rng.normal(0, 3, 20), np.nan)
    maxima = np.abs(rng.normal(3, 1, 99))
    maxima[4] = abs(observed[0])  # a tie
    found = p_max(observed, maxima)
    for value, p in zip(observed[:-1], found[:-1], strict=True):
        assert p == pytest.approx((1 + sum(m >= abs(value) * (1 - 1e-9) for m in maxima)) / 100)
    assert np.isnan(found[-1])
    assert np.nanmin(found) >= 1 / 100


def test_monte_carlo_error_is_the_spread_of_repeated_estimates():
    p, n_draws = 0.03, 500
    estimates = np.random.default_rng(0).binomial(n_draws, p, 20000) / n_draws
    assert monte_carlo_error(np.array(p), n_draws) == pytest.approx(estimates.std(), rel=0.03)


def test_level_holds_per_test_and_family_wise_with_covariates_and_sites(assert_level):
    p, p_family = [], []
    for seed in range(400):
        outcomes, group, nuisance, site = study(seed=seed)
        outcomes = outcomes * (1 + site[:, None])  # sites of unlike spread, which exchange within site allows
        t = fit(outcomes, group, nuisance).t
        beta, se = FreedmanLane(outcomes, group, nuisance, site).draw(draw_orders(seed, np.arange(99), site))
        p.append(p_value(reaches(beta / se, t).sum(axis=0), 99))
        p_family.append(p_max(t, np.abs(beta / se).max(axis=1)).min())
    assert_level(np.concatenate(p))
    assert_level(np.concatenate(p), 0.2)
    assert_level(p_family)


def test_a_planted_difference_is_found_and_the_other_outcomes_are_not():
    outcomes, group, nuisance, site = study(n=80, n_outcomes=20, seed=1)
    outcomes[:, 3] += 1.5 * group
    t = fit(outcomes, group, nuisance).t
    beta, se = FreedmanLane(outcomes, group, nuisance, site).draw(draw_orders(1, np.arange(999), site))
    p = p_max(t, np.abs(beta / se).max(axis=1))
    assert np.flatnonzero(p < 0.05).tolist() == [3]
