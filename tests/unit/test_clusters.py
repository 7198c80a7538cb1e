"""Clusters and peaks against searches by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from amygene.stats.clusters import find_clusters, local_maxima, spread_peaks
from amygene.stats.lattice import CONNECTIVITY, Lattice, neighbour_steps


def field(seed=0, sigma=1.0, shape=(12, 11, 10)):
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < 0.9
    smooth = ndimage.gaussian_filter(rng.standard_normal(shape), sigma)
    return smooth[mask] / smooth[mask].std(), mask


def flood(t, mask, connectivity, threshold):
    """Sets of voxels by walking from neighbour to neighbour."""
    number = {tuple(ijk): i for i, ijk in enumerate(np.argwhere(mask))}
    steps = neighbour_steps(connectivity)
    open_ = {ijk for ijk, i in number.items() if abs(t[i]) > threshold}
    clusters = set()
    while open_:
        todo, cluster = [open_.pop()], set()
        while todo:
            here = todo.pop()
            cluster.add(number[here])
            for step in steps:
                near = tuple(np.array(here) + step)
                if near in open_ and t[number[near]] * t[number[here]] > 0:
                    open_.remove(near)
                    todo.append(near)
        clusters.add(frozenset(cluster))
    return clusters


@pytest.mark.parametrize("connectivity", CONNECTIVITY)
def test_clusters_are_those_of_a_walk(connectivity):
    t, mask = field()
    found = find_clusters(t, Lattice(mask, connectivity), 1.3)
    members = [np.flatnonzero(found.label == c + 1) for c in range(len(found))]
    assert {frozenset(m.tolist()) for m in members} == flood(t, mask, connectivity, 1.3)
    assert set(found.sign) == {1, -1}
    for c, voxels in enumerate(members):
        assert found.size[c] == len(voxels)
        assert found.mass[c] == pytest.approx((np.abs(t[voxels]) - 1.3).sum())
        assert found.peak[c] == voxels[np.argmax(np.abs(t[voxels]))]
        assert (np.sign(t[voxels]) == found.sign[c]).all()
    assert (np.diff(found.size) <= 0).all()


def test_a_map_without_clusters_has_none():
    t, mask = field()
    found = find_clusters(t, Lattice(mask, 6), 10.0)
    assert len(found) == 0
    assert (found.label == 0).all()
    assert local_maxima(t, Lattice(mask, 6), 10.0).size == 0


def test_missing_voxels_are_in_no_cluster():
    t, mask = field()
    t[np.abs(t) > 2] = np.nan
    found = find_clusters(t, Lattice(mask, 26), 1.0)
    assert (found.label[np.isnan(t)] == 0).all()
    assert np.isfinite(t[found.peak]).all()


def test_local_maxima_are_higher_than_every_neighbour():
    t, mask = field(sigma=0.8)
    lattice = Lattice(mask, 18)
    ijk = np.argwhere(mask)
    expected = []
    for i in np.flatnonzero(np.abs(t) > 0.7):
        distance2 = ((ijk - ijk[i]) ** 2).sum(axis=1)
        near = (distance2 > 0) & (distance2 <= 2) & (t * t[i] > 0)
        if (np.abs(t[near]) < abs(t[i])).all():
            expected.append(i)
    found = local_maxima(t, lattice, 0.7)
    assert sorted(found) == expected
    assert (np.diff(np.abs(t[found])) <= 0).all()


def test_of_a_plateau_one_voxel_is_a_maximum():
    t = np.array([1.0, 2.0, 2.0, 2.0, 1.0])
    assert local_maxima(t, Lattice(np.ones((5, 1, 1), dtype=bool), 6), 0.5).tolist() == [1]


def test_named_peaks_keep_their_distance_and_the_highest_comes_first():
    t, mask = field(sigma=0.7, seed=4)
    lattice = Lattice(mask, 26)
    xyz = 3.0 * lattice.ijk
    clusters = find_clusters(t, lattice, 0.3)
    maxima = local_maxima(t, lattice, 0.3)
    peaks = spread_peaks(maxima, clusters, xyz, 8.0, 4)
    assert max(len(p) for p in peaks) == 4
    for c, voxels in enumerate(peaks):
        assert voxels[0] == clusters.peak[c]
        assert (clusters.label[voxels] == c + 1).all()
        assert (np.diff(np.abs(t[voxels])) <= 0).all()
        distance = np.linalg.norm(xyz[voxels][:, None] - xyz[voxels], axis=-1)
        assert (distance[np.triu_indices(len(voxels), 1)] >= 8).all()
        # none that would fit is left out
        others = [v for v in maxima[clusters.label[maxima] == c + 1] if v not in voxels]
        if len(voxels) < 4:
            assert all(np.linalg.norm(xyz[voxels] - xyz[v], axis=1).min() < 8 for v in others)
