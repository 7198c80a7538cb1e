"""From a sheet and the state of its files to a cohort, or to one message with everything that is wrong."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import pandas as pd

from amygene.cohort.selection import Exclusions, apply_selection, assign_contrasts
from amygene.cohort.sheet import check_sheet
from amygene.cohort.summary import demographics
from amygene.io.problems import raise_if_any, some
from amygene.models.design import check_design, members

#: what is known of a participant from the files, if the sheet does not say it
MEASURED = ("n_timepoints", "n_constant", "n_kept", "scrubbed", "mean_fd", "max_fd", "df_left")
#: described for every cohort that has them
_USUAL = ("sex", "age", "education", "mean_fd", "n_timepoints")


@dataclass(frozen=True)
class Cohort:
    """Who is in, who is out and why, and how the groups compare."""

    participants: pd.DataFrame
    excluded: pd.DataFrame
    summary: pd.DataFrame


def findings_table(findings: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Findings of participants as `assemble` takes them: everything known of them that is no list."""
    needed = ["participant_id", "values_sha256", "problem", *MEASURED[:2]]
    known = dict.fromkeys([*needed, *(key for f in findings for key in f if key not in ("files", "sessions"))])
    return pd.DataFrame(findings, columns=list(known))


def files_table(findings: Sequence[Mapping[str, Any]], included: Set[str]) -> pd.DataFrame:
    """Files that were read of those who are in, with their hashes: one of series per participant, or one per scan.

    Parameters
    ----------
    findings
        As of `findings_table`; of several scans, ``files`` holds those of each.
    included
        participant_id of those who are in.

    Returns
    -------
    DataFrame
        By participant; columns that nobody has a value in are left out.
    """
    rows = [
        {"participant_id": f["participant_id"], "n_constant": f.get("n_constant")} | scan
        for f in findings
        if f["participant_id"] in included
        for scan in f.get("files", [f])
    ]
    files = pd.DataFrame(rows).sort_values("participant_id", kind="stable")
    columns = ["participant_id", "session", "run", "file", "n_timepoints", "n_constant", "sha256"]
    return files[[c for c in columns if c in files and files[c].notna().any()]]


def used_columns(select: Mapping[str, Any], contrasts: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Columns of the sheet that selection and contrasts use, and those of them that must hold numbers."""
    needed: list[str] = []
    numeric: list[str] = []
    for column, rule in select.items():
        needed.append(column)
        if isinstance(rule, list) or "min" in rule or "max" in rule:
            numeric.append(column)
        if isinstance(rule, dict):
            needed += list(rule.get("for", {}))
    for contrast in contrasts.values():
        needed += [contrast["variable"], *contrast["covariates"]]
        # "site" is the default, and a cohort of one site needs no such column
        if contrast["exchange_within"] not in (None, "site"):
            needed.append(contrast["exchange_within"])
    return list(dict.fromkeys(needed)), numeric


def assemble(
    sheet: pd.DataFrame,
    name: str,
    findings: pd.DataFrame,
    schema: Mapping[str, Any],
    *,
    select: Mapping[str, Any],
    contrasts: Mapping[str, Mapping[str, Any]],
    missing: Sequence[str],
    codes: Mapping[str, Mapping[str, str]],
    categorical: Sequence[str],
    faulty: str,
    other_problems: Sequence[str] = (),
    uncovered: Mapping[str, Mapping[str, float]] | None = None,
    one_grid: bool = False,
) -> Cohort:
    """Check everything, select, and describe.

    Parameters
    ----------
    sheet
        The participants sheet as text; an optional column ``excluded`` holds a reader's own reason to leave a
        participant out.
    name
        Of the sheet, for messages.
    findings
        One row per participant with those of `MEASURED` that the files tell, ``values_sha256`` of the series or
        images, ``grid`` of images, or the ``problem`` of its files.
    schema
        config/schemas/participants.schema.yaml.
    select, missing, codes, categorical
        From the config's ``cohort``.
    contrasts
        From the config.
    faulty
        ``stop``: a participant who is selected but whose file is faulty is a problem. ``exclude``: it is
        excluded with the fault as its reason.
    other_problems
        Found elsewhere; told in the same message.
    uncovered
        Seed -> participants in whom too little of it has signal, and how much. With ``faulty: exclude`` they have
        no map of the seed; else it is a problem.
    one_grid
        Whether all images must lie on one grid.

    Raises
    ------
    InputError
        One message with all problems.
    """
    problems = list(other_problems)
    needed, numeric = used_columns(select, contrasts)
    from_series = [
        c for c in MEASURED if c not in sheet and c in findings and (c in needed or findings[c].notna().any())
    ]
    typed, wrong = check_sheet(
        sheet,
        name,
        schema,
        needed=[c for c in needed if c not in from_series],
        numeric=[c for c in numeric if c not in from_series and c not in categorical],
        missing=missing,
        codes=codes,
    )
    problems += wrong
    # texts where the config's contrasts need numbers and categories are told apart by content
    typed, wrong = _settle_covariates(typed, name, contrasts, categorical)
    problems += wrong
    if "participant_id" not in typed:
        raise_if_any(problems)
    # a column that is missing is told about by now; everything that does not need it is checked all the same
    select, contrasts = _checkable(select, contrasts, {*typed, *from_series})

    found = findings.drop_duplicates("participant_id").set_index("participant_id")
    fault = typed["participant_id"].map(found["problem"])
    unread = ~typed["participant_id"].isin(found.index)
    fault = fault.astype(object)
    fault[unread] = typed["participant_id"][unread] + ": no file of series was found"
    for column in from_series:
        typed[column] = typed["participant_id"].map(found[column]).astype(float)

    exclusions = Exclusions()
    if "excluded" in typed:
        for reason in typed["excluded"].dropna().unique():
            exclusions.add(typed.loc[typed["excluded"] == reason, "participant_id"], "phenotype", str(reason))
        typed = typed.drop(columns="excluded")
    if "site" in typed and typed["site"].isna().all() and "site" not in needed:
        typed = typed.drop(columns="site")
    phenotype = {c: rule for c, rule in select.items() if c not in from_series}
    # whom the reader leaves out needs no further reasons
    apply_selection(typed[[p not in exclusions for p in typed["participant_id"]]], phenotype, exclusions)
    # who is out anyway needs no file: neither the selection's nor those that no contrast asks about
    asked = {
        name: {**contrast, "covariates": [c for c in contrast["covariates"] if c not in from_series]}
        for name, contrast in contrasts.items()
    }
    concerned = assign_contrasts(typed, asked, copy.deepcopy(exclusions)).index
    faults = typed[typed.index.isin(concerned) & fault.notna()]
    if faulty == "exclude":
        for i in faults.index:
            exclusions.add(faults.loc[[i], "participant_id"], "series", str(fault[i]))
    else:
        problems += [str(fault[i]) for i in faults.index]
        # as if the files were mended: the run stops, and what only their faults cause is no problem of its own
        typed.loc[faults.index, from_series] = typed[from_series].median().to_numpy()
    readable = typed[fault.isna()]
    apply_selection(readable, {c: rule for c, rule in select.items() if c in from_series}, exclusions)

    included = assign_contrasts(typed, contrasts, exclusions)
    problems += _same_series(included, found["values_sha256"])
    if one_grid:
        problems += _several_grids(included["participant_id"].drop_duplicates(), found["grid"])
    if faulty != "exclude":
        problems += _uncovered(included["participant_id"].drop(faults.index, errors="ignore"), uncovered or {})
    for contrast, settings in contrasts.items():
        taking_part = members(included, contrast)
        wrong = check_design(taking_part, contrast, settings, categorical)
        problems += wrong or _nobody_to_exchange(taking_part, contrast, settings["exchange_within"])
    raise_if_any(problems)
    usual = [c for c in _USUAL if c in included]
    covariates = [c for contrast in contrasts.values() for c in contrast["covariates"]]
    variables = list(dict.fromkeys([*usual, *covariates, *(["site"] if "site" in included else [])]))
    return Cohort(
        participants=included.reset_index(drop=True),
        excluded=exclusions.table(typed),
        summary=demographics(included, list(contrasts), variables),
    )


def _checkable(
    select: Mapping[str, Any], contrasts: Mapping[str, Mapping[str, Any]], columns: Set[str]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Selection and contrasts without what columns that the sheet lacks would be needed for."""
    rules = {
        c: rule
        for c, rule in select.items()
        if c in columns and (isinstance(rule, list) or columns >= set(rule.get("for", {})))
    }
    kept = {
        name: {
            **contrast,
            "covariates": [c for c in contrast["covariates"] if c in columns],
            "exchange_within": contrast["exchange_within"] if contrast["exchange_within"] in columns else None,
        }
        for name, contrast in contrasts.items()
        if contrast["variable"] in columns
    }
    return rules, kept


def _nobody_to_exchange(taking_part: pd.DataFrame, contrast: str, column: str | None) -> list[str]:
    """Permutations within strata of one group each change nothing."""
    if column is None or column not in taking_part:
        return []
    groups = taking_part.groupby(taking_part[column].astype(str))[f"contrast-{contrast}"].nunique()
    if (groups > 1).any():
        return []
    return [
        f"config key contrasts.{contrast}.exchange_within: no {column} has cases and controls ({some(groups.index)}), "
        "so nobody can be exchanged; use another column, or null to permute freely"
    ]


def _settle_covariates(
    typed: pd.DataFrame, name: str, contrasts: Mapping[str, Mapping[str, Any]], categorical: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Covariates that hold numbers become numbers (site never); a mixture of numbers and text is a problem."""
    problems = []
    covariates = dict.fromkeys(c for contrast in contrasts.values() for c in contrast["covariates"])
    for column in covariates:
        if column not in typed or column in (*categorical, "site") or typed[column].dtype != object:
            continue
        numbers = pd.to_numeric(typed[column], errors="coerce")
        known = typed[column].notna()
        is_text = known & numbers.isna()
        if known.any() and not is_text.any():
            typed[column] = numbers.astype(float)
        elif is_text.any() and (known & ~is_text).any():
            found = [f"{typed[column][i]!r} ({typed['participant_id'][i]})" for i in typed.index[is_text]]
            problems.append(
                f"{name}: column {column!r}: found {some(found)} where a number belongs (others are numbers); "
                "correct it, add the text to cohort.missing, or name the column in cohort.categorical"
            )
    return typed, problems


def _several_grids(ids: pd.Series, grids: pd.Series) -> list[str]:
    """Images that cannot be compared voxel by voxel."""
    groups = ids.groupby(ids.map(grids)).apply(list).sort_values(key=lambda lists: -lists.map(len))
    if len(groups) < 2:
        return []
    words = "; ".join(f"{grid} in {len(who)} participants ({some(who, 3)})" for grid, who in groups.items())
    return [
        f"the images lie on {len(groups)} grids: {words}; set connectivity.voxel_size (mm) to put all maps on one, or "
        "leave participants out (cohort.select)"
    ]


def _uncovered(ids: pd.Series, uncovered: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Seeds outside of somebody's field of view."""
    problems = []
    for seed, shares in uncovered.items():
        who = [f"{p} ({100 * shares[p]:.0f} %)" for p in ids if p in shares]
        if len(who) == len(ids) > 0 and not any(shares.values()):
            problems.append(
                f"config key seeds: no voxel of {seed} has signal in anybody; is it in MNI mm, inside the brain, and "
                "larger than a voxel?"
            )
        elif who:
            problems.append(
                f"config key seeds: too little of {seed} has signal in {some(who)}; leave these participants out "
                "(cohort.select), lower connectivity.min_seed_coverage, or set cohort.faulty: exclude to leave out "
                "only their maps of the seed"
            )
    return problems


def _same_series(included: pd.DataFrame, hashes: pd.Series) -> list[str]:
    """Participants whose series are the same to the last bit: one person entered twice."""
    ids = included["participant_id"].drop_duplicates()
    groups = ids.groupby(ids.map(hashes)).apply(list)
    return [
        f"participants {some(same)} have identical series; keep one of them (cohort.select)"
        for same in groups
        if len(same) > 1
    ]
