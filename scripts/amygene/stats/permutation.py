"""Permutation inference: draws addressed by index, Freedman-Lane, counting.

Permutation *i* depends on the seed and on *i* alone, and arithmetic runs in blocks of `BLOCK` permutations
of fixed shape. So the numbers do not depend on how the permutations are dealt to jobs, cores or machines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from amygene.stats.linear_model import clean, complete_cases, orthonormal_basis

#: permutations that are computed together; a job takes whole blocks
BLOCK = 100
#: two statistics count as equal when they differ by less than this share: an exact tie must not be
#: decided by the last bit of a sum
TIE = 1e-9


def blocks(start: int, stop: int) -> Iterator[np.ndarray]:
    """Indices of the permutations in whole blocks that cover ``start <= i < stop``.

    Raises
    ------
    ValueError
        `start` is not the first index of a block.
    """
    if start % BLOCK:
        raise ValueError(f"permutations start at a multiple of {BLOCK}, got {start}")
    for first in range(start, stop, BLOCK):
        yield np.arange(first, first + BLOCK)


def whole_blocks(n: int) -> int:
    """`n` rounded up to whole blocks."""
    return -(-n // BLOCK) * BLOCK


def draw_orders(seed: int, indices: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Random orders of the subjects, the permutations `indices`.

    Parameters
    ----------
    seed : int
    indices : array of int, shape (n_permutations,)
        Numbers of the permutations; each has a random stream of its own.
    strata : array of int, shape (n,)

    Returns
    -------
    array of int, shape (n_permutations, n)
        The subjects stratum by stratum, each stratum shuffled.
    """
    n = len(strata)
    keys = np.empty((len(indices), n))
    for row, i in zip(keys, indices, strict=True):
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(i),))).random(out=row)
    by_stratum = np.argsort(strata, kind="stable")
    keys += strata
    shuffled = np.argsort(keys[:, by_stratum], axis=1, kind="stable")
    return by_stratum[shuffled]


def restrict(orders: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The orders of some of the subjects among themselves.

    So outcomes with different missing values share one permutation as far as they share subjects.

    Parameters
    ----------
    orders : array of int, shape (n_permutations, n)
    rows : array of int, shape (n_rows,)
        Ascending.

    Returns
    -------
    array of int, shape (n_permutations, n_rows)
        Positions in `rows`.
    """
    if len(rows) == orders.shape[1]:
        return orders
    position = np.full(orders.shape[1], -1)
    position[rows] = np.arange(len(rows))
    moved = position[orders]
    return moved[moved >= 0].reshape(len(orders), len(rows))


class FreedmanLane:
    """Permutes the residuals of the reduced model: prepared once, drawn from many times.

    Null hypothesis: the regressor has no effect given the nuisance, and the errors of the subjects of one
    stratum are exchangeable. Freedman & Lane 1983; Winkler et al. 2014, NeuroImage 92:381.

    The residuals are orthogonal to the nuisance. Nuisance directions that are constant within strata (the
    intercept, site dummies when sites are the strata) stay orthogonal under every permutation within
    strata and are left out of the products.
    """

    def __init__(self, outcomes: np.ndarray, regressor: np.ndarray, nuisance: np.ndarray, strata: np.ndarray):
        """Prepare.

        Parameters
        ----------
        outcomes : array of shape (n, n_outcomes)
            Missing values as NaN; each outcome is permuted among its own complete cases.
        regressor : array of shape (n,)
        nuisance : array of shape (n, p)
            Intercept included.
        strata : array of int, shape (n,)
            Subjects are exchanged within a stratum only.
        """
        self.n_outcomes = outcomes.shape[1]
        self._parts: list[_Part] = []
        for rows, columns in complete_cases(outcomes):
            basis, _ = orthonormal_basis(nuisance[rows])
            cleaned, length2 = clean(regressor[rows], basis)
            freedom = len(rows) - basis.shape[1] - 1
            if length2 == 0 or freedom < 1:
                continue
            y = outcomes[np.ix_(rows, columns)]
            residual = y - basis @ (basis.T @ y)
            moving = basis[:, ~constant_within(basis, strata[rows])]
            self._parts.append(
                _Part(
                    rows=rows,
                    columns=columns,
                    design=np.vstack([cleaned / np.sqrt(length2), moving.T]),
                    residual=residual[np.argsort(strata[rows], kind="stable")],
                    total=np.einsum("ij,ij->j", residual, residual),
                    freedom=freedom,
                    length2=length2,
                )
            )

    def draw(self, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Slope of the regressor and its standard error under permutations.

        Parameters
        ----------
        orders : array of int, shape (n_permutations, n)
            From `draw_orders` with the same strata.

        Returns
        -------
        beta, se : arrays of shape (n_permutations, n_outcomes)
            Their ratio is t. NaN where the model cannot be fitted.
        """
        beta, se = (np.full((len(orders), self.n_outcomes), np.nan) for _ in range(2))
        for part in self._parts:
            # (k, n_permutations, n) @ (n, n_outcomes): one matrix product for the whole block
            shuffled = np.take(part.design, restrict(orders, part.rows), axis=1)
            projected = shuffled.reshape(-1, len(part.rows)) @ part.residual
            projected = projected.reshape(len(part.design), len(orders), len(part.columns))
            left = part.total - np.einsum("kij,kij->ij", projected, projected)
            beta[:, part.columns] = projected[0] / np.sqrt(part.length2)
            se[:, part.columns] = np.sqrt(np.maximum(left, 0) / part.freedom / part.length2)
        return beta, se


@dataclass(frozen=True)
class _Part:
    """Outcomes observed in the same subjects, ready to be permuted."""

    rows: np.ndarray
    columns: np.ndarray
    design: np.ndarray
    residual: np.ndarray
    total: np.ndarray
    freedom: int
    length2: float


def constant_within(basis: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Which columns of an orthonormal basis do not vary within any stratum, shape (n_columns,)."""
    _, codes = np.unique(strata, return_inverse=True)
    sizes = np.bincount(codes)
    means = np.stack([np.bincount(codes, weights=column) for column in basis.T], axis=1) / sizes[:, None]
    return np.linalg.norm(basis - means[codes], axis=0) < 1e-8


def reaches(drawn: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Where a drawn statistic is at least as extreme as the observed one, either sign, ties included."""
    return np.abs(drawn) >= np.abs(observed) * (1 - TIE)


def p_value(exceedances: np.ndarray, n_draws: int) -> np.ndarray:
    """``(1 + b) / (1 + m)``: the observed labelling is one of the draws, so p is never 0.

    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39.
    """
    return (1.0 + np.asarray(exceedances)) / (1.0 + n_draws)


def monte_carlo_error(p: np.ndarray, n_draws: int) -> np.ndarray:
    """Standard error of a p-value estimated from `n_draws` draws."""
    return np.sqrt(p * (1 - p) / n_draws)


def p_max(observed: np.ndarray, maxima: np.ndarray) -> np.ndarray:
    """Family-wise p: the share of draws whose largest statistic reaches the observed one.

    Parameters
    ----------
    observed : array of shape (n,)
        Statistics, NaN where none.
    maxima : array of shape (n_draws,)
        Largest absolute statistic of each draw.

    Returns
    -------
    array of shape (n,)
        Westfall & Young's single-step max-T, NaN where `observed` is.
    """
    ordered = np.sort(maxima)
    below = np.searchsorted(ordered, np.abs(observed) * (1 - TIE), side="left")
    p = p_value(len(ordered) - below, len(ordered))
    return np.where(np.isnan(observed), np.nan, p)
