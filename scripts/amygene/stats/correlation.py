"""Correlation of many columns with one outcome: Pearson, Spearman, partial; intervals and permutations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from amygene.stats.linear_model import complete_cases, orthonormal_basis
from amygene.stats.permutation import draw_orders, restrict

PEARSON, SPEARMAN = "pearson", "spearman"
KINDS = (PEARSON, SPEARMAN)


@dataclass(frozen=True)
class Correlation:
    """Arrays of shape (n_columns,); NaN where a correlation cannot be computed.

    ``low`` and ``high`` are the ends of the 95 % interval, ``df`` the degrees of freedom n - 2 - number of covariates,
    ``p`` that of t with df degrees of freedom.
    """

    r: np.ndarray
    low: np.ndarray
    high: np.ndarray
    df: np.ndarray
    p: np.ndarray
    n: np.ndarray


class Association:
    """Columns against one outcome given covariates: estimates, and their permutation distribution.

    With covariates both sides are residuals of the linear model on them: the partial correlation. Spearman's is
    Pearson's of the ranks (of columns, outcome and covariates alike: as in R's ppcor). Null hypothesis: no association
    given the covariates. Permutation exchanges residuals of the outcome (Freedman & Lane 1983).
    """

    def __init__(self, columns: np.ndarray, outcome: np.ndarray, covariates: np.ndarray, strata: np.ndarray, kind: str):
        """Prepare.

        Parameters
        ----------
        columns : array of shape (n, n_columns)
            Missing values as NaN; every column is used on its own complete cases.
        outcome : array of shape (n,)
            Not missing.
        covariates : array of shape (n, p)
            Without intercept; p may be 0.
        strata : array of int, shape (n,)
            Participants of one stratum are exchangeable.
        kind
            `PEARSON` or `SPEARMAN`.
        """
        self.n_columns, self.strata, self.kind = columns.shape[1], strata, kind
        self._parts: list[_Part] = []
        for rows, own in complete_cases(columns):
            x, y, z = columns[np.ix_(rows, own)], outcome[rows], covariates[rows]
            if kind == SPEARMAN:
                x, y, z = stats.rankdata(x, axis=0), stats.rankdata(y), _ranks(z)
            basis, _ = orthonormal_basis(np.column_stack([np.ones(len(rows)), z]))
            freedom = len(rows) - basis.shape[1] - 1
            x = x - basis @ (basis.T @ x)
            y = y - basis @ (basis.T @ y)
            if freedom < 1 or y @ y < 1e-20 * max(1.0, float(outcome[rows] @ outcome[rows])):
                continue
            length = np.linalg.norm(x, axis=0)
            # a constant column has no correlation
            length[length < 1e-10 * np.sqrt(len(rows))] = np.nan
            self._parts.append(_Part(rows, own, x / length, y / np.linalg.norm(y), basis, freedom))

    def fit(self) -> Correlation:
        """Estimates of every column."""
        r, df, n = (np.full(self.n_columns, np.nan) for _ in range(3))
        for part in self._parts:
            r[part.own] = np.clip(part.x.T @ part.y, -1, 1)
            df[part.own], n[part.own] = part.freedom, len(part.rows)
        low, high = interval(r, df, self.kind)
        return Correlation(r, low, high, df, p_value(r, df), np.where(np.isnan(r), np.nan, n))

    def draw(self, seed: int, indices: np.ndarray) -> np.ndarray:
        """Correlations under permutations, shape (n_permutations, n_columns)."""
        orders = draw_orders(seed, indices, self.strata)
        by_stratum = np.argsort(self.strata, kind="stable")
        drawn = np.full((len(indices), self.n_columns), np.nan)
        for part in self._parts:
            among = restrict(orders, part.rows)
            # whoever stands in a stratum takes the residual of another one of it
            place = restrict(by_stratum[None], part.rows)[0]
            y = np.empty((len(indices), len(part.rows)))
            y[:, place] = part.y[among]
            y = y - (y @ part.basis) @ part.basis.T
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn[:, part.own] = (y @ part.x) / np.linalg.norm(y, axis=1)[:, None]
        return drawn


@dataclass(frozen=True)
class _Part:
    """Columns observed in the same participants: residuals of unit length."""

    rows: np.ndarray
    own: np.ndarray
    x: np.ndarray
    y: np.ndarray
    basis: np.ndarray
    freedom: int


def _ranks(columns: np.ndarray) -> np.ndarray:
    return stats.rankdata(columns, axis=0) if columns.size else columns


def p_value(r: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Two-sided p of ``t = r sqrt(df / (1 - r^2))``."""
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.abs(r) * np.sqrt(df / (1 - r**2))
    return np.asarray(2 * special.stdtr(df, -t))


def interval(r: np.ndarray, df: np.ndarray, kind: str, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Confidence interval by Fisher's z.

    The variance of z is ``1 / (df - 1)``; Spearman's is larger by the factor ``1 + r^2 / 2`` (Bonett & Wright 2000,
    Psychometrika 65:23).
    """
    widened = 1 + r**2 / 2 if kind == SPEARMAN else np.ones_like(r)
    with np.errstate(invalid="ignore", divide="ignore"):
        reach = special.ndtri((1 + level) / 2) * np.sqrt(widened / (df - 1))
        z = np.arctanh(r)
        # of a perfect correlation, or with nothing left to estimate from, nothing is known
        reach = np.where(df > 1, reach, np.nan)
    return np.tanh(z - reach), np.tanh(z + reach)
