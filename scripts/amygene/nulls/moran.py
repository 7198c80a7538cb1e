"""Moran spectral randomisation: null maps with the spatial autocorrelation of the map, exactly.

Wagner & Dray 2015, Methods Ecol Evol 6:1169, singleton procedure.
"""

from __future__ import annotations

import numpy as np

from amygene.nulls.autocorrelation import inverse_distance
from amygene.nulls.stratified import BLOCK, Draw, by_structure


def null_maps(values: np.ndarray, strata: np.ndarray, xyz: np.ndarray, seed: int, n_maps: int) -> np.ndarray:
    """Null maps of a map; map *i* depends on the seed and on *i* alone.

    Null hypothesis of a test that uses them: the map is one of those that share its autocorrelation within
    every structure and its structures' means, unrelated to the other map.

    Parameters
    ----------
    values : array of shape (n,)
        The map, nothing missing.
    strata : array of shape (n,)
        Structure of each region.
    xyz : array of shape (n, 3)
        Centres, MNI mm.
    seed, n_maps : int

    Returns
    -------
    array of shape (n_maps, n)
    """
    return by_structure(prepare, values, strata, xyz, seed, n_maps)


def prepare(values: np.ndarray, xyz: np.ndarray) -> Draw:
    """What draws null maps of one structure."""
    vectors = eigenvectors(xyz)

    def draw(rng: np.random.Generator) -> np.ndarray:
        signs = rng.integers(0, 2, (BLOCK, len(values) - 1)) * 2.0 - 1.0
        return randomise(values, vectors, signs)

    return draw


def eigenvectors(xyz: np.ndarray) -> np.ndarray:
    """Moran eigenvectors: orthonormal maps of ever smaller spatial scale, all orthogonal to the constant.

    Parameters
    ----------
    xyz : array of shape (n, 3)
        Centres of the regions, mm.

    Returns
    -------
    array of shape (n, n - 1)
    """
    n = len(xyz)
    # in coordinates orthogonal to the constant the doubly centred weights keep their eigenvectors and
    # lose the one that is constant
    basis = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, : n - 1]]))[0][:, 1:]
    _, vectors = np.linalg.eigh(basis.T @ inverse_distance(xyz) @ basis)
    return basis @ vectors


def randomise(values: np.ndarray, vectors: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Null maps: the map's components along the eigenvectors with random signs.

    Every null map has the map's mean, variance and Moran's I.

    Parameters
    ----------
    values : array of shape (n,)
    vectors : array of shape (n, n - 1)
        From `eigenvectors`.
    signs : array of shape (n_maps, n - 1)
        -1 or 1.

    Returns
    -------
    array of shape (n_maps, n)
    """
    mean = values.mean()
    components = (values - mean) @ vectors
    return mean + (signs * components) @ vectors.T
