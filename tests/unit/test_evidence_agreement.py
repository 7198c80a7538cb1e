"""Agreement under relabeling: exact enumeration, error rates, power, and sizes by statsmodels."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from amygene.evidence.agreement import agreement_test, claim_effects, claim_statistics, claim_tests
from amygene.evidence.places import Claim
from amygene.models.choices import SITE_EFFECTS
from amygene.models.comparison import Comparison
from amygene.models.site_effects import COVARIATE, IGNORED, SiteEffects
from amygene.stats.design import Design

COMBAT = SiteEffects(**SITE_EFFECTS["combat"].settings)


def claim(*edges):
    return Claim(tuple(edges), "named", "")


def two_groups(z, case, sites=None, way=IGNORED, nuisance=None):
    sites = np.zeros(len(case), dtype=int) if sites is None else sites
    nuisance = np.ones((len(case), 1)) if nuisance is None else nuisance
    names = np.array(["intercept"] + ["age"] * (nuisance.shape[1] - 1))
    return Comparison(z, Design(case.astype(float), nuisance, names, sites * 0), sites, way)


def t_maps(z, cases):
    """Student's t of every region for every assignment of cases, shape (n_assignments, n_regions)."""
    n = cases.sum(axis=1, keepdims=True)
    m = len(z) - n
    total, square = cases.astype(float) @ z, cases.astype(float) @ z**2
    rest, rest_square = z.sum(axis=0) - total, (z**2).sum(axis=0) - square
    within = square - total**2 / n + rest_square - rest**2 / m
    return (total / n - rest / m) / np.sqrt(within / (n + m - 2) * (1 / n + 1 / m))


def test_the_t_of_this_file_is_students():
    rng = np.random.default_rng(0)
    z, case = rng.standard_normal((12, 3)), np.arange(12) < 5
    np.testing.assert_allclose(t_maps(z, case[None])[0], stats.ttest_ind(z[case], z[~case]).statistic)


def test_statistics_are_means_over_connections():
    maps = {
        "L": pd.DataFrame([[1.0, 2], [3, np.nan]], columns=["a", "b"]),
        "R": pd.DataFrame([[5.0], [7]], columns=["a"]),
    }
    claims = [claim(("L", "a")), claim(("L", "a"), ("L", "b")), claim(("L", "b"), ("R", "a"))]
    np.testing.assert_array_equal(claim_statistics(claims, maps), [[1, 1.5, 3.5], [3, 1.5, 3.5]])


def test_p_equals_exact_enumeration():
    """All 252 ways to choose 5 cases of 10: p of claims, of the count and of the score by plain loops."""
    rng = np.random.default_rng(1)
    z = rng.standard_normal((10, 4))
    z[:5] += [0.8, -0.5, 0.3, 0.1]
    cases = np.array([np.isin(np.arange(10), chosen) for chosen in combinations(range(10), 5)])
    assert cases[0].tolist() == [True] * 5 + [False] * 5
    drawn = t_maps(z, cases)
    observed, signs = drawn[0], np.array([1.0, -1, -1, 1])
    found = claim_tests(observed, drawn, signs)
    agreement = agreement_test(observed, drawn, signs)
    counts, scores = [], []
    for row in drawn:
        counts.append(sum(s * t > 0 for s, t in zip(signs, row, strict=True)))
        scores.append(np.mean([s * t / drawn[:, j].std() for j, (s, t) in enumerate(zip(signs, row, strict=True))]))
    for j in range(4):
        reached = sum(signs[j] * row[j] >= signs[j] * observed[j] - 1e-12 for row in drawn)
        assert found["p_claim"][j] == pytest.approx((1 + reached) / 253)
    assert agreement["n_agree"] == counts[0]
    assert agreement["null_agree"] == pytest.approx(np.mean(counts))
    assert agreement["p_agree"] == pytest.approx((1 + sum(c >= counts[0] for c in counts)) / 253)
    assert agreement["p_score"] == pytest.approx((1 + sum(s >= scores[0] - 1e-12 for s in scores)) / 253)
    assert found["agrees"].tolist() == [s * t > 0 for s, t in zip(signs, observed, strict=True)]


def studies(n_studies, effect, rng, n=30, n_regions=8, n_draws=199):
    """p of agreement of studies whose connections go together (r = .6), claims all of one direction."""
    found = []
    for _ in range(n_studies):
        z = np.sqrt(0.6) * rng.standard_normal((n, 1)) + np.sqrt(0.4) * rng.standard_normal((n, n_regions))
        case = np.arange(n) < n // 2
        z[case] += effect
        cases = np.stack([case, *(rng.permutation(case) for _ in range(n_draws))])
        t = t_maps(z, cases)
        found.append(agreement_test(t[0], t[1:], np.ones(n_regions)))
    return pd.DataFrame(found)


def test_error_rate_holds_though_claims_go_together_and_binomial_does_not():
    found = studies(300, 0.0, np.random.default_rng(2))
    error = np.sqrt(0.05 * 0.95 / 300)
    assert np.mean(found["p_score"] <= 0.05) == pytest.approx(0.05, abs=3.2 * error)
    # a count has few values: its test may only be too careful
    assert np.mean(found["p_agree"] <= 0.05) < 0.05 + 3.2 * error
    binomial = [stats.binomtest(int(k), 8, alternative="greater").pvalue for k in found["n_agree"]]
    assert np.mean(np.array(binomial) <= 0.05) > 0.15


def test_planted_agreement_is_found():
    found = studies(60, 1.0, np.random.default_rng(3))
    assert np.mean(found["p_score"] <= 0.05) > 0.8
    assert found["n_agree"].mean() > 7
    # claims of the other direction are not
    against = studies(30, -1.0, np.random.default_rng(4))
    assert np.mean(against["p_score"] <= 0.05) < 0.05


def test_a_claim_that_no_relabeling_moves_does_not_enter_the_score():
    drawn = np.array([[1.0, 0], [-1, 0], [2, 0]])
    found = agreement_test(np.array([3.0, 0]), drawn, np.ones(2))
    assert found["mean_score"] == pytest.approx(3 / drawn[:, 0].std())
    assert found["p_score"] == pytest.approx(1 / 4)


@pytest.mark.parametrize("way", [COVARIATE, IGNORED])
def test_sizes_are_those_of_participants_means_by_statsmodels(way):
    rng = np.random.default_rng(5)
    case = np.arange(40) % 2 == 0
    age = rng.standard_normal(40)
    z = {"L": rng.standard_normal((40, 3)) + case[:, None], "R": rng.standard_normal((40, 2))}
    z["L"][3, 0] = np.nan
    z["R"][7, 1], z["L"][7, 0] = np.nan, np.nan
    nuisance = np.column_stack([np.ones(40), age])
    comparisons = {seed: two_groups(values, case, way=way, nuisance=nuisance) for seed, values in z.items()}
    claims = [claim(("L", "a"), ("R", "y")), claim(("L", "c"))]
    found = claim_effects(claims, comparisons, {"L": ["a", "b", "c"], "R": ["x", "y"]})
    for row, columns in zip(found.itertuples(), ([z["L"][:, 0], z["R"][:, 1]], [z["L"][:, 2]]), strict=True):
        mean = pd.DataFrame(columns).T.mean(axis=1)
        known = mean.notna()
        fit = sm.OLS(mean[known], np.column_stack([case, nuisance])[known]).fit()
        d = fit.params.iloc[0] / np.sqrt(fit.scale)
        assert row.g == pytest.approx(d * (1 - 3 / (4 * fit.df_resid - 1)), rel=2e-3)
        assert row.g_ci_low < row.g < row.g_ci_high
        assert row.n_case + row.n_control == known.sum()
    assert found["n_case"].tolist() == [20, 20]
    assert found["n_control"].tolist() == [19, 20]


def test_with_combat_the_harmonised_values_are_averaged():
    rng = np.random.default_rng(6)
    case, sites = np.arange(60) % 2 == 0, np.repeat([0, 1, 2], 20)
    z = rng.standard_normal((60, 4)) + 3.0 * sites[:, None] + 0.8 * case[:, None]
    combat = two_groups(z, case, sites, COMBAT)
    claims = [claim(("L", "a"), ("L", "b"))]
    harmonised = combat.prepared[0][:, :2].mean(axis=1, keepdims=True)
    expected = stats.ttest_ind(harmonised[case], harmonised[~case]).statistic[0]
    found = claim_effects(claims, {"L": combat}, {"L": list("abcd")})
    assert found["g"][0] == pytest.approx(expected * np.sqrt(4 / 60) * (1 - 3 / (4 * 58 - 1)), rel=1e-3)


def test_no_claims_no_rows():
    assert claim_statistics([], {"L": pd.DataFrame(np.zeros((3, 2)))}).shape == (3, 0)
    assert claim_effects([], {}, {}).empty
