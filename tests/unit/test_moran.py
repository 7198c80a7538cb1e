"""Moran spectral randomisation against BrainSpace, and what it must keep."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.nulls.autocorrelation import inverse_distance, moran_i
from amygene.nulls.moran import eigenvectors, randomise


@pytest.fixture
def space(reference):
    data = reference("space_input")
    return data[["x", "y", "z"]].to_numpy(), data["value"].to_numpy()


def random_signs(n_maps, n, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (n_maps, n - 1))


def test_weights_are_inverse_distances(space):
    weights = inverse_distance(space[0])
    assert weights[2, 7] == pytest.approx(1 / np.sqrt(((space[0][2] - space[0][7]) ** 2).sum()))
    assert np.diag(weights).tolist() == [0] * 30
    assert np.array_equal(weights, weights.T)


def test_two_regions_with_one_centre_are_refused():
    with pytest.raises(ValueError, match="two regions have the same centre"):
        inverse_distance(np.array([[0.0, 0, 0], [1, 2, 3], [1, 2, 3]]))


def test_eigenvectors_are_those_of_the_doubly_centred_weights(space):
    xyz, _ = space
    n = len(xyz)
    vectors = eigenvectors(xyz)
    centring = np.eye(n) - 1 / n
    centred = centring @ inverse_distance(xyz) @ centring
    values = np.einsum("ij,ij->j", vectors, centred @ vectors)
    assert centred @ vectors == pytest.approx(vectors * values, abs=1e-12)
    assert vectors.T @ vectors == pytest.approx(np.eye(n - 1), abs=1e-12)
    assert vectors.sum(axis=0) == pytest.approx(np.zeros(n - 1), abs=1e-12)
    assert (np.diff(values) > 0).all()


def test_eigenvectors_equal_brainspace_up_to_their_signs(space, reference):
    # BrainSpace works in single precision and sorts the other way round
    mem = reference("moran_mem_brainspace").to_numpy()[:, ::-1]
    assert np.abs(eigenvectors(space[0]).T @ mem) == pytest.approx(np.eye(29), abs=1e-6)


def test_null_maps_equal_brainspace_for_the_same_signs(space, reference):
    xyz, value = space
    signs = reference("moran_signs_brainspace").to_numpy().T
    maps = randomise(value, eigenvectors(xyz), signs)
    assert maps == pytest.approx(reference("moran_maps_brainspace").to_numpy().T, abs=1e-12)


def test_mean_variance_and_autocorrelation_are_kept_exactly(space):
    xyz, value = space
    maps = randomise(value, eigenvectors(xyz), random_signs(50, 30))
    assert maps.mean(axis=1) == pytest.approx(np.full(50, value.mean()), abs=1e-13)
    assert maps.var(axis=1) == pytest.approx(np.full(50, value.var()), rel=1e-12)
    assert moran_i(maps, xyz) == pytest.approx(np.full(50, moran_i(value[None], xyz)[0]), abs=1e-13)
    assert np.abs(np.corrcoef(np.vstack([value, maps]))[0, 1:]).max() < 0.95  # and yet they are other maps


def test_signs_that_turn_nothing_give_the_map_back(space):
    xyz, value = space
    assert randomise(value, eigenvectors(xyz), np.ones((1, 29)))[0] == pytest.approx(value, abs=1e-12)


def test_null_maps_scatter_around_the_mean_of_the_map(space):
    xyz, value = space
    maps = randomise(value, eigenvectors(xyz), random_signs(4000, 30))
    error = maps.std(axis=0) / np.sqrt(4000)
    assert (np.abs(maps.mean(axis=0) - value.mean()) < 4.5 * error).all()


def test_moran_i_equals_a_double_loop(space):
    xyz, value = space
    n, centred = len(value), value - value.mean()
    top = total = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                weight = 1 / np.sqrt(((xyz[i] - xyz[j]) ** 2).sum())
                top += weight * centred[i] * centred[j]
                total += weight
    expected = n / total * top / (centred**2).sum()
    assert moran_i(value[None], xyz)[0] == pytest.approx(expected, rel=1e-12)


def test_moran_i_of_noise_is_minus_one_over_n_minus_one_on_average(space):
    xyz, _ = space
    found = moran_i(np.random.default_rng(0).normal(size=(20000, 30)), xyz)
    assert found.mean() == pytest.approx(-1 / 29, abs=4 * found.std() / np.sqrt(20000))


def test_two_regions_are_enough(space):
    xyz, value = space[0][:2], space[1][:2]
    maps = randomise(value, eigenvectors(xyz), np.array([[1.0], [-1.0]]))
    assert maps == pytest.approx(np.array([value, value[::-1]]))
