"""Scores under null maps against loops, and their independence of how they are dealt."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.stats.map_test import COLUMNS, ROWS, STEP, against_null_maps, null_sd, unit


def example(n_regions=20, n_maps=130, n_scores=70, seed=0):
    rng = np.random.default_rng(seed)
    observed, null_maps = rng.normal(size=n_regions), rng.normal(size=(n_maps, n_regions)) + rng.normal(size=n_regions)
    return unit(observed, 0), unit(null_maps, 1), unit(rng.normal(size=(n_regions, n_scores)), 0)


@pytest.mark.parametrize("n_maps", [1, ROWS - 1, ROWS, 2 * ROWS + 5])
@pytest.mark.parametrize("n_scores", [1, STEP, STEP + 1, COLUMNS + 3])
def test_everything_equals_a_loop_over_maps(n_maps, n_scores):
    observed, null_maps, profiles = example(n_maps=n_maps, n_scores=n_scores)
    found = against_null_maps(observed, null_maps, profiles)
    null = np.array([[one @ profile for profile in profiles.T] for one in null_maps])
    mean = null.mean(axis=0)
    score = observed @ profiles
    assert found.score == pytest.approx(score, abs=1e-14)
    assert found.null_mean == pytest.approx(mean, abs=1e-14)
    reached = np.abs(null - mean) >= np.abs(score - mean) * (1 - 1e-9)
    assert found.exceedances.tolist() == reached.sum(axis=0).tolist()
    assert found.maxima == pytest.approx(np.abs(null - mean).max(axis=1), abs=1e-14)
    assert found.p == pytest.approx((1 + reached.sum(axis=0)) / (1 + n_maps))


def test_null_maps_that_tie_with_the_map_are_counted():
    observed, null_maps, profiles = example(n_maps=40)
    # the map and its mirror image around the null mean, each among its null maps
    null_maps = np.vstack([null_maps, observed])
    mirror = 2 * null_maps.mean(axis=0) - observed
    found = against_null_maps(observed, np.vstack([null_maps, mirror]), profiles)
    assert (found.exceedances >= 1).all()


def test_padding_columns_enter_no_maximum():
    # far from 0 on average, so that a column of zeros would show
    rng = np.random.default_rng(1)
    null_maps = unit(rng.normal(size=(30, 10)) + 5 * np.arange(10), 1)
    profile = unit(rng.normal(size=(10, 1)), 0)
    found = against_null_maps(null_maps[0], null_maps, profile)
    scores = (null_maps @ profile)[:, 0]
    assert found.maxima == pytest.approx(np.abs(scores - scores.mean()), abs=1e-14)


def test_blocks_of_columns_give_the_same_bits_alone_and_together():
    observed, null_maps, profiles = example(n_maps=260, n_scores=2 * COLUMNS + 100)
    whole = against_null_maps(observed, null_maps, profiles)
    maxima = np.zeros(260)
    for first in range(0, profiles.shape[1], COLUMNS):
        here = slice(first, first + COLUMNS)
        part = against_null_maps(observed, null_maps, profiles[:, here])
        assert np.array_equal(part.score, whole.score[here])
        assert np.array_equal(part.null_mean, whole.null_mean[here])
        assert np.array_equal(part.exceedances, whole.exceedances[here])
        maxima = np.maximum(maxima, part.maxima)
    assert np.array_equal(maxima, whole.maxima)


def test_unit_makes_products_pearson_correlations():
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 2, (2, 15))
    assert unit(x, 0) @ unit(y, 0) == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-14)


def test_unit_of_constant_values_is_missing_even_when_rounding_makes_them_vary():
    x = np.array([[0.1 + 0.2, 0.3, 0.3], [5.0, 5.0, 5.0], [0.0, 0.0, 0.0], [1.0, 2.0, 4.0]])
    assert np.isnan(unit(x, 1)).all(axis=1).tolist() == [True, True, True, False]


def test_null_sd_is_the_spread_of_the_scores():
    _, null_maps, profiles = example()
    assert null_sd(null_maps, profiles) == pytest.approx((null_maps @ profiles).std(axis=0), rel=1e-12)
