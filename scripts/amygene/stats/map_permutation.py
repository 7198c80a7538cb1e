"""Freedman-Lane permutation of whole maps: the draws of `amygene.stats.permutation`, a thousand times the outcomes.

Voxels are worked on in tiles and draws in blocks, both of fixed size, so that no bit of a result depends on how
draws are dealt to jobs. A job holds one tile of the participants' maps and the t-maps of the draws it is at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from amygene.stats.design import Design
from amygene.stats.linear_model import clean, orthonormal_basis
from amygene.stats.permutation import BLOCK, TIE, FreedmanLane, constant_within

#: voxels that are worked on together
TILE = 512
#: a hundred times the error of a t computed in float32: what a decision needs is computed again when it is nearer
NEAR = 1e-4


@dataclass
class Counts:
    """How often draws reached the observed statistics, arrays of int of shape (n,).

    With `stop` a statistic is counted until that many draws have reached it (Besag & Clifford 1991).
    """

    reached: np.ndarray
    used: np.ndarray
    stop: int

    @staticmethod
    def start(n: int, stop: int | None = None) -> Counts:
        """Nothing counted yet."""
        return Counts(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), stop or np.iinfo(np.int64).max)


class MapPermutation:
    """t-maps of a group comparison under relabelings.

    Null hypothesis and method are those of `FreedmanLane`. The products are computed in float32 (t is off by
    about 1e-6), and again in float64 wherever t is high or a decision is near: so all t above `exact_above`,
    their maximum, and every count are those of float64.
    """

    def __init__(self, maps: np.ndarray, design: Design, exact_above: float, observed: np.ndarray | None = None):
        """Prepare.

        Parameters
        ----------
        maps : array of shape (n_voxels, n)
            Of the participants, in the order of the design, one row per voxel; may be memory-mapped. Missing
            values as NaN: such a voxel is permuted among its own complete cases.
        design
            Of the comparison.
        exact_above
            Absolute t from which on float64 is demanded, such as the cluster-forming threshold.
        observed : array of shape (n_voxels,), optional
            The observed t-map, to count draws that reach it; NaN is never reached.
        """
        self._maps, self._design, self._exact_above = maps, design, float(exact_above)
        size = np.full(len(maps), np.inf) if observed is None else np.abs(observed)
        self._observed = np.where(np.isnan(size), np.inf, size)
        self._basis, _ = orthonormal_basis(design.nuisance)
        regressor, length2 = clean(design.case, self._basis)
        self._freedom = len(design.case) - self._basis.shape[1] - 1
        moving = self._basis[:, ~constant_within(self._basis, design.strata)]
        self._by_stratum = np.argsort(design.strata, kind="stable")
        # (n_products, n): the normalised regressor, then the nuisance that permutations move
        self._rows = np.vstack([regressor / np.sqrt(length2), moving.T])

    def draw(self, orders: np.ndarray, t: np.ndarray, counts: Counts | None = None, counted: int | None = None) -> None:
        """t-maps under permutations, and how often they reach the observed one.

        Parameters
        ----------
        orders : array of int, shape (n_permutations, n)
            From `draw_orders`, whole blocks of `BLOCK`.
        t : array of shape (n_permutations, n_voxels)
            Where to put the maps; NaN where the model cannot be fitted. Kept by the caller, since to ask the
            system for memory anew takes a tenth of the time.
        counts
            Added to.
        counted
            The first so many permutations are counted; all by default.
        """
        n_draws, n = orders.shape
        counts = Counts.start(len(self._maps)) if counts is None else counts
        counted = n_draws if counted is None else counted
        # who stands in a place of an order lends the design to the subject of that place: (block, product, draw, n)
        exact = np.empty((n_draws // BLOCK, len(self._rows), BLOCK, n))
        lent = np.take(self._rows, orders, axis=1).reshape(len(self._rows), -1, BLOCK, n)
        exact[..., self._by_stratum] = lent.swapaxes(0, 1)
        fast = exact.astype(np.float32).reshape(len(exact), -1, n)
        values, residual = np.zeros((TILE, n)), np.zeros((TILE, n))
        single, projected = np.zeros((TILE, n), np.float32), np.empty((fast.shape[1], TILE), np.float32)
        for start in range(0, len(self._maps), TILE):
            here = slice(start, min(start + TILE, len(self._maps)))
            width = here.stop - start
            values[:width], values[width:] = self._maps[here], 0
            incomplete = _zero_incomplete(values)
            np.subtract(values, (values @ self._basis) @ self._basis.T, out=residual)
            single[:] = residual
            total = np.einsum("ij,ij->i", residual, residual)
            observed = self._observed[here]
            for block, first in enumerate(range(0, n_draws, BLOCK)):
                drawn = t[first : first + BLOCK, here]
                np.matmul(fast[block], single.T, out=projected)
                _t(
                    projected.reshape(-1, BLOCK, TILE),
                    exact[block],
                    residual,
                    total,
                    self._freedom,
                    self._exact_above,
                    observed,
                    drawn,
                )
                if len(incomplete):
                    drawn[:, incomplete] = self._incomplete(start + incomplete, orders[first : first + BLOCK])
                _count(drawn[: counted - first], observed, counts.stop, counts.reached[here], counts.used[here])

    def _incomplete(self, voxels: np.ndarray, orders: np.ndarray) -> np.ndarray:
        """t of voxels that lack someone, shape (n_permutations, n)."""
        d = self._design
        beta, se = FreedmanLane(np.asarray(self._maps[voxels], dtype=float).T, d.case, d.nuisance, d.strata).draw(orders)
        with np.errstate(invalid="ignore", divide="ignore"):
            return beta / se


@numba.njit(cache=True)
def _zero_incomplete(values):
    """Set rows with a missing value to 0; returns their numbers."""
    found = []
    for i in range(len(values)):
        total = 0.0
        for j in range(values.shape[1]):
            total += values[i, j]
        if np.isnan(total):
            values[i] = 0
            found.append(i)
    return np.array(found, dtype=np.int64)


@numba.njit(cache=True, fastmath={"reassoc", "contract"})
def _dot(a, b):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@numba.njit(cache=True, error_model="numpy")
def _t(projected, design, residual, total, freedom, exact_above, observed, t):
    """t of a tile from the normalised slope and the projections on the nuisance; again in float64 where it is high,
    or so near the observed one that float32 might decide.
    """
    n_products, n_draws, n_voxels = projected.shape
    left = np.empty(n_voxels)
    for i in range(n_draws):
        for j in range(n_voxels):
            left[j] = total[j]
        for k in range(n_products):
            for j in range(n_voxels):
                left[j] -= np.float64(projected[k, i, j]) * np.float64(projected[k, i, j])
        for j in range(t.shape[1]):
            t[i, j] = projected[0, i, j] / np.sqrt(max(left[j], 0.0) / freedom)
        for j in range(t.shape[1]):
            size = abs(t[i, j])
            if (size > exact_above - NEAR) | (abs(size - observed[j]) < NEAR):
                slope = _dot(design[0, i], residual[j])
                rest = total[j] - slope * slope
                for k in range(1, n_products):
                    moved = _dot(design[k, i], residual[j])
                    rest -= moved * moved
                t[i, j] = slope / np.sqrt(max(rest, 0.0) / freedom)


@numba.njit(cache=True)
def _count(t, observed, stop, reached, used):
    for i in range(t.shape[0]):
        for j in range(t.shape[1]):
            if reached[j] < stop:
                used[j] += 1
                reached[j] += abs(t[i, j]) >= observed[j] * (1 - TIE)
