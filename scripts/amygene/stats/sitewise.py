"""Permutations within sites for many subsets of the sites at once.

When subjects are exchanged within sites, a Freedman-Lane statistic of any set of sites needs the permuted data only
through products of within-site centred columns, summed over its sites. So one pass over the subjects per block of
permutations serves every set of sites: leaving each of twenty sites out costs little more than leaving out one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amygene.stats.linear_model import clean, complete_cases, orthonormal_basis
from amygene.stats.permutation import constant_within, restrict


class SitewisePermutation:
    """Freedman-Lane within sites, prepared for subsets of the sites.

    Null hypothesis and draws are those of `permutation.FreedmanLane` with the sites as strata; so are the numbers,
    up to rounding.
    """

    def __init__(self, outcomes: np.ndarray, regressor: np.ndarray, nuisance: np.ndarray, sites: np.ndarray):
        """Prepare.

        Parameters
        ----------
        outcomes : array of shape (n, n_outcomes)
            Missing values as NaN; each outcome is permuted among its own complete cases.
        regressor : array of shape (n,)
        nuisance : array of shape (n, p)
            Intercept included; columns of sites or not.
        sites : array of int, shape (n,)
            0, 1, ...
        """
        self.n_outcomes = outcomes.shape[1]
        self.n_sites = int(sites.max()) + 1
        columns = np.column_stack([regressor, nuisance])
        moving = columns[:, ~constant_within(columns, sites)]
        self._parts = [
            _Part(outcomes[np.ix_(rows, cols)], regressor[rows], nuisance[rows], moving[rows], sites[rows], rows, cols)
            for rows, cols in complete_cases(outcomes)
        ]

    def products(self, orders: np.ndarray) -> list[np.ndarray]:
        """What the permutations `orders` (from `permutation.draw_orders`, by site) leave of the data."""
        return [part.products(orders, self.n_sites) for part in self._parts]

    def subset(self, chosen: np.ndarray) -> Subset:
        """The model fitted to the subjects of some sites.

        Parameters
        ----------
        chosen : array of bool, shape (n_sites,)
        """
        models = [part.model(chosen) for part in self._parts]
        return Subset(chosen, models, [part.cols for part in self._parts], self.n_outcomes)


@dataclass(frozen=True)
class Subset:
    """The subjects of some sites."""

    chosen: np.ndarray
    models: list[_Model | None]
    cols: list[np.ndarray]
    n_outcomes: int

    def draw(self, products: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Slope of the regressor and its standard error, arrays of shape (n_permutations, n_outcomes).

        NaN where the model cannot be fitted.
        """
        n_permutations = products[0].shape[2]
        beta, se = (np.full((n_permutations, self.n_outcomes), np.nan) for _ in range(2))
        for model, cols, one in zip(self.models, self.cols, products, strict=True):
            if model is not None:
                beta[:, cols], se[:, cols] = model.draw(one[self.chosen].sum(axis=0))
        return beta, se


class _Part:
    """Outcomes observed in the same subjects."""

    def __init__(
        self,
        y: np.ndarray,
        regressor: np.ndarray,
        nuisance: np.ndarray,
        moving: np.ndarray,
        sites: np.ndarray,
        rows: np.ndarray,
        cols: np.ndarray,
    ):
        self.y, self.regressor, self.nuisance, self.sites = y, regressor, nuisance, sites
        self.rows, self.cols = rows, cols
        self.moving = _centred(moving, sites)
        by_site = np.argsort(sites, kind="stable")
        self._left = np.ascontiguousarray(self.moving.T)
        self._right = np.column_stack([_centred(y, sites), self.moving])[by_site]

    def products(self, orders: np.ndarray, n_sites: int) -> np.ndarray:
        """Permuted columns times outcomes and columns, shape (n_sites, n_moving, n_permutations, q + n_moving)."""
        orders = restrict(orders, self.rows)
        n_moving, width = len(self._left), self._right.shape[1]
        found = np.zeros((n_sites, n_moving, len(orders), width))
        stops = np.cumsum(np.bincount(self.sites, minlength=n_sites))
        for site, (start, stop) in enumerate(zip(np.r_[0, stops[:-1]], stops, strict=True)):
            shuffled = np.take(self._left, orders[:, start:stop], axis=1).reshape(n_moving * len(orders), stop - start)
            found[site] = (shuffled @ self._right[start:stop]).reshape(n_moving, len(orders), width)
        return found

    def model(self, chosen: np.ndarray) -> _Model | None:
        """The model of the subjects of some sites; None where it cannot be fitted."""
        here = np.flatnonzero(chosen[self.sites])
        y, sites, moving = self.y[here], self.sites[here], self.moving[here]
        basis, _ = orthonormal_basis(self.nuisance[here])
        cleaned, length2 = clean(self.regressor[here], basis)
        freedom = len(here) - basis.shape[1] - 1
        if length2 == 0 or freedom < 1:
            return None
        expected = basis @ (basis.T @ y)
        residual = y - expected
        design = np.column_stack([cleaned / np.sqrt(length2), basis[:, ~constant_within(basis, sites)]])
        # centred within sites, design and expected values are combinations of the moving columns
        weights = np.linalg.lstsq(moving, _centred(design, sites), rcond=None)[0]
        slopes = np.linalg.lstsq(moving, _centred(expected, sites), rcond=None)[0]
        # sites' means do not move
        fixed = design.T @ residual - weights.T @ (moving.T @ _centred(residual, sites))
        total = np.einsum("ij,ij->j", residual, residual)
        return _Model(weights, slopes, fixed, total, freedom, length2)


@dataclass(frozen=True)
class _Model:
    """A fitted subset; see `_Part.model`."""

    weights: np.ndarray
    slopes: np.ndarray
    fixed: np.ndarray
    total: np.ndarray
    freedom: int
    length2: float

    def draw(self, products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Slope and standard error, shape (n_permutations, q), from products summed over the sites."""
        n_moving, n_permutations, width = products.shape
        q = self.total.shape[0]
        design = (self.weights.T @ products.reshape(n_moving, -1)).reshape(-1, n_permutations, width)
        projected = design[:, :, :q] - design[:, :, q:] @ self.slopes + self.fixed[:, None]
        left = self.total - np.einsum("kij,kij->ij", projected, projected)
        beta = projected[0] / np.sqrt(self.length2)
        return beta, np.sqrt(np.maximum(left, 0) / self.freedom / self.length2)


def _centred(values: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Columns minus their means within sites."""
    sizes = np.maximum(np.bincount(sites), 1)
    means = np.stack([np.bincount(sites, weights=column) for column in values.T], axis=1) / sizes[:, None]
    return values - means[sites]
