"""Activation likelihood estimation: do the foci of several experiments lie together more than chance would have it?

Eickhoff et al. 2012, NeuroImage 59:2349; Turkeltaub et al. 2012, Hum Brain Mapp 33:1.

Every focus is a probability of where the effect is. An experiment says of a voxel the largest probability that one
of its foci gives (so that many foci of one experiment are no convergence), and the ALE value of the voxel is the
probability that at least one experiment has its effect there: ``1 - prod(1 - MA)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy import ndimage, special

from amygene.meta.grid import Grid
from amygene.meta.kernel import kernel

#: width of the bins in which ALE values are counted
STEP = 1e-5
#: clusters: voxels that share a face
FACES = ndimage.generate_binary_structure(3, 1)


@dataclass(frozen=True)
class Experiments:
    """Foci of the experiments of one analysis, experiment by experiment.

    Attributes
    ----------
    names : tuple of str
    n_subjects : array of int, shape (n_experiments,)
    starts : array of int, shape (n_experiments + 1,)
        First focus of each experiment, and the number of foci.
    xyz : array of shape (n_foci, 3)
        MNI mm.
    """

    names: tuple[str, ...]
    n_subjects: np.ndarray
    starts: np.ndarray
    xyz: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def without(self, index: int) -> Experiments:
        """All but one experiment."""
        counts = np.diff(self.starts)
        kept = np.arange(len(self)) != index
        return Experiments(
            tuple(name for name, keep in zip(self.names, kept, strict=True) if keep),
            self.n_subjects[kept],
            np.r_[0, np.cumsum(counts[kept])],
            self.xyz[np.repeat(kept, counts)],
        )


class Model:
    """Experiments on a grid: kernels and tables that stay the same wherever the foci lie.

    Sums run over ``log(1 - MA)`` in a grid with a margin, so that no focus near the edge needs a test.
    """

    def __init__(self, experiments: Experiments, grid: Grid):
        sizes, self.kernel_of = np.unique(experiments.n_subjects, return_inverse=True)
        cubes = [kernel(int(n), grid.size) for n in sizes]
        self.widths = np.array([len(cube) for cube in cubes])
        self.first_value = np.r_[0, np.cumsum(self.widths**3)[:-1]]
        self.values = np.concatenate([np.log1p(-cube).ravel() for cube in cubes])
        self.margin = int(self.widths.max()) // 2 + 1
        self.shape = np.array(grid.mask.shape) + 2 * self.margin
        self.starts = experiments.starts
        self.inside = np.pad(grid.mask, self.margin).ravel()
        self.n_inside = int(grid.mask.sum())
        self._grid = grid

    @property
    def _strides(self) -> tuple[int, int]:
        return int(self.shape[1] * self.shape[2]), int(self.shape[2])

    def places(self, ijk: np.ndarray) -> np.ndarray:
        """Places of voxels in the grid with a margin; a focus outside the grid moves to its edge.

        Parameters
        ----------
        ijk : array of int, shape (n, 3)
        """
        ijk = np.clip(ijk, 0, np.array(self._grid.mask.shape) - 1) + self.margin
        return ijk @ np.array([*self._strides, 1])

    def log_sums(self, places: np.ndarray) -> np.ndarray:
        """``log(1 - ALE)`` of every voxel of the grid, shape (nx, ny, nz)."""
        logs = np.zeros(int(self.shape.prod()))
        scratch = np.zeros_like(logs)
        _accumulate(
            places,
            self.starts,
            self.kernel_of,
            self.widths,
            self.first_value,
            self.values,
            *self._strides,
            logs,
            scratch,
        )
        inner = slice(self.margin, -self.margin)
        return logs.reshape(self.shape)[inner, inner, inner]

    def largest_clusters(self, draws: np.ndarray, threshold: float) -> np.ndarray:
        """Size of the largest cluster of each set of foci.

        Parameters
        ----------
        draws : array of int, shape (n_draws, n_foci)
            Places of the foci.
        threshold : float
            ALE value that voxels of a cluster exceed.

        Returns
        -------
        array of int, shape (n_draws,)
        """
        return _largest_clusters(
            draws,
            self.starts,
            self.kernel_of,
            self.widths,
            self.first_value,
            self.values,
            *self._strides,
            self.inside,
            np.log1p(-threshold),
        )

    def modelled(self, places: np.ndarray, index: int) -> np.ndarray:
        """Modelled activation of one experiment in the voxels of the mask, shape (n_voxels,)."""
        first, last = self.starts[index], self.starts[index + 1]
        logs = np.zeros(int(self.shape.prod()))
        _accumulate(
            places[first:last],
            np.array([0, last - first]),
            self.kernel_of[index : index + 1],
            self.widths,
            self.first_value,
            self.values,
            *self._strides,
            logs,
            np.zeros_like(logs),
        )
        return -np.expm1(logs[self.inside])

    def histograms(self, places: np.ndarray) -> np.ndarray:
        """How often each experiment's modelled activation has which value in the mask, in bins of `STEP`.

        Returns
        -------
        array of shape (n_experiments, n_bins)
            Shares of the voxels; the last bin lies above the largest value.
        """
        largest = int(np.ceil(-np.expm1(self.values.min()) / STEP)) + 1
        return _histograms(
            places,
            self.starts,
            self.kernel_of,
            self.widths,
            self.first_value,
            self.values,
            *self._strides,
            self.inside,
            self.n_inside,
            largest + 1,
        )


@njit(cache=True, nogil=True)
def _accumulate(  # type: ignore[no-untyped-def]
    places, starts, kernel_of, widths, first_value, values, stride_x, stride_y, logs, scratch
):
    """Add ``log(1 - MA)`` of every experiment to `logs`; `scratch` is 0 before and after."""
    for e in range(len(starts) - 1):
        k = kernel_of[e]
        w = widths[k]
        half = w // 2
        for f in range(starts[e], starts[e + 1]):
            corner = places[f] - half * (stride_x + stride_y + 1)
            v = first_value[k]
            for i in range(w):
                for j in range(w):
                    row = corner + i * stride_x + j * stride_y
                    old, new = scratch[row : row + w], values[v : v + w]
                    for z in range(w):
                        # the largest MA has the smallest log(1 - MA)
                        old[z] = new[z] if new[z] < old[z] else old[z]
                    v += w
        for f in range(starts[e], starts[e + 1]):
            corner = places[f] - half * (stride_x + stride_y + 1)
            for i in range(w):
                for j in range(w):
                    row = corner + i * stride_x + j * stride_y
                    total, part = logs[row : row + w], scratch[row : row + w]
                    for z in range(w):
                        total[z] += part[z]
                        # what overlapping kernels share is added once
                        part[z] = 0.0


@njit(cache=True, nogil=True)
def _histograms(  # type: ignore[no-untyped-def]
    places, starts, kernel_of, widths, first_value, values, stride_x, stride_y, inside, n_inside, n_bins
):
    histograms = np.zeros((len(starts) - 1, n_bins))
    scratch = np.zeros(len(inside))
    for e in range(len(starts) - 1):
        k = kernel_of[e]
        w = widths[k]
        half = w // 2
        touched = 0
        for turn in range(2):
            for f in range(starts[e], starts[e + 1]):
                corner = places[f] - half * (stride_x + stride_y + 1)
                v = first_value[k]
                for i in range(w):
                    for j in range(w):
                        row = corner + i * stride_x + j * stride_y
                        for z in range(w):
                            if turn == 0:
                                scratch[row + z] = min(scratch[row + z], values[v + z])
                            elif scratch[row + z] < 0:
                                if inside[row + z]:
                                    value = -np.expm1(scratch[row + z])
                                    histograms[e, int(np.floor(value / 1e-5 + 0.5))] += 1.0
                                    touched += 1
                                scratch[row + z] = 0.0
                        v += w
        histograms[e, 0] += n_inside - touched
    return histograms / n_inside


@njit(cache=True, nogil=True)
def _largest_clusters(  # type: ignore[no-untyped-def]
    draws, starts, kernel_of, widths, first_value, values, stride_x, stride_y, inside, threshold
):
    n = len(inside)
    logs, scratch = np.zeros(n), np.zeros(n)
    above = np.zeros(n, dtype=np.bool_)
    # a voxel enters the list once and the stack once
    found, stack = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    steps = np.array([1, -1, stride_y, -stride_y, stride_x, -stride_x])
    largest = np.zeros(len(draws), dtype=np.int64)
    for d in range(len(draws)):
        places = draws[d]
        _accumulate(places, starts, kernel_of, widths, first_value, values, stride_x, stride_y, logs, scratch)
        n_found = 0
        for e in range(len(starts) - 1):
            w = widths[kernel_of[e]]
            half = w // 2
            for f in range(starts[e], starts[e + 1]):
                corner = places[f] - half * (stride_x + stride_y + 1)
                for i in range(w):
                    for j in range(w):
                        row = corner + i * stride_x + j * stride_y
                        total = logs[row : row + w]
                        least = 0.0
                        for z in range(w):
                            least = total[z] if total[z] < least else least
                        if least < threshold:
                            for z in range(w):
                                if total[z] < threshold and inside[row + z]:
                                    above[row + z] = True
                                    found[n_found] = row + z
                                    n_found += 1
                        # so a voxel is not found again, and is clean for the next draw
                        total[:] = 0.0
        for s in range(n_found):
            if not above[found[s]]:
                continue
            above[found[s]] = False
            stack[0] = found[s]
            n_stack, size = 1, 0
            while n_stack:
                n_stack -= 1
                here = stack[n_stack]
                size += 1
                for step in steps:
                    if above[here + step]:
                        above[here + step] = False
                        stack[n_stack] = here + step
                        n_stack += 1
            largest[d] = max(largest[d], size)
    return largest


@dataclass(frozen=True)
class ValueNull:
    """Distribution of ALE values when the experiments have nothing to do with each other.

    Attributes
    ----------
    tail : array of shape (n_bins,)
        Probability of a value in this bin (of width `STEP`, around its number times `STEP`) or above.
    """

    tail: np.ndarray

    def p(self, ale: np.ndarray) -> np.ndarray:
        """One-sided p of ALE values, never 0: the smallest probability that the distribution knows."""
        bins = np.minimum(np.floor(ale / STEP + 0.5).astype(np.int64), len(self.tail) - 1)
        p = np.where(ale > 0, self.tail[bins], 1.0)
        return np.clip(p, self.tail[self.tail > 0].min(), 1.0)

    def threshold(self, p: float) -> float:
        """Value that is exceeded with a probability of at most p: the last bin whose tail is larger than p."""
        below = np.flatnonzero(self.tail <= p)
        if len(below) == 0:
            return float((len(self.tail) - 1) * STEP)
        return float(max(below[0] - 1, 0) * STEP)


def value_null(model: Model, places: np.ndarray) -> ValueNull:
    """The exact null distribution of ALE values: histograms of the experiments, combined one by one.

    Null hypothesis: every experiment's modelled activation in a voxel is drawn at random from those of its map,
    independently of the other experiments (Eickhoff 2012).
    """
    combined = np.ones(1)
    for histogram in model.histograms(places):
        new = np.flatnonzero(histogram)
        # at least one bin beyond the largest value that experiments can give together
        last = 1 - (1 - (new[-1] + 1) * STEP) * (1 - (len(combined) - 1) * STEP)
        kept = np.flatnonzero(combined)
        combined = _combine(kept, combined[kept], new, histogram[new], int(np.floor(last / STEP + 0.5)) + 1)
    tail = np.cumsum(combined[::-1])[::-1]
    return ValueNull(tail / tail[0])


@njit(cache=True)
def _combine(left, left_p, right, right_p, n_bins):  # type: ignore[no-untyped-def]
    """Distribution of ``1 - (1 - a)(1 - b)`` from those of a and b."""
    out = np.zeros(n_bins)
    for i in range(len(right)):
        other = 1.0 - right[i] * 1e-5
        for j in range(len(left)):
            score = (1.0 - other * (1.0 - left[j] * 1e-5)) / 1e-5
            out[min(int(np.floor(score + 0.5)), n_bins - 1)] += right_p[i] * left_p[j]
    return out


@dataclass(frozen=True)
class Convergence:
    """Where the experiments converge, before clusters are tested.

    Attributes
    ----------
    ale, z : arrays of shape (nx, ny, nz)
        ALE values, and z of their one-sided p (0 from p = .5 on); 0 outside the mask.
    threshold : float
        ALE value at the voxel p that defines clusters.
    labels : array of int, shape (nx, ny, nz)
        Number of the cluster, the largest is 1; 0 elsewhere.
    sizes : array of int, shape (n_clusters,)
        Voxels of every cluster.
    """

    ale: np.ndarray
    z: np.ndarray
    threshold: float
    labels: np.ndarray
    sizes: np.ndarray


def converge(experiments: Experiments, grid: Grid, voxel_p: float) -> Convergence:
    """ALE values, their p, and the clusters of voxels with p < `voxel_p`."""
    model = Model(experiments, grid)
    places = model.places(grid.voxels(experiments.xyz))
    ale = np.where(grid.mask, -np.expm1(model.log_sums(places)), 0.0)
    null = value_null(model, places)
    threshold = null.threshold(voxel_p)
    z = np.zeros_like(ale)
    # below its median the value says nothing of convergence
    z[grid.mask] = np.maximum(-special.ndtri(null.p(ale[grid.mask])), 0.0)
    labels, sizes = clusters(ale, threshold)
    return Convergence(ale, z, threshold, labels, sizes)


def clusters(ale: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Clusters of voxels above a threshold that share faces, largest first (ties: in the order of the grid).

    Returns
    -------
    labels : array of int, shape (nx, ny, nz)
    sizes : array of int, shape (n_clusters,)
    """
    labels, n = ndimage.label(ale > threshold, FACES)
    sizes = np.bincount(labels.ravel(), minlength=n + 1)[1:]
    order = np.argsort(-sizes, kind="stable")
    rank = np.zeros(n + 1, dtype=np.int32)
    rank[order + 1] = np.arange(1, n + 1)
    return rank[labels], sizes[order]
