"""Spatial autocorrelation of maps: Moran's I and variogram."""

from __future__ import annotations

import numpy as np

#: percentile of the distances up to which variograms are compared, and at how many distances
PERCENTILE, N_DISTANCES = 25, 25
#: fewest regions for which a variogram can be fitted
MIN_REGIONS = 10


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


class Variogram:
    """Smoothed variograms of maps on one set of regions, as Burt et al. 2020 (NeuroImage 220:117038)."""

    def __init__(self, xyz: np.ndarray):
        """Prepare distances and kernels.

        Parameters
        ----------
        xyz : array of shape (n, 3)
            Centres of the regions, mm; at least `MIN_REGIONS`.
        """
        distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
        first, second = np.triu_indices(len(xyz), k=1)
        apart = distance[first, second]
        near = np.flatnonzero(apart < np.percentile(apart, PERCENTILE))
        self.first, self.second = first[near], second[near]
        apart = apart[near]
        self.distances = np.linspace(apart.min(), apart.max(), N_DISTANCES)
        bandwidth = 3 * (self.distances[1] - self.distances[0])
        weights = np.exp(-np.square(2.68 * np.abs(apart - self.distances[:, None]) / bandwidth) / 2)
        # with the half of "half the squared difference"
        self.weights = 0.5 * weights / weights.sum(axis=1, keepdims=True)
        self._room: tuple[np.ndarray, np.ndarray] | None = None

    def variogram(self, maps: np.ndarray) -> np.ndarray:
        """Smoothed variogram: half the squared difference of two regions against their distance.

        Parameters
        ----------
        maps : array of shape (n, n_maps)

        Returns
        -------
        array of shape (N_DISTANCES, n_maps)
        """
        shape = (len(self.first), maps.shape[1])
        if self._room is None or self._room[0].shape != shape:
            # asking the system for memory anew each time would take longer than the arithmetic
            self._room = (np.empty(shape), np.empty(shape))
        difference, other = self._room
        np.take(maps, self.second, axis=0, out=difference, mode="clip")
        np.take(maps, self.first, axis=0, out=other, mode="clip")
        np.subtract(difference, other, out=difference)
        np.multiply(difference, difference, out=difference)
        return self.weights @ difference
