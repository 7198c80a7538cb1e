"""Figures of the cohort and of the quality of its data."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from amygene.report.style import CASE, CONTROL, GREY


def quality(qc: pd.DataFrame, case: pd.Series, seed: str) -> Figure:
    """Length, motion and connectivity of every participant.

    Parameters
    ----------
    qc
        ``connectivity/qc.tsv``.
    case
        Whether each participant is a case of the first contrast.
    seed
        The seed whose mean connectivity is shown.
    """
    has_motion = "mean_fd" in qc and qc["mean_fd"].notna().any()
    figure, axes = plt.subplots(1, 3 if has_motion else 2, figsize=(9.5 if has_motion else 6.5, 3.2))
    place = qc["site"].astype(str) if "site" in qc else pd.Series("all", index=qc.index)
    _strip(axes[0], place, qc["n_timepoints"], case)
    axes[0].set(title="Length of the series", ylabel="time points")
    _strip(axes[1], place, qc[f"mean_z_{seed}"], case)
    axes[1].set(title=f"Mean connectivity of {seed}", ylabel="mean Fisher z")
    if has_motion:
        x, y = qc["mean_fd"], qc[f"mean_z_{seed}"]
        for group, colour, label in ((case, CASE, "cases"), (~case, CONTROL, "controls")):
            axes[2].scatter(x[group], y[group], s=8, color=colour, alpha=0.5, lw=0, label=label)
        known = x.notna() & y.notna()
        r = np.corrcoef(x[known], y[known])[0, 1]
        axes[2].set(title="Motion and connectivity", xlabel="mean framewise displacement (mm)", ylabel="mean Fisher z")
        axes[2].text(0.97, 0.03, f"r = {r:.2f}", transform=axes[2].transAxes, ha="right", va="bottom")
        axes[2].legend(frameon=False, fontsize=8, loc="upper right")
    return figure


def _strip(axes: Axes, place: pd.Series, values: pd.Series, case: pd.Series) -> None:
    """Values by site, cases and controls beside each other."""
    names = sorted(place.unique())
    spread = np.random.default_rng(0).uniform(-0.12, 0.12, len(values))
    for offset, group, colour in ((-0.18, case, CASE), (0.18, ~case, CONTROL)):
        x = place.map({name: i for i, name in enumerate(names)}) + offset + spread
        axes.scatter(x[group], values[group], s=5, color=colour, alpha=0.5, lw=0)
    for i, name in enumerate(names):
        axes.plot([i - 0.35, i + 0.35], [values[place == name].median()] * 2, color=GREY, lw=1.5)
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 6 else 0)
