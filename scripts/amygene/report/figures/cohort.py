"""Figures of the cohort and of the quality of its data."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from amygene.report.style import CASE, CONTROL, GREY


def quality(qc: pd.DataFrame, case: pd.Series | None, seed: str) -> Figure:
    """Length, motion and connectivity of every participant.

    Parameters
    ----------
    qc
        ``connectivity/qc.tsv``.
    case
        Whether each participant is a case of the first contrast; None in a study without contrasts.
    seed
        The seed whose mean connectivity is shown.
    """
    shown = [(pd.Series(True, index=qc.index), CONTROL, "participants")]
    if case is not None:
        shown = [(case, CASE, "cases"), (~case, CONTROL, "controls")]
    has_motion = "mean_fd" in qc and qc["mean_fd"].notna().any()
    # of connectivity that came ready nobody knows how long the series were
    has_length = "n_timepoints" in qc
    n_panels = 1 + has_length + has_motion
    figure, axes = plt.subplots(1, n_panels, figsize=(0.5 + 3 * n_panels, 3.2), squeeze=False)
    *lengths, connectivity = axes[0, : 1 + has_length]
    place = qc["site"].astype(str) if "site" in qc else pd.Series("all", index=qc.index)
    for panel in lengths:
        _strip(panel, place, qc["n_timepoints"], shown)
        panel.set(title="Length of the series", ylabel="time points")
    _strip(connectivity, place, qc[f"mean_z_{seed}"], shown)
    connectivity.set(title=f"Mean connectivity of {seed}", ylabel="mean Fisher z")
    if has_motion:
        motion = axes[0, -1]
        x, y = qc["mean_fd"], qc[f"mean_z_{seed}"]
        for group, colour, label in shown:
            motion.scatter(x[group], y[group], s=8, color=colour, alpha=0.5, lw=0, label=label)
        known = x.notna() & y.notna()
        r = np.corrcoef(x[known], y[known])[0, 1]
        motion.set(title="Motion and connectivity", xlabel="mean framewise displacement (mm)", ylabel="mean Fisher z")
        motion.text(0.97, 0.03, f"r = {r:.2f}", transform=motion.transAxes, ha="right", va="bottom")
        if case is not None:
            motion.legend(frameon=False, fontsize=8, loc="upper right")
    return figure


def _strip(axes: Axes, place: pd.Series, values: pd.Series, shown: Sequence[tuple[pd.Series, str, str]]) -> None:
    """Values by site, the groups (who, colour, name) beside each other."""
    names = sorted(place.unique())
    spread = np.random.default_rng(0).uniform(-0.12, 0.12, len(values))
    offsets = (-0.18, 0.18) if len(shown) == 2 else (0.0,)
    for offset, (group, colour, _) in zip(offsets, shown, strict=True):
        x = place.map({name: i for i, name in enumerate(names)}) + offset + spread
        axes.scatter(x[group], values[group], s=5, color=colour, alpha=0.5, lw=0)
    for i, name in enumerate(names):
        axes.plot([i - 0.35, i + 0.35], [values[place == name].median()] * 2, color=GREY, lw=1.5)
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 6 else 0)
