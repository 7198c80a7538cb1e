"""From a scan's files and the study's settings to the matrix that cleans it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from amygene.cleaning.confounds import (
    framewise_displacement,
    read_confounds,
    read_metadata,
    select_confounds,
    unsteady_volumes,
)
from amygene.cleaning.operator import SHORTEST_FILTERED, cleaning_operator, degrees_of_freedom, kept_volumes
from amygene.imaging.images import Header
from amygene.imaging.scans import Scan
from amygene.io.problems import InputError, raise_if_any

#: seconds; no scanner is slower, but milliseconds are sometimes written as seconds
_SLOWEST = 20.0


@dataclass(frozen=True)
class Plan:
    """How a scan will be cleaned.

    Attributes
    ----------
    kept : array of bool, shape (n_volumes,)
    confounds : array of shape (n_volumes, n_confounds)
    displacement : array of shape (n_volumes,), or None
        Framewise displacement, mm; None if nothing says how the head moved.
    repetition_time
        Seconds; None if it is unknown and not needed.
    """

    kept: np.ndarray
    confounds: np.ndarray
    displacement: np.ndarray | None
    repetition_time: float | None


def repetition_time(scan: Scan, header: Header) -> float | None:
    """Seconds: as the sheet or the config says, else the image's JSON file, else its header; None if none does.

    Raises
    ------
    InputError
        What the sheet says is no such number.
    """
    if scan.tr:
        try:
            seconds = float(scan.tr)
        except ValueError:
            seconds = np.nan
        if not 0 < seconds <= _SLOWEST:
            raise InputError(f"{scan.bold}: its repetition time is given as {scan.tr!r}; give seconds")
        return seconds
    name = str(header.path)
    sidecar = Path(name.removesuffix(".gz").removesuffix(".nii") + ".json")
    try:
        seconds = float(json.loads(sidecar.read_text(encoding="utf-8"))["RepetitionTime"])
    except (OSError, ValueError, KeyError, TypeError):
        seconds = header.repetition_time or np.nan
    return seconds if 0 < seconds <= _SLOWEST else None


def plan_cleaning(scan: Scan, header: Header, cleaning: Mapping[str, Any]) -> Plan:
    """Read what the cleaning of a scan needs.

    Parameters
    ----------
    scan, header
        The scan and its image's header.
    cleaning
        The config's section.

    Raises
    ------
    InputError
        With everything that is wrong: no repetition time, no or unfitting confounds.
    """
    problems: list[str] = []
    seconds = None
    try:
        seconds = repetition_time(scan, header)
    except InputError as error:
        problems += error.problems
    else:
        problems += _band_problems(scan, seconds, cleaning["band_pass"])
    confounds = np.empty((header.n_volumes, 0))
    displacement, unsteady = None, None
    scrub = cleaning["scrub"]
    needed = cleaning["strategy"] != "none" or scrub is not None
    if scan.confounds:
        try:
            table = read_confounds(scan.confounds)
            if len(table) != header.n_volumes:
                raise InputError(
                    f"{scan.confounds}: has {len(table)} rows, its image {scan.bold} has {header.n_volumes} volumes"
                )
            unsteady = unsteady_volumes(table)
            try:
                displacement = framewise_displacement(table, scan.confounds)
            except InputError as error:
                if scrub is not None:
                    problems += error.problems
            confounds = select_confounds(cleaning["strategy"], table, read_metadata(scan.confounds), scan.confounds)
        except InputError as error:
            problems += error.problems
    elif needed:
        what = "scrubbing" if cleaning["strategy"] == "none" else f"the strategy {cleaning['strategy']}"
        problems.append(
            f"{scan.bold}: {what} needs confounds, and no file is named (column confounds); name one, or set "
            "cleaning.strategy: none and cleaning.scrub: null"
        )
    raise_if_any(problems)
    kept = kept_volumes(
        displacement,
        scrub["fd"] if scrub else None,
        before=scrub["before"] if scrub else 0,
        after=scrub["after"] if scrub else 0,
        discard=cleaning["discard"],
        unsteady=unsteady,
        n_volumes=header.n_volumes,
    )
    return Plan(kept, confounds, displacement, seconds)


def _band_problems(scan: Scan, seconds: float | None, band: Sequence[float | None] | None) -> list[str]:
    if band is None:
        return []
    if seconds is None:
        return [
            f"{scan.bold}: its repetition time is in neither its JSON file nor its header, and the band-pass needs it; "
            "give cohort.tr or a column tr, in seconds"
        ]
    nyquist = 0.5 / seconds
    if band[1] is not None and band[1] >= nyquist:
        return [
            f"{scan.bold}: with a repetition time of {seconds:g} s the highest frequency is {nyquist:.3g} Hz; "
            f"cleaning.band_pass asks for {band[1]:g} Hz; set its upper end to null"
        ]
    return []


def can_be_cleaned(plan: Plan, cleaning: Mapping[str, Any]) -> bool:
    """Whether enough volumes are kept for the filter and for more than the confounds."""
    where = np.flatnonzero(plan.kept)
    if len(where) <= plan.confounds.shape[1] + 2:
        return False
    filtered = cleaning["band_pass"] is not None and not cleaning["filtered"]
    return not filtered or where[-1] - where[0] + 1 >= SHORTEST_FILTERED


def make_operator(plan: Plan, cleaning: Mapping[str, Any]) -> np.ndarray:
    """The matrix that cleans the scan, shape (n_kept, n_volumes). Input that is filtered is not filtered again."""
    return cleaning_operator(
        plan.kept,
        plan.confounds,
        repetition_time=plan.repetition_time,
        band=None if cleaning["filtered"] else cleaning["band_pass"],
        detrend=cleaning["detrend"],
    )


def freedom_left(plan: Plan, operator: np.ndarray, cleaning: Mapping[str, Any]) -> float:
    """Degrees of freedom after the cleaning; a filter that the input went through before counts too."""
    if cleaning["filtered"] and cleaning["band_pass"] is not None:
        everything = np.ones(len(plan.kept), dtype=bool)
        earlier = cleaning_operator(
            everything, repetition_time=plan.repetition_time, band=cleaning["band_pass"], detrend=cleaning["detrend"]
        )
        operator = operator @ earlier
    return degrees_of_freedom(operator)


def describe(plan: Plan, cleaning: Mapping[str, Any]) -> dict[str, float]:
    """What the selection of participants may ask about a scan.

    Returns
    -------
    dict
        n_kept, scrubbed (share of the volumes), df_left, and mean_fd and max_fd (mm) where motion is known. A scan
        that cannot be cleaned at all keeps no volume and no degree of freedom.
    """
    found = {"n_kept": 0.0, "scrubbed": float(1 - plan.kept.mean()), "df_left": 0.0}
    if can_be_cleaned(plan, cleaning):
        found["n_kept"] = float(plan.kept.sum())
        found["df_left"] = freedom_left(plan, make_operator(plan, cleaning), cleaning)
    if plan.displacement is not None:
        # the first volume has no volume before it
        found |= {"mean_fd": float(plan.displacement[1:].mean()), "max_fd": float(plan.displacement[1:].max())}
    return found
