"""How response is predicted in print: an ROC curve of the very edges that separate the groups, in the same patients.

Shown for comparison only. Edges are chosen with the groups, and the same participants are classified with them; chance
alone gives a large area. `on_noise` says how large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from amygene.stats import roc
from amygene.stats.effect_size import two_sided_p
from amygene.stats.permutation import p_value
from amygene.stats.streams import RESPONSE_NOISE, stream

#: edges with a parametric p below this are the "cluster"; the strongest edge if there is none
CHOSEN_P = 0.001


@dataclass(frozen=True)
class ClusterRoc:
    """The area of the published way, its interval, and what it gives on noise of the same size."""

    auc: float
    low: float
    high: float
    chosen: np.ndarray
    score: np.ndarray
    noise: np.ndarray


def cluster_roc(edges: np.ndarray, case: np.ndarray, seed: int, n_draws: int = 1000) -> ClusterRoc:
    """Choose the edges that separate the groups and classify the same participants by their mean.

    Parameters
    ----------
    edges : array of shape (n, p)
        Missing values as NaN (taken as the edge's mean).
    case : array of shape (n,)
        1 for responders, 0 for the others.
    seed
        Of the relabelings.
    n_draws
        Studies of noise: the same participants with shuffled groups, edges chosen anew.
    """
    z = _standardised(edges)
    chosen, score = _cluster(z, case)
    auc, low, high = roc.interval(score[None], case)
    drawn: list[float] = []
    for i in range(n_draws):
        label = stream(seed, RESPONSE_NOISE, i).permutation(case)
        drawn.append(float(roc.area(_cluster(z, label)[1], label)))
    return ClusterRoc(auc, low, high, chosen, score, np.array(drawn))


def replicate_row(found: ClusterRoc, edges: Sequence[str], case: np.ndarray) -> pd.DataFrame:
    """The published way in one row: whom it separates, by how many edges, and how well it does on noise.

    Parameters
    ----------
    found
        From `cluster_roc`.
    edges
        Names of its columns without those that nobody has a value of.
    case
        As of `cluster_roc`.
    """
    reached = np.array((found.noise >= found.auc - 1e-12).sum())
    return pd.DataFrame(
        {
            "n_case": [int(case.sum())],
            "n_control": [int((1 - case).sum())],
            "n_edges": [len(found.chosen)],
            "edges": ["; ".join(edges[j] for j in found.chosen[:10])],
            "auc": [found.auc],
            "auc_ci_low": [found.low],
            "auc_ci_high": [found.high],
            "noise_mean": [found.noise.mean()],
            "noise_95": [np.percentile(found.noise, 95)],
            "p_noise": [float(p_value(reached, len(found.noise)))],
        }
    )


def _standardised(edges: np.ndarray) -> np.ndarray:
    known = edges[:, ~np.isnan(edges).all(axis=0)]
    mean, sd = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
    return np.where(np.isnan(known), 0.0, (known - mean) / np.where(sd > 0, sd, 1))


def _cluster(z: np.ndarray, case: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The edges that differ and their mean, each with the sign that it differs by."""
    n_case, n = case.sum(), len(case)
    difference = case @ z / n_case - (1 - case) @ z / (n - n_case)
    # the edges have mean 0 and variance 1: their variance within groups follows from the difference
    total = np.einsum("ij,ij->j", z, z)
    within = np.maximum(total - difference**2 * n_case * (n - n_case) / n, 1e-12)
    t = difference / np.sqrt(within / (n - 2) * (1 / n_case + 1 / (n - n_case)))
    chosen = np.flatnonzero(two_sided_p(t, np.array(n - 2)) < CHOSEN_P)
    if len(chosen) == 0:
        chosen = np.array([int(np.argmax(np.abs(t)))])
    return chosen, z[:, chosen] @ np.sign(t[chosen]) / len(chosen)
