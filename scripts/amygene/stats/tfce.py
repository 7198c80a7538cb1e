"""Threshold-free cluster enhancement, and the largest cluster of a map, in one pass.

Smith & Nichols 2009, NeuroImage 44:83: the score of a voxel of height h is the integral, over thresholds from 0
to h, of the extent of its cluster to the power E times the threshold to the power H. Voxels are taken in from
the highest down and joined with the neighbours that are in already (union-find). A cluster changes only when it
takes something in, so between two changes its part of the integral has a closed form, and no step size is needed.
Positive and negative voxels are never in one cluster.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from amygene.stats.lattice import Lattice

#: extent and height powers of Smith & Nichols 2009
EXTENT, HEIGHT = 0.5, 2.0
#: bins of the sort by height
_BINS = 1 << 13


class Maxima(NamedTuple):
    """Largest values of one map, over both signs."""

    t: float
    size: float
    mass: float
    tfce: float


def tfce(
    t: np.ndarray, lattice: Lattice, extent: float = EXTENT, height: float = HEIGHT, steps: int | None = None
) -> np.ndarray:
    """Enhanced map; negative where t is.

    Parameters
    ----------
    t : array of shape (n_voxels,)
        Missing values as NaN; they belong to no cluster and stay missing.
    lattice
        Of the voxels.
    extent, height
        Powers E and H.
    steps
        None for the integral. A number for the sum over that many equal steps up to the largest ``|t|``,
        *without* the step width, as fslmaths and nilearn compute it; such scores of two maps are on two scales.

    Returns
    -------
    array of shape (n_voxels,)
    """
    return Scanner(lattice, np.inf).enhance(t, extent, height, steps)


class Scanner:
    """Goes through many maps on one lattice, one at a time."""

    def __init__(self, lattice: Lattice, threshold: float):
        """Prepare.

        Parameters
        ----------
        lattice
            Of the voxels.
        threshold
            Cluster-forming: clusters are voxels of one sign with ``|t| > threshold`` that touch.
        """
        n = len(lattice.address)
        self._lattice, self._threshold = lattice, float(threshold)
        self._label = np.full(np.prod(lattice.padded_shape), -1, dtype=np.int32)
        # asking the system for memory anew for every map would take as long as reading it
        self._integers, self._reals = np.empty((6, n), dtype=np.int32), np.empty((4, n))

    def maxima(self, t: np.ndarray, with_tfce: bool = True) -> Maxima:
        """Largest absolute t, cluster size (voxels), cluster mass (sum of ``|t| - threshold``) and score.

        Parameters
        ----------
        t : array of float64, shape (n_voxels,)
            NaN as in `tfce`.
        with_tfce
            False leaves the score out (NaN), which takes most of the time.
        """
        lowest = 0.0 if with_tfce else self._threshold
        top, size, mass, score = self._scan(t, lowest, EXTENT, HEIGHT, np.empty(0), np.empty(0))
        return Maxima(top, size, mass, score if with_tfce else np.nan)

    def enhance(self, t: np.ndarray, extent: float, height: float, steps: int | None) -> np.ndarray:
        """See `tfce`."""
        found = np.where(np.isnan(t), np.nan, 0.0)
        thresholds = np.linspace(0, np.nanmax(np.abs(t), initial=0), steps + 1)[1:] if steps else np.empty(0)
        self._scan(t, 0.0, extent, height, thresholds, found)
        return found

    def _scan(self, t, lowest, extent, height, thresholds, found) -> tuple[float, float, float, float]:
        lattice = self._lattice
        return _scan(
            np.asarray(t, dtype=float),
            lattice.address,
            lattice.steps,
            self._threshold,
            float(lowest),
            float(extent),
            float(height),
            thresholds,
            np.concatenate([[0.0], np.cumsum(thresholds**height)]),
            found,
            self._label,
            self._integers,
            self._reals,
        )


@numba.njit(cache=True)
def _sort_down(t, sign, top, lowest, address, order, here, size):
    """Numbers, addresses and heights of the voxels with ``t * sign > lowest``, the highest first; returns how many.

    Into equal bins first, then by insertion.
    """
    start = np.zeros(_BINS + 1, dtype=np.int32)
    scale = sign * (_BINS - 1) / top
    for i in range(len(t)):
        if t[i] * sign > lowest:
            start[_BINS - np.int64(t[i] * scale)] += 1
    for b in range(1, _BINS + 1):
        start[b] += start[b - 1]
    n = start[_BINS]
    for i in range(len(t)):
        if t[i] * sign > lowest:
            in_bin = _BINS - 1 - np.int64(t[i] * scale)
            k = start[in_bin]
            start[in_bin] += 1
            order[k], here[k], size[k] = i, address[i], t[i] * sign
    for k in range(1, n):
        j = int(k)
        number, place, height = order[k], here[k], size[k]
        while j > 0 and size[j - 1] < height:
            order[j], here[j], size[j] = order[j - 1], here[j - 1], size[j - 1]
            j -= 1
        order[j], here[j], size[j] = number, place, height
    return n


@numba.njit(cache=True)
def _level(size, height, thresholds, sums):
    """Integral (or sum over thresholds) of the threshold to the power H, from 0 to the height of a voxel."""
    if len(thresholds):
        return sums[np.searchsorted(thresholds, size, side="right")]
    return size * size * size / 3 if height == 2 else size ** (height + 1) / (height + 1)


@numba.njit(cache=True)
def _scan(t, address, steps, threshold, lowest, power, height, thresholds, sums, found, label, integers, reals):
    """Largest values of a map; its scores into `found` unless that is empty.

    Voxels are numbered from the highest down. `after` says which voxel is the next that its cluster takes in, -1
    if none; until then the cluster has `extent` voxels, and all of it gains the same. A cluster is numbered by the
    summit it starts with: `label` has the cluster that a voxel came to, -1 before (everywhere on entry and on
    return), `parent` the cluster that a cluster came to, itself if none, and `newest` its voxel that came last.
    """
    order, here, after, extent, parent, newest = integers
    size, level, score, mass = reals
    top = 0.0
    for i in range(len(t)):
        if abs(t[i]) > top:
            top = abs(t[i])
    largest_size, largest_mass, largest_score = 0.0, 0.0, 0.0
    if top == 0:
        return top, largest_size, largest_mass, largest_score
    for sign in (1.0, -1.0):
        n = _sort_down(t, sign, top, lowest, address, order, here, size)
        n_clusters = 0
        for k in range(n):
            place = here[k]
            root = -1
            for step in steps:
                near = np.uintp(place + step)
                neighbour = label[near]
                # one branch, rarely taken: most neighbours are not in yet, or in this very cluster
                if (neighbour >= 0) & (neighbour != root):
                    other = neighbour
                    while parent[other] != other:
                        parent[other] = parent[parent[other]]
                        other = parent[other]
                    label[near] = other
                    if other == root:
                        continue
                    after[newest[other]] = k
                    if root < 0:
                        root = other
                        extent[k] = extent[newest[root]] + 1
                    else:
                        extent[k] += extent[newest[other]]
                        if extent[newest[other]] > extent[newest[root]]:
                            root, other = other, root
                        parent[other] = root
                        mass[root] += mass[other]
            if root < 0:
                root = n_clusters
                n_clusters += 1
                parent[root], extent[k], mass[root] = root, 1, 0.0
            label[place], newest[root], after[k] = root, k, -1
            if size[k] > threshold:
                mass[root] += size[k] - threshold
                largest_size = max(largest_size, np.float64(extent[k]))
                largest_mass = max(largest_mass, mass[root])
        if lowest == 0:
            for k in range(n):
                level[k] = _level(size[k], height, thresholds, sums)
            for k in range(n - 1, -1, -1):
                width = np.sqrt(np.float64(extent[k])) if power == 0.5 else np.float64(extent[k]) ** power
                score[k] = width * level[k]
                if after[k] >= 0:
                    score[k] = score[after[k]] + width * (level[k] - level[after[k]])
                largest_score = max(largest_score, score[k])
            if len(found):
                for k in range(n):
                    found[order[k]] = sign * score[k]
        label[:] = -1
    return top, largest_size, largest_mass, largest_score
