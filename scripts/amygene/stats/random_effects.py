"""Random-effects meta-analysis of per-site estimates, for many outcomes at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pooled:
    """Arrays over outcomes (and whatever leading axes the estimates have after the first).

    ``se`` is Hartung and Knapp's, to be used with t on ``df = k - 1`` degrees of freedom.
    """

    beta: np.ndarray
    se: np.ndarray
    df: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    q: np.ndarray

    @property
    def p_q(self) -> np.ndarray:
        """p of Cochran's Q; null hypothesis: all sites have one effect (chi-squared on k - 1)."""
        from scipy.special import chdtrc

        return chdtrc(self.df, self.q)


def pool(beta: np.ndarray, se: np.ndarray) -> Pooled:
    """Combine estimates over sites (first axis).

    Between-site variance by DerSimonian & Laird 1986, Control Clin Trials 7:177; standard error by Hartung
    & Knapp 2001, Stat Med 20:3875, which holds its level with few sites. Heterogeneity: Cochran's Q and
    I2 = max(0, (Q - (k - 1)) / Q).

    Parameters
    ----------
    beta, se : arrays of shape (n_sites, ...)
        NaN where a site has no estimate; k counts the sites that have one. k < 2: all missing.
    """
    known = np.isfinite(beta) & np.isfinite(se) & (se > 0)
    k = known.sum(axis=0)
    df = np.where(k > 1, k - 1.0, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        b = np.where(known, beta, 0)
        v = np.where(known, se, 1) ** 2
        w = np.where(known, 1 / v, 0)
        total = w.sum(axis=0)
        fixed = (w * b).sum(axis=0) / total
        q = (w * (b - fixed) ** 2).sum(axis=0)
        tau2 = np.maximum(0, (q - df) / (total - (w**2).sum(axis=0) / total))
        w = np.where(known, 1 / (v + tau2), 0)
        total = w.sum(axis=0)
        pooled = (w * b).sum(axis=0) / total
        error = np.sqrt((w * (b - pooled) ** 2).sum(axis=0) / (df * total))
        i2 = np.maximum(0, (q - df) / q)
    gone = np.isnan(df)
    return Pooled(*(np.where(gone, np.nan, x) for x in (pooled, error, df, tau2, i2, q)))
