"""Threshold-free cluster enhancement against nilearn, its definition, and clusters counted by scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from amygene.stats.clusters import find_clusters, structure
from amygene.stats.lattice import CONNECTIVITY, Lattice
from amygene.stats.tfce import Scanner, tfce


def field(shape=(14, 12, 13), sigma=1.2, seed=0):
    """A smooth map in a mask with holes, and the mask."""
    rng = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(rng.standard_normal(shape), 1) > -0.2
    smooth = ndimage.gaussian_filter(rng.standard_normal(shape), sigma)
    return 1.4 * smooth[mask] / smooth[mask].std(), mask


def by_definition(t, mask, connectivity, extent, height, thresholds):
    """Label the map at every threshold; the sum of extent ** E * threshold ** H, per voxel."""
    found = np.zeros(mask.shape)
    volume = np.zeros(mask.shape)
    volume[mask] = t
    for sign in (1, -1):
        for h in thresholds:
            label, _ = ndimage.label(volume * sign >= h, structure(connectivity))
            size = np.bincount(label.ravel())
            size[0] = 0
            found += sign * size[label].astype(float) ** extent * h**height
    return found[mask]


@pytest.mark.parametrize("connectivity", CONNECTIVITY)
@pytest.mark.parametrize("sigma", [0.4, 1.5])
def test_with_steps_it_is_nilearns(connectivity, sigma):
    from nilearn.mass_univariate._utils import calculate_tfce

    t, mask = field(sigma=sigma)
    lattice = Lattice(mask, connectivity)
    expected = calculate_tfce(lattice.volume(t)[..., None], structure(connectivity))[..., 0][mask]
    assert tfce(t, lattice, steps=100) == pytest.approx(expected, rel=1e-10, abs=0)


@pytest.mark.parametrize(("extent", "height"), [(0.5, 2.0), (1.0, 1.0), (0.67, 3.0)])
def test_the_integral_is_the_limit_of_small_steps(extent, height):
    t, mask = field()
    lattice = Lattice(mask, 26)
    exact = tfce(t, lattice, extent, height)
    for n, tolerance in ((400, 0.02), (3200, 0.0025)):
        step = np.abs(t).max() / n
        # thresholds in the middle of the steps
        summed = step * by_definition(t, mask, 26, extent, height, step * (np.arange(n) + 0.5))
        assert np.abs(exact - summed).max() < tolerance * np.abs(exact).max()


def test_a_map_of_one_bump_has_the_closed_form():
    # two voxels of height 2 and 1: one alone from 1 to 2, both from 0 to 1
    lattice = Lattice(np.ones((2, 1, 1), dtype=bool), 6)
    both = np.sqrt(2) / 3
    assert tfce(np.array([2.0, 1.0]), lattice) == pytest.approx([(8 - 1) / 3 + both, both], rel=1e-15)


def test_signs_do_not_mix_and_mirror_each_other():
    t, mask = field()
    lattice = Lattice(mask, 18)
    found = tfce(t, lattice)
    assert (np.sign(found) == np.sign(t)).all()
    assert np.array_equal(tfce(-t, lattice), -found)
    assert tfce(np.maximum(t, 0), lattice) == pytest.approx(np.maximum(found, 0), rel=1e-14)


def test_missing_voxels_separate_clusters_and_stay_missing():
    t, mask = field()
    gone = np.random.default_rng(3).random(len(t)) < 0.2
    without = mask.copy()
    without[mask] = ~gone
    found = tfce(np.where(gone, np.nan, t), Lattice(mask, 26))
    assert np.isnan(found[gone]).all()
    assert found[~gone] == pytest.approx(tfce(t[~gone], Lattice(without, 26)), rel=1e-14)


def test_equal_heights_come_in_together():
    # a plateau: with any order among equals the score is that of the whole
    lattice = Lattice(np.ones((3, 3, 3), dtype=bool), 6)
    assert tfce(np.full(27, 1.5), lattice) == pytest.approx(np.full(27, np.sqrt(27) * 1.5**3 / 3), rel=1e-14)


def test_a_map_of_zeros_scores_zero():
    lattice = Lattice(np.ones((3, 3, 3), dtype=bool), 6)
    assert (tfce(np.zeros(27), lattice) == 0).all()
    assert Scanner(lattice, 1.0).maxima(np.zeros(27)) == (0, 0, 0, 0)


@pytest.mark.parametrize("connectivity", CONNECTIVITY)
def test_maxima_are_those_of_the_map_and_its_clusters(connectivity):
    from nilearn.mass_univariate._utils import calculate_cluster_measures

    for seed in range(12):
        t, mask = field(sigma=0.5 + 0.1 * seed, seed=seed)
        if seed % 2:
            t[::17] = np.nan
        lattice = Lattice(mask, connectivity)
        scanner = Scanner(lattice, 1.8)
        scanner.maxima(-t[::-1].copy())  # what one map leaves behind must not touch the next
        found = scanner.maxima(t)
        clusters = find_clusters(t, lattice, 1.8)
        size, mass = calculate_cluster_measures(
            lattice.volume(np.nan_to_num(t))[..., None], 1.8, structure(connectivity), two_sided_test=True
        )
        assert found.t == np.nanmax(np.abs(t))
        assert found.size == size[0] == clusters.size.max(initial=0)
        assert found.mass == pytest.approx(mass[0], rel=1e-12)
        assert found.mass == pytest.approx(clusters.mass.max(initial=0), rel=1e-12)
        assert found.tfce == pytest.approx(np.nanmax(np.abs(tfce(t, lattice))), rel=1e-14)
        alone = scanner.maxima(t, with_tfce=False)
        assert alone[:3] == pytest.approx(found[:3], rel=1e-12)
        assert np.isnan(alone.tfce)
