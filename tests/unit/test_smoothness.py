"""Smoothness estimated on fields of known smoothness."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from amygene.stats.lattice import Lattice
from amygene.stats.linear_model import orthonormal_basis
from amygene.stats.smoothness import estimate_smoothness


def fields(n, shape, fwhm, rng):
    """Stationary Gaussian fields, shape (n_voxels, n)."""
    sigma = np.asarray(fwhm) / np.sqrt(8 * np.log(2))
    margin = 16
    maps = []
    for _ in range(n):
        noise = rng.standard_normal([s + 2 * margin for s in shape])
        maps.append(ndimage.gaussian_filter(noise, sigma, truncate=6)[(slice(margin, -margin),) * 3].ravel())
    return np.array(maps).T


@pytest.mark.parametrize("fwhm", [(2, 2, 2), (3, 3, 3), (4, 5, 6), (2.5, 2.5, 4)])
def test_known_smoothness_is_found_within_6_percent(fwhm):
    rng = np.random.default_rng(1)
    shape = (22, 24, 20)
    n = 30
    design = np.column_stack([np.ones(n), rng.permutation(n) % 2, rng.standard_normal((n, 2))])
    # the effects of the design must not be taken for roughness, nor voxels of unlike variance
    maps = fields(n, shape, fwhm, rng) * (1 + rng.random((np.prod(shape), 1)))
    maps = maps + rng.standard_normal((len(maps), 4)) @ design.T
    found = estimate_smoothness(maps, orthonormal_basis(design)[0], Lattice(np.ones(shape, dtype=bool), 26))
    assert found.fwhm == pytest.approx(np.array(fwhm), rel=0.06)
    assert np.prod(found.fwhm) == pytest.approx(np.prod(fwhm), rel=0.12)
    assert found.n_voxels == 21 * 23 * 19


def test_degrees_of_freedom_do_not_bias_it():
    rng = np.random.default_rng(2)
    shape, fwhm = (20, 20, 20), (4, 4, 4)
    lattice = Lattice(np.ones(shape, dtype=bool), 26)
    found = []
    for _ in range(12):
        design = rng.standard_normal((20, 5))
        found.append(estimate_smoothness(fields(20, shape, fwhm, rng), orthonormal_basis(design)[0], lattice).fwhm)
    assert np.mean(found, axis=0) == pytest.approx(np.array(fwhm), rel=0.06)


def test_voxels_without_all_neighbours_or_with_missing_values_are_left_out():
    rng = np.random.default_rng(3)
    shape = (16, 16, 16)
    maps = fields(12, shape, (3, 3, 3), rng)
    mask = ndimage.binary_opening(rng.random(shape) < 0.97)
    basis = np.full((12, 1), 1 / np.sqrt(12))
    inside = maps[mask.ravel()]
    inside[7, 3] = np.nan
    found = estimate_smoothness(inside, basis, Lattice(mask, 26))
    assert np.isfinite(found.fwhm).all()
    usable = inside.copy()
    known = np.isfinite(usable).all(axis=1)
    smaller = mask.copy()
    smaller[mask] = known
    again = estimate_smoothness(usable[known], basis, Lattice(smaller, 26))
    assert found.fwhm == pytest.approx(again.fwhm, rel=1e-12)
    assert found.n_voxels == again.n_voxels


def test_it_is_the_formula_of_spm12_written_out():
    rng = np.random.default_rng(4)
    shape, n = (6, 7, 5), 10
    maps = fields(n, shape, (2, 3, 2.5), rng)
    basis = np.full((n, 1), 1 / np.sqrt(n))
    residual = maps - maps.mean(axis=1, keepdims=True)
    u = (residual / np.sqrt((residual**2).sum(axis=1, keepdims=True))).reshape(*shape, n)
    d = [np.diff(u, axis=a)[:5, :6, :4] for a in range(3)]
    gradient = np.array([[(a * b).sum(axis=-1) for b in d] for a in d])
    determinant = np.linalg.det(np.moveaxis(gradient, (0, 1), (-2, -1)))
    img = np.mean(np.sqrt(np.maximum(determinant, 0) / (4 * np.log(2)) ** 3))
    xyz = np.array([np.sqrt(gradient[a, a] / (4 * np.log(2))).mean() for a in range(3)])
    expected = 1 / (img ** (1 / 3) * xyz / np.prod(xyz) ** (1 / 3))
    lattice = Lattice(np.ones(shape, dtype=bool), 6)
    assert estimate_smoothness(maps, basis, lattice, corrected=False).fwhm == pytest.approx(expected)
