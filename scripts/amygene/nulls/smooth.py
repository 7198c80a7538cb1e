"""Smooth random maps that follow nothing: what tests are calibrated with."""

from __future__ import annotations

import numpy as np

#: scale of the smooth maps, mm
LENGTH = 40.0


def smooth_maps(xyz: np.ndarray, strata: np.ndarray, shift: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Random maps: Gaussian fields with correlation exp(-distance / 40 mm), independent between structures,
    whose means differ.

    Parameters
    ----------
    xyz : array of shape (n_regions, 3)
    strata : array of shape (n_regions,)
    shift : float
        Standard deviation of the structures' means; the field has 1.
    n : int
        Number of maps.

    Returns
    -------
    array of shape (n, n_regions)
    """
    maps = np.empty((n, len(xyz)))
    for structure in dict.fromkeys(strata.tolist()):
        here = np.flatnonzero(strata == structure)
        distance = np.linalg.norm(xyz[here][:, None] - xyz[here][None], axis=-1)
        root = np.linalg.cholesky(np.exp(-distance / LENGTH) + 1e-9 * np.eye(len(here)))
        maps[:, here] = rng.standard_normal((n, len(here))) @ root.T + shift * rng.standard_normal((n, 1))
    return maps
