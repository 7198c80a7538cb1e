"""Weights on random genes: draw by draw, length, error rate (which weights in random order miss), and power."""

import numpy as np
import pytest

from amygene.enrichment.scores import RandomSets, make_pools
from amygene.preclinical.random_weights import random_weights, random_weights_p
from amygene.stats.map_test import unit
from amygene.stats.streams import PRECLINICAL_WEIGHTS, stream

N_REGIONS, N_GENES = 54, 400


def world(seed):
    """Smooth expression with common factors, and what draws smooth maps."""
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(-60, 60, (N_REGIONS, 3))
    kernel = np.exp(-((xyz[:, None] - xyz[None]) ** 2).sum(axis=2) / 2 / 30**2)
    root = np.linalg.cholesky(kernel + 1e-6 * np.eye(N_REGIONS))
    factors = root @ rng.standard_normal((N_REGIONS, 6))
    genes = factors @ rng.standard_normal((6, N_GENES)) + root @ rng.standard_normal((N_REGIONS, N_GENES))
    profiles = unit(genes, 0)
    return root, profiles, RandomSets(profiles, 3, make_pools(profiles, 3)), rng


def signature(profiles, kind, rng):
    """Weights of noise, and of one or two modules (of neighbours of a random gene) that are up or down."""
    weights = rng.standard_normal(N_GENES)
    for shift in {"noise": [], "module": [2.5], "two": [2.5, -2.5]}[kind]:
        near = np.argsort(-(profiles[:, rng.integers(N_GENES)] @ profiles))
        weights[near[:40]] += shift
    return weights - weights.mean()


def test_every_draw_by_hand():
    _, profiles, random_sets, rng = world(1)
    vector = signature(profiles, "module", rng)
    found = random_weights(vector, random_sets, 12, 5)
    again = stream(3, PRECLINICAL_WEIGHTS, 5)
    centres, signs = again.integers(300, size=12), again.choice([-1, 1], size=12)
    orders = again.permuted(np.tile(vector, (12, 1)), axis=1)
    length = np.linalg.norm(profiles @ vector)
    for i in range(12):
        along = np.empty(N_GENES)
        along[random_sets.neighbours[centres[i]]] = np.sort(vector)[:: -signs[i]]
        # its neighbours have the largest or the smallest weights
        nearest = profiles[:, random_sets.neighbours[centres[i]][0]] @ profiles
        assert np.sign(np.corrcoef(along, nearest)[0, 1]) == signs[i]
        angles = np.linspace(0, np.pi / 2, 20001)[:, None]
        lengths = np.linalg.norm((np.sin(angles) * along + np.cos(angles) * orders[i]) @ profiles.T, axis=1)
        angle = angles[np.argmin(np.abs(lengths - length)), 0]
        mixed = np.sin(angle) * along + np.cos(angle) * orders[i]
        assert mixed.sum() == pytest.approx(0, abs=1e-9)
        assert mixed.std() == pytest.approx(vector.std(), rel=0.15)
        assert found[i] == pytest.approx(profiles @ mixed, abs=2e-3 * length)


def test_profiles_have_the_length_of_the_signatures():
    _, profiles, random_sets, rng = world(2)
    # as far as none is reached either: all weights along the strongest common profile, and against it
    strongest = np.linalg.svd(profiles)[2][0]
    flat = rng.standard_normal(N_GENES)
    flat -= profiles.T @ np.linalg.lstsq(profiles.T, flat, rcond=None)[0] * 0.999
    for vector in (signature(profiles, "two", rng), strongest - strongest.mean(), flat):
        drawn = random_weights(vector, random_sets, 30, 1)
        assert np.linalg.norm(drawn, axis=1) == pytest.approx(np.linalg.norm(profiles @ vector))
        assert len(np.unique(drawn.round(9), axis=0)) == 30


def test_p_by_hand():
    root, profiles, random_sets, rng = world(3)
    vector, one = signature(profiles, "module", rng), unit(root @ rng.standard_normal(N_REGIONS), 0)
    null = random_weights(vector, random_sets, 99, 4) @ one
    distance = abs(one @ profiles @ vector - null.mean())
    expected = (1 + sum(abs(x - null.mean()) >= distance for x in null)) / 100
    assert random_weights_p(vector, one, random_sets, 99, 4) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["noise", "module", "two"])
def test_level_over_unrelated_maps_which_weights_in_random_order_miss(kind, assert_level):
    found, shuffled = [], []
    for seed in range(20):
        root, profiles, random_sets, rng = world(seed)
        for i in range(20):
            vector = signature(profiles, kind, rng)
            one = unit(root @ rng.standard_normal(N_REGIONS), 0)
            found.append(random_weights_p(vector, one, random_sets, 199, i))
            r = one @ profiles
            null = np.abs(rng.permuted(np.tile(vector, (199, 1)), axis=1) @ r)
            shuffled.append((1 + (null >= abs(vector @ r)).sum()) / 200)
    for level in (0.05, 0.3, 0.7):
        assert_level(found, level)
    assert (np.mean(np.array(shuffled) <= 0.05) > 0.2) == (kind != "noise")


def test_power():
    """Genes weigh by how they follow a map that is no common profile of the genes."""
    found = []
    for seed in range(20):
        root, profiles, random_sets, rng = world(100 + seed)
        one = root @ rng.standard_normal(N_REGIONS)
        common = np.linalg.svd(profiles, full_matrices=False)[0][:, :6]
        one = unit(one - common @ (common.T @ one), 0)
        vector = 8 * one @ profiles + 0.5 * rng.standard_normal(N_GENES)
        found.append(random_weights_p(vector - vector.mean(), one, random_sets, 199, 1))
    assert np.mean(np.array(found) < 0.05) > 0.8
