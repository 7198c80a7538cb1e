"""Who is in, who is out, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

#: the steps of exclusion, in the order of a flow chart
STEPS = ("phenotype", "series", "selection", "contrast")


class Exclusions:
    """Reasons per participant; the first step that fails is the one a flow chart counts."""

    def __init__(self) -> None:
        self._reasons: dict[str, list[tuple[int, str]]] = {}
        self._partial: dict[str, list[tuple[str, str]]] = {}

    def add(self, participants: pd.Series, step: str, reason: str) -> None:
        """Exclude participants at a step for a reason."""
        for participant in participants:
            self._reasons.setdefault(participant, []).append((STEPS.index(step), reason))

    def add_partial(self, participant: str, contrast: str, reason: str) -> None:
        """Exclude a participant from one contrast only."""
        self._partial.setdefault(participant, []).append((contrast, reason))

    def __contains__(self, participant: str) -> bool:
        return participant in self._reasons

    def table(self, sheet: pd.DataFrame) -> pd.DataFrame:
        """Who is out, in the order of the sheet: step, contrast ("all", or the one it misses) and all reasons."""
        rows = []
        for i, participant in enumerate(sheet["participant_id"]):
            person = {
                "participant_id": participant,
                "site": sheet["site"].iloc[i] if "site" in sheet else None,
                "group": sheet["group"].iloc[i] if "group" in sheet else None,
            }
            if participant in self._reasons:
                reasons = sorted(self._reasons[participant], key=lambda r: r[0])
                text = "; ".join(text for _, text in reasons)
                rows.append(person | {"contrast": "all", "step": STEPS[reasons[0][0]], "reason": text})
            else:
                for contrast, text in self._partial.get(participant, []):
                    rows.append(person | {"contrast": contrast, "step": "contrast", "reason": text})
        return pd.DataFrame(rows, columns=["participant_id", "site", "group", "contrast", "step", "reason"])


def apply_selection(sheet: pd.DataFrame, rules: Mapping[str, Any], exclusions: Exclusions) -> None:
    """Apply the config's ``cohort.select``.

    Parameters
    ----------
    sheet
        Typed participants.
    rules
        Column -> ``[low, high]`` (null = open) or ``{min, max, in, not_in, for}``. ``for`` limits the rule
        to participants with a value in another column: ``{min: 14, for: {group: MDD}}``.
    exclusions
        Collects who is out. A participant whose value is missing is out too.
    """
    for column, rule in rules.items():
        concerned = pd.Series(True, index=sheet.index)
        if isinstance(rule, list):
            rule = {"min": rule[0], "max": rule[1]}
        for other, value in rule.get("for", {}).items():
            concerned &= sheet[other].astype(str) == str(value)
        values = sheet[column]
        unknown = concerned & values.isna()
        exclusions.add(sheet.loc[unknown, "participant_id"], "selection", f"{column} is missing")
        checks = []
        if rule.get("min") is not None:
            checks.append((values < rule["min"], f"below {rule['min']}"))
        if rule.get("max") is not None:
            checks.append((values > rule["max"], f"above {rule['max']}"))
        if "in" in rule:
            checks.append((~values.map(as_text).isin([as_text(v) for v in rule["in"]]), f"not in {rule['in']}"))
        if "not_in" in rule:
            checks.append((values.map(as_text).isin([as_text(v) for v in rule["not_in"]]), f"in {rule['not_in']}"))
        for failed, words in checks:
            out = concerned & ~unknown & failed
            for i in sheet.index[out]:
                one = sheet.loc[[i], "participant_id"]
                exclusions.add(one, "selection", f"{column} {_shown(values[i])} is {words}")


def _shown(value: Any) -> str:
    """A value for a person to read: 12.3456789 as 12.35."""
    is_number = isinstance(value, float | np.floating)
    return f"{value:.4g}" if is_number and abs(float(value)) < 1e4 else as_text(value)


def as_text(value: Any) -> str:
    """A value as one would write it: 2.0 as 2."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def assign_contrasts(
    sheet: pd.DataFrame, contrasts: Mapping[str, Mapping[str, Any]], exclusions: Exclusions
) -> pd.DataFrame:
    """Say of every participant who is still in whether it is case or control of each contrast.

    A participant who lacks a covariate of a contrast, its site, or the value within which participants are
    exchanged takes no part in it; one who takes part in none is excluded with the reasons.

    Returns
    -------
    DataFrame
        The participants who are in, with a column ``contrast-{name}`` of case, control or missing each.
    """
    included = sheet[[p not in exclusions for p in sheet["participant_id"]]].copy()
    if not contrasts:
        return included
    ids = included["participant_id"]
    absent: dict[str, list[tuple[str, str]]] = {p: [] for p in ids}
    for name, contrast in contrasts.items():
        variable = contrast["variable"]
        level = included[variable].map(lambda v: "missing" if pd.isna(v) else as_text(v))
        role = level.map({as_text(contrast["case"]): "case", as_text(contrast["control"]): "control"})
        for participant, found in zip(ids[role.isna()], level[role.isna()], strict=True):
            absent[participant].append((name, f"{variable} is {found}, in neither group of {name}"))
        for covariate in contrast["covariates"]:
            lacking = role.notna() & included[covariate].isna()
            for participant in ids[lacking]:
                absent[participant].append((name, f"{covariate} is missing, a covariate of {name}"))
        # nobody knows whom such a participant could be exchanged with, or with which site it is left out
        strata = [c for c in dict.fromkeys(("site", contrast["exchange_within"])) if c in included]
        strata = [c for c in strata if c not in contrast["covariates"]]
        for column in strata:
            for participant in ids[role.notna() & included[column].isna()]:
                absent[participant].append((name, f"{column} is missing, which {name} needs to permute or validate"))
        complete = included[[*contrast["covariates"], *strata]].notna().all(axis=1)
        included[f"contrast-{name}"] = role.where(complete, None)
    out = included[[f"contrast-{name}" for name in contrasts]].isna().all(axis=1)
    for participant, nowhere in zip(ids, out, strict=True):
        if nowhere:
            text = "; ".join(dict.fromkeys(reason for _, reason in absent[participant]))
            exclusions.add(pd.Series([participant]), "contrast", text)
            continue
        for name, reason in absent[participant]:
            if "neither group" not in reason:
                exclusions.add_partial(participant, name, reason)
    return included[~out]
