"""Figures of the group difference."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from amygene.report.style import CASE, CONTROL, GREY, MARK, short

N_REGIONS = 20
_WAYS = {
    "covariate": "site as covariate",
    "none": "site ignored",
    "combat": "ComBat",
    "random-effects": "random effects",
}


def effects(table: pd.DataFrame, title: str) -> Figure:
    """Hedges g with its interval, of the regions with the largest |t|.

    Parameters
    ----------
    table
        ``_stat-t_roi.tsv``.
    """
    top = table.dropna(subset="t").loc[lambda t: t["t"].abs().sort_values(ascending=False).index].head(N_REGIONS)[::-1]
    figure, axes = plt.subplots(figsize=(5.6, 0.24 * len(top) + 1.1))
    y = np.arange(len(top))
    colours = np.where(top["p_fwe"] < 0.05, CASE, np.where(top["q"] < 0.05, MARK, GREY))
    axes.hlines(y, top["g_ci_low"], top["g_ci_high"], color=colours, lw=1.5)
    axes.scatter(top["g"], y, color=colours, s=22, zorder=3)
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(y, [short(r, 34) for r in top["region"]])
    axes.set(title=title, xlabel="Hedges g (95 % CI); left: less in cases")
    for colour, label in ((CASE, "family-wise p < .05"), (MARK, "q < .05"), (GREY, "neither")):
        axes.scatter([], [], color=colour, s=22, label=label)
    axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.4, -0.12 - 0.8 / len(top)), ncols=3)
    return figure


def harmonisation(table: pd.DataFrame) -> Figure:
    """Effects under three ways to deal with sites against those with site as a covariate.

    Hedges g, not t: the t of random effects has as many degrees of freedom as there are sites, less one.
    """
    g = table.pivot(index="region", columns="site_effects", values="g")
    others = [way for way in _WAYS if way != "covariate" and way in g and g[way].notna().any()]
    figure, axes = plt.subplots(1, max(len(others), 1), figsize=(2.7 * max(len(others), 1), 2.8), squeeze=False)
    for axis, way in zip(axes[0], others, strict=False):
        both = g[["covariate", way]].dropna()
        reach = np.abs(both.to_numpy()).max() * 1.08
        axis.plot([-reach, reach], [-reach, reach], color=GREY, lw=0.8)
        axis.scatter(both["covariate"], both[way], s=10, color=CONTROL, alpha=0.7, lw=0)
        r = np.corrcoef(both["covariate"], both[way])[0, 1]
        axis.set(title=_WAYS[way], xlabel="g, site as covariate", ylabel=f"g, {_WAYS[way]}")
        axis.text(0.04, 0.96, f"r = {r:.2f}", transform=axis.transAxes, va="top")
    return figure
