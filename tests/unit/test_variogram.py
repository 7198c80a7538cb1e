"""Surrogate maps with the map's variogram against BrainSMASH."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.nulls.variogram import DELTAS, Surrogates


@pytest.fixture
def space(reference):
    data = reference("space_input")
    return data[["x", "y", "z"]].to_numpy(), data["value"].to_numpy()


def columns(table, name):
    return table[[c for c in table if c.startswith(name)]].to_numpy().T


def test_surrogates_equal_brainsmash_for_the_same_permutations_and_noise(space, reference):
    table = reference("variogram_brainsmash")
    found = Surrogates(space[0]).surrogates(space[1], columns(table, "permuted"), columns(table, "noise"))
    assert found == pytest.approx(columns(table, "map"), abs=1e-12)


def test_a_surrogate_does_not_depend_on_the_others_drawn_with_it(space, reference):
    table, model = reference("variogram_brainsmash"), Surrogates(space[0])
    permuted, noise = columns(table, "permuted"), columns(table, "noise")
    together = model.surrogates(space[1], permuted, noise)
    alone = model.surrogates(space[1], permuted[2:3], noise[2:3])
    assert alone[0] == pytest.approx(together[2], abs=1e-12)


def test_variogram_equals_a_loop_over_pairs(space):
    xyz, value = space
    model = Surrogates(xyz)
    pairs = [(i, j) for i in range(30) for j in range(i + 1, 30)]
    distance = np.array([np.linalg.norm(xyz[i] - xyz[j]) for i, j in pairs])
    half_square = np.array([(value[i] - value[j]) ** 2 / 2 for i, j in pairs])
    near = distance < np.percentile(distance, 25)
    at = np.linspace(distance[near].min(), distance[near].max(), 25)
    assert model.distances == pytest.approx(at)
    width = 3 * (at[1] - at[0])
    for d, found in zip(at, model.variogram(value[:, None])[:, 0], strict=True):
        weight = np.exp(-((2.68 * np.abs(distance[near] - d) / width) ** 2) / 2)
        assert found == pytest.approx((weight * half_square[near]).sum() / weight.sum())


def test_smoothers_average_over_the_nearest_regions(space):
    xyz, _ = space
    model = Surrogates(xyz)
    distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
    for delta, smoother in zip(DELTAS, model.smoothers, strict=True):
        assert smoother.sum(axis=1) == pytest.approx(np.ones(30))
        nearest = np.argsort(distance[0])[1 : int(delta * 30) + 1]
        assert set(np.flatnonzero(smoother[0])) == set(nearest)


def test_surrogates_follow_the_variogram_of_a_map_and_shuffled_maps_do_not():
    rng = np.random.default_rng(0)
    xyz = rng.standard_normal((100, 3))
    xyz *= np.array([65, 80, 50]) / np.linalg.norm(xyz, axis=1, keepdims=True)
    distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
    root, model = np.linalg.cholesky(np.exp(-distance / 40) + 1e-9 * np.eye(100)), Surrogates(xyz)
    ratios = []
    for _ in range(7):
        value = root @ rng.standard_normal(100)
        permuted = np.stack([rng.permutation(100) for _ in range(100)])
        surrogates = model.surrogates(value, permuted, rng.standard_normal((100, 100)))
        assert surrogates.mean(axis=1) == pytest.approx(np.zeros(100), abs=1e-12)
        target = model.variogram(value[:, None])[:, 0]
        off, off_shuffled = (
            np.abs(np.median(model.variogram(maps.T), axis=1) - target).mean() for maps in (surrogates, value[permuted])
        )
        ratios.append(off / off_shuffled)
    assert np.median(ratios) < 0.4
