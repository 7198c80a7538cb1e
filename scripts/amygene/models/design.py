"""The design of a contrast: who is a case, what is adjusted for, who may be exchanged with whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from amygene.stats.design import Design
from amygene.stats.linear_model import clean, orthonormal_basis


def members(participants: pd.DataFrame, contrast: str) -> pd.DataFrame:
    """The participants who take part in a contrast, in the order of the sheet."""
    return participants[participants[f"contrast-{contrast}"].isin(["case", "control"])]


def site_codes(frame: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Number of each participant's site, and the sites' names in alphabetic order; one site without such a column."""
    if "site" not in frame:
        return np.zeros(len(frame), dtype=int), ["all"]
    sites = pd.Categorical(frame["site"].astype(str))
    return sites.codes.astype(int), list(sites.categories)


def make_design(
    frame: pd.DataFrame,
    contrast: str,
    covariates: Sequence[str],
    categorical: Sequence[str],
    exchange_within: str | None,
) -> Design:
    """Encode the participants of a contrast.

    Parameters
    ----------
    frame
        Participants of the contrast, none lacking a covariate.
    contrast
        Its name.
    covariates
        Columns to adjust for. Text columns and those in `categorical` become one column per level but the
        first; the others are standardised numbers.
    categorical
        Columns whose numbers are codes.
    exchange_within
        Column whose levels are the strata ("site"), or None if everybody is exchangeable.
    """
    case = (frame[f"contrast-{contrast}"] == "case").to_numpy(dtype=float)
    columns = [np.ones(len(frame))]
    names = ["intercept"]
    # site first: its columns are constant within sites and drop out of permutations within site
    for covariate in sorted(covariates, key=lambda c: c != "site"):
        values = frame[covariate]
        if covariate in categorical or values.dtype == object:
            levels = sorted(values.astype(str).unique())
            encoded = [(values.astype(str) == level).to_numpy(dtype=float) for level in levels[1:]]
        else:
            number = values.to_numpy(dtype=float)
            spread = number.std()
            encoded = [(number - number.mean()) / spread if spread > 0 else number * 0]
        columns += encoded
        names += [covariate] * len(encoded)
    strata = np.zeros(len(frame), dtype=int)
    if exchange_within is not None and exchange_within in frame:
        strata = pd.Categorical(frame[exchange_within].astype(str)).codes.astype(int)
    return Design(case, np.column_stack(columns), np.array(names), strata)


def check_design(
    frame: pd.DataFrame,
    contrast: str,
    settings: Mapping[str, Any],
    categorical: Sequence[str],
    min_per_group: int = 3,
) -> list[str]:
    """Problems that make the model of a contrast meaningless: found before any work.

    Empty or tiny groups, covariates that do not vary, covariates that site or others determine, and a group
    difference that the covariates determine.
    """
    key = f"config key contrasts.{contrast}"
    role = frame[f"contrast-{contrast}"]
    problems = []
    for word in ("case", "control"):
        n = int((role == word).sum())
        if n < min_per_group:
            found = frame[settings["variable"]].astype(str).value_counts().to_dict()
            problems.append(
                f"{key}: group {settings[word]!r} ({word}) has {n} participants after selection, "
                f"at least {min_per_group} are needed; {settings['variable']} of those left: {found or 'nobody'}"
            )
    if problems:
        return problems
    for covariate in settings["covariates"]:
        if frame[covariate].nunique() < 2:
            problems.append(
                f"{key}: covariate {covariate} is {frame[covariate].iloc[0]} in everybody; take it out of covariates"
            )
    design = make_design(frame, contrast, settings["covariates"], categorical, None)
    basis, kept = orthonormal_basis(design.nuisance)
    varying = [c for c in settings["covariates"] if frame[c].nunique() > 1]
    for covariate in dict.fromkeys(design.names[j] for j in range(len(design.names)) if j not in kept):
        if covariate in varying:
            culprit = (
                "site"
                if "site" in design.names and covariate != "site" and _within(design, covariate, "site")
                else None
            )
            by = culprit or "the covariates before it"
            problems.append(f"{key}: covariate {covariate} is determined by {by}; take one of them out of covariates")
    if clean(design.case, basis)[1] == 0:
        problems.append(
            f"{key}: the groups cannot be told from the covariates {', '.join(settings['covariates'])} "
            "(every site has one group only?); take the covariate that separates them out"
        )
    free = len(frame) - basis.shape[1] - 1
    if free < 1:
        problems.append(
            f"{key}: {len(frame)} participants leave no degree of freedom for {basis.shape[1]} covariate columns"
        )
    return problems


def _within(design: Design, covariate: str, site: str) -> bool:
    """Whether site alone determines the covariate."""
    names = design.names
    basis, _ = orthonormal_basis(design.nuisance[:, (names == "intercept") | (names == site)])
    return all(clean(column, basis)[1] == 0 for column in design.nuisance[:, names == covariate].T)
