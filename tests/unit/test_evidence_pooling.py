"""Effect sizes pooled: against metafor, statsmodels' regression, and in simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from amygene.evidence.pooling import outcomes, pool_findings, pool_one, standard_errors


def finding(study, effect_size, se=None, low=np.nan, high=np.nan, **changes):
    row = {
        "study": study, "modality": "rs-fMRI", "measure": "connectivity", "condition": None, "comparison": "controls",
        "region": "amygdala", "side": "left", "target": "insula", "target_side": None, "effect": "g",
        "effect_size": effect_size, "se": np.nan if se is None else se, "ci_low": low, "ci_high": high,
    }  # fmt: skip
    return row | changes


def test_every_quantity_equals_metafor(reference):
    data, expected = reference("meta_input"), reference("meta_metafor").set_index("outcome")
    for outcome, rows in data.dropna(subset="beta").groupby("outcome"):
        found = pool_one(rows["beta"].to_numpy(), rows["se"].to_numpy())
        for ours, theirs in {
            "k": "k", "effect_size": "beta", "se": "se", "ci_low": "ci_low", "ci_high": "ci_high", "p_pooled": "p",
            "tau2": "tau2", "i2": "i2", "q_heterogeneity": "q", "p_heterogeneity": "p_q",
        }.items():  # fmt: skip
            assert found[ours] == pytest.approx(expected.loc[outcome, theirs], rel=1e-7, abs=1e-12), (outcome, ours)


def test_egger_is_the_regression_of_effect_over_error_on_precision():
    rng = np.random.default_rng(1)
    se = rng.uniform(0.1, 0.5, 14)
    effect = 0.2 + se * rng.standard_normal(14)
    found = pool_one(effect, se)
    expected = sm.OLS(effect / se, sm.add_constant(1 / se)).fit()
    assert found["egger_intercept"] == pytest.approx(expected.params[0])
    assert found["egger_se"] == pytest.approx(expected.bse[0])
    assert found["p_egger"] == pytest.approx(expected.pvalues[0])
    # the same as a weighted regression of the effect on its error
    weighted = sm.WLS(effect, sm.add_constant(se), 1 / se**2).fit()
    assert found["p_egger"] == pytest.approx(weighted.pvalues[1])
    assert found["note"] == ""


def test_error_rates_and_power():
    """200 reviews of 12 homogeneous studies: of no effect, of one, and of small studies that report larger effects."""
    rng = np.random.default_rng(2)
    se = rng.uniform(0.1, 0.5, (200, 12))
    noise = se * rng.standard_normal(se.shape)
    null = [pool_one(y, s) for y, s in zip(noise, se, strict=True)]
    error = np.sqrt(0.05 * 0.95 / 200)
    for key in ("p_pooled", "p_egger"):
        assert np.mean([f[key] <= 0.05 for f in null]) == pytest.approx(0.05, abs=3.2 * error), key
    present = [pool_one(y + 0.4, s) for y, s in zip(noise, se, strict=True)]
    assert np.mean([f["p_pooled"] <= 0.05 for f in present]) > 0.9
    biased = [pool_one(y + 2 * s, s) for y, s in zip(noise, se, strict=True)]
    assert np.mean([f["p_egger"] <= 0.05 for f in biased]) > 0.5


def test_a_prediction_interval_holds_a_further_study():
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(200):
        truth = 0.2 + 0.3 * rng.standard_normal(16)
        se = np.full(15, 0.15)
        found = pool_one(truth[:15] + se * rng.standard_normal(15), se)
        inside.append(found["prediction_low"] < truth[15] < found["prediction_high"])
    assert np.mean(inside) == pytest.approx(0.95, abs=3.2 * np.sqrt(0.05 * 0.95 / 200))


def test_small_ks():
    assert np.isnan(pool_one(np.array([0.3]), np.array([0.1]))["weight"][0])
    two = pool_one(np.array([0.3, 0.5]), np.array([0.1, 0.1]))
    assert two["effect_size"] == pytest.approx(0.4)
    assert np.isnan(two["prediction_low"])
    assert np.isnan(two["p_egger"])
    three = pool_one(np.array([0.3, 0.5, 0.1]), np.array([0.1, 0.1 + 1e-12, 0.1]))
    assert np.isnan(three["p_egger"])
    assert "no test of small studies" in three["note"]
    assert "little power" in pool_one(np.array([0.3, 0.5, 0.1]), np.array([0.1, 0.2, 0.3]))["note"]


def test_findings_about_the_same_thing_are_pooled_whichever_end_is_named_first():
    rows = [
        finding("A", 0.5, 0.2),
        finding("B", 0.3, None, 0.3 - 1.959964 * 0.1, 0.3 + 1.959964 * 0.1),
        finding("C", 0.1, 0.3, region="insula", side=None, target="amygdala", target_side="left"),
        finding("C", 0.3, 0.1),  # the same study again
        finding("D", 9.0, 0.1, effect="Fisher z"),
        finding("E", 0.2, 0.1, comparison="before treatment"),
        finding("F", np.nan),
    ]
    pooled, studies = pool_findings(pd.DataFrame(rows))
    assert pooled["outcome"].tolist() == ["insula – left amygdala, rs-fMRI, connectivity, g, controls"]
    expected = pool_one(np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.1, 0.3]))
    assert pooled["effect_size"][0] == pytest.approx(expected["effect_size"], rel=1e-6)
    assert pooled["k"][0] == 3
    own = studies[studies["outcome"] == pooled["outcome"][0]]
    assert own["study"].tolist() == ["A", "B", "C"]
    assert own["weight"].sum() == pytest.approx(1)
    assert set(studies["study"]) == {"A", "B", "C", "D", "E"}


def test_errors_come_from_the_interval_where_none_is_given():
    table = pd.DataFrame([finding("A", 0.5, 0.2, 0, 9), finding("B", 0.5, None, 0.108, 0.892)])
    np.testing.assert_allclose(standard_errors(table), [0.2, 0.2], atol=1e-4)


def test_no_effect_sizes_no_rows():
    pooled, studies = pool_findings(pd.DataFrame([finding("A", np.nan)]))
    assert pooled.empty
    assert studies.empty
    assert "p_egger" in pooled
    assert outcomes(pd.DataFrame([finding("A", 1, target=None)]))[0].startswith("left amygdala, rs-fMRI")
