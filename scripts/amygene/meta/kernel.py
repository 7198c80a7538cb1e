"""How far a reported focus may lie from the true one: the Gaussian of Eickhoff 2009, which narrows with sample size."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

#: mean Euclidean distance (mm) between the same peak in templates, and in subjects (Eickhoff 2009, Hum Brain Mapp
#: 30:2907)
TEMPLATES, SUBJECTS = 5.7, 11.6
#: the kernel is cut to this cube (voxels): four standard deviations fit in at any sample size
CUBE = 31
#: mean distance -> full width at half maximum of a Gaussian in three dimensions
_TO_FWHM = np.sqrt(8 * np.log(2)) / (2 * np.sqrt(2 / np.pi))


def fwhm(n_subjects: np.ndarray | float) -> np.ndarray:
    """Full width at half maximum (mm) of the kernel for a sample size.

    Templates and subjects are independent sources of error; that of a group mean falls with the root of n.
    """
    return np.sqrt((TEMPLATES * _TO_FWHM) ** 2 + (SUBJECTS * _TO_FWHM) ** 2 / np.asarray(n_subjects, dtype=float))


def kernel(n_subjects: float, voxel_size: float) -> np.ndarray:
    """Probability that the true focus lies in each voxel around a reported one.

    Parameters
    ----------
    n_subjects
        Sample size.
    voxel_size
        Edge of a voxel, mm.

    Returns
    -------
    array of shape (w, w, w), w odd
        Sums to 1; cut at four standard deviations.
    """
    sigma = float(fwhm(n_subjects)) / np.sqrt(8 * np.log(2)) / voxel_size
    point = np.zeros((CUBE,) * 3)
    point[(CUBE // 2,) * 3] = 1
    spread = ndimage.gaussian_filter(point, sigma, mode="constant")
    half = int(np.max(np.nonzero(spread > np.spacing(1))[0])) - CUBE // 2
    inner = slice(CUBE // 2 - half, CUBE // 2 + half + 1)
    return spread[inner, inner, inner]
