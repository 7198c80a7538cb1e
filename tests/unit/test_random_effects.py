"""Random-effects meta-analysis against metafor, statsmodels and in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from amygene.stats.random_effects import pool


@pytest.fixture
def sites(reference):
    """beta and se, sites x outcomes."""
    data = reference("meta_input")
    return tuple(data.pivot(index="site", columns="outcome", values=v).to_numpy() for v in ("beta", "se"))


@pytest.mark.parametrize("quantity", ["beta", "se", "df", "tau2", "i2", "q", "p_q"])
def test_every_quantity_equals_metafor_with_knapp_and_hartung(sites, reference, quantity):
    found = getattr(pool(*sites), quantity)
    assert found == pytest.approx(reference("meta_metafor")[quantity].to_numpy(), rel=1e-9, abs=1e-12)


def test_interval_and_p_of_t_equal_metafor(sites, reference):
    found, expected = pool(*sites), reference("meta_metafor")
    reach = stats.t.ppf(0.975, found.df) * found.se
    assert found.beta - reach == pytest.approx(expected["ci_low"].to_numpy(), rel=1e-9)
    assert found.beta + reach == pytest.approx(expected["ci_high"].to_numpy(), rel=1e-9)
    assert 2 * stats.t.sf(np.abs(found.beta / found.se), found.df) == pytest.approx(expected["p"].to_numpy(), rel=1e-8)


def test_estimates_equal_statsmodels(sites, pooled_by_statsmodels):
    found = pool(*sites)
    for j, (beta, se) in enumerate(zip(sites[0].T, sites[1].T, strict=True)):
        seen = ~np.isnan(beta)
        expected = pooled_by_statsmodels(beta[seen], se[seen] ** 2)
        assert (found.beta[j], found.se[j], found.tau2[j]) == pytest.approx(expected)


def test_a_site_without_estimate_counts_as_if_it_were_not_there(sites):
    beta, se = (x[:, :1].copy() for x in sites)
    beta[2], se[4] = np.nan, 0.0
    found, expected = pool(beta, se), pool(np.delete(beta, [2, 4], 0), np.delete(se, [2, 4], 0))
    for quantity in ("beta", "se", "df", "tau2", "i2", "q", "p_q"):
        assert getattr(found, quantity) == pytest.approx(getattr(expected, quantity))


@pytest.mark.parametrize("k", [0, 1])
def test_fewer_than_two_sites_give_missing(sites, k):
    beta, se = (x.copy() for x in sites)
    beta[k:, 0] = np.nan
    found = pool(beta, se)
    for quantity in ("beta", "se", "df", "tau2", "i2", "q", "p_q"):
        values = getattr(found, quantity)
        assert np.isnan(values[0])
        assert np.isfinite(values[1:]).all()


def test_leading_axes_of_estimates_are_pooled_one_by_one(sites):
    beta, se = (np.stack([x, 2 * x], axis=1) for x in sites)
    found = pool(beta, se)
    assert found.beta[0] == pytest.approx(pool(*sites).beta)
    assert found.beta[1] == pytest.approx(2 * pool(*sites).beta)


@pytest.mark.parametrize("tau", [0.0, 0.4])
def test_level_holds_with_few_sites(tau, assert_level):
    rng = np.random.default_rng(2)
    se = np.full((4, 4000), 0.3)
    found = pool(tau * rng.standard_normal(se.shape) + se * rng.standard_normal(se.shape), se)
    assert_level(2 * stats.t.sf(np.abs(found.beta / found.se), found.df))


def test_p_of_heterogeneity_is_uniform_for_homogeneous_sites(assert_level):
    rng = np.random.default_rng(3)
    se = rng.uniform(0.1, 0.5, (5, 4000))
    assert_level(pool(0.2 + se * rng.standard_normal(se.shape), se).p_q)
