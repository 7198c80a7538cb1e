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
    return np.asarray(special.nctdtr(df, edge, np.abs(t)))
