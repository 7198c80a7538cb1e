"""Does connectivity go with the outcome? Correlations of one seed's edges with a clinical outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from amygene.cohort.outcomes import wide
from amygene.io.problems import InputError, raise_if_any
from amygene.response.members import absent_columns, encode, restrict, values_of
from amygene.stats.correlation import KINDS, Association
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import blocks, monte_carlo_error, p_max, p_value, reaches
from amygene.stats.power import smallest_r

#: what the outcome is correlated with: connectivity at baseline, or its change up to the outcome's time
CONNECTIVITY = ("baseline", "change")
#: fewest participants that a correlation is computed from
MIN_PARTICIPANTS = 8


@dataclass(frozen=True)
class Matched:
    """Participants with the scans that an association needs, and the outcome at one time.

    Attributes
    ----------
    frame
        Participants with their columns, in the order of `units` and `outcome`.
    units
        Names of their scans: at baseline, and for a change of connectivity at the later session.
    outcome : array of shape (n,)
    """

    frame: pd.DataFrame
    units: list[list[str]]
    outcome: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Participants with connectivity and outcome at one time.

    Attributes
    ----------
    frame
        Participants with their columns, in the order of `columns` and `outcome`.
    columns : array of shape (n, n_regions)
    outcome : array of shape (n,)
    """

    frame: pd.DataFrame
    columns: np.ndarray
    outcome: np.ndarray


def pairs(
    z: pd.DataFrame,
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    outcomes: pd.DataFrame,
    timepoint: str,
    order: Sequence[str],
    settings: Mapping[str, Any],
) -> Pairs:
    """Connectivity and outcome of whoever has both.

    Parameters
    ----------
    z
        Scans (index) x regions.
    sessions, participants, outcomes, timepoint, order, settings
        As of `matched`.
    """
    found = matched(sessions, participants, outcomes, timepoint, order, settings)
    parts = [values_of(units, z) if units else np.empty((0, z.shape[1])) for units in found.units]
    return Pairs(found.frame, parts[0] if len(parts) == 1 else parts[1] - parts[0], found.outcome)


def matched(
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    outcomes: pd.DataFrame,
    timepoint: str,
    order: Sequence[str],
    settings: Mapping[str, Any],
) -> Matched:
    """Who has what it takes: scans (of both sessions for a change), outcome and covariates.

    Parameters
    ----------
    sessions, participants, outcomes
        Tables of the cohort.
    timepoint
        Of the outcome.
    order
        All timepoints, the baseline first: a change of connectivity is that up to the last scans before the outcome.
    settings
        Of the association: outcome, measure, connectivity, covariates, where.
    """
    people = restrict(participants, settings["where"])
    measured = wide(outcomes, settings["outcome"], settings["measure"], timepoint)
    people = people[people["participant_id"].isin(measured.index)]
    people = people.dropna(subset=list(settings["covariates"]))
    at = {t: own.set_index("participant_id")["unit"] for t, own in sessions.groupby("timepoint")}
    needed = [order[0]]
    if settings["connectivity"] == "change":
        # with the outcome, or the last before it
        before = [t for t in order[1 : order.index(timepoint) + 1] if t in at]
        needed += before[-1:] or [timepoint]
    for time in needed:
        people = people[people["participant_id"].isin(at[time].index if time in at else [])]
    ids = people["participant_id"]
    units = [at[time].loc[ids].tolist() if len(ids) else [] for time in needed]
    return Matched(people.reset_index(drop=True), units, measured.loc[ids].to_numpy(dtype=float))


def correlations(
    name: str,
    z: pd.DataFrame,
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    timepoints: Sequence[str] | None,
    order: Sequence[str],
    settings: Mapping[str, Any],
    categorical: Sequence[str],
    seed: int,
    n_permutations: int,
) -> pd.DataFrame:
    """``_correlations.tsv``: a row per follow-up, kind of correlation, adjustment and region.

    Null hypothesis: connectivity and outcome are unrelated (given the covariates, where it is adjusted for them).
    Family of q and p_fwe: the regions of one follow-up, kind and adjustment.

    Parameters
    ----------
    name
        Of the association, for messages.
    timepoints
        Follow-ups, in order; None is all at which anybody has the outcome.
    order
        All timepoints of the cohort.
    settings
        Of the association in the config.

    Raises
    ------
    InputError
        Fewer than `MIN_PARTICIPANTS` have both at a follow-up.
    """
    raise_if_any(
        absent_columns(f"response.associations.{name}", [*settings["where"], *settings["covariates"]], participants)
    )
    if timepoints is None:
        seen = set(outcomes.loc[outcomes["outcome"] == settings["outcome"], "timepoint"])
        timepoints = [t for t in order[1:] if t in seen]
    if not timepoints:
        raise InputError(
            f"config key response.associations.{name}: nobody has {settings['outcome']} after {order[0]}; is it in the "
            "outcome table under that name and timepoint?"
        )
    parts = []
    for time in timepoints:
        found = pairs(z, sessions, participants, outcomes, time, order, settings)
        check_outcome(name, found.outcome, time, settings)
        strata = strata_of(found.frame, settings["exchange_within"])
        adjustments = [()] + ([tuple(settings["covariates"])] if settings["covariates"] else [])
        for kind in KINDS:
            for covariates in adjustments:
                encoded = encode(found.frame, covariates, categorical)
                association = Association(found.columns, found.outcome, encoded, strata, kind)
                table = _rows(z.columns.tolist(), association, seed, n_permutations)
                table.insert(0, "timepoint", time)
                table.insert(1, "kind", kind)
                table.insert(2, "adjusted_for", " + ".join(covariates) or "nothing")
                parts.append(table)
    return pd.concat(parts, ignore_index=True)


def check_outcome(name: str, outcome: np.ndarray, time: str, settings: Mapping[str, Any]) -> None:
    """An outcome that something can go with; parameters as of `correlations`.

    Raises
    ------
    InputError
        Fewer than `MIN_PARTICIPANTS` have it, or all have the same.
    """
    if len(outcome) < MIN_PARTICIPANTS:
        raise InputError(
            f"config key response.associations.{name}: {len(outcome)} participants have connectivity, "
            f"{settings['outcome']} ({settings['measure']}) at {time} and all covariates; at least "
            f"{MIN_PARTICIPANTS} are needed. Take {time} out of its timepoints, or covariates that few have"
        )
    if np.ptp(outcome) == 0:
        raise InputError(
            f"config key response.associations.{name}: {settings['outcome']} ({settings['measure']}) at {time} is "
            f"{outcome[0]:g} in everybody; nothing can go with it"
        )


def strata_of(frame: pd.DataFrame, within: str | None) -> np.ndarray:
    """Numbers of the strata that participants change places in: levels of a column, or one for all."""
    if within is None or within not in frame:
        return np.zeros(len(frame), dtype=int)
    return np.asarray(pd.Categorical(frame[within].astype(str)).codes.astype(int))


def _rows(regions: Sequence[str], association: Association, seed: int, n_permutations: int) -> pd.DataFrame:
    fitted = association.fit()
    exceedances, maxima = np.where(np.isnan(fitted.r), np.nan, 0.0), []
    for indices in blocks(0, n_permutations):
        drawn = association.draw(seed, indices)[indices < n_permutations]
        exceedances = exceedances + reaches(drawn, fitted.r).sum(axis=0)
        # regions with unlike numbers of participants are compared by t
        maxima.append(np.nanmax(np.abs(_t(drawn, fitted.df)), axis=1, initial=0))
    p = p_value(exceedances, n_permutations)
    return pd.DataFrame(
        {
            "region": list(regions),
            "n": fitted.n,
            "r": fitted.r,
            "r_ci_low": fitted.low,
            "r_ci_high": fitted.high,
            "df": fitted.df,
            "p": p,
            "q": benjamini_hochberg(p),
            "p_fwe": p_max(_t(fitted.r, fitted.df), np.concatenate(maxima)),
            "p_parametric": fitted.p,
            "p_error": monte_carlo_error(p, n_permutations),
            "smallest_r": [smallest_r(df + 2) for df in fitted.df],
        }
    )


def _t(r: np.ndarray, df: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(r * np.sqrt(df / np.maximum(1 - r**2, 1e-300)))
