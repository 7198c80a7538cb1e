"""Who may take part, as far as it is known before any job runs: what the jobs are dealt by."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from amygene.cohort import abide, rest_meta_mdd, simulated
from amygene.problems import InputError, raise_if_any


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
        Names of the sites, as the config's ``cohort.codes`` translate them.
    workbook
        rest-meta-mdd: the phenotype workbook.
    """

    known: bool
    files: dict[str, str] = field(default_factory=dict)
    sites: frozenset[str] = frozenset()
    workbook: str = ""
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
        A sheet, folder or file that the config names is absent.
    """
    roster = _read(cohort, folder)
    meanings = cohort["codes"].get("site", {})
    return replace(roster, sites=frozenset(meanings.get(site, site) for site in roster.sites))


def _read(cohort: Mapping[str, Any], folder: str) -> Roster:
    if cohort["format"] == "table":
        return _table(Path(cohort["participants"]), cohort["missing"])
    if cohort["format"] == "simulated":
        people = simulated.people(cohort["simulated"]["sites"])
        files = {p: f"{folder}/simulated/{simulated.file_name(p)}" for p, _, _ in people}
        return Roster(True, files, frozenset(site for _, site, _ in people))
    if cohort["format"] == "rest-meta-mdd":
        return _rest_meta_mdd(cohort)
    if cohort["format"] == "abide":
        return Roster(False, expected=abide.EXPECTED, expected_sites=abide.EXPECTED_SITES)
    return Roster(True)


def _rest_meta_mdd(cohort: Mapping[str, Any]) -> Roster:
    problems = []
    files: dict[str, str] = {}
    workbook = ""
    try:
        files = rest_meta_mdd.series_files(cohort["root"], cohort["series"])
    except InputError as error:
        problems += error.problems
    try:
        workbook = str(rest_meta_mdd.find_workbook(cohort["root"], cohort.get("phenotypes")))
    except InputError as error:
        problems += error.problems
    if "motion" in cohort and not Path(cohort["motion"]).is_file():
        problems.append(f"config key cohort.motion: {cohort['motion']}: no such file")
    raise_if_any(problems)
    return Roster(True, files, frozenset(rest_meta_mdd.site_of(p) for p in files), workbook)


def _table(path: Path, missing: Sequence[str]) -> Roster:
    if not path.is_file():
        raise InputError(f"config key cohort.participants: {path}: no such file")
    files: dict[str, str] = {}
    sites = set()
    try:
        for cells in _rows(path):
            if cells.get("participant_id"):
                file = cells.get("timeseries")
                files[cells["participant_id"]] = str(path.parent / file) if file else ""
            if cells.get("site") and cells["site"] not in missing:
                sites.add(cells["site"])
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is no table of text ({error}); save it as UTF-8") from error
    return Roster(True, files, frozenset(sites or {"1"}))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a sheet by the names in its header."""
    with open(path, newline="", encoding="utf-8-sig") as stream:
        rows: Iterable[dict[str, str]]
        if path.suffix == ".csv":
            rows = csv.DictReader(stream)
        else:
            rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        for row in rows:
            yield {(k or "").strip(): (v or "").strip() for k, v in row.items() if isinstance(v, str)}
