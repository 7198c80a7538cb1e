"""Further sheets of a cohort that was seen more than once: sessions (scans over time) and outcomes (instruments)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from amygene.cohort.outcomes import derive, to_long
from amygene.cohort.selection import Exclusions, apply_selection
from amygene.cohort.sessions import unit
from amygene.cohort.sheet import check_sheet, read_sheet
from amygene.imaging.scans import COLUMNS as SCAN_COLUMNS
from amygene.io.problems import InputError, raise_if_any, some

#: what is known of a session from its files, if the sheet does not say it; of images from n_kept on, too
_MEASURED = ("n_timepoints", "n_constant", "n_kept", "scrubbed", "mean_fd", "max_fd", "df_left")


@dataclass(frozen=True)
class Reading:
    """How sheets of a cohort are read: the config's keys of those names, and the participants' schema."""

    schema: Mapping[str, Any]
    missing: Sequence[str]
    codes: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Sheets:
    """Both sheets as read and checked, and everything that is wrong with them."""

    sessions: pd.DataFrame
    instruments: pd.DataFrame | None
    problems: list[str]


def read_sheets(
    participants: str,
    sessions: str | None,
    outcomes: str | None,
    schema: Mapping[str, Any],
    *,
    images: bool = False,
    timepoints: Sequence[str],
    instruments: Sequence[str],
    numeric: Sequence[str],
    missing: Sequence[str],
    codes: Mapping[str, Mapping[str, str]],
) -> Sheets:
    """Read and check the sheets of sessions and outcomes; parameters as of `check_sessions` and `check_outcomes`.

    A cohort of images needs no sheet of sessions: its scans are known. A file that cannot be read is a problem among
    the others.
    """
    how = Reading(schema, missing, codes)
    problems: list[str] = []
    found: dict[str, pd.DataFrame] = {}
    for key, file in (("participants", participants), ("session_table", sessions), ("outcome_table", outcomes)):
        if file is None:
            continue
        try:
            found[key] = read_sheet(file, key)
        except InputError as error:
            # the participants sheet's own problems are told by the stage cohort
            problems += [] if key == "participants" else error.problems
    listed = found.get("participants", pd.DataFrame())
    people = listed["participant_id"].tolist() if "participant_id" in listed else []
    typed, values = pd.DataFrame(), None
    if people and sessions is not None and "session_table" in found:
        typed, wrong = check_sessions(found["session_table"], sessions, people, timepoints, numeric, how, images)
        problems += wrong
    if people and outcomes is not None and "outcome_table" in found:
        values, wrong = check_outcomes(found["outcome_table"], outcomes, people, timepoints, instruments, how)
        problems += wrong
    return Sheets(typed, values, problems)


def check_sessions(
    sheet: pd.DataFrame,
    name: str,
    participants: Sequence[str],
    timepoints: Sequence[str],
    numeric: Sequence[str],
    how: Reading,
    images: bool = False,
) -> tuple[pd.DataFrame, list[str]]:
    """The sessions, typed, and everything that is wrong with them.

    Parameters
    ----------
    sheet
        As read: participant_id, session, timeseries, maybe timepoint (left out, the session's label is the
        timepoint), and columns that change from session to session.
    name
        Of the file, for messages.
    participants
        Those of the participants sheet.
    timepoints
        The config's ``cohort.timepoints``.
    numeric
        Columns that must hold numbers.
    images
        Whether scans are images: then the sheet needs no column timeseries, and a session's label is its timepoint,
        which files are named by.

    Returns
    -------
    typed : DataFrame
        With ``unit``, the name of the scan, and ``timepoint``.
    problems : list of str
    """
    if "participant_id" not in sheet or "session" not in sheet:
        lacking = [c for c in ("participant_id", "session") if c not in sheet]
        return sheet, [f"{name}: column {some(lacking)} is missing; found {some(sheet.columns, 12)}"]
    sheet = sheet.copy()
    problems = _blank(sheet, name, "session")
    people = sheet["participant_id"]
    if "timepoint" not in sheet:
        sheet["timepoint"] = sheet["session"].str.removeprefix("ses-")
    typed, wrong = _typed(
        sheet,
        [unit(p, s) if p else "" for p, s in zip(people, sheet["session"], strict=True)],
        name,
        how,
        needed=["session", "timepoint", *([] if images else ["timeseries"])],
        numeric=[c for c in numeric if c in sheet],
    )
    problems += wrong
    problems += _unknown(people, participants, name)
    problems += _unknown_times(sheet["timepoint"], timepoints, name)
    if images:
        labels = sheet["session"].str.removeprefix("ses-")
        other = sheet[(labels != sheet["timepoint"]) & (sheet["timepoint"] != "")]
        if len(other):
            found = [f"{s} at {t}" for s, t in zip(other["session"], other["timepoint"], strict=True)]
            problems.append(
                f"{name}: of images the session's label is its timepoint, found {some(dict.fromkeys(found))}; write "
                "the timepoint's name as session, or leave the column timepoint out"
            )
    at = pd.DataFrame({"participant": people, "timepoint": sheet["timepoint"]})
    twice = at[at.duplicated() & ~sheet[["participant_id", "session"]].duplicated()]
    if len(twice):
        found = [f"{p} at {t}" for p, t in zip(twice["participant"], twice["timepoint"], strict=True)]
        problems.append(f"{name}: more than one session of {some(found)}; keep one scan for each timepoint")
    return typed, problems


def check_outcomes(
    sheet: pd.DataFrame,
    name: str,
    participants: Sequence[str],
    timepoints: Sequence[str],
    instruments: Sequence[str],
    how: Reading,
) -> tuple[pd.DataFrame, list[str]]:
    """Values of the instruments, one row each (`outcomes.to_long`), and everything that is wrong with them.

    Parameters
    ----------
    sheet
        As read: participant_id, and either timepoint and a column per instrument, or one row per participant with
        columns ``{instrument}_{timepoint}``.
    instruments
        Those that the config asks for; the others are as the previous function's.
    """
    if "participant_id" not in sheet:
        return sheet, [f"{name}: column participant_id is missing; found {some(sheet.columns, 12)}"]
    people, long = sheet["participant_id"], "timepoint" in sheet
    problems = _unknown(people, participants, name)
    if long:
        problems += _blank(sheet, name, "timepoint") + _unknown_times(sheet["timepoint"], timepoints, name)
        ids = [f"{p} at {t}" if p else "" for p, t in zip(people, sheet["timepoint"], strict=True)]
        columns = {i: [i] for i in instruments}
    else:
        ids = people.tolist()
        columns = {i: [f"{i}_{t}" for t in timepoints if f"{i}_{t}" in sheet] for i in instruments}
    for instrument, named in columns.items():
        if not [c for c in named if c in sheet]:
            wanted = instrument if long else f"{instrument}_{timepoints[0]} (one for every timepoint)"
            problems.append(
                f"{name}: column {wanted} is missing, which config key response.outcomes uses; found "
                f"{some(sheet.columns, 12)}"
            )
    used = [c for named in columns.values() for c in named if c in sheet]
    typed, wrong = _typed(sheet, ids, name, how, needed=[], numeric=used)
    problems += wrong
    if problems:
        return typed, problems
    return to_long(
        typed[[c for c in ("participant_id", "timepoint", *used) if c in typed]], instruments, timepoints
    ), []


def _typed(
    sheet: pd.DataFrame, ids: Sequence[str], name: str, how: Reading, needed: Sequence[str], numeric: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Check a sheet row by row as the participants sheet is: its rows are named by what makes them unique."""
    named = sheet.assign(participant_id=list(ids))
    typed, problems = check_sheet(
        named, name, how.schema, needed=needed, numeric=numeric, missing=how.missing, codes=how.codes
    )
    typed = typed.rename(columns={"participant_id": "unit"})
    typed.insert(0, "participant_id", sheet["participant_id"])
    return typed, problems


def _blank(sheet: pd.DataFrame, name: str, column: str) -> list[str]:
    rows = sheet.index[sheet[column] == ""] + 2
    return [f"{name}: {column} is empty in row {some(rows)}"] if len(rows) else []


def _unknown(people: pd.Series, participants: Sequence[str], name: str) -> list[str]:
    absent = [p for p in people.unique() if p and p not in set(participants)]
    if not absent:
        return []
    return [f"{name}: {some(absent)} stand in no row of the participants sheet; correct the names or take the rows out"]


def _unknown_times(found: pd.Series, timepoints: Sequence[str], name: str) -> list[str]:
    unknown = [t for t in found.unique() if t and t not in timepoints]
    if not unknown:
        return []
    return [
        f"{name}: timepoint {some(map(repr, unknown))} is none of config key cohort.timepoints "
        f"({', '.join(timepoints)}); "
        "add it there, in its place, or correct it"
    ]


def image_sessions(scans: Mapping[str, Sequence[str]], sheet: pd.DataFrame | None) -> pd.DataFrame:
    """The sessions of a cohort of images, with the columns of a sheet of sessions if there is one.

    Parameters
    ----------
    scans
        participant_id -> labels of the sessions that it was scanned in.
    sheet
        From `check_sessions`.
    """
    rows = [(p, session, session, unit(p, session)) for p, sessions in scans.items() for session in sessions]
    frame = pd.DataFrame(rows, columns=["participant_id", "session", "timepoint", "unit"])
    if sheet is None or sheet.empty:
        return frame
    own = [c for c in sheet if c not in ("participant_id", "session", "timepoint", *SCAN_COLUMNS)]
    return frame.merge(sheet[own], on="unit", how="left")


def image_findings(findings: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """What is known of every scan of images, as `assemble` takes it.

    Parameters
    ----------
    findings
        One per participant, of images and confounds together (`image_check`).
    """
    rows = []
    for finding in findings:
        participant = finding["participant_id"]
        hashes: dict[str, list[str]] = {}
        values = str(finding.get("values_sha256") or "").split()
        for file, value in zip(finding.get("files", []), values, strict=False):
            hashes.setdefault(file["session"] or "", []).append(value)
        for session, numbers in finding.get("sessions", {}).items():
            rows.append(
                {
                    "participant_id": unit(participant, session),
                    **{c: numbers[c] for c in _MEASURED if c in numbers},
                    "values_sha256": " ".join(hashes.get(session, [])) or None,
                    "problem": finding.get("problem"),
                }
            )
    return pd.DataFrame(rows, columns=list(dict.fromkeys(["participant_id", *(c for row in rows for c in row)])))


@dataclass(frozen=True)
class Longitudinal:
    """Sessions that are used, those that are not and why, and derived outcomes of the participants who are in."""

    sessions: pd.DataFrame
    excluded: pd.DataFrame
    outcomes: pd.DataFrame


def assemble(
    sessions: pd.DataFrame,
    instruments: pd.DataFrame | None,
    participants: Sequence[str],
    findings: pd.DataFrame,
    *,
    timepoints: Sequence[str],
    outcomes: Mapping[str, Mapping[str, Any]],
    select: Mapping[str, Any],
    faulty: str,
) -> Longitudinal:
    """Choose the sessions that are used and derive the outcomes.

    Parameters
    ----------
    sessions
        From `check_sessions` or `image_sessions`.
    instruments
        From `check_outcomes`, if there are any.
    participants
        Those who are in.
    findings
        One row per scan: participant_id (its name), values_sha256, problem, and those of `_MEASURED` that are known.
    timepoints, outcomes, select, faulty
        From the config; a rule of ``select`` holds for every session where the sessions have its column, or where it is
        measured.

    Raises
    ------
    InputError
        Files are faulty (with ``faulty: stop``), or two scans are the same to the last bit.
    """
    known = findings.set_index("participant_id")
    frame = sessions[sessions["participant_id"].isin(participants)].copy()
    for column in _MEASURED:
        if column not in frame and column in known:
            frame[column] = frame["unit"].map(known[column]).astype(float)
    fault = frame["unit"].map(known["problem"])
    problems = [] if faulty == "exclude" else [str(text) for text in fault.dropna()]
    hashes = frame["unit"].map(known["values_sha256"])
    for same in frame["unit"].groupby(hashes).apply(list):
        if len(same) > 1:
            problems.append(f"scans {some(same)} are identical; keep one of them")
    raise_if_any(problems)
    exclusions = Exclusions()
    for i in frame.index[fault.notna()]:
        exclusions.add(frame.loc[[i], "unit"], "series", str(fault[i]))
    renamed = frame[fault.isna()].drop(columns="participant_id").rename(columns={"unit": "participant_id"})
    rules = {
        c: r for c, r in select.items() if c in renamed and (isinstance(r, list) or set(r.get("for", {})) <= {*renamed})
    }
    apply_selection(renamed, rules, exclusions)
    out = exclusions.table(frame.drop(columns="participant_id").rename(columns={"unit": "participant_id"}))
    out = out.rename(columns={"participant_id": "unit"})[["unit", "step", "reason"]]
    out = frame[["participant_id", "session", "timepoint", "unit"]].merge(out, on="unit", how="inner")
    used = frame[~frame["unit"].isin(out["unit"])]
    order = {t: i for i, t in enumerate(timepoints)}
    used = used.sort_values(["participant_id", "timepoint"], key=lambda c: c.map(order) if c.name == "timepoint" else c)
    first = ["participant_id", "session", "timepoint", "unit"]
    columns = [*first, *(c for c in used if c not in (*first, "timeseries", *SCAN_COLUMNS))]
    values = pd.DataFrame(columns=["participant_id", "instrument", "timepoint", "value"])
    if instruments is not None:
        values = instruments[instruments["participant_id"].isin(participants)]
    return Longitudinal(
        used[columns].reset_index(drop=True),
        out.reset_index(drop=True),
        derive(values, outcomes, timepoints[0], timepoints[1:]),
    )
