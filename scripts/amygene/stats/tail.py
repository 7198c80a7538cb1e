"""Small p from few draws: the tail of the permutation distribution as a generalised Pareto distribution.

Knijnenburg et al. 2009, Bioinformatics 25:i161; Winkler et al. 2016, NeuroImage 141:502. The excesses of the draws over
a high threshold are fitted by their moments (Hosking & Wallis 1987, Technometrics 29:339), from the upper quarter of
the draws on; the threshold is raised until Anderson and Darling's test accepts the fit at .05 (Choulakian & Stephens
2001, Technometrics 43:478). Only p below `below` are taken from the tail; the others are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amygene.stats.permutation import TIE, p_value

#: shares of the draws below the threshold, tried in turn
_QUANTILES = np.arange(0.75, 0.99, 0.01)
#: critical values of Anderson and Darling's statistic at .05 by shape, both parameters estimated
_SHAPE = np.array([-0.5, -0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.5, 0.9])
_CRITICAL = np.array([1.321, 1.221, 1.140, 1.074, 1.020, 0.974, 0.935, 0.903, 0.830, 0.771])
#: p below this is taken from the tail
BELOW = 0.1
#: draws that a tail needs
_FEWEST = 25


@dataclass(frozen=True)
class Tail:
    """Generalised Pareto tail: ``P(X > threshold + y) = share * (1 - shape * y / scale) ** (1 / shape)``.

    A shape above 0 has an end, below 0 falls like a power; at 0 the tail is exponential.
    """

    threshold: float
    share: float
    scale: float
    shape: float

    def survival(self, x: np.ndarray) -> np.ndarray:
        """P(X > x) for x at or above the threshold."""
        return self.share * _survival(np.asarray(x, dtype=float) - self.threshold, self.scale, self.shape)


def _survival(excess: np.ndarray, scale: float, shape: float) -> np.ndarray:
    if abs(shape) < 1e-12:
        return np.exp(-excess / scale)
    return np.maximum(1 - shape * excess / scale, 0) ** (1 / shape)


def fit_tail(draws: np.ndarray) -> Tail | None:
    """Fit the upper tail of draws, shape (n_draws,).

    Returns
    -------
    Tail or None
        None when no threshold gives a tail that is accepted: too few draws, or a distribution with lumps.
    """
    ordered = np.sort(np.asarray(draws, dtype=float))
    n = len(ordered)
    for first in dict.fromkeys((_QUANTILES * n).astype(int)):
        if n - first < _FEWEST:
            return None
        threshold = ordered[first - 1 : first + 1].mean()
        excess = ordered[first:] - threshold
        mean, variance = excess.mean(), excess.var(ddof=1)
        if variance <= 0 or mean <= 0:
            continue
        ratio = mean**2 / variance
        # a shape above 0 would give p = 0 beyond its end: there the exponential tail is the cautious one
        shape = min((ratio - 1) / 2, 0.0)
        scale = mean * (ratio + 1) / 2 if shape < 0 else mean
        if anderson_darling(_survival(excess, scale, shape)) <= np.interp(shape, _SHAPE, _CRITICAL):
            return Tail(float(threshold), (n - first) / n, float(scale), float(shape))
    return None


def anderson_darling(p: np.ndarray) -> float:
    """Anderson and Darling's statistic of values that should be uniform, shape (n,)."""
    p = np.clip(np.sort(p), 1e-300, 1 - 1e-16)
    n = len(p)
    weight = 2 * np.arange(1, n + 1) - 1
    return float(-n - (weight * (np.log(p) + np.log1p(-p[::-1]))).sum() / n)


def tail_p(observed: np.ndarray, draws: np.ndarray, below: float = BELOW) -> tuple[np.ndarray, Tail | None]:
    """p of statistics under their permutation distribution.

    Parameters
    ----------
    observed : array of shape (n,)
        Absolute statistics; NaN gives NaN.
    draws : array of shape (n_draws,)
    below
        Counted p below this are replaced.

    Returns
    -------
    p : array of shape (n,)
    tail : Tail or None
        None: no tail fitted, all p are counted.
    """
    ordered = np.sort(draws)
    p = p_value(len(ordered) - np.searchsorted(ordered, np.abs(observed) * (1 - TIE), side="left"), len(ordered))
    p = np.where(np.isnan(observed), np.nan, p)
    tail = fit_tail(ordered)
    if tail is not None:
        small = (p < below) & (np.abs(observed) >= tail.threshold)
        p[small] = tail.survival(np.abs(observed[small]))
    return p, tail
