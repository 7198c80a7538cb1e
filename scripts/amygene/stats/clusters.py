"""Clusters of a map and their peaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, spatial

from amygene.stats.lattice import Lattice, neighbour_steps


@dataclass(frozen=True)
class Clusters:
    """Touching voxels of one sign beyond a threshold, the largest first.

    Attributes
    ----------
    label : array of int, shape (n_voxels,)
        1, 2, ... of the voxels in a cluster, 0 of the others.
    sign, size, mass, peak : arrays of shape (n_clusters,)
        +1 or -1; voxels; sum of ``|t| - threshold``; number of the voxel with the largest ``|t|``.
    """

    label: np.ndarray
    sign: np.ndarray
    size: np.ndarray
    mass: np.ndarray
    peak: np.ndarray

    def __len__(self) -> int:
        return len(self.size)


def structure(connectivity: int) -> np.ndarray:
    """Neighbourhood as scipy.ndimage takes it, shape (3, 3, 3)."""
    near = np.zeros((3, 3, 3), dtype=bool)
    near[1, 1, 1] = True
    near[tuple((neighbour_steps(connectivity) + 1).T)] = True
    return near


def find_clusters(t: np.ndarray, lattice: Lattice, threshold: float) -> Clusters:
    """Clusters of voxels with ``|t| > threshold``; positive and negative ones apart.

    Parameters
    ----------
    t : array of shape (n_voxels,)
        Missing values as NaN; they are in no cluster.
    lattice
        Of the voxels; its connectivity says who touches.
    threshold
        Cluster-forming, above 0.
    """
    label = np.zeros(len(t), dtype=int)
    for sign in (1, -1):
        found, _ = ndimage.label(lattice.volume(t * sign > threshold, outside=False), structure(lattice.connectivity))
        inside = found[lattice.mask]
        label[inside > 0] = inside[inside > 0] + label.max()
    n = label.max()
    excess = np.where(label > 0, np.abs(t) - threshold, 0)
    size = np.bincount(label, minlength=n + 1)[1:]
    mass = np.bincount(label, weights=excess, minlength=n + 1)[1:]
    # the largest first, equal ones by mass
    rank = np.lexsort((-mass, -size))
    number = np.zeros(n + 1, dtype=int)
    number[rank + 1] = np.arange(1, n + 1)
    label = number[label]
    by_height = np.lexsort((-excess, label))
    peak = by_height[np.searchsorted(label[by_height], np.arange(1, n + 1))]
    return Clusters(label, np.sign(t[peak]).astype(int), size[rank], mass[rank], peak)


def local_maxima(t: np.ndarray, lattice: Lattice, threshold: float) -> np.ndarray:
    """Voxels with ``|t| > threshold`` that no neighbour of their sign exceeds, the highest first.

    Of equal neighbours the first counts.
    """
    size = np.append(np.nan_to_num(np.abs(t)), 0)
    sign = np.append(np.sign(np.nan_to_num(t)), 0)
    number = np.full(np.prod(lattice.padded_shape), len(t))
    number[lattice.address] = np.arange(len(t))
    high = np.flatnonzero(size[:-1] > threshold)
    near = number[lattice.address[high][:, None] + lattice.steps]
    height = np.where(sign[near] == sign[high][:, None], size[near], 0)
    own = size[high][:, None]
    summit = ((height < own) | ((height == own) & (near > high[:, None]))).all(axis=1)
    found = high[summit]
    return found[np.argsort(-size[found], kind="stable")]


def spread_peaks(
    maxima: np.ndarray, clusters: Clusters, xyz: np.ndarray, distance: float, most: int
) -> list[np.ndarray]:
    """Peaks to name in every cluster: its highest voxel, then local maxima that keep their distance.

    Parameters
    ----------
    maxima : array of int
        From `local_maxima`.
    clusters
        Of the same map.
    xyz : array of shape (n_voxels, 3)
        Positions in mm.
    distance
        Least distance of two peaks of a cluster, mm.
    most
        Peaks per cluster.

    Returns
    -------
    list of arrays of int
        Voxels, the highest first, one array per cluster.
    """
    peaks = []
    for cluster in range(1, len(clusters) + 1):
        kept = [int(clusters.peak[cluster - 1])]
        for voxel in maxima[clusters.label[maxima] == cluster]:
            if len(kept) == most:
                break
            if spatial.distance.cdist(xyz[kept], xyz[voxel][None]).min() >= distance:
                kept.append(int(voxel))
        peaks.append(np.array(kept))
    return peaks
