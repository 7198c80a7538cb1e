"""The likelihood-ratio test against R's DESeq2 and statsmodels, and its error rate."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from amygene.preclinical.negative_binomial import BLOCK, fit, likelihood_ratio_test, log_likelihood

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def kept():
    counts = pd.read_csv(REFERENCE / "deseq2_input.csv", index_col=0)
    truth = pd.read_csv(REFERENCE / "deseq2_tests.csv", index_col="gene").loc[counts.index]
    factors = pd.read_csv(REFERENCE / "deseq2_size_factors.csv")["size_factor"].to_numpy()
    group = np.array([name[0] for name in counts.columns])
    batch = np.arange(len(group)) % 2
    reduced = np.column_stack([np.ones(len(group)), batch])
    full = np.column_stack([reduced, group == "B", group == "C"]).astype(float)
    return counts.to_numpy(), factors, truth, full, reduced


def test_likelihood_is_that_of_scipy():
    rng = np.random.default_rng(1)
    mu, dispersion = rng.uniform(1, 50, (4, 6)), np.array([0.01, 0.1, 1, 3])
    counts = rng.poisson(mu)
    size = 1 / dispersion[:, None]
    truth = stats.nbinom.logpmf(counts, size, size / (size + mu)).sum(axis=1)
    assert log_likelihood(counts, mu, dispersion) == pytest.approx(truth, rel=1e-9)


def test_against_deseq2(kept):
    counts, factors, truth, full, reduced = kept
    statistic, p, settled = likelihood_ratio_test(counts, factors, truth["dispersion"].to_numpy(), full, reduced)
    assert settled.all()
    assert statistic == pytest.approx(truth["lrt"].to_numpy(), abs=2e-4)
    assert np.log(p) == pytest.approx(np.log(truth["p_lrt"].to_numpy()), abs=2e-3)


def test_against_statsmodels(kept):
    counts, factors, truth, full, reduced = kept
    for gene in (0, 5, 30, 100, 249):
        dispersion = truth["dispersion"].iloc[gene]
        family = sm.families.NegativeBinomial(alpha=dispersion)
        one, other = (
            sm.GLM(counts[gene], design, family, offset=np.log(factors)).fit(tol=1e-12) for design in (full, reduced)
        )
        ours = fit(counts[[gene]], factors, np.array([dispersion]), full)
        assert ours.coefficients[0] == pytest.approx(one.params, abs=1e-4)
        statistic, _, _ = likelihood_ratio_test(counts[[gene]], factors, np.array([dispersion]), full, reduced)
        assert statistic[0] == pytest.approx(2 * (one.llf - other.llf), abs=1e-4)


def test_a_gene_has_the_same_bytes_among_few_and_many(kept):
    counts, factors, truth, full, _ = kept
    many = np.tile(counts, (3, 1))[: 2 * BLOCK + 7]
    dispersion = np.tile(truth["dispersion"].to_numpy(), 3)[: len(many)]
    whole = fit(many, factors, dispersion, full)
    for rows in (slice(0, 5), slice(BLOCK - 2, BLOCK + 3)):
        part = fit(many[rows], factors, dispersion[rows], full)
        assert (part.log_likelihood == whole.log_likelihood[rows]).all()
        assert (part.coefficients == whole.coefficients[rows]).all()


def test_groups_without_counts_settle():
    counts = np.array([[0, 0, 0, 0, 90, 110, 95, 105]])
    full = np.column_stack([np.ones(8), np.arange(8) >= 4]).astype(float)
    statistic, p, settled = likelihood_ratio_test(counts, np.ones(8), np.array([0.1]), full, full[:, :1])
    assert settled.all()
    assert statistic[0] > 20
    assert p[0] < 1e-4


def test_level_with_true_dispersions():
    rng = np.random.default_rng(2)
    n_genes, groups = 4000, np.repeat([0, 1, 2], 6)
    mu, dispersion = np.exp(rng.normal(5, 1, n_genes)), rng.uniform(0.02, 0.2, n_genes)
    factors = rng.lognormal(0, 0.3, 18)
    counts = rng.poisson(rng.gamma(1 / dispersion[:, None], mu[:, None] * factors * dispersion[:, None]))
    full = np.column_stack([np.ones(18), groups == 1, groups == 2]).astype(float)
    _, p, _ = likelihood_ratio_test(counts, factors, dispersion, full, full[:, :1])
    # chi-squared is the limit of many samples: with 6 a group the rate is a little high
    assert 0.04 < np.mean(p < 0.05) < 0.075
    changed = counts.copy()
    changed[:200, groups == 2] *= 2
    _, p, _ = likelihood_ratio_test(changed, factors, dispersion, full, full[:, :1])
    assert np.mean(p[:200] < 0.05) > 0.9
