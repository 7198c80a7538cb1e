"""Four ways to deal with sites, their permutations against definitions, and counting in shards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from amygene.models import harmonisation
from amygene.models.choices import SITE_EFFECTS
from amygene.models.comparison import Comparison, count_exceedances
from amygene.models.harmonisation import fit_combat
from amygene.models.site_effects import COVARIATE, IGNORED, POOLED, SiteEffects
from amygene.stats.design import Design
from amygene.stats.permutation import draw_orders, p_max, p_value

WAYS = {name: SiteEffects(**way.settings) for name, way in SITE_EFFECTS.items()}
COMBAT = WAYS["combat"]

NAMES = np.array(["intercept", "site", "site", "age"])


def study(seed=0, n_regions=6, missing=0.0, effect=0.0, site_effects=COVARIATE, within=True):
    """Three sites of unlike level, spread and share of cases."""
    rng = np.random.default_rng(seed)
    sites = np.repeat([0, 1, 2], [24, 26, 22])
    case = np.concatenate([np.arange(n) < k for n, k in ((24, 9), (26, 15), (22, 11))]).astype(float)
    age = rng.normal(size=72) + 0.5 * case
    nuisance = np.column_stack([np.ones(72), sites == 1, sites == 2, age]).astype(float)
    z = 0.3 * age[:, None] + rng.normal(0, 0.5, (3, n_regions))[sites] + effect * case[:, None]
    z += (1 + 0.4 * sites[:, None]) * rng.normal(size=z.shape)
    z[rng.random(z.shape) < missing] = np.nan
    return Comparison(z, Design(case, nuisance, NAMES, sites if within else sites * 0), sites, site_effects)


def ols(y, case, nuisance):
    seen = ~np.isnan(y)
    return sm.OLS(y[seen], np.column_stack([case, nuisance])[seen]).fit()


def permuted_by_definition(y, case, nuisance, strata, order):
    """Freedman and Lane's t of one outcome without missing values."""
    fitted = nuisance @ np.linalg.lstsq(nuisance, y, rcond=None)[0]
    star = np.empty(len(y))
    star[order] = (y - fitted)[np.argsort(strata, kind="stable")]
    return ols(fitted + star, case, nuisance)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_site_as_covariate_and_sites_ignored_equal_statsmodels(missing):
    data = study(missing=missing)
    d = data.design
    for way, columns in ((COVARIATE, [0, 1, 2, 3]), (IGNORED, [0, 3])):
        expected = [ols(y, d.case, d.nuisance[:, columns]).tvalues[0] for y in data.z.T]
        assert data.with_sites_as(way).t() == pytest.approx(expected)


def test_combat_is_the_model_without_sites_on_harmonised_values():
    data = study(site_effects=COMBAT)
    d = data.design
    keep = np.column_stack([d.case, d.nuisance[:, 3]])
    harmonised = fit_combat(data.z, data.sites, keep).apply(data.z, data.sites, keep)
    expected = [ols(y, d.case, d.nuisance[:, [0, 3]]).tvalues[0] for y in harmonised.T]
    assert data.t() == pytest.approx(expected)


def test_random_effects_pool_the_estimates_of_every_site(pooled_by_statsmodels):
    data = study(n_regions=20, site_effects=POOLED)
    d = data.design
    for j, t in enumerate(data.t()):
        fits = [
            ols(data.z[here, j], d.case[here], d.nuisance[here][:, [0, 3]])
            for here in (data.sites == s for s in range(3))
        ]
        beta, variance = (np.array(x) for x in zip(*((f.params[0], f.bse[0] ** 2) for f in fits), strict=True))
        pooled, se, _ = pooled_by_statsmodels(beta, variance)
        assert t == pytest.approx(pooled / se)


@pytest.mark.parametrize("within", [True, False], ids=["within site", "everybody"])
@pytest.mark.parametrize("way", [COVARIATE, IGNORED, COMBAT])
def test_permuted_t_equals_freedman_lane_by_definition(way, within):
    data = study(site_effects=way, within=within)
    z, d = data.prepared
    orders = draw_orders(3, np.arange(3), d.strata)
    found = data.permuted_t(orders)
    for i, order in enumerate(orders):
        expected = [permuted_by_definition(y, d.case, d.nuisance, d.strata, order).tvalues[0] for y in z.T]
        assert found[i] == pytest.approx(expected)


@pytest.mark.parametrize("within", [True, False], ids=["within site", "everybody"])
def test_permuted_random_effects_equal_pooling_by_definition(within, pooled_by_statsmodels):
    data = study(n_regions=8, site_effects=POOLED, within=within)
    d = data.design
    orders = draw_orders(3, np.arange(2), d.strata)
    found = data.permuted_t(orders)
    for i, order in enumerate(orders):
        for j in range(8):
            estimates = []
            for s in range(3):
                here = np.flatnonzero(data.sites == s)
                place = {subject: k for k, subject in enumerate(here)}
                own = [place[x] for x in order if x in place]
                fit = permuted_by_definition(
                    data.z[here, j], d.case[here], d.nuisance[here][:, [0, 3]], np.zeros(len(here)), own
                )
                estimates.append((fit.params[0], fit.bse[0] ** 2))
            beta, variance = (np.array(x) for x in zip(*estimates, strict=True))
            pooled, se, _ = pooled_by_statsmodels(beta, variance)
            assert found[i, j] == pytest.approx(pooled / se)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_identity_order_gives_the_observed_t(way, missing):
    data = study(site_effects=way, missing=missing)
    identity = np.argsort(data.design.strata, kind="stable")[None]
    assert data.permuted_t(identity)[0] == pytest.approx(data.t(), rel=1e-8)


def test_combat_is_prepared_once_however_often_it_is_permuted(monkeypatch):
    calls = []

    def counted(*arguments):
        calls.append(1)
        return fit_combat(*arguments)

    monkeypatch.setattr(harmonisation, "fit_combat", counted)
    data = study(site_effects=COMBAT)
    for i in range(3):
        data.permuted_t(draw_orders(0, np.array([i]), data.sites))
    data.t()
    assert len(calls) == 1


def test_sites_alone_and_subsets_hold_their_participants():
    data = study()
    assert list(data.per_site) == [0, 1, 2]
    for site, part in data.per_site.items():
        here = data.sites == site
        assert np.array_equal(part.z, data.z[here])
        assert part.design.names.tolist() == ["intercept", "age"]
        assert part.site_effects == IGNORED
    rest = data.subset(np.flatnonzero(data.sites != 1))
    assert rest.t() == pytest.approx(
        [ols(y, rest.design.case, rest.design.nuisance[:, [0, 2, 3]]).tvalues[0] for y in rest.z.T]
    )


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_comparison_is_the_same_after_it_was_written_as_arrays(way):
    data = study(site_effects=way, missing=0.05)
    again = Comparison.from_arrays(data.arrays())
    orders = draw_orders(0, np.arange(3), data.design.strata)
    assert np.array_equal(again.permuted_t(orders), data.permuted_t(orders))
    assert np.array_equal(again.t(), data.t())


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_shards_count_the_same_bits_together_as_one_job(way):
    data = study(site_effects=way, missing=0.05)
    whole, whole_maxima, whole_maps = count_exceedances(data, 5, 0, 250)
    counts, maxima, maps = zip(
        *(count_exceedances(data, 5, *shard) for shard in ((0, 100), (100, 200), (200, 250))), strict=True
    )
    assert np.array_equal(sum(counts), whole)
    assert np.array_equal(np.concatenate(maxima), whole_maxima)
    assert np.array_equal(np.concatenate(maps), whole_maps)
    assert len(whole_maxima) == 250


def test_counts_equal_a_loop_over_permutations():
    data = study(effect=0.5)
    counts, maxima, maps = count_exceedances(data, 5, 0, 100)
    observed = np.abs(data.t())
    signed = np.array([data.permuted_t(draw_orders(5, np.array([i]), data.sites))[0] for i in range(100)])
    assert maps == pytest.approx(signed)
    drawn = np.abs(signed)
    assert counts.tolist() == [sum(t >= o for t in column) for column, o in zip(drawn.T, observed, strict=True)]
    assert maxima == pytest.approx(drawn.max(axis=1))


def test_region_that_cannot_be_compared_has_no_count_and_enters_no_maximum():
    data = study()
    expected, expected_maxima, _ = count_exceedances(data, 1, 0, 100)
    z = np.column_stack([data.z, np.full(72, np.nan)])
    counts, maxima, _ = count_exceedances(replace(data, z=z), 1, 0, 100)
    assert np.isnan(counts[-1])
    assert np.array_equal(counts[:-1], expected)
    assert maxima == pytest.approx(expected_maxima, rel=1e-12)


def test_maximum_over_no_region_is_zero():
    # else a seed without any value would decide over the family of all seeds
    data = study()
    counts, maxima, _ = count_exceedances(replace(data, z=np.full((72, 3), np.nan)), 1, 0, 100)
    assert np.isnan(counts).all()
    assert (maxima == 0).all()


@pytest.mark.parametrize("way", [COVARIATE, POOLED])
def test_level_holds_per_region_and_family_wise(way, assert_level):
    p, p_family = [], []
    for seed in range(200):
        data = study(seed=seed, site_effects=way, missing=0.03)
        counts, maxima, _ = count_exceedances(data, seed, 0, 99)
        p.append(p_value(counts, 99))
        p_family.append(p_max(data.t(), maxima).min())
    assert_level(np.concatenate(p))
    assert_level(p_family)


def test_level_of_combat_is_near_the_nominal_one():
    # harmonising keeps the groups' difference, so a little of it is chance that permutations do not have
    p = [p_value(count_exceedances(study(seed=seed, site_effects=COMBAT), seed, 0, 99)[0], 99) for seed in range(200)]
    assert 0.03 < np.mean(np.array(p) <= 0.05) < 0.085


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_planted_difference_is_found(way):
    data = study(seed=3, effect=1.2, site_effects=way)
    counts, *_ = count_exceedances(data, 1, 0, 200)
    assert (data.t() > 0).all()
    assert (p_value(counts, 200) < (0.05 if way != POOLED else 0.2)).mean() > 0.8
