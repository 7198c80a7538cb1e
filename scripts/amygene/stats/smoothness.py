"""Smoothness of a field from its residuals: FWHM of the Gaussian that would make white noise as smooth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amygene.stats.lattice import Lattice

#: voxels that are worked on together
_TILE = 2048


@dataclass(frozen=True)
class Smoothness:
    """Result of `estimate_smoothness`: FWHM of the three axes in voxels, voxels it rests on."""

    fwhm: np.ndarray
    n_voxels: int


def estimate_smoothness(maps: np.ndarray, basis: np.ndarray, lattice: Lattice, corrected: bool = True) -> Smoothness:
    """Smoothness of the errors of a linear model.

    Kiebel et al. 1999, NeuroImage 10:756, as in SPM12: residuals of each voxel scaled to length 1 over participants;
    the covariance of their differences between neighbours estimates that of the field's gradient; its
    determinant gives resels per voxel, whose mean is unbiased, and its diagonal the share of each axis.

    Differences stand there for derivatives, which makes a field look smoother than it is, by 4 % at 3 voxels and 9 %
    at 2. The correlation of neighbours that the differences amount to gives the derivative of a field with a Gaussian
    kernel exactly (as in FSL's smoothest; Jenkinson, FMRIB technical report TR00MJ3).

    Parameters
    ----------
    maps : array of shape (n_voxels, n)
        Of the participants. Voxels with missing values (NaN) are left out.
    basis : array of shape (n, rank)
        Orthonormal basis of the full model, the groups included.
    lattice
        Of the voxels.
    corrected
        False leaves the second step out: the number that SPM12 gives.
    """
    number = np.full(np.prod(lattice.padded_shape), -1)
    number[lattice.address] = np.arange(len(maps))
    _, ny, nz = lattice.padded_shape
    # the next voxel along every axis; a voxel that lacks one has no gradient
    following = number[lattice.address[:, None] + np.array([ny * nz, nz, 1])]
    voxels = np.flatnonzero((following >= 0).all(axis=1))
    resels, axes, squares, n = 0.0, np.zeros(3), np.zeros(3), 0
    for first in range(0, len(voxels), _TILE):
        here = voxels[first : first + _TILE]
        own = _normalised(maps[here], basis)
        steps = [_normalised(maps[following[here, axis]], basis) - own for axis in range(3)]
        gradient = np.array([[np.einsum("ij,ij->i", a, b) for b in steps] for a in steps])
        gradient = gradient[:, :, np.isfinite(gradient).all(axis=(0, 1))]
        resels += np.sqrt(np.maximum(np.linalg.det(gradient.T), 0) / (4 * np.log(2)) ** 3).sum()
        along = np.einsum("iik->ik", gradient)
        axes += np.sqrt(along / (4 * np.log(2))).sum(axis=1)
        squares += along.sum(axis=1)
        n += gradient.shape[2]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = axes / n
        per_axis = (resels / n) ** (1 / 3) * mean / np.prod(mean) ** (1 / 3)
        if corrected:
            half = squares / n / 2  # 1 - correlation of neighbours
            per_axis *= np.sqrt(-np.log1p(-half) / half)
        return Smoothness(1 / per_axis, n)


def _normalised(values: np.ndarray, basis: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    residual = values - (values @ basis) @ basis.T
    with np.errstate(invalid="ignore", divide="ignore"):
        return residual / np.linalg.norm(residual, axis=1, keepdims=True)
