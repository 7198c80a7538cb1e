"""fMRIPrep's derivatives of a BIDS dataset.

``{derivatives}/sub-{label}[/ses-{label}]/func/*_space-{space}[_res-{label}]_desc-preproc_bold.nii.gz`` with
``desc-brain_mask`` beside it and ``desc-confounds_timeseries.tsv`` and ``.json``; ``participants.tsv`` at the root of
the dataset.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from amygene.imaging.scans import Scan
from amygene.io.problems import InputError, raise_if_any, some

_BOLD = "_desc-preproc_bold"
_ENDINGS = (".nii.gz", ".nii")
#: confounds files, newest name first
_CONFOUNDS = ("_desc-confounds_timeseries.tsv", "_desc-confounds_regressors.tsv")


def entities(name: str) -> dict[str, str]:
    """Keys and labels of a file's name: ``sub-01_task-rest_bold.nii.gz`` gives sub and task."""
    return dict(part.split("-", 1) for part in name.split("_") if "-" in part)


def sheet_of(cohort: Mapping[str, Any]) -> str:
    """The dataset's participants sheet: as the config says, else participants.tsv at the root."""
    return cohort.get("participants") or str(Path(cohort["root"]) / "participants.tsv")


def full_id(participant: str) -> str:
    """BIDS writes ``sub-01``; some sheets write ``01``."""
    return participant if participant.startswith("sub-") or not participant else f"sub-{participant}"


def find_derivatives(root: str | Path, named: str | None) -> Path:
    """The folder of fMRIPrep's output: the one the config names, else derivatives/fmriprep, else the root."""
    root = Path(root)
    choices = [Path(named)] if named else [root / "derivatives" / "fmriprep", root]
    for folder in choices:
        if any(folder.glob("sub-*/")):
            return folder
    raise InputError(
        f"config keys cohort.root and cohort.derivatives: no folder sub-* in {some(choices)}; "
        "name the folder of fMRIPrep's output in cohort.derivatives"
    )


def find_scans(derivatives: str | Path, space: str, task: str | None, resolution: str | None) -> dict[str, list[Scan]]:
    """Preprocessed scans of every participant in a space.

    Parameters
    ----------
    derivatives
        Folder with sub-* folders.
    space
        Label of the space.
    task, resolution
        Labels; None takes the only one there is.

    Returns
    -------
    dict
        ``sub-{label}`` -> scans, sorted by session and run; participants without a scan in the space have none.

    Raises
    ------
    InputError
        There are no scans in the space, or several tasks or resolutions to choose from.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for subject in sorted(e.name for e in os.scandir(derivatives) if e.is_dir() and e.name.startswith("sub-")):
        found[subject] = list(_bold_files(f"{derivatives}/{subject}"))
    here = [(s, folder, name) for s, files in found.items() for folder, name in files]
    in_space = [(s, folder, name) for s, folder, name in here if entities(name).get("space") == space]
    if not in_space:
        spaces = sorted({entities(name).get("space", "none") for _, _, name in here})
        raise InputError(
            f"{derivatives}: no file *_space-{space}*{_BOLD}.nii.gz; found the spaces {some(spaces) or 'none at all'}; "
            "choose one of MNI space in cohort.space"
        )
    problems = []
    for key, wanted, setting in (("task", task, "task"), ("res", resolution, "resolution")):
        labels = sorted({entities(name).get(key, "") for _, _, name in in_space})
        if wanted is not None and wanted not in labels:
            problems.append(f"config key cohort.{setting}: found {some(labels)} in {derivatives}, not {wanted}")
        elif wanted is None and len(labels) > 1:
            problems.append(
                f"config key cohort.{setting} is missing: {derivatives} holds {some(filter(None, labels))}; choose one"
            )
    raise_if_any(problems)
    scans: dict[str, list[Scan]] = {subject: [] for subject in found}
    for subject, folder, name in in_space:
        own = entities(name)
        if task in (None, own.get("task")) and resolution in (None, own.get("res")):
            scans[subject].append(_scan(folder, name))
    return scans


def _bold_files(folder: str):
    """Folder and name of every preprocessed image of a participant, in order."""
    try:
        inside = sorted(e.name for e in os.scandir(folder) if e.is_dir())
    except OSError:
        return
    for part in inside:
        places = [part] if part == "func" else [f"{part}/func"] if part.startswith("ses-") else []
        for place in places:
            try:
                names = sorted(e.name for e in os.scandir(f"{folder}/{place}"))
            except OSError:
                continue
            for name in names:
                # single echoes are not the combined image
                if any(name.endswith(_BOLD + ending) for ending in _ENDINGS) and "_echo-" not in name:
                    yield f"{folder}/{place}", name


def _scan(folder: str, name: str) -> Scan:
    """The files that belong to an image, by their names."""
    ending = next(e for e in _ENDINGS if name.endswith(e))
    own = entities(name)
    bare = name.removesuffix(_BOLD + ending)
    # confounds belong to the scan in any space
    plain = "_".join(part for part in bare.split("_") if part.split("-")[0] not in ("space", "res"))
    tables = [f"{folder}/{plain}{suffix}" for suffix in _CONFOUNDS]
    runs = [f"{key}-{own[key]}" for key in ("acq", "ce", "rec", "dir", "run") if key in own]
    return Scan(
        session=own.get("ses", ""),
        run="_".join(runs),
        bold=f"{folder}/{name}",
        mask=f"{folder}/{bare}_desc-brain_mask{ending}",
        confounds=next((t for t in tables if os.path.exists(t)), tables[0]),
    )


def participants(sheet: pd.DataFrame, name: str, sessions: Mapping[str, Sequence[str]], first: str) -> pd.DataFrame:
    """The participants sheet of the dataset, with whom it lacks.

    Parameters
    ----------
    sheet
        ``participants.tsv`` as text.
    name
        Of the file, for messages.
    sessions
        participant_id -> sessions with a preprocessed scan (one empty label in a dataset without sessions).
    first
        The session at which the groups are compared.

    Returns
    -------
    DataFrame
        Text. The column ``excluded`` names those without a scan, and those with one but without a row.
    """
    if "participant_id" not in sheet:
        raise InputError(f"{name}: column 'participant_id' is missing; found {some(sheet.columns, 12)}")
    people = sheet.copy()
    people["participant_id"] = people["participant_id"].map(full_id)
    people["excluded"] = ""
    what = f"session {first}" if first else "this task and space"
    has_scan = people["participant_id"].map(lambda p: first in sessions.get(p, []))
    people.loc[~has_scan, "excluded"] = f"no preprocessed scan of {what}"
    known = set(people["participant_id"])
    extra = [p for p, own in sessions.items() if own and p not in known]
    if extra:
        undescribed = pd.DataFrame({"participant_id": extra, "excluded": f"no row in {Path(name).name}"})
        people = pd.concat([people, undescribed], ignore_index=True).fillna("n/a")
    return people
