"""The REST-meta-MDD release (Chen et al. 2022, doi 10.1093/psyrad/kkac005) as a user holds it.

``Results/<series>/ROISignals_S<site>-<1|2>-<nnnn>.mat`` and a phenotype workbook with one sheet of patients
and one of controls, with numeric codes.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from amygene.io.problems import InputError, raise_if_any, some
from amygene.io.tables import read_given

#: atlas -> first and last column (1-based) of its block in a file
BLOCKS = {
    "AAL116": (1, 116),
    "HarvardOxford96": (117, 212),
    "HarvardOxford16": (213, 228),
    "Craddock200": (229, 428),
    "Zalesky980": (429, 1408),
    "Dosenbach160": (1409, 1568),
    "Power264": (1570, 1833),
}
#: columns of a file; some files end before the global signal and Power's regions
WIDTHS = (1833, 1568)
#: the site whose subjects are the same people as those of another site
DUPLICATE_SITE, DUPLICATED = "S4", "S14"

_PREFIX = "ROISignals_"
#: start of the workbook's column name -> our column
_COLUMNS = {
    "id": "participant_id",
    "sex": "sex",
    "age": "age",
    "education": "education",
    "if first episode": "first_episode",
    "on medication": "medication",
    "illness duration": "illness_months",
    "hamd": "hamd",
    "hama": "hama",
}
_SEX = {"1": "M", "2": "F", "0": "n/a"}
_YES_NO = {"1": "yes", "2": "no", "-1": "no"}
_UNKNOWN = {"-9999", "[]", ""}


def series_files(root: str | Path, series: str) -> dict[str, str]:
    """participant id (``S1-1-0001``) -> file, for every file of ROI signals in the archive.

    Raises
    ------
    InputError
        The folder is absent or holds no such file.
    """
    folder = Path(root) / "Results" / series
    if not folder.is_dir():
        there = sorted(p.name for p in (Path(root) / "Results").glob("ROISignals_*"))
        raise InputError(
            f"config keys cohort.root and cohort.series: {folder} is no folder; "
            + (f"found {some(there)}" if there else "root should hold Results/ROISignals_...")
        )
    files = {p.stem.removeprefix(_PREFIX): str(p) for p in sorted(folder.glob(f"{_PREFIX}S*.mat"))}
    if not files:
        raise InputError(f"{folder}: no file {_PREFIX}S<site>-<1|2>-<nnnn>.mat in it")
    return files


def site_of(participant: str) -> str:
    """``S1`` of ``S1-1-0001``."""
    return participant.split("-")[0]


def find_workbook(root: str | Path, named: str | None) -> Path:
    """The phenotype workbook: the one the config names, else the only one below the root."""
    if named is not None:
        if not Path(named).is_file():
            raise InputError(f"config key cohort.phenotypes: {named}: no such file")
        return Path(named)
    # not deeper: the release's folders of maps hold very many files
    found = [p for pattern in ("*Phenotypic*.xlsx", "*/*Phenotypic*.xlsx") for p in Path(root).glob(pattern)]
    books = sorted(p for p in found if not p.name.startswith("~"))
    if len(books) != 1:
        raise InputError(
            f"config key cohort.root: expected one workbook *Phenotypic*.xlsx in {root} or a folder of it, "
            f"found {some(books) or 'none'}; name it in cohort.phenotypes"
        )
    return books[0]


def read_phenotypes(workbook: str | Path) -> dict[str, pd.DataFrame]:
    """The sheets ``MDD`` and ``Controls`` with our column names, every cell as text."""
    try:
        sheets = pd.read_excel(workbook, sheet_name=None, dtype=str, keep_default_na=False)
    except Exception as error:  # openpyxl raises many kinds for a damaged file
        raise InputError(f"{workbook}: is no readable .xlsx workbook ({error})") from error
    absent = [name for name in ("MDD", "Controls") if name not in sheets]
    if absent:
        raise InputError(f"{workbook}: sheet {some(absent)} is missing; found {some(sheets)}")
    problems = []
    for name, sheet in sheets.items():
        renamed: dict[str, str] = {}
        for column in sheet:
            key = next((k for k in _COLUMNS if str(column).strip().lower().startswith(k)), None)
            if key and _COLUMNS[key] not in renamed.values():
                renamed[column] = _COLUMNS[key]
        sheets[name] = sheet[list(renamed)].rename(columns=renamed).apply(lambda c: c.str.strip())
        needed = ["participant_id", "sex", "age", "education"]
        needed += ["first_episode", "medication", "hamd"] if name == "MDD" else []
        if name in ("MDD", "Controls"):
            problems += [
                f"{workbook}: sheet {name} has no column for {c}; found {some(sheet.columns, 12)}"
                for c in needed
                if c not in sheets[name]
            ]
    raise_if_any(problems)
    return {name: sheets[name][sheets[name]["participant_id"] != ""] for name in ("MDD", "Controls")}


def read_motion(path: str | Path) -> pd.Series:
    """Mean framewise displacement by participant, as text, from a table with participant_id and mean_fd."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"config key cohort.motion: {path}: no such file")
    if path.suffix == ".xlsx":
        table = pd.read_excel(path, dtype=str, keep_default_na=False)
    else:
        table = read_given(path, dtype=str, keep_default_na=False)
    absent = [c for c in ("participant_id", "mean_fd") if c not in table]
    if absent:
        raise InputError(f"{path}: column {some(absent)} is missing; found {some(table.columns)}")
    return table.drop_duplicates("participant_id").set_index("participant_id")["mean_fd"]


def participants(files: dict[str, str], phenotypes: dict[str, pd.DataFrame], motion: pd.Series | None) -> pd.DataFrame:
    """The participants sheet of the release.

    Parameters
    ----------
    files
        From `series_files`.
    phenotypes
        From `read_phenotypes`.
    motion
        From `read_motion`; None: the sheet has no column mean_fd, and nothing is invented.

    Returns
    -------
    DataFrame
        Text. Codes become words (sex M/F, first_episode and medication yes/no), age and education 0 become
        missing. The column ``excluded`` says why a file cannot take part: it belongs to the site that
        repeats another, or nobody describes it.
    """
    sheets = []
    for name, group in (("MDD", "MDD"), ("Controls", "HC")):
        sheet = phenotypes[name].copy()
        sheet["group"] = group
        sheets.append(sheet)
    people = pd.concat(sheets, ignore_index=True).fillna("n/a")
    ids = people["participant_id"]
    people["site"] = ids.map(site_of)
    diagnosis = ids.str.split("-").str[1].map({"1": "MDD", "2": "HC"})
    people["excluded"] = ""
    contradiction = diagnosis.notna() & (diagnosis != people["group"])
    people.loc[contradiction, "excluded"] = "its number and its sheet of the workbook name different diagnoses"
    for column, codes in (("sex", _SEX), ("first_episode", _YES_NO), ("medication", _YES_NO)):
        people[column] = people[column].map(
            lambda text, c=codes: "n/a" if text in _UNKNOWN else c.get(_integer(text), text)
        )
    for column in ("age", "education"):
        people.loc[people[column].map(_integer).isin({"0", *_UNKNOWN}), column] = "n/a"
    undescribed = [p for p in files if p not in set(ids)]
    extra = pd.DataFrame({"participant_id": undescribed})
    if undescribed:
        extra["site"] = [site_of(p) for p in undescribed]
        extra["group"] = ["MDD" if "-1-" in p else "HC" for p in undescribed]
        extra["excluded"] = "it has no row in the phenotype workbook"
        people = pd.concat([people, extra], ignore_index=True).fillna("n/a")
    people.loc[people["site"] == DUPLICATE_SITE, "excluded"] = (
        f"site {DUPLICATE_SITE} repeats the subjects of {DUPLICATED}"
    )
    if motion is not None:
        people["mean_fd"] = people["participant_id"].map(motion).fillna("n/a")
    people["timeseries"] = [files.get(p, f"{_PREFIX}{p}.mat") for p in people["participant_id"]]
    first = ["participant_id", "site", "group", "sex", "age", "education"]
    return people[first + [c for c in people if c not in first]]


def _integer(text: str) -> str:
    """``1.0`` as ``1``: workbooks store codes as numbers."""
    return text[:-2] if text.endswith(".0") else text
