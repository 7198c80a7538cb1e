"""Who takes part in an analysis of treatment, in which group, with which sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from amygene.cohort.outcomes import wide
from amygene.cohort.selection import as_text
from amygene.io.problems import InputError, raise_if_any, some
from amygene.response.levels import level_names
from amygene.stats.repeated_measures import Design

#: columns that are read as text, whatever they look like
TEXT = dict.fromkeys(("participant_id", "session", "timepoint", "unit", "site", "outcome"), str)
#: fewest participants of a group that change is estimated in
MIN_PER_GROUP = 3


@dataclass(frozen=True)
class Groups:
    """Group of every participant who has one, and the names of the groups, the first the one that is subtracted."""

    of: pd.Series
    levels: list[str]


def restrict(participants: pd.DataFrame, where: Mapping[str, Any]) -> pd.DataFrame:
    """Participants with given values: column -> value or list of values, compared as text."""
    kept = pd.Series(True, index=participants.index)
    for column, values in where.items():
        wanted = [as_text(v) for v in (values if isinstance(values, list) else [values])]
        kept &= participants[column].map(as_text).isin(wanted)
    return participants[kept]


def absent_columns(name: str, columns: Sequence[str], table: pd.DataFrame) -> list[str]:
    """Problems of a config key that names columns which are not there."""
    return [
        f"config key {name}: column {column!r} is in no sheet; found {some(table.columns, 20)}"
        for column in dict.fromkeys(columns)
        if column not in table
    ]


def groups_of(participants: pd.DataFrame, outcomes: pd.DataFrame, groups: Mapping[str, Any] | None) -> Groups:
    """Groups by a column of the participants, by response to treatment, or (None) everybody in one.

    Parameters
    ----------
    participants
        With participant_id.
    outcomes
        Derived (`outcomes.derive`).
    groups
        ``{variable, levels}``, or ``{outcome, timepoint, measure}`` with measure responder or remission.
    """
    ids = participants["participant_id"]
    levels = level_names(groups)
    if groups is None:
        return Groups(pd.Series("all", index=ids.to_numpy()), levels)
    if "outcome" in groups:
        status = wide(outcomes, groups["outcome"], groups["measure"], groups["timepoint"])
        known = status[status.index.isin(ids)]
        return Groups(known.map({0.0: levels[0], 1.0: levels[1]}), levels)
    of = pd.Series(participants[groups["variable"]].map(as_text).to_numpy(), index=ids.to_numpy())
    return Groups(of[of.isin(levels)], levels)


@dataclass(frozen=True)
class Measured:
    """Measurements of an analysis.

    Attributes
    ----------
    frame
        A row per scan that is used: participant_id, session, timepoint, unit, group.
    design
        Of these rows.
    levels, timepoints
        Names of groups and times, in their order; times at which none of them was scanned are left out.
    listed
        A row per scan of everybody who could take part: participant_id, group, session, timepoint, whether it is used,
        and the reason if not.
    """

    frame: pd.DataFrame
    design: Design
    levels: list[str]
    timepoints: list[str]
    listed: pd.DataFrame


def measure(
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    outcomes: pd.DataFrame,
    name: str,
    *,
    timepoints: Sequence[str],
    groups: Mapping[str, Any] | None,
    where: Mapping[str, Any],
    covariates: Sequence[str],
    covariates_by_time: Sequence[str],
    categorical: Sequence[str],
    exchange_within: str | None,
) -> Measured:
    """Put the scans of an analysis together.

    Parameters
    ----------
    sessions
        ``cohort/sessions.tsv``; a column that it has and the participants have too is taken from here.
    participants
        ``cohort/participants.tsv``.
    outcomes
        ``cohort/outcomes.tsv``.
    name
        Config key of the analysis, for messages; the other parameters are its settings.

    Raises
    ------
    InputError
        A column is absent, or fewer than `MIN_PER_GROUP` participants of a group have two sessions.
    """
    asked = [*where, *([groups["variable"]] if groups and "variable" in groups else [])]
    raise_if_any(
        absent_columns(name, asked, participants)
        + absent_columns(name, [*covariates, *covariates_by_time], pd.concat([participants[:0], sessions[:0]]))
    )
    people = restrict(participants, where)
    grouped = groups_of(people, outcomes, groups)
    own = people[[c for c in people if c == "participant_id" or c not in sessions]]
    if exchange_within is not None and exchange_within not in people:
        exchange_within = None
    frame = sessions.merge(own.rename(columns={"group": "_sheet_group"}), on="participant_id")
    frame = frame.rename(columns={"_sheet_group": "group"} if "group" in (*covariates, *covariates_by_time) else {})
    frame["_level"] = frame["participant_id"].map(grouped.of)
    frame = frame[frame["timepoint"].isin(list(timepoints))]
    reason = pd.Series(None, index=frame.index, dtype=object)
    for covariate in dict.fromkeys([*covariates, *covariates_by_time]):
        reason = reason.where(~(reason.isna() & frame[covariate].isna()), f"{covariate} is missing")
    reason = reason.where(frame["_level"].notna(), "in none of the groups")
    listed = frame[["participant_id", "session", "timepoint"]].assign(
        group=frame["_level"], in_model=reason.isna(), reason=reason
    )
    frame = frame[reason.isna()]
    order = {t: i for i, t in enumerate(timepoints)}
    frame = frame.assign(_time=frame["timepoint"].map(order))
    frame = frame.sort_values(["participant_id", "_time"], kind="stable").reset_index(drop=True)
    _enough(frame, grouped.levels, name)
    design = _design(frame, grouped.levels, covariates, covariates_by_time, categorical, exchange_within)
    shown = frame[["participant_id", "session", "timepoint", "unit"]].assign(group=frame["_level"])
    present = [t for t in timepoints if t in set(frame["timepoint"])]
    return Measured(shown, design, grouped.levels, present, listed.reset_index(drop=True))


def _enough(frame: pd.DataFrame, levels: Sequence[str], name: str) -> None:
    """Every group has participants whose change is known."""
    sizes = frame.groupby("participant_id").size()
    several = frame.drop_duplicates("participant_id").set_index("participant_id")["_level"][sizes[sizes > 1].index]
    counts = several.value_counts().reindex(list(levels), fill_value=0)
    few = counts[counts < MIN_PER_GROUP]
    if len(few):
        found = some([f"{level}: {n}" for level, n in counts.items()])
        raise InputError(
            f"config key {name}: too few participants with two sessions in group {some(few.index)} ({found}); at least "
            f"{MIN_PER_GROUP} are needed"
        )


def _design(
    frame: pd.DataFrame,
    levels: Sequence[str],
    covariates: Sequence[str],
    by_time: Sequence[str],
    categorical: Sequence[str],
    exchange_within: str | None,
) -> Design:
    codes, known = pd.factorize(frame["participant_id"])
    first = frame.groupby("participant_id", sort=False).head(1)
    strata = np.zeros(len(known), dtype=int)
    if exchange_within is not None:
        strata = pd.Categorical(first[exchange_within].astype(str)).codes.astype(int)
    at_baseline = first[list(by_time)].reset_index(drop=True)
    return Design(
        participants=codes,
        times=np.unique(frame["_time"], return_inverse=True)[1],
        groups=frame["_level"].map({level: i for i, level in enumerate(levels)}).to_numpy(dtype=int),
        covariates=encode(frame, covariates, categorical),
        by_time=encode(at_baseline, by_time, categorical)[codes],
        strata=strata,
    )


def encode(frame: pd.DataFrame, covariates: Sequence[str], categorical: Sequence[str]) -> np.ndarray:
    """Covariates as centred columns: numbers standardised, a category as one column per level but the first."""
    columns = [np.empty((len(frame), 0))]
    for covariate in covariates:
        values = frame[covariate]
        if covariate in categorical or values.dtype == object:
            text = values.astype(str)
            encoded = np.stack([(text == level).to_numpy(dtype=float) for level in sorted(text.unique())], axis=1)[
                :, 1:
            ]
        else:
            encoded = values.to_numpy(dtype=float)[:, None]
            spread = encoded.std()
            encoded = encoded / spread if spread > 0 else encoded * 0
        columns.append(encoded - encoded.mean(axis=0))
    return np.hstack(columns)


def values_of(units: Sequence[str], z: pd.DataFrame) -> np.ndarray:
    """Connectivity of scans, in their order: shape (n, n_regions)."""
    return np.asarray(z.loc[list(units)].to_numpy(dtype=float))
