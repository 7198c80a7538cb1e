"""Are the clusters that differed from controls at baseline like controls after treatment?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from amygene.models.cluster_place import place
from amygene.response.normalisation import COLUMNS, against_controls

#: which cluster it is, as in the table of clusters of the baseline
_IDENTITY = ["formed_by", "cluster", "n_voxels", "x", "y", "z"]


def mean_connectivity(
    maps: Mapping[str, np.ndarray],
    people: Sequence[str],
    sessions: pd.DataFrame,
    clusters: Sequence[np.ndarray],
) -> pd.DataFrame:
    """Mean Fisher z of every scan in every cluster; scans (unit) x clusters (numbers from 0), NaN without a map.

    Parameters
    ----------
    maps
        Timepoint -> connectivity, shape (n_participants, n_voxels); may be memory-mapped.
    people
        Names of its rows.
    sessions
        The cohort's sessions.
    clusters
        Positions among the n_voxels.
    """
    row = {person: i for i, person in enumerate(people)}
    parts = []
    for time, connectivity in maps.items():
        own = sessions[sessions["timepoint"] == time]
        rows = own["participant_id"].map(row).to_numpy()
        means = np.empty((len(own), len(clusters)))
        for c, voxels in enumerate(clusters):
            means[:, c] = np.asarray(connectivity[:, voxels], dtype=float).mean(axis=1)[rows]
        parts.append(pd.DataFrame(means, index=own["unit"].to_numpy()))
    return pd.concat(parts)


def clusters_against_controls(
    z: pd.DataFrame,
    chosen: pd.DataFrame,
    equivalent: Mapping[str, Sequence[np.ndarray]],
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    name: str,
    **how: Any,
) -> pd.DataFrame:
    """``_controls.tsv`` of clusters: a row per time and cluster of the baseline.

    Null hypotheses as of `normalisation.against_controls`, of the mean over a cluster. That it differs at baseline was
    shown by the maps; what its mean is there was measured where it is largest, so it is too large.

    Parameters
    ----------
    z
        From `mean_connectivity`.
    chosen
        From `voxel_tables.significant_clusters`; without rows the table has none.
    equivalent
        Timepoint -> of every cluster -log10 of p of equivalence of its voxels.
    sessions, participants, name, how
        As of `normalisation.against_controls`.
    """
    extra = [c for c in chosen.columns if c.endswith("_regions")]
    columns = ["timepoint", "region", *_IDENTITY, *extra, *COLUMNS, "n_equivalent"]
    if chosen.empty:
        return pd.DataFrame(columns=columns)
    # a control whose later scan gave no map counts at baseline, as in the maps
    mapped = sessions[sessions["unit"].isin(z.index[z.notna().all(axis=1)])]
    table = against_controls(z, mapped, participants, name, chosen=True, **how)
    at = table["region"].to_numpy(dtype=int)
    for column in (*_IDENTITY, *extra):
        table[column] = chosen[column].to_numpy()[at]
    # regions may hold several
    places = [f"{int(row['cluster'])}: {place(row)}" for _, row in chosen.iterrows()]
    table["n_equivalent"] = [
        int((equivalent[time][c] > -np.log10(0.05)).sum()) for time, c in zip(table["timepoint"], at, strict=True)
    ]
    table["region"] = [places[c] for c in at]
    return table[columns]
