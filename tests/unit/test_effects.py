"""Effects region by region: the linear model's, and those pooled over sites."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from amygene.models.comparison import Comparison
from amygene.models.effects import estimates
from amygene.models.site_effects import COVARIATE, POOLED
from amygene.stats.design import Design
from amygene.stats.effect_size import hedges_g, small_sample_correction

COLUMNS = ["beta", "se", "t", "df", "g", "g_ci_low", "g_ci_high"]


def study(site_effects, n_regions=8, seed=0):
    rng = np.random.default_rng(seed)
    sites, case = np.repeat([0, 1, 2], 30), np.arange(90) % 2.0
    nuisance = np.column_stack([np.ones(90), sites == 1, sites == 2]).astype(float)
    slope = 0.5 + rng.normal(0, 0.8, (3, n_regions))
    z = slope[sites] * case[:, None] + rng.normal(size=(90, n_regions))
    return Comparison(z, Design(case, nuisance, np.array(["intercept", "site", "site"]), sites), sites, site_effects)


def test_linear_model_gives_estimates_with_exact_interval():
    data = study(COVARIATE)
    table = estimates(data)
    assert list(table) == COLUMNS
    expected = [sm.OLS(y, np.column_stack([data.design.case, data.design.nuisance])).fit() for y in data.z.T]
    assert table["beta"].to_numpy() == pytest.approx([e.params[0] for e in expected])
    assert table["t"].to_numpy() == pytest.approx([e.tvalues[0] for e in expected])
    residual_sd = np.sqrt([e.mse_resid for e in expected])
    correction = small_sample_correction(86)
    assert table["g"].to_numpy() == pytest.approx(correction * table["beta"].to_numpy() / residual_sd)
    found = data.fit()
    _, low, high = hedges_g(found.t, found.df, found.scale)
    assert table["g_ci_low"].to_numpy() == pytest.approx(low)
    assert table["g_ci_high"].to_numpy() == pytest.approx(high)


def test_random_effects_give_the_pooled_difference_in_pooled_standard_deviations(pooled_by_statsmodels):
    data = study(POOLED)
    table = estimates(data)
    assert list(table) == COLUMNS
    for j, row in table.iterrows():
        fits = []
        for s in range(3):
            here = data.sites == s
            fits.append(sm.OLS(data.z[here, j], sm.add_constant(data.design.case[here])).fit())
        beta, se, _ = pooled_by_statsmodels(
            np.array([f.params[1] for f in fits]), np.array([f.bse[1] ** 2 for f in fits])
        )
        assert row["beta"] == pytest.approx(beta)
        assert row["se"] == pytest.approx(se)
        assert row["df"] == 2
        residuals = np.concatenate([f.resid for f in fits])
        unit = small_sample_correction(90 - 6) / np.sqrt(residuals @ residuals / (90 - 6))
        reach = stats.t.ppf(0.975, 2) * se
        assert row["g"] == pytest.approx(row["beta"] * unit)
        assert (row["g_ci_low"], row["g_ci_high"]) == pytest.approx(
            ((row["beta"] - reach) * unit, (row["beta"] + reach) * unit)
        )


def test_site_without_cases_is_left_out_of_the_pooled_estimate():
    data = study(POOLED)
    case = data.design.case.copy()
    case[data.sites == 2] = 0
    d = data.design
    without = Comparison(data.z, Design(case, d.nuisance, d.names, d.strata), data.sites, POOLED)
    two = data.subset(np.flatnonzero(data.sites != 2))
    assert estimates(without).to_numpy() == pytest.approx(estimates(two).to_numpy())


def test_one_site_cannot_be_pooled():
    data = study(POOLED)
    table = estimates(data.subset(np.flatnonzero(data.sites == 0)))
    assert table[["beta", "se", "t", "g", "g_ci_low"]].isna().all(axis=None)
