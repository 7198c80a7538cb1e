"""Draw only until the answer is clear.

Besag & Clifford 1991, Biometrika 78:301: draws go on until `stop` of them have reached the observed statistic; if that
happens at draw l, p is ``stop / l``, and else ``(1 + b) / (1 + m)`` after all m draws. The p is exact (it holds its
level) for any `stop`, and costs few draws where a statistic is clearly not significant.
"""

from __future__ import annotations

import numpy as np

from amygene.stats.permutation import TIE


def sequential_p(reached: np.ndarray, used: np.ndarray, stop: int) -> np.ndarray:
    """p from what was counted.

    Parameters
    ----------
    reached, used : arrays of int
        Draws that reached the observed statistic, and draws made, until `stop` had reached it.
    stop : int
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(reached >= stop, reached / used, (1.0 + reached) / (1.0 + used))


def draws_needed(observed: np.ndarray, drawn: np.ndarray, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Count the draws of one distribution against many observed statistics.

    Parameters
    ----------
    observed : array of shape (n,)
        Absolute statistics.
    drawn : array of shape (n_draws,)
        Such as the largest absolute statistic of every draw, in the order of the draws.
    stop : int

    Returns
    -------
    reached, used : arrays of int, shape (n,)
        As `sequential_p` takes them.
    """
    reached, used = (np.zeros(len(observed), dtype=np.int64) for _ in range(2))
    for i, value in enumerate(observed):
        hits = np.flatnonzero(drawn >= value * (1 - TIE))[:stop]
        reached[i] = len(hits)
        used[i] = hits[-1] + 1 if len(hits) == stop else len(drawn)
    return reached, used


def is_clear(observed: float, drawn: np.ndarray, stop: int) -> bool:
    """Whether enough draws have reached a statistic; all smaller ones are then clear too."""
    return bool((drawn >= observed * (1 - TIE)).sum() >= stop)
