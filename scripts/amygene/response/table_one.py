"""The groups of a model compared at baseline: a study's Table 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from amygene.response.members import Measured

#: described wherever they are known
_USUAL = ("site", "sex", "age", "education", "mean_fd")
COLUMNS = [
    "variable",
    "level",
    "group",
    "n",
    "mean",
    "sd",
    "count",
    "test",
    "statistic",
    "df",
    "p",
    "effect",
    "effect_size",
]


def table_one(
    measured: Measured,
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    outcomes: pd.DataFrame,
    covariates: Sequence[str],
    categorical: Sequence[str],
) -> pd.DataFrame:
    """Describe and compare the groups.

    Numbers: mean and standard deviation; Welch's t test and Hedges g for two groups, Welch's analysis of variance and
    eta squared for more. Categories: counts; chi-squared test (with Yates's correction in 2 x 2 tables; Fisher's exact
    test in 2 x 2 tables with an expected count below 5), Cramer's V. Outcomes: their baseline. Null hypothesis of
    each: the groups do not differ. The p describe the groups; they are not corrected for their number.

    Returns
    -------
    DataFrame
        `COLUMNS`: a row per variable, level of a category, and group; the test in the rows of group "all".
    """
    people = measured.frame.drop_duplicates("participant_id")[["participant_id", "group"]]
    first = sessions.sort_values("timepoint", key=lambda t: t != measured.timepoints[0], kind="stable")
    first = first.drop_duplicates("participant_id")
    frame = people.merge(participants.drop(columns="group", errors="ignore"), on="participant_id", how="left")
    for column in [c for c in first if c not in frame and c not in ("session", "timepoint", "unit")]:
        frame[column] = frame["participant_id"].map(first.set_index("participant_id")[column])
    variables = [c for c in dict.fromkeys([*_USUAL, *covariates]) if c in frame and frame[c].notna().any()]
    for outcome, rows in outcomes.groupby("outcome", sort=False):
        start = rows.drop_duplicates("participant_id").set_index("participant_id")["baseline"]
        if start.notna().any():
            name = f"{outcome} at baseline"
            frame[name] = frame["participant_id"].map(start)
            variables.append(name)
    found: list[dict[str, Any]] = []
    for variable in variables:
        values = frame[variable]
        if variable in categorical or variable == "site" or values.dtype == object:
            found += _categories(variable, values, frame["group"], measured.levels)
        else:
            found += _numbers(variable, values.astype(float), frame["group"], measured.levels)
    return pd.DataFrame(found, columns=COLUMNS)


def _numbers(variable: str, values: pd.Series, group: pd.Series, levels: Sequence[str]) -> list[dict[str, Any]]:
    samples = [values[(group == level)].dropna().to_numpy() for level in levels]
    rows: list[dict[str, Any]] = [
        {"variable": variable, "group": level, "n": len(x), "mean": x.mean() if len(x) else np.nan, "sd": _sd(x)}
        for level, x in zip(levels, samples, strict=True)
    ]
    if len(levels) < 2 or min(map(len, samples)) < 2 or all(np.ptp(x) == 0 for x in samples):
        return rows
    row: dict[str, Any] = {"variable": variable, "group": "all", "n": sum(map(len, samples))}
    if len(levels) == 2:
        a, b = samples
        test = stats.ttest_ind(b, a, equal_var=False)
        df = len(a) + len(b) - 2
        pooled = np.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / df)
        g = (b.mean() - a.mean()) / pooled * (1 - 3 / (4 * df - 1))
        row |= {"test": "Welch t", "statistic": test.statistic, "df": test.df, "p": test.pvalue}
        row |= {"effect": "Hedges g", "effect_size": g}
    elif all(np.ptp(x) > 0 for x in samples):
        row |= _welch_anova(samples)
    return [*rows, row]


def _welch_anova(samples: Sequence[np.ndarray]) -> dict[str, Any]:
    """Welch 1951, Biometrika 38:330: means of groups with unequal variances."""
    n, mean = np.array([len(x) for x in samples]), np.array([x.mean() for x in samples])
    weight = n / np.array([x.var(ddof=1) for x in samples])
    k, total = len(samples), weight.sum()
    centre = (weight * mean).sum() / total
    spread = ((1 - weight / total) ** 2 / (n - 1)).sum()
    f = (weight * (mean - centre) ** 2).sum() / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
    df2 = (k**2 - 1) / (3 * spread)
    everything = np.concatenate(samples)
    between = (n * (mean - everything.mean()) ** 2).sum()
    return {
        "test": "Welch F",
        "statistic": f,
        "df": df2,
        "p": stats.f.sf(f, k - 1, df2),
        "effect": "eta squared",
        "effect_size": between / ((everything - everything.mean()) ** 2).sum(),
    }


def _categories(variable: str, values: pd.Series, group: pd.Series, levels: Sequence[str]) -> list[dict[str, Any]]:
    text = values.dropna().astype(str)
    counts = pd.crosstab(group[text.index], text).reindex(list(levels), fill_value=0)
    rows: list[dict[str, Any]] = [
        {
            "variable": variable,
            "level": level,
            "group": one,
            "n": int(counts.loc[one].sum()),
            "count": int(counts.loc[one, level]),
        }
        for level in counts
        for one in levels
    ]
    table = counts.to_numpy()
    if min(table.shape) < 2 or table.sum(axis=1).min() == 0:
        return rows
    row: dict[str, Any] = {"variable": variable, "group": "all", "n": int(table.sum())}
    plain = stats.chi2_contingency(table, correction=False)
    if table.shape == (2, 2) and plain.expected_freq.min() < 5:
        row |= {"test": "Fisher exact", "p": stats.fisher_exact(table).pvalue}
    else:
        test = stats.chi2_contingency(table, correction=True)
        row |= {"test": "chi-squared", "statistic": test.statistic, "df": test.dof, "p": test.pvalue}
    effect = np.sqrt(plain.statistic / table.sum() / (min(table.shape) - 1))
    return [*rows, row | {"effect": "Cramer V", "effect_size": effect}]


def _sd(x: np.ndarray) -> float:
    return float(x.std(ddof=1)) if len(x) > 1 else float("nan")
