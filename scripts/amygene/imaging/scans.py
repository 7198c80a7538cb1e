"""Scans of a cohort of images: which files belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: columns of a sheet that describe a scan
COLUMNS = ("bold", "mask", "confounds", "tr")


@dataclass(frozen=True)
class Scan:
    """One run of one session.

    Attributes
    ----------
    session, run
        Labels; empty if there is only one.
    bold, mask, confounds
        Files; mask and confounds may be empty.
    tr
        Repetition time in seconds as the user wrote it; empty: as the image's JSON file or header says.
    """

    session: str
    run: str
    bold: str
    mask: str = ""
    confounds: str = ""
    tr: str = ""


def subject_label(participant: str) -> str:
    """BIDS label of a participant: the id without a leading ``sub-``."""
    return participant.removeprefix("sub-")


def check_labels(participants: Iterable[str]) -> dict[str, str]:
    """Problems of participant ids that cannot be part of a file name: participant -> problem."""
    problems: dict[str, str] = {}
    seen: dict[str, str] = {}
    for participant in participants:
        label = subject_label(participant)
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]*", label):
            problems[participant] = (
                f"participant_id {participant!r} becomes part of file names; use letters, digits, '-', '+' and '.'"
            )
        elif label.lower() in seen:
            problems[participant] = (
                f"participant_id {participant!r} and {seen[label.lower()]!r} would share their files; rename one"
            )
        else:
            seen[label.lower()] = participant
    return problems


def map_name(participant: str, session: str, seed: str, space: str) -> str:
    """Path of a participant's map below the folder of the stage, without its ending."""
    subject = f"sub-{subject_label(participant)}"
    entities = [subject, *([f"ses-{session}"] if session else []), f"seed-{seed}", f"space-{space}"]
    return f"{subject}/{'_'.join(entities)}_stat-fisherz_boldmap"


def by_session(scans: Sequence[Scan], sessions: Sequence[str]) -> dict[str, list[Scan]]:
    """The runs of every session that the participant has, sessions in the order given."""
    runs = {session: [scan for scan in scans if scan.session == session] for session in sessions}
    return {session: found for session, found in runs.items() if found}


def from_rows(rows: Iterable[Mapping[str, str]], folder: str) -> dict[str, list[Scan]]:
    """Scans that a sheet lists: columns participant_id, bold; optional session, run, mask, confounds, tr.

    Parameters
    ----------
    rows
        Cells as text.
    folder
        That files are relative to, with a slash at its end, or empty.
    """
    scans: dict[str, list[Scan]] = {}
    for row in rows:
        cells = {name: (row.get(name) or "").strip() for name in ("session", "run", *COLUMNS)}
        cells = {name: "" if text == "n/a" else text for name, text in cells.items()}
        files = {
            name: cells[name] if not cells[name] or cells[name].startswith("/") else folder + cells[name]
            for name in ("bold", "mask", "confounds")
        }
        if cells["bold"]:
            session = cells["session"].removeprefix("ses-")
            scans.setdefault(row["participant_id"].strip(), []).append(
                Scan(session, cells["run"], **files, tr=cells["tr"])
            )
    return scans
