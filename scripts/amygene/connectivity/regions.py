"""Connectivity of a seed with every other region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from amygene.imaging.series import constant

if TYPE_CHECKING:
    import pandas as pd

#: correlations are clipped here before Fisher's transform, so that z stays finite
CLIP = 1e-7


def fisher_z(r: np.ndarray) -> np.ndarray:
    """arctanh of a correlation, clipped to +-(1 - 1e-7); z 8.4 at most."""
    return np.arctanh(np.clip(r, -(1 - CLIP), 1 - CLIP))


def seed_connectivity(series: np.ndarray, seed: np.ndarray) -> np.ndarray:
    """Fisher z of the Pearson correlation of a seed with every region.

    Parameters
    ----------
    series : array of shape (n_timepoints, n_regions)
    seed : array of int
        Columns of the seed's own regions. Their mean, over those with signal, is the seed's series.

    Returns
    -------
    array of shape (n_regions,)
        Missing (NaN) for regions without signal, for the seed's own regions, and everywhere when no
        region of the seed has signal: never 0.
    """
    silent = constant(series)
    z = np.full(series.shape[1], np.nan)
    own = seed[~silent[seed]]
    if len(own) == 0:
        return z
    centred = series - series.mean(axis=0)
    mean = centred[:, own].mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = mean @ centred / (np.linalg.norm(mean) * np.linalg.norm(centred, axis=0))
    z[~silent] = fisher_z(r[~silent])
    z[seed] = np.nan
    return z


def gather(parts: Iterable[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """Put the buckets of participants of one seed together.

    Parameters
    ----------
    parts
        Per bucket: ``participant_id``, ``region``, and ``z`` of shape (n_participants, n_regions).

    Returns
    -------
    DataFrame
        Participants (index, in the order of the buckets) x regions.
    """
    import pandas as pd  # jobs that make connectivity start without it

    found = list(parts)
    participants = np.concatenate([part["participant_id"] for part in found])
    return pd.DataFrame(np.concatenate([part["z"] for part in found]), index=participants, columns=found[0]["region"])
