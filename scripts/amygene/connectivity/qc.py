"""What each participant's maps rest on, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

#: from the sheet, if it has them
_KEPT = ("participant_id", "site", "group")
_DESCRIBED = ("n_timepoints", "n_kept", "scrubbed", "mean_fd", "max_fd", "df_left")


def qc_table(
    participants: pd.DataFrame,
    sessions: Sequence[str],
    described: Mapping[str, Mapping[str, Mapping[str, float]]],
    made: Mapping[str, Mapping[str, Mapping[str, Any]]],
    connectivity: Mapping[str, pd.DataFrame],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """One row per participant and session.

    Parameters
    ----------
    participants
        Who is in.
    sessions
        That are used, the compared one first.
    described
        participant_id -> session -> what cleaning left.
    made
        participant_id -> session -> maps, coverage and tsnr by seed, n_voxels, problem.
    connectivity
        Seed -> participants x regions, of the first session.

    Returns
    -------
    table : DataFrame
        From the sheet: participant_id, site, group. session (if there are several), n_timepoints, n_kept, scrubbed,
        mean_fd, max_fd, df_left, n_voxels, and per seed its coverage, tsnr, the number of regions that are missing
        and the mean z; note: why maps are missing.
    meanings : dict
        Of the columns that depend on the seeds.
    """
    seeds = list(connectivity)
    rows: list[dict[str, Any]] = []
    kept = participants[[c for c in _KEPT if c in participants]]
    for person in kept.to_dict("records"):
        participant = person["participant_id"]
        for session in sessions:
            entry = made.get(participant, {}).get(session)
            if entry is None:
                continue
            row = dict(person) | ({"session": session} if len(sessions) > 1 else {})
            numbers = described.get(participant, {}).get(session, {})
            row |= {name: numbers.get(name, np.nan) for name in _DESCRIBED}
            row["n_voxels"] = entry.get("n_voxels", np.nan)
            for seed in seeds:
                row[f"coverage_{seed}"] = entry["coverage"].get(seed, np.nan)
                tsnr = entry["tsnr"].get(seed, np.nan)
                row[f"tsnr_{seed}"] = np.nan if tsnr is None else tsnr
                z = connectivity[seed]
                first = session == sessions[0] and seed in entry["maps"] and participant in z.index
                row[f"n_missing_{seed}"] = int(z.loc[participant].isna().sum()) if first else np.nan
                row[f"mean_z_{seed}"] = z.loc[participant].mean() if first else np.nan
            lacking = [seed for seed in seeds if seed not in entry["maps"]]
            row["note"] = entry.get("problem") or (f"too little signal in {', '.join(lacking)}" if lacking else None)
            rows.append(row)
    meanings = {"n_voxels": "voxels with signal", "note": "why maps are missing"}
    for seed in seeds:
        meanings |= {
            f"coverage_{seed}": f"share of {seed} that has signal",
            f"tsnr_{seed}": f"temporal signal-to-noise ratio of {seed} before cleaning: mean by standard deviation "
            "over time, averaged over its voxels",
            f"n_missing_{seed}": f"regions whose connectivity with {seed} is missing",
            f"mean_z_{seed}": f"mean Fisher z of {seed} with all regions",
        }
    return pd.DataFrame(rows), meanings
