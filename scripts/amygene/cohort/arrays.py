"""A cohort in few arrays (participants x regions x time), as shared with papers, made into a `table` cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from amygene.io.problems import raise_if_any, some


@dataclass(frozen=True)
class Sheets:
    """What `table_cohort` makes: series by file name, and the sheets."""

    series: dict[str, np.ndarray]
    participants: pd.DataFrame
    sessions: pd.DataFrame
    outcomes: pd.DataFrame | None


def table_cohort(
    sessions: Mapping[str, tuple[Sequence[str], np.ndarray]],
    n_regions: int,
    outcomes: Mapping[str, pd.DataFrame] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    left_out: Sequence[int] = (),
) -> Sheets:
    """Take the arrays apart.

    Parameters
    ----------
    sessions
        Timepoint -> names of the participants, and array of shape (n_participants, n_regions, n_timepoints) or
        (n_participants, n_timepoints, n_regions): which of them, the number of regions tells.
    n_regions
        Of the atlas.
    outcomes
        Instrument -> participant_id, timepoint, value.
    groups
        Group -> participants; whoever is in none has a missing group.
    left_out
        1-based numbers of regions whose series are not taken (without signal).

    Raises
    ------
    InputError
        Names and arrays do not fit, a participant stands twice, or is in two groups.
    """
    problems = []
    for time, (ids, values) in sessions.items():
        if values.ndim != 3 or len(ids) != len(values):
            problems.append(
                f"session {time}: {len(ids)} names and an array of shape {values.shape}; "
                "give participants x regions x time"
            )
        elif values.shape[1:].count(n_regions) != 1:
            problems.append(
                f"session {time}: an array of shape {values.shape} and {n_regions} regions; one axis must have as many"
            )
        twice = pd.Index(ids)[pd.Index(ids).duplicated()].unique()
        if len(twice):
            problems.append(f"session {time}: {some(twice)} stands more than once")
    known = sorted({str(p) for ids, _ in sessions.values() for p in ids})
    of: dict[str, str] = {}
    for group, people in (groups or {}).items():
        both = [p for p in people if p in of]
        if both:
            problems.append(f"group {group}: {some(both)} is in group {of[both[0]]} too")
        of |= dict.fromkeys(people, group)
    raise_if_any(problems)
    series, rows = {}, []
    kept = np.setdiff1d(np.arange(n_regions), np.asarray(left_out, dtype=int) - 1)
    for time, (ids, values) in sessions.items():
        moved = np.swapaxes(values, 1, 2) if values.shape[1] == n_regions else values
        for participant, own in zip(ids, moved, strict=True):
            file = f"series/{participant}_ses-{time}.npy"
            series[file] = np.ascontiguousarray(own[:, kept])
            rows.append({"participant_id": str(participant), "session": time, "timepoint": time, "timeseries": file})
    people = pd.DataFrame({"participant_id": known})
    if groups:
        people["group"] = [of.get(p) for p in known]
    found = None
    if outcomes:
        long = pd.concat([table.assign(instrument=name) for name, table in outcomes.items()])
        long = long[long["participant_id"].isin(known)]
        found = long.pivot(index=["participant_id", "timepoint"], columns="instrument", values="value").reset_index()
    return Sheets(series, people, pd.DataFrame(rows), found)
