"""Activation likelihood estimation: do the foci of several experiments lie together more than chance would have it?

Eickhoff et al. 2012, NeuroImage 59:2349; Turkeltaub et al. 2012, Hum Brain Mapp 33:1.

Every focus is a probability of where the effect is. An experiment says of a voxel the largest probability that one
of its foci gives (so that many foci of one experiment are no convergence), and the ALE value of the voxel is the
probability that at least one experiment has its effect there: ``1 - prod(1 - MA)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy import ndimage, special

from amygene.meta.brain import Brain
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


class Kernels(NamedTuple):
    """What the compiled loops need of the kernels and the grid that they are laid on.

    Attributes
    ----------
    of : array of int, shape (n_experiments,)
        Kernel of each experiment: those of equal sample sizes share one.
    widths : array of int, shape (n_kernels,)
        Voxels along an edge.
    first : array of int, shape (n_kernels,)
        First of a kernel's `values`.
    values : array
        ``log(1 - probability)`` of all kernels, one after the other.
    stride_x, stride_y : int
        From a place in the grid to the next along its first and second axis.
    """

    of: np.ndarray
    widths: np.ndarray
    first: np.ndarray
    values: np.ndarray
    stride_x: int
    stride_y: int


class Model:
    """Experiments on a grid: kernels and tables that stay the same wherever the foci lie.

    Sums run over ``log(1 - MA)`` in a grid with a margin, so that no focus near the edge needs a test.
    """

    def __init__(self, experiments: Experiments, grid: Brain):
        sizes, kernel_of = np.unique(experiments.n_subjects, return_inverse=True)
        cubes = [kernel(int(n), grid.size) for n in sizes]
        widths = np.array([len(cube) for cube in cubes])
        self.margin = int(widths.max()) // 2 + 1
        self.shape = np.array(grid.mask.shape) + 2 * self.margin
        self.kernels = Kernels(
            of=kernel_of,
            widths=widths,
            first=np.r_[0, np.cumsum(widths**3)[:-1]],
            values=np.concatenate([np.log1p(-cube).ravel() for cube in cubes]),
            stride_x=int(self.shape[1] * self.shape[2]),
            stride_y=int(self.shape[2]),
        )
        self.starts = experiments.starts
        self.inside = np.pad(grid.mask, self.margin).ravel()
        self._last = np.array(grid.mask.shape) - 1

    def places(self, ijk: np.ndarray) -> np.ndarray:
        """Places of voxels in the grid with a margin; a focus outside the grid moves to its edge.

        Parameters
        ----------
        ijk : array of int, shape (n, 3)
        """
        return (np.clip(ijk, 0, self._last) + self.margin) @ np.array([self.kernels.stride_x, self.kernels.stride_y, 1])

    def log_sums(self, places: np.ndarray) -> np.ndarray:
        """``log(1 - ALE)`` of every voxel of the grid, shape (nx, ny, nz)."""
        logs = np.zeros(len(self.inside))
        _accumulate(places, self.starts, self.kernels, logs, np.zeros_like(logs))
        inner = slice(self.margin, -self.margin)
        return logs.reshape(self.shape)[inner, inner, inner]

    def modelled(self, places: np.ndarray, index: int) -> np.ndarray:
        """Modelled activation of one experiment in the voxels of the mask, shape (n_voxels,)."""
        logs = np.zeros(len(self.inside))
        own = self.kernels._replace(of=self.kernels.of[index : index + 1])
        _accumulate(places, self.starts[index : index + 2], own, logs, np.zeros_like(logs))
        return -np.expm1(logs[self.inside])

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
        return _largest_clusters(draws, self.starts, self.kernels, self.inside, np.log1p(-threshold))

    def histograms(self, places: np.ndarray) -> np.ndarray:
        """How often each experiment's modelled activation has which value in the mask, in bins of `STEP`.

        Returns
        -------
        array of shape (n_experiments, n_bins)
            Shares of the voxels; the last bin lies above the largest value.
        """
        largest = int(np.ceil(-np.expm1(self.kernels.values.min()) / STEP)) + 1
        return _histograms(places, self.starts, self.kernels, self.inside, largest + 1)


@njit(inline="always")
def _half_down(kernels: Kernels, width: int) -> int:
    """From the place of a focus to the first corner of its kernel."""
    return width // 2 * (kernels.stride_x + kernels.stride_y + 1)


@njit(cache=True, nogil=True)
def _accumulate(
    places: np.ndarray, starts: np.ndarray, kernels: Kernels, logs: np.ndarray, scratch: np.ndarray
) -> None:
    """Add ``log(1 - MA)`` of every experiment to `logs`; `scratch` is 0 before and after."""
    for e in range(len(starts) - 1):
        k = kernels.of[e]
        w = kernels.widths[k]
        for f in range(starts[e], starts[e + 1]):
            corner = places[f] - _half_down(kernels, w)
            v = kernels.first[k]
            for i in range(w):
                for j in range(w):
                    row = corner + i * kernels.stride_x + j * kernels.stride_y
                    old, new = scratch[row : row + w], kernels.values[v : v + w]
                    for z in range(w):
                        # the largest MA has the smallest log(1 - MA)
                        old[z] = new[z] if new[z] < old[z] else old[z]
                    v += w
        for f in range(starts[e], starts[e + 1]):
            corner = places[f] - _half_down(kernels, w)
            for i in range(w):
                for j in range(w):
                    row = corner + i * kernels.stride_x + j * kernels.stride_y
                    total, part = logs[row : row + w], scratch[row : row + w]
                    for z in range(w):
                        total[z] += part[z]
                        # what overlapping kernels share is added once
                        part[z] = 0.0


@njit(cache=True, nogil=True)
def _histograms(
    places: np.ndarray, starts: np.ndarray, kernels: Kernels, inside: np.ndarray, n_bins: int
) -> np.ndarray:
    """Shares of the voxels inside by their modelled activation, experiment by experiment."""
    histograms = np.zeros((len(starts) - 1, n_bins))
    logs, scratch = np.zeros(len(inside)), np.zeros(len(inside))
    n_inside = inside.sum()
    for e in range(len(starts) - 1):
        w = kernels.widths[kernels.of[e]]
        own = Kernels(
            kernels.of[e : e + 1], kernels.widths, kernels.first, kernels.values, kernels.stride_x, kernels.stride_y
        )
        _accumulate(places, starts[e : e + 2], own, logs, scratch)
        touched = 0
        for f in range(starts[e], starts[e + 1]):
            corner = places[f] - _half_down(kernels, w)
            for i in range(w):
                for j in range(w):
                    row = corner + i * kernels.stride_x + j * kernels.stride_y
                    for z in range(row, row + w):
                        if logs[z] < 0 and inside[z]:
                            histograms[e, int(np.floor(-np.expm1(logs[z]) / STEP + 0.5))] += 1.0
                            touched += 1
                        # so a voxel is counted once, and is clean for the next experiment
                        logs[z] = 0.0
        histograms[e, 0] += n_inside - touched
    return histograms / n_inside


@njit(cache=True, nogil=True)
def _largest_clusters(
    draws: np.ndarray, starts: np.ndarray, kernels: Kernels, inside: np.ndarray, threshold: float
) -> np.ndarray:
    n = len(inside)
    logs, scratch = np.zeros(n), np.zeros(n)
    above = np.zeros(n, dtype=np.bool_)
    # a voxel enters the list once and the stack once
    found, stack = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    steps = np.array([1, -1, kernels.stride_y, -kernels.stride_y, kernels.stride_x, -kernels.stride_x])
    largest = np.zeros(len(draws), dtype=np.int64)
    for d in range(len(draws)):
        places = draws[d]
        _accumulate(places, starts, kernels, logs, scratch)
        n_found = 0
        for e in range(len(starts) - 1):
            w = kernels.widths[kernels.of[e]]
            for f in range(starts[e], starts[e + 1]):
                corner = places[f] - _half_down(kernels, w)
                for i in range(w):
                    for j in range(w):
                        row = corner + i * kernels.stride_x + j * kernels.stride_y
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
def _combine(left: np.ndarray, left_p: np.ndarray, right: np.ndarray, right_p: np.ndarray, n_bins: int) -> np.ndarray:
    """Distribution of ``1 - (1 - a)(1 - b)`` from those of a and b."""
    out = np.zeros(n_bins)
    for i in range(len(right)):
        other = 1.0 - right[i] * STEP
        for j in range(len(left)):
            score = (1.0 - other * (1.0 - left[j] * STEP)) / STEP
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


def converge(experiments: Experiments, grid: Brain, voxel_p: float) -> Convergence:
    """ALE values, their p, and the clusters of voxels with p < `voxel_p`."""
    model = Model(experiments, grid)
    places = model.places(grid.voxels_of_foci(experiments.xyz))
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
