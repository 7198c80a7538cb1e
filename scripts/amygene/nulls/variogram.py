"""Surrogate maps whose variogram follows the map's: permute, smooth, rescale, add noise.

Burt et al. 2020, NeuroImage 220:117038 (BrainSMASH). The same numbers as that program for the same permutations
and noise; many maps at a time.
"""

from __future__ import annotations

import numpy as np

#: shares of regions over which a permuted map is smoothed; the best-fitting is taken
DELTAS = np.linspace(0.1, 0.9, 9)
#: percentile of the distances up to which variograms are compared, and at how many distances
PERCENTILE, N_DISTANCES = 25, 25
#: fewest regions for which a variogram can be fitted
MIN_REGIONS = 10


class Variogram:
    """Surrogates of maps on one set of regions."""

    def __init__(self, xyz: np.ndarray):
        """Prepare distances and kernels.

        Parameters
        ----------
        xyz : array of shape (n, 3)
            Centres of the regions, mm; at least `MIN_REGIONS`.
        """
        n = len(xyz)
        distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
        first, second = np.triu_indices(n, k=1)
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
        neighbours = np.argsort(distance, axis=1)
        self.smoothers = []
        for delta in DELTAS:
            k = int(delta * n)
            near_k = neighbours[:, 1 : k + 1]
            kernel = distance[np.arange(n)[:, None], near_k]
            kernel = np.exp(-kernel / kernel.max(axis=1, keepdims=True)) if k else kernel
            smoother = np.zeros((n, n))
            np.put_along_axis(smoother, near_k, kernel / kernel.sum(axis=1, keepdims=True), axis=1)
            self.smoothers.append(smoother)

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

    def surrogates(self, values: np.ndarray, permuted: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Surrogate maps with mean 0.

        Parameters
        ----------
        values : array of shape (n,)
            The map.
        permuted : array of int, shape (n_maps, n)
            A permutation of the regions per surrogate.
        noise : array of shape (n_maps, n)
            Standard normal.

        Returns
        -------
        array of shape (n_maps, n)
        """
        target = self.variogram(values[:, None])
        shuffled = values[permuted].T
        n_maps = shuffled.shape[1]
        best_error = np.full(n_maps, np.inf)
        best = np.zeros_like(shuffled)
        intercept, slope = np.zeros(n_maps), np.zeros(n_maps)
        total = target.sum()
        for smoother in self.smoothers:
            smooth = smoother @ shuffled
            x = self.variogram(smooth)
            sums = x.sum(axis=0)
            b = ((x * target).sum(axis=0) - sums * total / N_DISTANCES) / ((x**2).sum(axis=0) - sums**2 / N_DISTANCES)
            a = target.mean() - b * x.mean(axis=0)
            error = np.sum((target - (x * b + a)) ** 2, axis=0)
            better = error < best_error
            best_error[better] = error[better]
            best[:, better], intercept[better], slope[better] = smooth[:, better], a[better], b[better]
        surrogates = np.sqrt(np.abs(slope)) * best + np.sqrt(np.abs(intercept)) * noise.T
        return (surrogates - surrogates.mean(axis=0)).T
