"""Many tests at once."""

from __future__ import annotations

import numpy as np


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values that control the false discovery rate over one family.

    Benjamini & Hochberg 1995, J R Stat Soc B 57:289. A missing p (NaN) is no member of the family and
    stays missing.

    Parameters
    ----------
    p : array of shape (n,)

    Returns
    -------
    array of shape (n,)
    """
    q = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    if len(known) == 0:
        return q
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return q


def discoveries(p: np.ndarray, level: float) -> np.ndarray:
    """How many tests of each row Benjamini and Hochberg's procedure rejects.

    Parameters
    ----------
    p : array of shape (n_families, n_tests)
    level : float
        False discovery rate.

    Returns
    -------
    array of int, shape (n_families,)
    """
    n = p.shape[1]
    counts = np.zeros(len(p), dtype=np.int64)
    for i, row in enumerate(p):
        # only tests at or below the level can be rejected, so only they need sorting
        small = np.sort(row[row <= level])
        passed = np.flatnonzero(small <= level * np.arange(1, len(small) + 1) / n)
        counts[i] = passed[-1] + 1 if len(passed) else 0
    return counts
