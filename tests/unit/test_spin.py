"""Rotations of the sphere: uniform, within hemispheres, matched at the least distance."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from amygene.nulls.spin import on_sphere, random_rotation, spun_order

MIRROR = np.diag([-1.0, 1.0, 1.0])


@pytest.fixture
def rotations():
    rng = np.random.default_rng(0)
    return np.stack([random_rotation(rng) for _ in range(4000)])


def sphere_points(n, seed):
    points = np.random.default_rng(seed).normal(size=(n, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def test_rotations_are_orthogonal_and_do_not_mirror(rotations):
    assert np.einsum("kij,klj->kil", rotations, rotations) == pytest.approx(
        np.broadcast_to(np.eye(3), rotations.shape), abs=1e-12
    )
    assert np.linalg.det(rotations) == pytest.approx(np.ones(4000))


def test_rotations_are_uniform(rotations):
    # a fixed point lands anywhere on the sphere: each coordinate is uniform (Archimedes)
    for axis in range(3):
        for coordinate in (rotations @ np.eye(3)[axis]).T:
            assert stats.kstest(coordinate, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    # the angle of a uniform rotation has the density (1 - cos) / pi
    angle = np.arccos(np.clip((np.trace(rotations, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert stats.kstest(angle, lambda a: (a - np.sin(a)) / np.pi).pvalue > 1e-3


def test_identity_rotation_moves_nothing():
    sphere, is_right = sphere_points(20, 1), np.arange(20) % 2 == 1
    assert spun_order(sphere, is_right, np.eye(3)).tolist() == list(range(20))


def test_regions_are_permuted_within_their_hemisphere(rotations):
    sphere, is_right = sphere_points(21, 2), np.arange(21) % 3 == 1
    for rotation in rotations[:50]:
        order = spun_order(sphere, is_right, rotation)
        assert sorted(order) == list(range(21))
        assert (is_right[order] == is_right).all()


def test_homologous_regions_move_together(rotations):
    left = sphere_points(12, 3)
    sphere, is_right = np.vstack([left, left @ MIRROR]), np.repeat([False, True], 12)
    for rotation in rotations[:30]:
        order = spun_order(sphere, is_right, rotation)
        assert (order[12:] - 12).tolist() == order[:12].tolist()


def test_assignment_has_the_least_distance_of_all(rotations):
    sphere = sphere_points(6, 4)
    for rotation in rotations[:20]:
        turned = sphere @ rotation.T

        def cost(order, turned=turned):
            return sum(np.linalg.norm(sphere[i] - turned[j]) for i, j in enumerate(order))

        found = spun_order(sphere, np.zeros(6, dtype=bool), rotation)
        assert cost(found) == pytest.approx(min(cost(order) for order in permutations(range(6))))


def test_a_region_takes_the_value_of_the_region_that_is_turned_onto_it():
    # eight points round the equator, turned by a quarter: everybody takes the value of two places before
    angle = np.arange(8) * np.pi / 4
    sphere = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(8)])
    quarter = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    assert spun_order(sphere, np.zeros(8, dtype=bool), quarter).tolist() == [6, 7, 0, 1, 2, 3, 4, 5]


def test_one_hemisphere_alone_is_spun(rotations):
    order = spun_order(sphere_points(7, 5), np.ones(7, dtype=bool), rotations[0])
    assert sorted(order) == list(range(7))


def test_centres_come_from_the_nearest_vertex_and_have_length_one():
    surface = np.array([[10.0, 0, 0], [0, 20, 0], [0, 0, 30]])
    ball = np.array([[100.0, 0, 0], [0, 60, 80], [0, 0, -100]])
    found = on_sphere(np.array([[9.0, 1, 1], [1, 1, 25], [0, 18, 3]]), surface, ball)
    assert found == pytest.approx(np.array([[1, 0, 0], [0, 0, -1], [0, 0.6, 0.8]]))
