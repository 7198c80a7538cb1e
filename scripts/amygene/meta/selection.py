"""Which experiments an analysis takes, and whether they are enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from amygene.io.problems import raise_if_any, some
from amygene.meta.ale import Experiments

#: with fewer, a cluster is mostly one experiment's (Eickhoff 2016, NeuroImage 137:70; Muller 2018, Neurosci Biobehav
#: Rev 84:151)
MIN_EXPERIMENTS = 12


def check_rules(foci: pd.DataFrame, analyses: Mapping[str, Mapping[str, Any]], annotations: Sequence[str] = ()) -> None:
    """Raise one `InputError` if an analysis asks for a column or value that no focus has, or lacks an annotation."""
    problems = [
        f"config key meta.contributions: the foci have no column {column!r}; found {some(foci.columns, 16)}"
        for column in annotations
        if column not in foci
    ]
    for name, rules in analyses.items():
        for column, rule in rules.items():
            if column not in foci:
                problems.append(
                    f"config key meta.{name}: the foci have no column {column!r}; found {some(foci.columns, 16)}"
                )
                continue
            rule = _as_mapping(rule)
            known = set(foci[column].dropna().map(_text))
            for value in [*rule.get("in", []), *rule.get("not_in", [])]:
                if _text(value) not in known:
                    problems.append(
                        f"config key meta.{name}.{column}: no focus has {_text(value)!r}; found {some(sorted(known))}"
                    )
            if ("min" in rule or "max" in rule) and pd.to_numeric(foci[column], errors="coerce").isna().all():
                problems.append(
                    f"config key meta.{name}.{column}: min and max need numbers; found {some(sorted(known), 8)}"
                )
    raise_if_any(problems)
    # subgroups may be empty, they are refused with the reason; a comparison is what the study is about
    problems = [
        f"config key meta.{name}: no focus meets these rules"
        for name, rules in analyses.items()
        if name.startswith("comparisons.") and select(foci, rules).empty
    ]
    raise_if_any(problems)


def select(foci: pd.DataFrame, *rules: Mapping[str, Any]) -> pd.DataFrame:
    """Used foci that meet all rules.

    Parameters
    ----------
    foci
        Of `foci.check_foci`.
    rules
        Column -> value, list of values, or ``{in, not_in, min, max}``. A focus whose value is missing does not meet
        a rule of that column.
    """
    kept = foci["used"].astype(bool)
    for column, rule in (item for one in rules for item in one.items()):
        rule, values = _as_mapping(rule), foci[column]
        kept &= values.notna()
        if "in" in rule:
            kept &= values.map(_text).isin([_text(v) for v in rule["in"]])
        if "not_in" in rule:
            kept &= ~values.map(_text).isin([_text(v) for v in rule["not_in"]])
        numbers = pd.to_numeric(values, errors="coerce") if rule.keys() & {"min", "max"} else None
        if rule.get("min") is not None:
            kept &= numbers >= rule["min"]
        if rule.get("max") is not None:
            kept &= numbers <= rule["max"]
    return foci[kept]


def _as_mapping(rule: Any) -> Mapping[str, Any]:
    if isinstance(rule, Mapping):
        return rule
    return {"in": rule if isinstance(rule, list) else [rule]}


def _text(value: Any) -> str:
    """A value as one would write it: 2.0 as 2."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def merge(foci: pd.DataFrame) -> Experiments:
    """Foci of each sample as one experiment.

    Overlapping samples must not look like independent support (Turkeltaub 2012). The sample size is the mean of the
    merged experiments', rounded down.
    """
    order = foci["sample"].drop_duplicates().tolist()
    groups = foci.groupby("sample", sort=False)
    per_experiment = foci.drop_duplicates(["sample", "experiment"]).groupby("sample", sort=False)["n_subjects"].mean()
    ordered = foci.assign(place=foci["sample"].map({s: i for i, s in enumerate(order)})).sort_values(
        "place", kind="stable"
    )
    return Experiments(
        tuple(map(str, order)),
        np.floor(per_experiment.loc[order].to_numpy()).astype(np.int64),
        np.r_[0, np.cumsum(groups.size().loc[order].to_numpy())],
        ordered[["x", "y", "z"]].to_numpy(dtype=float),
    )


def refusal(n_experiments: int) -> str | None:
    """Why an analysis is not made, or None."""
    if n_experiments >= MIN_EXPERIMENTS:
        return None
    return (
        f"{n_experiments} experiment{'s' * (n_experiments != 1)}; fewer than {MIN_EXPERIMENTS} cannot show "
        "convergence, since a single one could make a cluster"
    )


def categories(foci: pd.DataFrame, column: str) -> pd.Series:
    """Value of an annotation per sample; several are joined by ``+``, none is ``n/a``."""

    def joined(values: pd.Series) -> str:
        return "+".join(sorted(set(values.dropna().map(_text)))) or "n/a"

    return foci.groupby("sample", sort=False)[column].agg(joined)
