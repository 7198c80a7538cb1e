"""A second session and an instrument for the simulated cohort, with planted change and planted prediction.

Cases are treated between ``pre`` and ``post``. How much an instrument falls goes with one connection at baseline; in
those whose instrument falls by half (responders) other connections rise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from amygene.cohort import simulated

SESSIONS = ("pre", "post")
#: the instrument's rate of reduction: mean, standard deviation
_RATE = (0.5, 0.25)
#: reduction rate from which on somebody responds
RESPONDER = 0.5


def attendance(settings: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Sessions that everybody comes to; empty for a cohort of one session.

    Who is missing follows from the number of the participant alone: every 1/(1 - attendance)th case.
    """
    if settings.get("sessions", 1) == 1:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    cases = 0
    for participant, _, group in simulated.people(settings["sites"]):
        again = False
        if group == "MDD":
            cases += 1
            # a low-discrepancy sequence: the share holds at every site
            again = (cases * 0.6180339887498949) % 1 < settings["attendance"]
        found[participant] = SESSIONS if again else SESSIONS[:1]
    return found


def treated(index: int, correlation: float, seed: int) -> tuple[float, float]:
    """A case's standard normal trait, which its connectivity shows, and the rate by which its instrument falls."""
    rng = simulated.stream(seed, index, 5)
    trait, noise = rng.standard_normal(2)
    rate = _RATE[0] + _RATE[1] * (correlation * trait + np.sqrt(1 - correlation**2) * noise)
    return float(trait), float(np.clip(rate, -0.3, 1))


def responds(baseline: float, rate: float) -> bool:
    """Whether the instrument, in whole points, has fallen by half."""
    return (baseline - fallen(baseline, rate)) / baseline >= RESPONDER


def fallen(baseline: float, rate: float) -> int:
    """The instrument after treatment."""
    return round(baseline * (1 - rate))


def session_series(
    brain: simulated.Brain,
    truth: simulated.Truth,
    row: Mapping[str, str],
    sites: list[str],
    index: int,
    settings: Mapping[str, Any],
    sessions: Sequence[str],
    seed: int,
) -> dict[str, np.ndarray]:
    """Series of every session of one participant, arrays of shape (n_timepoints, n_regions).

    Parameters
    ----------
    brain, truth, row, sites, index, seed
        As of `simulated.series`.
    settings
        The config's ``cohort.simulated``.
    sessions
        Those that the participant comes to.
    """
    person = simulated.expected(brain, truth, row, sites, index, seed)
    z, seed_region = person.z.copy(), brain.names.index(truth.seed)
    responder = False
    if row["group"] == "MDD":
        trait, rate = treated(index, settings["outcome_correlation"], seed)
        responder = responds(float(row["hamd"]), rate)
        _add(z, seed_region, [brain.names.index(settings["outcome_region"])], trait * simulated.Z_SD)
    found = {"pre": simulated.signal(brain, person, z, person.rng)}
    if "post" in sessions:
        if responder:
            rising = [brain.names.index(region) for region in settings["change_regions"]]
            _add(z, seed_region, rising, settings["change"] * simulated.Z_SD)
        found["post"] = simulated.signal(brain, person, z, simulated.stream(seed, index, 3))
    return found


def all_series(
    brain: simulated.Brain,
    truth: simulated.Truth,
    people: pd.DataFrame,
    settings: Mapping[str, Any],
    attended: Mapping[str, Sequence[str]],
    seed: int,
) -> Iterator[tuple[str, str, np.ndarray]]:
    """participant_id, session and series of every scan, one participant after the other.

    Parameters
    ----------
    people
        The participants sheet (text).
    settings
        The config's ``cohort.simulated``.
    attended
        From `attendance`.
    """
    sites = list(settings["sites"])
    for index, row in enumerate(people.to_dict("records")):
        name = row["participant_id"]
        if attended:
            made = session_series(brain, truth, row, sites, index, settings, attended[name], seed)
        else:
            made = {"pre": simulated.series(brain, truth, row, sites, index, seed)}
        for session, values in made.items():
            yield name, session, values


def _add(z: np.ndarray, seed_region: int, regions: Sequence[int], amount: float) -> None:
    z[seed_region, list(regions)] += amount
    z[list(regions), seed_region] += amount


def sheets(
    people: pd.DataFrame, correlation: float, attended: Mapping[str, Sequence[str]], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sheets of sessions and outcomes.

    Parameters
    ----------
    people
        The participants sheet (text).
    correlation
        The config's ``outcome_correlation``.
    attended
        From `attendance`.
    seed
        Of the simulation.
    """
    sessions, outcomes = [], []
    for index, row in enumerate(people.to_dict("records")):
        participant = row["participant_id"]
        for session in attended[participant]:
            moved = row["mean_fd"]
            if session == "post" and moved != "n/a":
                rng = simulated.stream(seed, index, 4)
                moved = f"{float(moved) * np.exp(rng.normal(0, 0.2)):.4f}"
            file = simulated.file_name(participant, session)
            sessions.append({"participant_id": participant, "session": session, "mean_fd": moved, "timeseries": file})
        if row["group"] == "MDD":
            start = float(row["hamd"])
            outcomes.append({"participant_id": participant, "timepoint": "pre", "hamd": f"{start:g}"})
            # the instrument counts whole points; somebody who missed the scan still has a value
            value = fallen(start, treated(index, correlation, seed)[1])
            outcomes.append({"participant_id": participant, "timepoint": "post", "hamd": f"{value}"})
    return pd.DataFrame(sessions), pd.DataFrame(outcomes)
