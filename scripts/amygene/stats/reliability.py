"""Predicted probabilities against what happened."""

from __future__ import annotations

import numpy as np
from scipy import special
from sklearn.linear_model import LogisticRegression

#: a probability is kept this far from 0 and 1 before its logit is taken
CLIP = 1e-6


def brier(probability: np.ndarray, case: np.ndarray) -> float:
    """Mean squared difference of probability and outcome (Brier 1950, Mon Weather Rev 78:1); 0 is perfect."""
    return float(np.mean((probability - case) ** 2))


def calibration_slope(probability: np.ndarray, case: np.ndarray) -> float:
    """Slope of the outcome on the logit of its probability, by logistic regression.

    1: as certain as it should be; below 1: too certain; 0: the probabilities say nothing
    (Van Calster et al. 2019, BMC Med 17:230).

    Parameters
    ----------
    probability, case : arrays of shape (n,)

    Returns
    -------
    float
        NaN with one group only or with one probability for everybody.
    """
    logit = special.logit(np.clip(probability, CLIP, 1 - CLIP))
    if len(np.unique(case)) < 2 or np.ptp(logit) < 1e-9:
        return np.nan
    # standardised first: the solver stops at the same distance whatever the spread of the logits
    spread = logit.std()
    model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(((logit - logit.mean()) / spread)[:, None], case)
    return float(model.coef_[0, 0] / spread)


def reliability(probability: np.ndarray, case: np.ndarray, n_bins: int = 8) -> dict[str, np.ndarray]:
    """Share of cases among participants of similar probability.

    Parameters
    ----------
    probability, case : arrays of shape (n,)
    n_bins
        Bins of equal numbers of participants.

    Returns
    -------
    dict of arrays of shape (n_bins,)
        n, mean_probability, observed_share, observed_low, observed_high (Wilson's 95 %
        interval: Wilson 1927, J Am Stat Assoc 22:209).
    """
    order = np.argsort(probability, kind="stable")
    bins = [b for b in np.array_split(order, n_bins) if len(b)]
    n = np.array([len(b) for b in bins])
    share = np.array([case[b].mean() for b in bins])
    z = special.ndtri(0.975)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return {
        "n": n,
        "mean_probability": np.array([probability[b].mean() for b in bins]),
        "observed_share": share,
        "observed_low": np.maximum(centre - reach, 0),
        "observed_high": np.minimum(centre + reach, 1),
    }
