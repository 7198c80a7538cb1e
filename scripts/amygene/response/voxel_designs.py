"""Tests of maps before and after treatment, each as one regressor on one map per participant.

A participant's map is a weighted sum of those of the sessions: a change, a slope, or the mean. With two timepoints
every effect of a model of group x time is such a test, and the errors of both strata (`stats.repeated_measures`) are
those of these models, so that t squared is the F of the repeated measures. With more, a test has the error of its own
contrast, which needs no sphericity. Participants who lack one of the maps of a test take no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, raise_if_any
from amygene.models.design import make_design
from amygene.response.associations import check_outcome, matched, strata_of
from amygene.response.members import MIN_PER_GROUP, Measured, absent_columns, encode, measure
from amygene.response.normalisation import compared
from amygene.response.voxel_plan import GROUP, TIME
from amygene.stats.design import Design
from amygene.stats.linear_model import clean, orthonormal_basis


@dataclass(frozen=True)
class Sample:
    """Whose maps are tested for what.

    Attributes
    ----------
    people
        participant_id, in the order of the design.
    weights : dict of arrays, shape (n,)
        Session -> weight of its map in a participant's; 0 where it has no part in it.
    design
        Of the participants; the regressor is ``design.case``.
    exchange, effect
        As in `voxel_comparison.VoxelComparison`.
    counts
        How many participants, by what they are.
    """

    people: list[str]
    weights: dict[str, np.ndarray]
    design: Design
    exchange: str
    effect: str
    counts: dict[str, int]


def sample_of(
    analysis: Mapping[str, Any],
    model: Mapping[str, Any],
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    outcomes: pd.DataFrame,
    has_map: Mapping[str, set[str]],
) -> Sample:
    """Maps and design of a test of treatment.

    Parameters
    ----------
    analysis
        ``kind`` (change, normalisation or association), ``name``, and what that kind takes.
    model
        Settings of the kind's analysis.
    sessions, participants, outcomes
        The cohort's tables.
    has_map
        Session -> participants who have a map of the seed.
    """
    name = analysis["name"]
    if analysis["kind"] == "change":
        measured = measure(sessions, participants, outcomes, f"response.changes.{name}", **model)
        return change_sample(
            measured,
            has_map,
            name,
            effect=analysis["effect"],
            levels=analysis["levels"],
            weights=analysis["weights"],
        )
    time = analysis["timepoint"]
    if analysis["kind"] == "normalisation":
        return controls_sample(sessions, participants, has_map, name, timepoint=time, **model)
    return association_sample(
        sessions, participants, outcomes, has_map, name, timepoint=time, used=analysis["sessions"], **model
    )


def change_sample(
    measured: Measured,
    has_map: Mapping[str, set[str]],
    name: str,
    *,
    effect: str,
    levels: Sequence[str],
    weights: Mapping[str, float],
) -> Sample:
    """Maps and design of one effect of a model of change.

    Null hypotheses: group x time, the groups change alike (participants change places, their maps of change are whole
    blocks); group, they do not differ in the mean of the sessions (the same); time, the participants of the group do
    not change (signs of their maps of change flip: the sessions of a pair change places within the participant, those
    of a trend change their order into the reverse). Winkler et al. 2015, NeuroImage 123:253.

    Parameters
    ----------
    measured
        Scans of the model: of the sessions with weights, and for group x time and group of the two groups.
    has_map
        Session -> participants with a map of the seed.
    name
        Of the change, for messages.
    effect, levels
        What is asked; the groups that are compared, or the one whose change it is.
    weights
        Session -> weight of its map; their sum is 0 but for group.

    Raises
    ------
    InputError
        Fewer than `MIN_PER_GROUP` participants of a group have all maps.
    """
    summed = _summed(measured, has_map, effect, weights)
    groups = summed.groups
    sizes = {label: int((groups == g).sum()) for g, label in enumerate(measured.levels)}
    few = [label for label, n in sizes.items() if n < MIN_PER_GROUP]
    if few:
        *others, last = weights
        raise InputError(
            f"config key response.changes.{name}: too few participants with maps at {', '.join(others)} and {last} in "
            f"group {', '.join(few)} ({', '.join(f'{label}: {n}' for label, n in sizes.items())}); at least "
            f"{MIN_PER_GROUP} are needed; see connectivity/qc.tsv for the coverage of the seed"
        )
    by_time, covariates = summed.by_time, summed.covariates
    if effect == TIME:
        own = groups == measured.levels.index(levels[0])
        by_time = by_time[own]
        # change at the group's mean of what does not change, and at an unchanged rest (motion)
        nuisance = np.hstack([by_time - by_time.mean(axis=0), covariates[own]])
        design = Design(np.ones(len(by_time)), nuisance, _names(nuisance), np.zeros(len(by_time), dtype=int))
        _check(design, f"response.changes.{name}", signs=True)
        people = [p for p, here in zip(summed.people, own, strict=True) if here]
        counts = {"participants" if levels[0] == "all" else levels[0]: len(people)}
        return Sample(people, _alike(weights, people), design, "signs", "g", counts)
    nuisance = np.hstack([np.ones((len(groups), 1)), by_time, covariates])
    design = Design(groups.astype(float), nuisance, _names(nuisance), summed.strata)
    _check(design, f"response.changes.{name}")
    return Sample(summed.people, _alike(weights, summed.people), design, "places", "g", sizes)


def _alike(weights: Mapping[str, float], people: Sequence[str]) -> dict[str, np.ndarray]:
    return {session: np.full(len(people), weight) for session, weight in weights.items()}


@dataclass(frozen=True)
class _Summed:
    """Participants with all maps.

    Attributes
    ----------
    groups, strata : arrays of int, shape (n,)
    by_time : array of shape (n, q)
        What does not change over time.
    covariates : array of shape (n, p)
        The same sum over the sessions as of the maps.
    """

    people: list[str]
    groups: np.ndarray
    by_time: np.ndarray
    covariates: np.ndarray
    strata: np.ndarray


def _summed(measured: Measured, has_map: Mapping[str, set[str]], effect: str, weights: Mapping[str, float]) -> _Summed:
    frame, design = measured.frame, measured.design
    at = []
    for session in weights:
        here = frame[(frame["timepoint"] == session) & frame["participant_id"].isin(has_map[session])]
        at.append(pd.Series(here.index, index=here["participant_id"]))
    rows = pd.concat(at, axis=1, join="inner", keys=list(weights)).sort_index().to_numpy(dtype=int).T
    first = rows[0]
    # weights of a change sum to 0, so what does not change is 0 to the last bit; the mean has its level beside
    level = design.covariates[first] if effect == GROUP else 0.0
    moved = [
        weight * (design.covariates[row] - design.covariates[first])
        for row, weight in zip(rows, weights.values(), strict=True)
    ]
    return _Summed(
        frame["participant_id"].iloc[first].tolist(),
        design.groups[first],
        design.by_time[first],
        level + np.sum(moved, axis=0),
        design.strata[design.participants[first]],
    )


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
    weights = {used[0]: 1.0} if len(used) == 1 else {used[0]: -1.0, used[1]: 1.0}
    people = frame["participant_id"].tolist()
    return Sample(people, _alike(weights, people), design, "places", "r", {"participants": len(people)})


def controls_sample(
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    has_map: Mapping[str, set[str]],
    name: str,
    *,
    timepoint: str,
    baseline: str,
    settings: Mapping[str, Any],
    categorical: Sequence[str],
) -> Sample:
    """Maps and design of patients at one time against controls, who count at that time or else at baseline.

    Null hypothesis: patients at that time do not differ from controls given the covariates (participants change
    places). That of the map of equivalence: they differ by the margin at least.

    Parameters
    ----------
    sessions, participants
        Tables of the cohort.
    has_map
        Session -> participants with a map of the seed.
    name, settings, categorical
        As of `normalisation.against_controls`.
    timepoint, baseline
        When patients are compared, and where controls are taken from who lack it.

    Raises
    ------
    InputError
        A column is absent, or the groups cannot be compared.
    """
    mapped = [
        person in has_map.get(time, ())
        for person, time in zip(sessions["participant_id"], sessions["timepoint"], strict=True)
    ]
    frame = compared(sessions[mapped], participants, name, timepoint, baseline, settings, categorical)
    design = make_design(frame, name, settings["covariates"], categorical, settings["exchange_within"])
    weights = {session: (frame["timepoint"] == session).to_numpy(dtype=float) for session in has_map}
    counts = frame[f"contrast-{name}"].value_counts()
    return Sample(
        frame["participant_id"].tolist(),
        weights,
        design,
        "places",
        "g",
        {role: int(counts[role]) for role in ("case", "control")},
    )


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
