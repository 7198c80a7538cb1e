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
from amygene.stats.streams import SIGN_FLIPS, stream

#: voxels that are worked on together
TILE = 512
#: a hundred times the error of a t computed in float32: what a decision needs is computed again when it is nearer
NEAR = 1e-4
#: from so many groups on, sums over their members cost less than a product for each of them
MANY_GROUPS = 6


@dataclass
class Counts:
    """How often draws reached the observed statistics, arrays of int of shape (n,).

    With `stop` a statistic is counted until that many draws have reached it (Besag & Clifford 1991).
    """

    reached: np.ndarray
    used: np.ndarray
    stop: int

    def add(self, t: np.ndarray, observed: np.ndarray, here: slice) -> None:
        """Count draws, shape (n_draws, n_here), against the absolute observed statistics `here`."""
        _add(t, observed, self.stop, self.reached[here], self.used[here])

    @staticmethod
    def start(n: int, stop: int | None = None) -> Counts:
        """Nothing counted yet."""
        return Counts(np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), stop or np.iinfo(np.int64).max)


class _MapDraws:
    """t-maps of one regressor of a linear model when draws move the errors of the reduced model.

    The products are computed in float32 (t is off by about 1e-6), and again in float64 wherever t is high or a
    decision is near: so all t above `exact_above`, their maximum, and every count are those of float64.
    """

    def __init__(
        self,
        maps: np.ndarray,
        regressor: np.ndarray,
        nuisance: np.ndarray,
        still: np.ndarray | None,
        exact_above: float,
        observed: np.ndarray | None,
        groups: np.ndarray | None = None,
    ):
        """Prepare.

        Parameters
        ----------
        maps : array of shape (n_voxels, n)
            Of the participants, one row per voxel; may be memory-mapped. Missing values as NaN.
        regressor : array of shape (n,)
        nuisance : array of shape (n, p)
        still : array of int, shape (n,), optional
            Strata: nuisance that is constant within them is orthogonal to the errors after every draw too.
        exact_above : float
            Absolute t from which on float64 is demanded, such as the cluster-forming threshold.
        observed : array of shape (n_voxels,), optional
            The observed t-map, to count draws that reach it; NaN is never reached.
        groups : array of int, shape (n,), optional
            A group for everybody, such as the site, that the nuisance adjusts for, where draws only permute: the
            projection on its indicators needs sums of the errors, and no product with every one of them.
        """
        self._maps, self._exact_above = maps, float(exact_above)
        size = np.full(len(maps), np.inf) if observed is None else np.abs(observed)
        self._observed = np.where(np.isnan(size), np.inf, size)
        self._basis, _ = orthonormal_basis(nuisance)
        cleaned, length2 = clean(regressor, self._basis)
        self._freedom = len(regressor) - self._basis.shape[1] - 1
        basis, summed = self._basis, 0
        if groups is not None:
            indicators = groups[:, None] == np.unique(groups)
            summed = indicators.shape[1]
            basis, _ = orthonormal_basis(np.column_stack([indicators, nuisance]))
            basis = np.roll(basis, -summed, axis=1)
        moving = basis if still is None else basis[:, ~constant_within(basis, still)]
        # (n_products, n): the normalised regressor, then the nuisance that draws move, the indicators of groups last
        self._rows = np.vstack([cleaned / np.sqrt(length2), moving.T])
        self._n_dense = len(self._rows) - summed

    def _draw(self, draws: np.ndarray, t: np.ndarray, counts: Counts | None, counted: int | None) -> None:
        n_draws, n = draws.shape
        counts = Counts.start(len(self._maps)) if counts is None else counts
        counted = n_draws if counted is None else counted
        # (block, product, draw, n)
        exact = np.ascontiguousarray(self._moved(draws).reshape(len(self._rows), -1, BLOCK, n).swapaxes(0, 1))
        fast = exact[:, : self._n_dense].astype(np.float32).reshape(len(exact), -1, n)
        members = _members(exact[:, self._n_dense :]) if self._n_dense < len(self._rows) else None
        values, residual = np.zeros((TILE, n)), np.zeros((TILE, n))
        single, projected = np.zeros((n, TILE), np.float32), np.empty((len(self._rows), BLOCK, TILE), np.float32)
        for start in range(0, len(self._maps), TILE):
            here = slice(start, min(start + TILE, len(self._maps)))
            width = here.stop - start
            values[:width], values[width:] = self._maps[here], 0
            incomplete = _zero_incomplete(values)
            np.subtract(values, (values @ self._basis) @ self._basis.T, out=residual)
            single[:] = residual.T
            total = np.einsum("ij,ij->i", residual, residual)
            observed = self._observed[here]
            for block, first in enumerate(range(0, n_draws, BLOCK)):
                drawn = t[first : first + BLOCK, here]
                np.matmul(fast[block], single, out=projected[: self._n_dense].reshape(-1, TILE))
                if members is not None:
                    order, ends, weights = members
                    _sum_groups(single, order[block], ends, weights, projected[self._n_dense :])
                _t(
                    projected,
                    exact[block],
                    residual,
                    total,
                    self._freedom,
                    self._exact_above,
                    observed,
                    drawn,
                )
                if len(incomplete):
                    drawn[:, incomplete] = self._incomplete(start + incomplete, draws[first : first + BLOCK])
                counts.add(drawn[: max(counted - first, 0)], observed, here)

    def _moved(self, draws: np.ndarray) -> np.ndarray:
        """The rows as they meet unmoved errors, shape (n_products, n_draws, n)."""
        raise NotImplementedError

    def _incomplete(self, voxels: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """t of voxels that lack someone, shape (n_draws, n_voxels)."""
        raise NotImplementedError


class MapPermutation(_MapDraws):
    """t-maps of a group comparison under relabelings; null hypothesis and method are those of `FreedmanLane`."""

    def __init__(self, maps: np.ndarray, design: Design, exact_above: float, observed: np.ndarray | None = None):
        """Prepare.

        Parameters
        ----------
        maps : array of shape (n_voxels, n)
            In the order of the design. A voxel that lacks someone is permuted among its own complete cases.
        design
            Of the comparison.
        exact_above, observed
            As in `_MapDraws`.
        """
        groups = _groups(design.nuisance) if len(np.unique(design.strata)) == 1 else None
        super().__init__(maps, design.case, design.nuisance, design.strata, exact_above, observed, groups)
        self._design = design
        self._by_stratum = np.argsort(design.strata, kind="stable")

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
        self._draw(orders, t, counts, counted)

    def _moved(self, draws: np.ndarray) -> np.ndarray:
        # who stands in a place of an order lends the design to the subject of that place
        moved = np.empty((len(self._rows), *draws.shape))
        moved[..., self._by_stratum] = np.take(self._rows, draws, axis=1)
        return moved

    def _incomplete(self, voxels: np.ndarray, draws: np.ndarray) -> np.ndarray:
        d = self._design
        values = np.asarray(self._maps[voxels], dtype=float).T
        beta, se = FreedmanLane(values, d.case, d.nuisance, d.strata).draw(draws)
        with np.errstate(invalid="ignore", divide="ignore"):
            return beta / se


class MapSignFlips(_MapDraws):
    """t-maps of the mean over participants under sign flips.

    Null hypothesis: the mean is 0 given the covariates, and the errors are symmetric around 0. Winkler et al.
    2014, NeuroImage 92:381.
    """

    def __init__(
        self, maps: np.ndarray, covariates: np.ndarray, exact_above: float, observed: np.ndarray | None = None
    ):
        """Prepare.

        Parameters
        ----------
        maps : array of shape (n_voxels, n)
            A voxel that lacks someone is missing.
        covariates : array of shape (n, p)
            Centred, without an intercept: the mean is that of a participant with covariates 0.
        exact_above, observed
            As in `_MapDraws`.
        """
        self._covariates = covariates
        super().__init__(maps, np.ones(len(covariates)), covariates, None, exact_above, observed)

    def draw(self, signs: np.ndarray, t: np.ndarray, counts: Counts | None = None, counted: int | None = None) -> None:
        """As `MapPermutation.draw`, with signs from `draw_signs`, shape (n_draws, n)."""
        self._draw(signs, t, counts, counted)

    def _moved(self, draws: np.ndarray) -> np.ndarray:
        return self._rows[:, None] * draws

    def _incomplete(self, voxels: np.ndarray, draws: np.ndarray) -> np.ndarray:
        return np.full((len(draws), len(voxels)), np.nan)


def draw_signs(seed: int, indices: np.ndarray, n: int) -> np.ndarray:
    """Random signs of the participants, array of +-1 of shape (n_draws, n), each draw addressed by its index."""
    signs = np.empty((len(indices), n))
    for row, i in zip(signs, indices, strict=True):
        row[:] = 2 * stream(seed, SIGN_FLIPS, int(i)).integers(0, 2, n) - 1
    return signs


def _groups(nuisance: np.ndarray) -> np.ndarray | None:
    """Groups whose indicators the columns of a nuisance with an intercept span, if they are many; shape (n,)."""
    groups = np.zeros(len(nuisance), dtype=int)
    for column in nuisance.T:
        members = column == 1
        # the intercept has everybody, and a second grouping would cut across the first one
        if not members.all() and ((column == 0) | members).all() and not groups[members].any():
            groups[members] = groups.max() + 1
    return groups if len(np.unique(groups)) >= MANY_GROUPS else None


def _members(indicators: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who is in which group after a draw, from normalised indicators of shape (n_blocks, n_groups, BLOCK, n).

    Returns
    -------
    order : array of int, shape (n_blocks, BLOCK, n)
        The first group's members, then the next one's.
    ends : array of int, shape (n_groups,)
        Where a group ends in it.
    weights : array of float32, shape (n_groups,)
        Of a group's sum: one over the root of its size.
    """
    sizes = np.count_nonzero(indicators[0, :, 0], axis=1)
    order = np.argsort(indicators.argmax(axis=1), axis=2, kind="stable").astype(np.int32)
    return order, np.cumsum(sizes), (1 / np.sqrt(sizes)).astype(np.float32)


@numba.njit(cache=True)
def _sum_groups(errors, order, ends, weights, projected):
    """Project errors, shape (n, n_voxels), on the groups' normalised indicators: (n_groups, n_draws, n_voxels)."""
    for i in range(len(order)):
        j = 0
        for g in range(len(ends)):
            total = projected[g, i]
            total[:] = 0
            while j + 4 <= ends[g]:
                # four at a time: the totals are read and written a quarter as often
                a, b = errors[order[i, j]], errors[order[i, j + 1]]
                c, d = errors[order[i, j + 2]], errors[order[i, j + 3]]
                for v in range(len(total)):
                    total[v] += (a[v] + b[v]) + (c[v] + d[v])
                j += 4
            while j < ends[g]:
                a = errors[order[i, j]]
                for v in range(len(total)):
                    total[v] += a[v]
                j += 1
            for v in range(len(total)):
                total[v] *= weights[g]


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
    left, near = np.empty(n_voxels), np.empty(n_voxels, dtype=np.bool_)
    for i in range(n_draws):
        for j in range(n_voxels):
            left[j] = total[j]
        for k in range(n_products):
            for j in range(n_voxels):
                left[j] -= np.float64(projected[k, i, j]) * np.float64(projected[k, i, j])
        for j in range(t.shape[1]):
            t[i, j] = projected[0, i, j] / np.sqrt(max(left[j], 0.0) / freedom)
            size = abs(t[i, j])
            near[j] = (size > exact_above - NEAR) | (abs(size - observed[j]) < NEAR)
        for j in range(t.shape[1]):
            if near[j]:
                slope = _dot(design[0, i], residual[j])
                rest = total[j] - slope * slope
                for k in range(1, n_products):
                    moved = _dot(design[k, i], residual[j])
                    rest -= moved * moved
                t[i, j] = slope / np.sqrt(max(rest, 0.0) / freedom)


@numba.njit(cache=True)
def _add(t, observed, stop, reached, used):
    for i in range(t.shape[0]):
        for j in range(t.shape[1]):
            # no branch, so that voxels go through together
            counted = reached[j] < stop
            used[j] += counted
            reached[j] += counted & (abs(t[i, j]) >= observed[j] * (1 - TIE))
