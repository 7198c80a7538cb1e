"""Whose response is predicted, as the stage prediction takes participants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from amygene.cohort.outcomes import wide
from amygene.io.problems import raise_if_any
from amygene.response.members import absent_columns, restrict


def predicted(
    participants: pd.DataFrame, outcomes: pd.DataFrame, name: str, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Participants with a known outcome and all clinical columns.

    Parameters
    ----------
    participants
        ``cohort/participants.tsv``.
    outcomes
        ``cohort/outcomes.tsv``.
    name
        Of the prediction.
    settings
        Of the config: outcome, timepoint, measure, where, clinical.

    Returns
    -------
    DataFrame
        With ``baseline`` (of the outcome) and ``contrast-{name}``: case where the outcome is reached, else control.
    """
    key = f"response.predictions.{name}"
    raise_if_any(absent_columns(key, [*settings["where"], *settings["clinical"]], participants))
    people = restrict(participants, settings["where"])
    status, start = (
        wide(outcomes, settings["outcome"], measure, settings["timepoint"])
        for measure in (settings["measure"], "baseline")
    )
    people = people.assign(
        baseline=people["participant_id"].map(start),
        **{f"contrast-{name}": people["participant_id"].map(status).map({1.0: "case", 0.0: "control"})},
    )
    return people.dropna(subset=[f"contrast-{name}", "baseline", *settings["clinical"]]).reset_index(drop=True)
