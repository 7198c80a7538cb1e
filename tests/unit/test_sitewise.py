"""Cross-products within sites give the same permutation statistics as permuting each set of sites by itself."""

import numpy as np
import pytest

from amygene.stats.permutation import FreedmanLane, draw_orders, restrict
from amygene.stats.sitewise import SitewisePermutation


def study(rng, with_site, missing=0.0):
    sites = rng.integers(0, 4, 90)
    case = (rng.random(90) < 0.4).astype(float)
    dummies = np.eye(4)[sites][:, 1:]
    age, rater = rng.standard_normal(90) + sites, (sites > 1).astype(float)
    nuisance = np.column_stack([np.ones(90), *([*dummies.T] if with_site else [rater]), age, rng.random(90)])
    y = rng.standard_normal((90, 7)) + 100 + sites[:, None] + 0.5 * age[:, None]
    y[rng.random(y.shape) < missing] = np.nan
    y[:, 3] = np.where(sites == 2, np.nan, y[:, 3])
    return y, case, nuisance, sites


@pytest.mark.parametrize("with_site", [True, False])
@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("chosen", [(0, 1, 2, 3), (0, 1, 3), (1, 2), (2,)])
def test_subsets_are_those_of_freedman_and_lane(with_site, missing, chosen):
    y, case, nuisance, sites = study(np.random.default_rng(3), with_site, missing)
    orders = draw_orders(7, np.arange(50), sites)
    sitewise = SitewisePermutation(y, case, nuisance, sites)
    beta, se = sitewise.subset(np.isin(np.arange(4), chosen)).draw(sitewise.products(orders))
    rows = np.flatnonzero(np.isin(sites, chosen))
    plain = FreedmanLane(y[rows], case[rows], nuisance[rows], sites[rows])
    expected_beta, expected_se = plain.draw(restrict(orders, rows))
    np.testing.assert_allclose(beta, expected_beta, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(se, expected_se, rtol=1e-9, atol=1e-11)
    assert np.isnan(beta[:, 3]).all() == (chosen == (2,))


def test_a_permutation_is_least_squares_of_permuted_residuals():
    """By hand: residuals of the reduced model, shuffled within sites, put back and fitted with all columns."""
    y, case, nuisance, sites = study(np.random.default_rng(5), with_site=True)
    y = y[:, :3]
    orders = draw_orders(1, np.arange(4), sites)
    sitewise = SitewisePermutation(y, case, nuisance, sites)
    chosen = np.array([True, False, True, True])
    beta, se = sitewise.subset(chosen).draw(sitewise.products(orders))
    rows = np.flatnonzero(chosen[sites])
    nuisance = nuisance[rows][:, np.ptp(nuisance[rows], axis=0) > 0]
    nuisance = np.column_stack([np.ones(len(rows)), nuisance])
    residual = y[rows] - nuisance @ np.linalg.lstsq(nuisance, y[rows], rcond=None)[0]
    model = np.column_stack([case[rows], nuisance])
    by_site = np.argsort(sites[rows], kind="stable")
    inverse = np.linalg.pinv(model.T @ model)
    for i, order in enumerate(restrict(orders, rows)):
        shuffled = np.empty_like(residual)
        # the residual of the j-th subject by site meets the design of subject order[j]
        shuffled[order] = residual[by_site]
        slopes = inverse @ model.T @ shuffled
        left = shuffled - model @ slopes
        sigma2 = (left**2).sum(axis=0) / (len(rows) - np.linalg.matrix_rank(model))
        np.testing.assert_allclose(beta[i], slopes[0], rtol=1e-9)
        np.testing.assert_allclose(se[i], np.sqrt(sigma2 * inverse[0, 0]), rtol=1e-9)


def test_a_site_of_one_group_cannot_be_fitted_alone():
    y, case, nuisance, sites = study(np.random.default_rng(3), with_site=True)
    case[sites == 1] = 1
    sitewise = SitewisePermutation(y, case, nuisance, sites)
    beta, _ = sitewise.subset(np.arange(4) == 1).draw(sitewise.products(draw_orders(7, np.arange(3), sites)))
    assert np.isnan(beta).all()
