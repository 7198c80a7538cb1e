"""Moran spectral randomisation: null maps with the spatial autocorrelation of the map, exactly.

Wagner & Dray 2015, Methods Ecol Evol 6:1169, singleton procedure.
"""

from __future__ import annotations

import numpy as np


def inverse_distance(xyz: np.ndarray) -> np.ndarray:
    """Weights 1 / distance (mm) with zero diagonal, shape (n, n).

    Raises
    ------
    ValueError
        Two regions have the same centre.
    """
    distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    if (distance == 0).any():
        raise ValueError("two regions have the same centre; their distance must be above 0")
    return 1 / distance


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


def moran_i(maps: np.ndarray, xyz: np.ndarray) -> np.ndarray:
    """Moran's I with inverse-distance weights.

    Parameters
    ----------
    maps : array of shape (n_maps, n)
    xyz : array of shape (n, 3)

    Returns
    -------
    array of shape (n_maps,)
    """
    weights = inverse_distance(xyz)
    centred = maps - maps.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", centred, centred)
    with np.errstate(invalid="ignore", divide="ignore"):
        return maps.shape[1] / weights.sum() * np.einsum("ij,ij->i", centred @ weights, centred) / variance
