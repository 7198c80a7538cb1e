"""Who may take part, as far as it is known before any job runs: what the jobs are dealt by."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

from amygene.cohort import abide, bids, rest_meta_mdd, simulated, simulated_scans, simulated_treatment
from amygene.cohort.choices import FORMATS
from amygene.cohort.sessions import unit
from amygene.cohort.sheet import read_text
from amygene.imaging.scans import Scan, from_rows
from amygene.io.choices import load
from amygene.io.problems import InputError, raise_if_any, some


@dataclass(frozen=True)
class Roster:
    """Participants and their files.

    Attributes
    ----------
    known
        False if the participants are known only after a download; then `expected` says about how many.
    files
        participant_id -> file of the series (or of the first image), whether it exists or not.
    sites
        Names of the sites, as the config's ``cohort.codes`` translate them.
    source
        What the format's participants sheet is made from: REST-meta-MDD's phenotype workbook, the sheet of a BIDS
        dataset.
    widths, blocks
        Of files of series: numbers of columns that are right (none: as many as the atlas has regions), and the columns
        of every atlas (first and last, from 1) if they hold several.
    scans
        A cohort of images: participant_id -> scans of the sessions that are used; empty for a cohort of series.
    sessions
        Labels of the sessions that are used; the groups are compared at the first. One empty label if the
        cohort has no sessions.
    units
        A cohort of series with sessions: participant_id -> name of the scan -> its file; `files` are those of the
        baseline.
    scanned
        Of a cohort with several sessions (of images: those that are used), the timepoints at which anybody was scanned,
        in their order.
    """

    known: bool
    files: dict[str, str] = field(default_factory=dict)
    sites: frozenset[str] = frozenset()
    source: str = ""
    widths: tuple[int, ...] = ()
    blocks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    expected: int = 0
    expected_sites: int = 0
    scans: dict[str, list[Scan]] = field(default_factory=dict)
    sessions: tuple[str, ...] = ("",)
    units: dict[str, dict[str, str]] = field(default_factory=dict)
    scanned: tuple[str, ...] = ()

    @property
    def images(self) -> bool:
        """Whether participants come with images, not with series of regions."""
        return bool(self.scans)


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
    place = FORMATS[cohort["format"]].place
    roster = load(place)(cohort, folder) if place else Roster(True)
    meanings = cohort["codes"].get("site", {})
    return replace(roster, sites=frozenset(meanings.get(site, site) for site in roster.sites))


def of_simulated(cohort: Mapping[str, Any], folder: str) -> Roster:
    """Of a simulated cohort: the people and files that will be made."""
    people = simulated.people(cohort["simulated"]["sites"])
    files = {p: f"{folder}/simulated/{simulated.file_name(p)}" for p, _, _ in people}
    units = {
        p: {unit(p, session): f"{folder}/simulated/{simulated.file_name(p, session)}" for session in sessions}
        for p, sessions in simulated_treatment.attendance(cohort["simulated"]).items()
    }
    return Roster(
        True,
        files,
        frozenset(site for _, site, _ in people),
        units=units,
        scanned=simulated_treatment.SESSIONS if units else (),
    )


def of_simulated_bids(cohort: Mapping[str, Any], folder: str) -> Roster:
    """Of simulated images: the people and scans that will be made."""
    settings = cohort["simulated_scans"]
    members = simulated_scans.people(settings)
    scans = {p.participant: simulated_scans.scans_of(p, settings, f"{folder}/simulated-bids") for p in members}
    return _with_images(scans, frozenset(p.site for p in members), {"sessions": settings["sessions"], **cohort})


def of_abide(cohort: Mapping[str, Any], folder: str) -> Roster:
    """Of ABIDE: about how many there will be."""
    return Roster(False, expected=abide.EXPECTED, expected_sites=abide.EXPECTED_SITES)


def of_rest_meta_mdd(cohort: Mapping[str, Any], folder: str) -> Roster:
    """Of a copy of REST-meta-MDD: whom its files are named after."""
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
    return Roster(
        True,
        files,
        frozenset(rest_meta_mdd.site_of(p) for p in files),
        workbook,
        rest_meta_mdd.WIDTHS,
        rest_meta_mdd.BLOCKS,
    )


def of_table(cohort: Mapping[str, Any], folder: str) -> Roster:
    """Of a participants sheet: its rows, and the files that it or another sheet names."""
    path = Path(cohort["participants"])
    rows = _rows(path, "participants")
    people = [row for row in rows if row.get("participant_id")]
    sites = _sites(rows, cohort)
    columns = set().union(*people) if people else set()
    images = FORMATS[cohort["format"]].images
    if images and "scans" not in cohort and "session_table" in cohort:
        listed = [row for row in _rows(Path(cohort["session_table"]), "session_table") if row.get("participant_id")]
        if listed and "bold" in listed[0]:
            return _with_image_sessions(path, people, columns, listed, sites, cohort)
    if images and ("scans" in cohort or "bold" in columns):
        if "timeseries" in columns:
            raise InputError(
                f"{path}: has a column timeseries, and images are named too (column bold or cohort.scans); "
                "leave one out"
            )
        sheet = Path(cohort["scans"]) if "scans" in cohort else path
        listed = [row for row in _rows(sheet, "scans") if row.get("participant_id")] if "scans" in cohort else people
        found = from_rows(listed, f"{sheet.parent}/")
        scans = {row["participant_id"]: found.get(row["participant_id"], []) for row in people}
        return _with_images(scans, sites, cohort)
    if "session_table" in cohort:
        return _with_sessions(path, people, columns, sites, cohort)
    files = {}
    for row in people:
        file = row.get("timeseries")
        files[row["participant_id"]] = str(path.parent / file) if file else ""
    return Roster(True, files, sites, widths=_widths(cohort))


def _widths(cohort: Mapping[str, Any]) -> tuple[int, ...]:
    return (cohort["n_columns"],) if "n_columns" in cohort else ()


def _with_image_sessions(
    path: Path,
    people: Sequence[Mapping[str, str]],
    columns: set[str],
    listed: Sequence[Mapping[str, str]],
    sites: frozenset[str],
    cohort: Mapping[str, Any],
) -> Roster:
    """A roster of images that the sheet of sessions names; sessions are used in the order of the timepoints."""
    twice = [c for c in ("timeseries", "bold") if c in columns]
    if twice:
        raise InputError(
            f"{path}: has a column {twice[0]}, and config key cohort.session_table names images too; leave one out"
        )
    found = from_rows(listed, f"{Path(cohort['session_table']).parent}/")
    scans = {row["participant_id"]: found.get(row["participant_id"], []) for row in people}
    seen = {scan.session for own in scans.values() for scan in own}
    sessions = [t.removeprefix("ses-") for t in cohort.get("timepoints", []) if t.removeprefix("ses-") in seen]
    # labels that are no timepoints are told with everything else that is wrong with the sheet
    return _with_images(scans, sites, {"sessions": sessions or sorted(seen), **cohort})


def _with_sessions(
    path: Path,
    people: Sequence[Mapping[str, str]],
    columns: set[str],
    sites: frozenset[str],
    cohort: Mapping[str, Any],
) -> Roster:
    """A roster of series with sessions; the file of a participant is that of the baseline."""
    if "timeseries" in columns:
        raise InputError(
            f"{path}: has a column timeseries, and config key cohort.session_table names series too; leave one out"
        )
    sheet = Path(cohort["session_table"])
    files = {row["participant_id"]: "" for row in people}
    units: dict[str, dict[str, str]] = {p: {} for p in files}
    seen = set()
    for row in _rows(sheet, "session_table"):
        participant, session = row.get("participant_id", ""), row.get("session", "")
        if participant not in files or not session:
            continue
        file = str(sheet.parent / row["timeseries"]) if row.get("timeseries") else ""
        units[participant][unit(participant, session)] = file
        time = row.get("timepoint", session.removeprefix("ses-"))
        seen.add(time)
        if time == cohort["timepoints"][0]:
            files[participant] = file
    scanned = tuple(t for t in cohort["timepoints"] if t in seen)
    return Roster(True, files, sites, widths=_widths(cohort), units=units, scanned=scanned)


def _sites(people: Sequence[Mapping[str, str]], cohort: Mapping[str, Any]) -> frozenset[str]:
    """Names of the sites; a cohort without any is one site."""
    named = {row["site"] for row in people if row.get("site") and row["site"] not in cohort["missing"]}
    return frozenset(named or {"1"})


def _rows(path: Path, key: str) -> list[dict[str, str]]:
    """Rows of a sheet, leniently: cells without spaces around them."""
    if not path.is_file():
        raise InputError(f"config key cohort.{key}: {path}: no such file")
    stream = StringIO(read_text(path), newline="")
    rows: Iterable[dict[str, str]]
    if path.suffix == ".csv":
        rows = csv.DictReader(stream)
    else:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        return [{(k or "").strip(): (v or "").strip() for k, v in row.items() if isinstance(v, str)} for row in rows]
    except csv.Error as error:
        raise InputError(f"{path}: is no table of text ({error})") from error


def of_bids(cohort: Mapping[str, Any], folder: str) -> Roster:
    """Of fMRIPrep's derivatives: who stands in the dataset's sheet, or has a scan."""
    derivatives = bids.find_derivatives(cohort["root"], cohort.get("derivatives"))
    found = bids.find_scans(
        derivatives, cohort.get("space", FORMATS["bids"].space), cohort.get("task"), cohort.get("resolution")
    )
    sheet = Path(bids.sheet_of(cohort))
    people = [row for row in _rows(sheet, "participants") if row.get("participant_id")]
    sites = _sites(people, cohort)
    listed = {bids.full_id(row["participant_id"]) for row in people}
    roster = _with_images({p: found.get(p, []) for p in sorted(listed | set(found))}, sites, cohort)
    # who is not in the sheet counts if there is a scan of a session that is used
    concerned = [p for p, own in roster.scans.items() if own or p in listed]
    return replace(
        roster,
        source=str(sheet),
        files={p: roster.files[p] for p in concerned},
        scans={p: roster.scans[p] for p in concerned},
    )


def _with_images(scans: dict[str, list[Scan]], sites: frozenset[str], cohort: Mapping[str, Any]) -> Roster:
    """A roster of images, with the config's repetition time; scans of sessions that are not used are not known."""
    sessions = _sessions({scan.session for own in scans.values() for scan in own}, cohort.get("sessions"))
    seconds = f"{cohort['tr']:g}" if "tr" in cohort else ""
    scans = {
        p: [replace(scan, tr=scan.tr or seconds) for scan in own if scan.session in sessions]
        for p, own in scans.items()
    }
    files = {
        p: next((scan.bold for session in sessions for scan in own if scan.session == session), "")
        for p, own in scans.items()
    }
    scanned = sessions if len(sessions) > 1 else ()
    return Roster(True, files, sites, scans=scans, sessions=sessions, scanned=scanned)


def _sessions(found: set[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
    if wanted is not None:
        labels = tuple(label.removeprefix("ses-") for label in wanted)
        absent = [label for label in labels if label not in found]
        if absent:
            raise InputError(
                f"config key cohort.sessions: nobody was scanned in {some(absent)}; found {some(sorted(found))} "
                "(write labels in quotes)"
            )
        return labels
    if len(found) > 1:
        raise InputError(
            f"config key cohort.sessions is missing: participants were scanned in {some(sorted(found))}; list those to "
            "use, in quotes; the groups are compared at the first"
        )
    return tuple(found) or ("",)
