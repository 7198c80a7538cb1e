"""Are patients like controls after treatment? Patients at every time against controls, with a test of equivalence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from amygene.cohort.selection import as_text
from amygene.group.regions import Draws, make_comparison, roi_table
from amygene.io.problems import InputError, raise_if_any
from amygene.models.comparison import count_exceedances
from amygene.models.design import check_design
from amygene.models.site_effects import COVARIATE, IGNORED
from amygene.response.members import absent_columns, values_of
from amygene.stats.equivalence import power_equivalence, tost
from amygene.stats.power import smallest_d

#: what is said of a region at a follow-up
NORMALISED, STILL, UNDECIDED, NEVER = "normalised", "still different", "undecided", "no difference at baseline"


#: columns beside time and region
COLUMNS = [
    "n_case", "n_control", "beta", "se", "t", "df", "p", "q", "p_fwe", "g", "g_ci_low", "g_ci_high", "p_parametric",
    "p_error", "p_equivalence", "power_equivalence", "smallest_g", "verdict",
]  # fmt: skip


def against_controls(
    z: pd.DataFrame,
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    name: str,
    *,
    timepoints: Sequence[str],
    settings: Mapping[str, Any],
    categorical: Sequence[str],
    seed: int,
    n_permutations: int,
    chosen: bool = False,
) -> pd.DataFrame:
    """``_controls.tsv``: a row per time and region.

    Controls are taken at the same time, or at baseline if they were measured once. Null hypotheses: of p, no
    difference; of p_equivalence, a difference of the margin at least. A region is called normalised only where it
    differed at baseline (q < .05) and the difference is now smaller than the margin (p_equivalence < .05); that it no
    longer differs is not enough.

    Parameters
    ----------
    z
        Scans (index) x regions.
    settings
        Of the config: variable, case, control, covariates, exchange_within, margin (standard deviations).
    chosen
        Whether the columns of z were chosen because they differ at baseline: clusters of voxels, which were tested
        family-wise before.
    """
    parts: list[pd.DataFrame] = []
    for time in timepoints:
        frame = compared(sessions, participants, name, time, timepoints[0], settings, categorical)
        values = pd.DataFrame(values_of(frame["unit"], z), index=frame["participant_id"], columns=z.columns)
        comparison, _ = make_comparison(
            values,
            frame,
            name,
            COVARIATE if "site" in settings["covariates"] else IGNORED,
            covariates=settings["covariates"],
            categorical=categorical,
            exchange_within=settings["exchange_within"],
        )
        exceedances, maxima, _ = count_exceedances(comparison, seed, 0, n_permutations)
        table = roi_table(z.columns.tolist(), comparison, [Draws(exceedances, maxima)])
        fitted = comparison.fit()
        table["p_equivalence"] = tost(fitted.t, fitted.df, fitted.scale, settings["margin"])
        limits = list(zip(fitted.df, fitted.scale, strict=True))
        table["power_equivalence"] = [power_equivalence(df, scale, settings["margin"]) for df, scale in limits]
        table["smallest_g"] = [smallest_d(df, scale) for df, scale in limits]
        table.insert(0, "timepoint", time)
        parts.append(table)
    different = np.ones(z.shape[1], dtype=bool) if chosen else (parts[0]["q"] < 0.05).to_numpy()
    for table in parts:
        table["verdict"] = _verdicts(table, different)
    parts[0]["verdict"] = np.where(different, "different", "not different")
    return pd.concat(parts, ignore_index=True)[["timepoint", "region", *COLUMNS]]


def compared(
    sessions: pd.DataFrame,
    participants: pd.DataFrame,
    name: str,
    time: str,
    baseline: str,
    settings: Mapping[str, Any],
    categorical: Sequence[str],
) -> pd.DataFrame:
    """Patients at one time and their controls, checked: a row per participant, ``contrast-{name}`` says who is what.

    Covariates that change from session to session are those of the session, whose timepoint and unit stand beside.
    """
    key = f"response.normalisation.{name}"
    raise_if_any(
        absent_columns(key, [settings["variable"]], participants)
        + absent_columns(key, settings["covariates"], pd.concat([participants[:0], sessions[:0]]))
    )
    role = participants[settings["variable"]].map(as_text)
    role = role.map({as_text(settings["case"]): "case", as_text(settings["control"]): "control"})
    column = f"contrast-{name}"
    own = participants.assign(**{column: role})
    chosen = _at(sessions, time, baseline, set(own.loc[role == "control", "participant_id"]))
    frame = own.merge(chosen, on="participant_id", suffixes=("", "_session"))
    for covariate in settings["covariates"]:
        # what was measured at the session counts
        if f"{covariate}_session" in frame:
            frame[covariate] = frame[f"{covariate}_session"]
    frame = frame[frame[column].notna()].dropna(subset=list(settings["covariates"])).reset_index(drop=True)
    problems = check_design(frame, name, settings, categorical)
    if problems:
        raise InputError(
            [f"{p.replace('contrasts.', 'response.normalisation.', 1)} (patients at {time})" for p in problems]
        )
    return frame


def _at(sessions: pd.DataFrame, time: str, baseline: str, controls: set[str]) -> pd.DataFrame:
    """One session of everybody: at a time, and of controls who lack it at baseline."""
    here = sessions[sessions["timepoint"] == time]
    first = sessions[(sessions["timepoint"] == baseline) & sessions["participant_id"].isin(controls)]
    return pd.concat([here, first[~first["participant_id"].isin(here["participant_id"])]])


def _verdicts(table: pd.DataFrame, different: np.ndarray) -> np.ndarray:
    equal, still = (table["p_equivalence"] < 0.05).to_numpy(), (table["q"] < 0.05).to_numpy()
    return np.select([~different, equal & ~still, still], [NEVER, NORMALISED, STILL], UNDECIDED)
