"""Partial least squares against scikit-learn and plain loops; error rate and power of its p."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from amygene.genes.pls import explained_shares, pls
from amygene.nulls import moran
from amygene.stats.streams import BOOTSTRAP, stream


def example(n_regions=40, n_genes=120, n_maps=50, seed=0):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n_regions, 5))
    expression = factors @ rng.normal(size=(5, n_genes)) + 0.5 * rng.normal(size=(n_regions, n_genes)) + 7
    observed = factors[:, 0] - factors[:, 2] + rng.normal(size=n_regions) + 3
    return observed, rng.normal(size=(n_maps, n_regions)), expression * rng.uniform(0.5, 5, n_genes)


def standardised(expression):
    return (expression - expression.mean(axis=0)) / expression.std(axis=0)


def by_scikit_learn(one, genes, n_components):
    """Shares of the map's variance, and the weights of the first component."""
    model = PLSRegression(n_components, scale=False).fit(genes, one)
    shares = [np.corrcoef(score, one)[0, 1] ** 2 for score in model.x_scores_.T]
    return shares, model.x_weights_[:, 0]


def test_shares_weights_and_p_equal_scikit_learn_for_the_map_and_every_null_map():
    observed, maps, expression = example()
    found = pls(observed, maps, expression, 4, 1, 100)
    genes = standardised(expression)
    shares, weights = by_scikit_learn(observed, genes, 4)
    assert found.explained == pytest.approx(shares, rel=1e-9)
    assert found.weights == pytest.approx(weights * np.sign(weights @ found.weights), abs=1e-12)
    null = np.array([by_scikit_learn(one, genes, 4)[0] for one in maps])
    assert found.p == pytest.approx((1 + (null >= np.array(shares) * (1 - 1e-9)).sum(axis=0)) / 51)


def test_shares_add_up_to_what_all_components_explain_together():
    _, maps, expression = example()
    genes = standardised(expression)
    shares = explained_shares(genes @ genes.T, maps, 3)
    for one, found in zip(maps, shares, strict=True):
        assert found.sum() == pytest.approx(PLSRegression(3, scale=False).fit(genes, one).score(genes, one), rel=1e-9)


def test_weights_have_unit_length_and_follow_the_map():
    observed, maps, expression = example()
    found = pls(observed, maps, expression, 1, 1, 100)
    assert np.linalg.norm(found.weights) == pytest.approx(1)
    component = standardised(expression) @ found.weights
    assert np.corrcoef(component, observed)[0, 1] > 0
    flipped = pls(-observed, maps, expression, 1, 1, 100)
    assert flipped.weights == pytest.approx(-found.weights)
    assert flipped.explained == pytest.approx(found.explained)


def test_bootstrap_z_equals_a_loop_over_draws():
    observed, maps, expression = example()
    genes = standardised(expression)
    draws = []
    for i in range(100):
        rows = stream(9, BOOTSTRAP, i).integers(0, 40, 40)
        covariance = (observed[rows] - observed[rows].mean()) @ genes[rows]
        draws.append(covariance / np.linalg.norm(covariance))
    found = pls(observed, maps, expression, 1, 9, 100)
    assert found.z == pytest.approx(found.weights / np.std(draws, axis=0, ddof=1), rel=1e-6)


def test_draws_are_addressed_by_the_seed():
    observed, maps, expression = example()
    one, again, other = (pls(observed, maps, expression, 2, seed, 100) for seed in (1, 1, 2))
    assert one.z.tobytes() == again.z.tobytes()
    assert not np.array_equal(one.z, other.z)
    assert one.p.tolist() == other.p.tolist()


def test_components_beyond_those_that_there_are_explain_nothing():
    rng = np.random.default_rng(0)
    genes, maps = standardised(rng.normal(size=(10, 300))), rng.normal(size=(30, 10))
    shares = explained_shares(genes @ genes.T, maps, 10)
    assert shares.sum(axis=1) == pytest.approx(np.ones(30))
    assert (shares[:, 9] == 0).all()
    two = genes[:, :2]
    shares = explained_shares(two @ two.T, maps, 4)
    assert (shares[:, 2:] == 0).all()
    design = np.column_stack([np.ones(10), two])
    for one, found in zip(maps, shares, strict=True):
        residual = np.linalg.lstsq(design, one, rcond=None)[1][0]
        assert found.sum() == pytest.approx(1 - residual / ((one - one.mean()) ** 2).sum())
    assert pls(maps[0], maps[1:], genes, 10, 1, 100).p[9] == 1


def studies(brain, n_studies, follow=0.0):
    rng = np.random.default_rng(13)
    for i in range(n_studies):
        observed = brain.smooth(1, rng, 1.0)[0]
        genes = brain.smooth(30, rng, 1.0)
        genes[:10] += follow * observed
        yield observed, moran.null_maps(observed, brain.structure, brain.xyz, i, 99), genes.T


def test_p_of_the_first_component_holds_its_level_when_the_map_is_one_of_its_null_maps(assert_level):
    _, _, expression = example(n_regions=15, n_genes=30)
    rng = np.random.default_rng(2)
    p = []
    for i in range(600):
        maps = rng.normal(size=(100, 15)) + np.arange(15) / 5
        p.append(pls(maps[0], maps[1:], expression, 2, i, 2).p)
    for component in np.array(p).T:
        assert_level(component)
        assert_level(component, 0.2)


def test_p_is_near_its_level_on_smooth_maps_and_finds_genes_that_follow_the_map(brain):
    p = [pls(*study, 1, 1, 2).p[0] for study in studies(brain, 300)]
    assert 0.02 < np.mean(np.array(p) <= 0.05) < 0.1
    p = [pls(*study, 1, 1, 2).p[0] for study in studies(brain, 40, follow=2.0)]
    assert np.mean(np.array(p) <= 0.05) > 0.7
