"""Surrogate maps whose variogram follows the map's: permute, smooth, rescale, add noise.

Burt et al. 2020, NeuroImage 220:117038 (BrainSMASH). The same numbers as that program for the same permutations
and noise; many maps at a time.
"""

from __future__ import annotations

import numpy as np

from amygene.nulls import moran
from amygene.nulls.autocorrelation import MIN_REGIONS, N_DISTANCES, Variogram
from amygene.nulls.stratified import BLOCK, Draw, by_structure

#: shares of regions over which a permuted map is smoothed; the best-fitting is taken
DELTAS = np.linspace(0.1, 0.9, 9)


def null_maps(values: np.ndarray, strata: np.ndarray, xyz: np.ndarray, seed: int, n_maps: int) -> np.ndarray:
    """Null maps of a map, as `moran.null_maps`; structures with fewer than 10 regions have Moran's.

    Null hypothesis of a test that uses them: the map is one of those that share its variogram within every structure
    and its structures' means, unrelated to the other map.
    """
    return by_structure(prepare, values, strata, xyz, seed, n_maps)


def prepare(values: np.ndarray, xyz: np.ndarray) -> Draw:
    """What draws null maps of one structure."""
    n = len(values)
    if n < MIN_REGIONS:
        return moran.prepare(values, xyz)
    model = Surrogates(xyz)

    def draw(rng: np.random.Generator) -> np.ndarray:
        permuted = rng.permuted(np.tile(np.arange(n), (BLOCK, 1)), axis=1)
        noise = rng.standard_normal((BLOCK, n))
        return values.mean() + model.surrogates(values, permuted, noise)

    return draw


class Surrogates(Variogram):
    """Surrogates of maps on one set of regions."""

    def __init__(self, xyz: np.ndarray):
        """Prepare distances and kernels; parameters as of `Variogram`."""
        super().__init__(xyz)
        n = len(xyz)
        distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
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
