"""Clinical outcomes: values of instruments over time, and what is derived from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

#: what can be derived of an outcome at a time; responder and remission are 1 or 0
MEASURES = ("value", "change", "reduction", "responder", "remission")

COLUMNS = ["participant_id", "outcome", "timepoint", "baseline", *MEASURES]


def to_long(table: pd.DataFrame, instruments: Sequence[str], timepoints: Sequence[str]) -> pd.DataFrame:
    """One row per participant, instrument and time.

    Parameters
    ----------
    table
        participant_id and either a column timepoint with a column per instrument, or (one row per participant) columns
        ``{instrument}_{timepoint}``. Numbers, missing as NaN.
    instruments
        Names of the columns to take.
    timepoints
        Of columns ``{instrument}_{timepoint}``; not used if there is a column timepoint.

    Returns
    -------
    DataFrame
        participant_id, instrument, timepoint, value; nothing that is missing.
    """
    if "timepoint" in table:
        long = table.melt(["participant_id", "timepoint"], list(instruments), "instrument", "value")
    else:
        named = {f"{i}_{t}": (i, t) for i in instruments for t in timepoints if f"{i}_{t}" in table}
        long = table.melt("participant_id", list(named), "column", "value")
        long["instrument"] = [named[c][0] for c in long["column"]]
        long["timepoint"] = [named[c][1] for c in long["column"]]
    long = long.dropna(subset=["value"])[["participant_id", "instrument", "timepoint", "value"]]
    return long.reset_index(drop=True)


def derive(
    long: pd.DataFrame, outcomes: Mapping[str, Mapping[str, Any]], baseline: str, follow_ups: Sequence[str]
) -> pd.DataFrame:
    """Change, reduction rate, response and remission of every outcome at every follow-up.

    ``reduction = (baseline - value) / baseline`` for instruments where less is better, the other way round where more
    is better: 1 - value / baseline, always positive for improvement. An instrument whose lowest value is not 0 (BPRS
    begins at 18, PANSS at 30) needs ``floor``, which is taken off both before, or the rate is too small (Leucht et
    al. 2009, Acta Psychiatr Scand Suppl 438:7).

    Parameters
    ----------
    long
        From `to_long`.
    outcomes
        Name -> ``instrument`` (default: its name), ``better`` (lower or higher), ``floor``, ``responder`` (smallest
        reduction rate of a responder), ``remission`` (largest value of remission; smallest where higher is better).
    baseline
        Its time.
    follow_ups
        Times to compare with it.

    Returns
    -------
    DataFrame
        `COLUMNS`; a row per participant, outcome and follow-up with a value. What cannot be derived (no baseline, a
        baseline at the floor) is missing. ``change`` is value minus baseline.
    """
    parts = []
    for name, rule in outcomes.items():
        own = long[long["instrument"] == rule.get("instrument", name)]
        first = own[own["timepoint"] == baseline].set_index("participant_id")["value"]
        for time in follow_ups:
            later = own[own["timepoint"] == time]
            part = pd.DataFrame(
                {
                    "participant_id": later["participant_id"].to_numpy(),
                    "outcome": name,
                    "timepoint": time,
                    "baseline": later["participant_id"].map(first).to_numpy(dtype=float),
                    "value": later["value"].to_numpy(dtype=float),
                }
            )
            parts.append(_derived(part, rule))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return found.reindex(columns=COLUMNS)


def _derived(part: pd.DataFrame, rule: Mapping[str, Any]) -> pd.DataFrame:
    floor, lower = rule.get("floor", 0.0), rule.get("better", "lower") == "lower"
    start, value = part["baseline"] - floor, part["value"] - floor
    part["change"] = part["value"] - part["baseline"]
    gain = start - value if lower else value - start
    # nothing can be reduced where nothing was there
    part["reduction"] = gain / start.where(start > 0)
    part["responder"] = np.nan
    if rule.get("responder") is not None:
        # a rate that is the threshold but for rounding counts
        reached = (part["reduction"] >= rule["responder"] - 1e-9).astype(float)
        part["responder"] = reached.where(part["reduction"].notna())
    part["remission"] = np.nan
    if rule.get("remission") is not None:
        limit = rule["remission"]
        part["remission"] = (part["value"] <= limit if lower else part["value"] >= limit).astype(float)
    return part


def wide(derived: pd.DataFrame, outcome: str, measure: str, timepoint: str) -> pd.Series:
    """One measure of an outcome at a time, by participant; those who lack it are left out."""
    rows = derived[(derived["outcome"] == outcome) & (derived["timepoint"] == timepoint)]
    return rows.set_index("participant_id")[measure].dropna()
