"""Tests of maps before and after treatment, each as one regressor on one map per participant.

With two timepoints every effect of a model of group x time is a test of participants' maps of change or of their mean:
the errors of both strata (`stats.repeated_measures`) are those of these models, so that t squared is the F of the
repeated measures. Participants who lack one of the maps take no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from amygene.problems import InputError, raise_if_any
from amygene.response.associations import check_outcome, matched, strata_of
from amygene.response.members import MIN_PER_GROUP, Measured, absent_columns, encode
from amygene.response.voxel_plan import GROUP, INTERACTION, TIME
from amygene.stats.design import Design
from amygene.stats.linear_model import clean, orthonormal_basis
from amygene.stats.repeated_measures import Design as Repeated


@dataclass(frozen=True)
class Sample:
    """Whose maps are tested for what.

    Attributes
    ----------
    people
        participant_id, in the order of the design.
    weights
        Session -> weight of its map in a participant's.
    design
        Of the participants; the regressor is ``design.case``.
    exchange, effect
        As in `voxel_comparison.VoxelComparison`.
    counts
        How many participants, by what they are.
    """

    people: list[str]
    weights: dict[str, float]
    design: Design
    exchange: str
    effect: str
    counts: dict[str, int]


def change_sample(
    measured: Measured,
    has_map: Mapping[str, set[str]],
    name: str,
    *,
    effect: str,
    level: str | None,
    sessions: Sequence[str],
) -> Sample:
    """Maps and design of one effect of a model of change.

    Null hypotheses: group x time, the groups change alike (participants change places, maps of change are whole
    blocks); group, they do not differ in the mean of both sessions (the same); time, the participants of the group do
    not change (signs of their maps of change flip: sessions change places within the participant). Winkler et al. 2015,
    NeuroImage 123:253.

    Parameters
    ----------
    measured
        Scans of the model, at two timepoints.
    has_map
        Session -> participants with a map of the seed.
    name
        Of the change, for messages.
    effect, level
        What is asked; the group whose change it is, for time.
    sessions
        Both, the earlier one first.

    Raises
    ------
    InputError
        Fewer than `MIN_PER_GROUP` participants of a group have both maps.
    """
    both = _both(measured, has_map, sessions)
    groups = both.later.groups
    sizes = {label: int((groups == g).sum()) for g, label in enumerate(measured.levels)}
    few = [label for label, n in sizes.items() if n < MIN_PER_GROUP]
    if few:
        raise InputError(
            f"config key response.changes.{name}: too few participants with maps at {sessions[0]} and {sessions[1]} in "
            f"group {', '.join(few)} ({', '.join(f'{label}: {n}' for label, n in sizes.items())}); at least "
            f"{MIN_PER_GROUP} are needed; see connectivity/qc.tsv for the coverage of the seed"
        )
    if effect == TIME:
        own = np.ones(len(groups), dtype=bool)
        if level is not None and len(measured.levels) > 1:
            own = np.asarray(groups == measured.levels.index(level))
        by_time = both.later.by_time[own]
        # change at the group's mean of what does not change, and at an unchanged rest (motion)
        nuisance = np.hstack([by_time - by_time.mean(axis=0), both.moved[own]])
        design = Design(np.ones(len(by_time)), nuisance, _names(nuisance), np.zeros(len(by_time), dtype=int))
        _check(design, f"response.changes.{name}", signs=True)
        people = [p for p, here in zip(both.people, own, strict=True) if here]
        counts = {"participants" if level is None or level == "all" else level: len(people)}
        return Sample(people, _change(sessions), design, "signs", "g", counts)
    intercept = np.ones((len(groups), 1))
    if effect == INTERACTION:
        nuisance, weights = np.hstack([intercept, both.later.by_time, both.moved]), _change(sessions)
    elif effect == GROUP:
        nuisance = np.hstack([intercept, both.later.by_time, both.middle])
        weights = dict.fromkeys(sessions, 0.5)
    else:
        raise ValueError(f"unknown effect {effect!r}")
    design = Design(groups.astype(float), nuisance, _names(nuisance), both.strata)
    _check(design, f"response.changes.{name}")
    return Sample(both.people, weights, design, "places", "g", sizes)


@dataclass(frozen=True)
class _Both:
    """Participants with both maps.

    Attributes
    ----------
    later : Repeated
        Their later measurements.
    moved, middle : arrays of shape (n, p)
        Change and mean of the covariates.
    """

    people: list[str]
    later: Repeated
    moved: np.ndarray
    middle: np.ndarray
    strata: np.ndarray


def _both(measured: Measured, has_map: Mapping[str, set[str]], sessions: Sequence[str]) -> _Both:
    frame, design = measured.frame, measured.design
    rows = []
    for session in sessions:
        here = frame[(frame["timepoint"] == session) & frame["participant_id"].isin(has_map[session])]
        rows.append(pd.Series(here.index, index=here["participant_id"]))
    first, later = pd.concat(rows, axis=1, join="inner", keys=["first", "later"]).sort_index().to_numpy(dtype=int).T
    covariates = design.covariates
    return _Both(
        frame["participant_id"].iloc[first].tolist(),
        design.subset(later),
        covariates[later] - covariates[first],
        (covariates[later] + covariates[first]) / 2,
        design.strata[design.participants[first]],
    )


def _change(sessions: Sequence[str]) -> dict[str, float]:
    return {sessions[0]: -1.0, sessions[1]: 1.0}


def _names(nuisance: np.ndarray) -> np.ndarray:
    return np.full(nuisance.shape[1], "covariates")


def association_sample(
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    outcomes: pd.DataFrame,
    has_map: Mapping[str, set[str]],
    name: str,
    *,
    timepoint: str,
    order: Sequence[str],
    used: Sequence[str],
    settings: Mapping[str, Any],
    categorical: Sequence[str],
) -> Sample:
    """Maps and design of an association with an outcome at one time.

    Null hypothesis: connectivity does not go with the outcome given the covariates (participants change places). The
    regressor is the outcome in standard deviations; its t is that of the partial correlation.

    Parameters
    ----------
    sessions, participants, outcomes
        Tables of the cohort.
    has_map
        Session -> participants with a map of the seed.
    name
        Of the association, for messages.
    timepoint, order, settings, categorical
        As of `associations.correlations`.
    used
        Sessions of the maps: one, or two whose change goes with the outcome.

    Raises
    ------
    InputError
        A column is absent, or the outcome is known in too few or the same in all.
    """
    key = f"response.associations.{name}"
    raise_if_any(absent_columns(key, [*settings["where"], *settings["covariates"]], participants))
    found = matched(sessions, participants, outcomes, timepoint, order, settings)
    kept = np.array([all(p in has_map[s] for s in used) for p in found.frame["participant_id"]], dtype=bool)
    frame, outcome = found.frame[kept].reset_index(drop=True), found.outcome[kept]
    check_outcome(name, outcome, timepoint, settings)
    nuisance = np.column_stack([np.ones(len(frame)), encode(frame, settings["covariates"], categorical)])
    standardised = (outcome - outcome.mean()) / outcome.std()
    design = Design(standardised, nuisance, _names(nuisance), strata_of(frame, settings["exchange_within"]))
    _check(design, key)
    weights = {used[0]: 1.0} if len(used) == 1 else _change(used)
    people = frame["participant_id"].tolist()
    return Sample(people, weights, design, "places", "r", {"participants": len(people)})


def _check(design: Design, key: str, signs: bool = False) -> None:
    """The regressor is none of the covariates, errors can be estimated, and somebody can be exchanged."""
    basis, _ = orthonormal_basis(design.nuisance)
    if clean(design.case, basis)[1] == 0:
        raise InputError(f"config key {key}: covariates determine what is tested; take one of them out of covariates")
    if len(design.case) - basis.shape[1] - 1 < 1:
        raise InputError(
            f"config key {key}: {len(design.case)} participants leave no degree of freedom beside {basis.shape[1]} "
            "columns of covariates; take some out"
        )
    if signs:
        return
    spread = pd.Series(design.case).groupby(design.strata).agg(np.ptp)
    if not spread.any():
        raise InputError(
            f"config key {key}.exchange_within: in each of the {len(spread)} strata all have the same regressor (one "
            "group, or one participant), so nobody can be exchanged; use another column, or null to permute freely"
        )
