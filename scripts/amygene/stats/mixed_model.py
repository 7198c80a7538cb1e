"""A random intercept per participant, fitted by restricted likelihood to many outcomes at once.

The model of one outcome is ``y_ij = x_ij @ b + u_i + e_ij`` with ``u_i ~ N(0, tau2)`` and ``e_ij ~ N(0, sigma2)``: R's
``lmer(y ~ ... + (1 | participant))``. Unlike the strata of `repeated_measures` it also learns about change from those
who were measured once. Measurements enter through cross products only: of the deviations within participants, and of
the means of participants with 1, 2, ... measurements.

Degrees of freedom are Satterthwaite's, as in lmerTest (Kuznetsova et al. 2017, J Stat Softw 82:13). Where the
likelihood is largest without any variance between participants, they are those of the residuals (lmerTest then has no
standard).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from amygene.stats.linear_model import complete_cases, orthonormal_basis

#: where the search for the ratio of the variances ends: golden sections of [0, 1)
_STEPS = 60
_GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Mixed:
    """F tests of one set of coefficients in every outcome, arrays of shape (n_outcomes,); NaN where there is none.

    ``beta`` and ``se`` are of the last coefficient of the set.
    """

    f: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    beta: np.ndarray
    se: np.ndarray
    sigma2: np.ndarray
    tau2: np.ndarray

    @property
    def p(self) -> np.ndarray:
        """P of F."""
        return np.asarray(special.fdtrc(self.df1, self.df2, self.f))


def fit(outcomes: np.ndarray, columns: np.ndarray, participants: np.ndarray, tested: np.ndarray) -> Mixed:
    """Fit every outcome and test some coefficients together.

    Null hypothesis: the tested coefficients are 0, given the other columns (type III).

    Parameters
    ----------
    outcomes : array of shape (n, n_outcomes)
        Missing values as NaN.
    columns : array of shape (n, p)
        Intercept included. A column that adds nothing to those before it is left out.
    participants : array of int, shape (n,)
    tested : array of bool, shape (p,)
    """
    n_outcomes = outcomes.shape[1]
    found = {name: np.full(n_outcomes, np.nan) for name in ("f", "df1", "df2", "beta", "se", "sigma2", "tau2")}
    for rows, own in complete_cases(outcomes):
        _, kept = orthonormal_basis(columns[rows])
        which = np.flatnonzero(tested[kept])
        if len(which) == 0 or len(rows) <= len(kept):
            continue
        strata = _Strata(outcomes[np.ix_(rows, own)], columns[np.ix_(rows, kept)], participants[rows])
        if strata.repeated:
            for name, values in strata.test(which).items():
                found[name][own] = values
    return Mixed(**found)


class _Strata:
    """Cross products of columns and outcomes per stratum, and what the restricted likelihood makes of them.

    Stratum 0 is within participants, with variance sigma2; stratum s > 0 is the means of participants with ``size[s]``
    measurements, with variance ``sigma2 + size[s] tau2``.
    """

    def __init__(self, y: np.ndarray, x: np.ndarray, participants: np.ndarray):
        y = y - y.mean(axis=0)
        known, codes, sizes = np.unique(participants, return_inverse=True, return_counts=True)
        self.repeated = bool(sizes.max() > 1)
        both = np.hstack([x, y])
        sums = np.zeros((len(known), both.shape[1]))
        np.add.at(sums, codes, both)
        self.size = np.concatenate([[0], np.unique(sizes)])
        parts = [both - (sums / sizes[:, None])[codes]]
        parts += [sums[sizes == k] / np.sqrt(k) for k in self.size[1:]]
        p = x.shape[1]
        self.n, self.p = len(y), p
        self.m = np.array([len(y) - len(known), *((sizes == k).sum() for k in self.size[1:])], dtype=float)
        self.xx = np.stack([part[:, :p].T @ part[:, :p] for part in parts])
        self.xy = np.stack([(part[:, :p].T @ part[:, p:]).T for part in parts])
        self.yy = np.stack([np.einsum("ij,ij->j", part[:, p:], part[:, p:]) for part in parts])

    def _solve(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inverse of the information, coefficients and residual squares per stratum.

        Parameters
        ----------
        weights : array of shape (n_strata, n_outcomes)
            One over each stratum's variance.

        Returns
        -------
        inverse : (n_outcomes, p, p)
        beta : (n_outcomes, p)
        squares : (n_strata, n_outcomes)
        """
        information = np.einsum("se,sij->eij", weights, self.xx)
        inverse = np.linalg.inv(information)
        beta = np.einsum("eij,ej->ei", inverse, np.einsum("se,sej->ej", weights, self.xy))
        squares = self.yy - 2 * np.einsum("sej,ej->se", self.xy, beta) + np.einsum("ei,sij,ej->se", beta, self.xx, beta)
        return inverse, beta, squares

    def _deviance(self, share: np.ndarray) -> np.ndarray:
        """-2 restricted log likelihood, up to a constant, at ``tau2 / (sigma2 + tau2)`` of every outcome."""
        ratio = share / (1 - share)
        weights = 1 / (1 + self.size[:, None] * ratio)
        inverse, _, squares = self._solve(weights)
        total = np.maximum((weights * squares).sum(axis=0), 1e-300)
        _, logdet = np.linalg.slogdet(inverse)
        return (self.n - self.p) * np.log(total) - (self.m[:, None] * np.log(weights)).sum(axis=0) - logdet

    def _share(self) -> np.ndarray:
        """Where the restricted likelihood is largest: golden section, all outcomes at once."""
        low, high = np.zeros(self.yy.shape[1]), np.full(self.yy.shape[1], 1 - 1e-9)
        for _ in range(_STEPS):
            left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
            smaller = self._deviance(left) < self._deviance(right)
            low, high = np.where(smaller, low, left), np.where(smaller, right, high)
        middle = (low + high) / 2
        zero = np.zeros_like(middle)
        return np.where(self._deviance(zero) <= self._deviance(middle), 0.0, middle)

    def test(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """F of the coefficients `which`, with Satterthwaite's degrees of freedom."""
        share = self._share()
        ratio = share / (1 - share)
        weights = 1 / (1 + self.size[:, None] * ratio)
        _, _, squares = self._solve(weights)
        sigma2 = (weights * squares).sum(axis=0) / (self.n - self.p)
        weights = weights / sigma2
        inverse, beta, squares = self._solve(weights)
        covariance = inverse[:, which[:, None], which]
        values, vectors = np.linalg.eigh(covariance)
        # independent combinations of the coefficients, each with a t of its own
        combined = np.einsum("eij,ei->ej", vectors, beta[:, which])
        f = (combined**2 / values).mean(axis=1)
        contrasts = np.zeros((len(beta), len(which), self.p))
        contrasts[:, :, which] = np.swapaxes(vectors, 1, 2)
        df = self._satterthwaite(contrasts, values, inverse, beta, weights, squares)
        df = np.where(share[:, None] > 0, df, self.n - self.p)
        return {
            "f": f,
            "df1": np.full(len(f), float(len(which))),
            "df2": _joint_df(df),
            "beta": beta[:, which[-1]],
            "se": np.sqrt(inverse[:, which[-1], which[-1]]),
            "sigma2": sigma2,
            "tau2": ratio * sigma2,
        }

    def _satterthwaite(
        self, contrasts: np.ndarray, variances: np.ndarray, inverse: np.ndarray, beta: np.ndarray, weights: np.ndarray,
        squares: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """Degrees of freedom ``2 v^2 / Var(v)`` of every contrast, shape (n_outcomes, n_contrasts).

        The variance of v comes from the curvature of the restricted likelihood in sigma2 and tau2.
        """
        w2 = weights**2
        spread = np.einsum("eij,sjk->seik", inverse, self.xx)
        traces = np.einsum("seii->se", spread)
        cross = np.einsum("seij,teji->ste", spread, spread)
        slope = self.xy - np.einsum("sij,ej->sei", self.xx, beta)
        bent = np.einsum("sei,eij,tej->ste", slope, inverse, slope)
        curvature = -(cross + 2 * bent) * w2[:, None] * w2[None]
        diagonal = -self.m[:, None] * w2 + 2 * (traces + squares) * w2 * weights
        each = np.arange(len(self.size))
        curvature[each, each] += diagonal
        # variances of the strata by sigma2 and tau2
        chain = np.stack([np.ones(len(self.size)), self.size.astype(float)])
        hessian = np.einsum("as,ste,bt->eab", chain, curvature, chain)
        slopes = np.einsum("eci,eij,sjk,ekl,ecl->sec", contrasts, inverse, self.xx, inverse, contrasts, optimize=True)
        gradient = np.einsum("as,sec->eca", chain, slopes * w2[:, :, None])
        with np.errstate(invalid="ignore", divide="ignore"):
            determinant = hessian[:, 0, 0] * hessian[:, 1, 1] - hessian[:, 0, 1] ** 2
            # 2 inverse(hessian) is the covariance of the estimates
            uncertainty = (
                2
                * (
                    gradient[:, :, 0] ** 2 * hessian[:, None, 1, 1]
                    - 2 * gradient[:, :, 0] * gradient[:, :, 1] * hessian[:, None, 0, 1]
                    + gradient[:, :, 1] ** 2 * hessian[:, None, 0, 0]
                )
                / determinant[:, None]
            )
            return np.asarray(2 * variances**2 / uncertainty)


def _joint_df(df: np.ndarray) -> np.ndarray:
    """Degrees of freedom of the mean of squared t with `df` each (Fai & Cornelius 1996, J Stat Comput Simul 54:363)."""
    q = df.shape[1]
    if q == 1:
        return df[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.where(df > 2, df / (df - 2), 0).sum(axis=1)
        joint = np.where(expected > q, 2 * expected / (expected - q), 2.0)
    alike = np.ptp(df, axis=1) < 1e-8
    return np.where(alike, df.mean(axis=1), joint)
