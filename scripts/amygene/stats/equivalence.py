"""Two one-sided tests: is a difference smaller than one that would matter?"""

from __future__ import annotations

import numpy as np
from scipy import special


def tost(t: np.ndarray, df: np.ndarray, scale: np.ndarray, margin: float) -> np.ndarray:
    """p of equivalence for a margin in standard deviations.

    Null hypothesis: the difference is at least `margin` residual standard deviations, in either direction. Schuirmann
    1987, J Pharmacokinet Biopharm 15:657; the statistic at the edge of the null hypothesis follows a
    noncentral t, so nothing is approximated. p < .05 exactly when the 90 % interval of the standardised difference
    lies within the margin.

    Parameters
    ----------
    t, df : arrays of shape (n,)
    scale : array of shape (n,)
        Standard error of the difference per residual standard deviation (`linear_model.Fit.scale`).
    margin : float
        Above 0.

    Returns
    -------
    array of shape (n,)
    """
    edge = margin / scale
    # P(T <= t | +margin) and P(T >= t | -margin), the larger of the two; by symmetry both are tails at -|t|
    p = np.asarray(special.nctdtr(df, edge, np.abs(t)))
    # far below the edge scipy's series underflows, to 0 or to no number; a p is neither
    known = np.isfinite(t) & np.isfinite(edge) & (np.asarray(df) > 0)
    return np.where(known, np.maximum(np.nan_to_num(p), np.finfo(float).tiny), np.nan)


def power_equivalence(df: float, scale: float, margin: float, alpha: float = 0.05) -> float:
    """Probability that `tost` shows equivalence (p < alpha) where there is no difference at all.

    t must stay below the value at which a difference of the margin would show as small a t with probability alpha.
    NaN without degrees of freedom or scale.

    Parameters
    ----------
    df, scale
        As of `tost`, of one test.
    margin : float
        In standard deviations, above 0.
    """
    if not (df >= 1 and scale > 0):
        return float("nan")
    # never negative: with a small margin even t = 0 shows nothing
    edge = special.nctdtrit(df, margin / scale, alpha)
    return float(max(2 * special.stdtr(df, edge) - 1, 0.0))
