"""Demographics: cases against controls, in the whole cohort and at every site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from amygene.models.design import members
from amygene.stats.effect_size import small_sample_correction

COLUMNS = [
    "contrast", "site", "variable", "level", "n_case", "n_control", "case_mean", "case_sd", "control_mean",
    "control_sd", "case_count", "control_count", "test", "statistic", "df", "p", "effect", "effect_size",
]  # fmt: skip


def demographics(participants: pd.DataFrame, contrasts: Sequence[str], variables: Sequence[str]) -> pd.DataFrame:
    """Describe and compare the groups of every contrast.

    Numbers: mean, standard deviation, Welch's t test, Hedges g. Categories: counts per level, chi-squared
    test (with Yates's correction in 2 x 2 tables; Fisher's exact test in 2 x 2 tables with an expected
    count below 5), Cramer's V. Null hypothesis of each: the groups do not differ. The p-values describe the
    groups; they are not corrected for their number.

    Parameters
    ----------
    participants
        Those who are in, with a column ``contrast-{name}`` each.
    contrasts
        Names of the contrasts.
    variables
        Columns to describe; "site" is described in the whole cohort only.

    Returns
    -------
    DataFrame
        One row per contrast, site ("all" first) and variable; a row per level for categories, the test in
        the first of them.
    """
    rows: list[dict[str, Any]] = []
    for contrast in contrasts:
        taking_part = members(participants, contrast)
        case = taking_part[f"contrast-{contrast}"] == "case"
        places = ["all", *(sorted(taking_part["site"].astype(str).unique()) if "site" in taking_part else [])]
        for place in places:
            here = taking_part if place == "all" else taking_part[taking_part["site"].astype(str) == place]
            is_case = case[here.index]
            for variable in variables:
                if variable == "site" and place != "all":
                    continue
                values = here[variable]
                describe = _numbers if pd.api.types.is_numeric_dtype(values) and variable != "site" else _categories
                base = {"contrast": contrast, "site": place, "variable": variable}
                rows += [base | row for row in describe(values[is_case].dropna(), values[~is_case].dropna())]
    return pd.DataFrame(rows, columns=COLUMNS)


def _numbers(case: pd.Series, control: pd.Series) -> list[dict[str, Any]]:
    row: dict[str, Any] = {
        "n_case": len(case),
        "n_control": len(control),
        "case_mean": case.mean(),
        "case_sd": case.std(),
        "control_mean": control.mean(),
        "control_sd": control.std(),
    }
    if min(len(case), len(control)) >= 2 and (case.var() > 0 or control.var() > 0):
        test = stats.ttest_ind(case, control, equal_var=False)
        df = len(case) + len(control) - 2
        pooled = np.sqrt(((len(case) - 1) * case.var() + (len(control) - 1) * control.var()) / df)
        g = (case.mean() - control.mean()) / pooled * float(small_sample_correction(np.array(df)))
        row |= {"test": "Welch t", "statistic": test.statistic, "df": test.df, "p": test.pvalue}
        row |= {"effect": "Hedges g", "effect_size": g}
    return [row]


def _categories(case: pd.Series, control: pd.Series) -> list[dict[str, Any]]:
    levels = sorted(set(case.astype(str)) | set(control.astype(str)))
    counts = np.array([[(group.astype(str) == level).sum() for level in levels] for group in (case, control)])
    rows: list[dict[str, Any]] = [
        {
            "level": level,
            "n_case": len(case),
            "n_control": len(control),
            "case_count": counts[0, j],
            "control_count": counts[1, j],
        }
        for j, level in enumerate(levels)
    ]
    if len(levels) >= 2 and counts.sum(axis=1).min() > 0:
        expected = stats.contingency.expected_freq(counts)
        plain = stats.chi2_contingency(counts, correction=False)
        if counts.shape == (2, 2) and expected.min() < 5:
            rows[0] |= {"test": "Fisher exact", "p": stats.fisher_exact(counts).pvalue}
        else:
            test = stats.chi2_contingency(counts, correction=True)
            rows[0] |= {"test": "chi-squared", "statistic": test.statistic, "df": test.dof, "p": test.pvalue}
        rows[0] |= {"effect": "Cramer V", "effect_size": np.sqrt(plain.statistic / counts.sum())}
    return rows
