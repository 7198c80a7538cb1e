"""Who may take part, as far as it is known before any job runs: what the jobs are dealt by."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amygene.cohort import abide, rest_meta_mdd, simulated
from amygene.problems import InputError


@dataclass(frozen=True)
class Roster:
    """Participants and their files.

    Attributes
    ----------
    known
        False if the participants are known only after a download; then `expected` says about how many.
    files
        participant_id -> file of the series, whether it exists or not.
    sites
        Names of the sites.
    """

    known: bool
    files: dict[str, str] = field(default_factory=dict)
    sites: frozenset[str] = frozenset()
    expected: int = 0
    expected_sites: int = 0


def read(cohort: Mapping[str, Any], folder: str) -> Roster:
    """The roster of a cohort.

    Sheets are read leniently: the stage `cohort` finds and tells what is wrong with them.

    Parameters
    ----------
    cohort
        The config's section.
    folder
        Where the stage `cohort` writes.

    Raises
    ------
    InputError
        The sheet or the folder that the config names is absent.
    """
    if cohort["format"] == "table":
        return _table(Path(cohort["participants"]))
    if cohort["format"] == "simulated":
        people = simulated.people(cohort["simulated"]["sites"])
        files = {p: f"{folder}/simulated/{simulated.file_name(p)}" for p, _, _ in people}
        return Roster(True, files, frozenset(site for _, site, _ in people))
    if cohort["format"] == "rest-meta-mdd":
        files = rest_meta_mdd.series_files(cohort["root"], cohort["series"])
        return Roster(True, files, frozenset(rest_meta_mdd.site_of(p) for p in files))
    if cohort["format"] == "abide":
        return Roster(False, expected=abide.EXPECTED, expected_sites=abide.EXPECTED_SITES)
    return Roster(True)


def _table(path: Path) -> Roster:
    if not path.is_file():
        raise InputError(f"config key cohort.participants: {path}: no such file")
    with open(path, newline="", encoding="utf-8-sig") as stream:
        rows: Iterable[dict[str, str]]
        if path.suffix == ".csv":
            rows = csv.DictReader(stream)
        else:
            rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        files: dict[str, str] = {}
        sites = set()
        for row in rows:
            cells = {(k or "").strip(): (v or "").strip() for k, v in row.items() if isinstance(v, str)}
            if cells.get("participant_id"):
                file = cells.get("timeseries")
                files[cells["participant_id"]] = str(path.parent / file) if file else ""
            if cells.get("site"):
                sites.add(cells["site"])
    return Roster(True, files, frozenset(sites or {"1"}))
