"""Relabeled animals: by hand, error rate where modules follow the map, and power."""

import numpy as np
import pytest
from scipy import stats

from amygene.preclinical.animals import relabeled_p
from amygene.stats.streams import PRECLINICAL_ANIMALS, stream


def animals(rng, effect=0.0):
    """Two groups of 5; 30 of 200 genes are a module that follows the map."""
    is_case = np.arange(10) < 5
    values = rng.standard_normal((10, 200))
    values[:, :30] += 1.5 * rng.standard_normal((10, 1)) + effect * is_case[:, None]
    r = np.r_[np.full(30, 0.6), 0.2 * rng.standard_normal(170)]
    return values, is_case, r


def test_by_hand():
    values, is_case, r = animals(np.random.default_rng(1))
    rng = stream(5, PRECLINICAL_ANIMALS, 2)
    labels = [is_case, *(rng.permutation(is_case) for _ in range(30))]
    scores = []
    for label in labels:
        t = stats.ttest_ind(values[label], values[~label]).statistic
        w = t - t.mean()
        scores.append(abs((w * r).sum() / np.abs(w).sum()))
    expected = (1 + sum(s >= scores[0] * (1 - 1e-9) for s in scores[1:])) / 31
    assert relabeled_p(values, is_case, r, 5, 2, 30) == pytest.approx(expected)


def test_level_where_a_module_follows_the_map(assert_level):
    rng = np.random.default_rng(2)
    assert_level([relabeled_p(*animals(rng), 1, i, 99) for i in range(600)])


def test_power():
    rng = np.random.default_rng(3)
    p = [relabeled_p(*animals(rng, 5), 1, i, 99) for i in range(40)]
    assert np.mean(np.array(p) < 0.05) > 0.8
