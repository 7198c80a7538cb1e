"""What a sample could have found: power, and the smallest effect with a given power."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize, special

#: the effect that is called "smallest that could be found" is found with this probability
POWER, ALPHA = 0.8, 0.05


def power_t(d: float, df: float, scale: float, alpha: float = ALPHA) -> float:
    """Power of a two-sided t test.

    Parameters
    ----------
    d
        True effect in standard deviations.
    df
        Degrees of freedom.
    scale
        Standard error of the effect per standard deviation: ``sqrt(1/n1 + 1/n2)`` for two groups.
    """
    edge = special.stdtrit(df, 1 - alpha / 2)
    right = 1 - special.nctdtr(df, d / scale, edge)
    # significant the wrong way round; where scipy's series cannot tell, it is about Phi(-d / scale - edge), nothing
    wrong = np.nan_to_num(special.nctdtr(df, d / scale, -edge), nan=0.0)
    return float(right + wrong)


def smallest_d(df: float, scale: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """Smallest effect in standard deviations that a two-sided t test finds with the given power.

    NaN without degrees of freedom or scale.
    """
    if not (df >= 1 and scale > 0):
        return float("nan")
    return _solve(lambda d: power_t(d, df, scale, alpha) - power, scale)


def power_r(rho: float, n: float, alpha: float = ALPHA) -> float:
    """Power of the two-sided test of a correlation, by Fisher's z with its bias (Cohen 1988, as R's pwr.r.test)."""
    edge = special.stdtrit(n - 2, 1 - alpha / 2)
    critical = edge / np.sqrt(edge**2 + n - 2)
    rho = abs(rho)
    z, limit = np.arctanh(rho) + rho / (2 * (n - 1)), np.arctanh(critical)
    return float(special.ndtr((z - limit) * np.sqrt(n - 3)) + special.ndtr((-z - limit) * np.sqrt(n - 3)))


def smallest_r(n: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """Smallest correlation that n participants find with the given power; NaN for fewer than 5."""
    if not n >= 5:
        return float("nan")
    return float(optimize.brentq(lambda rho: power_r(rho, n, alpha) - power, 0, 1 - 1e-12, xtol=1e-12))


def _solve(lacking: Callable[[float], float], scale: float) -> float:
    high = scale
    while lacking(high) < 0:
        high *= 2
    return float(optimize.brentq(lacking, 0, high, xtol=1e-12))
