"""Figures of the group difference and of its validation."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from amygene.models.choices import SITE_EFFECTS
from amygene.models.site_effects import COVARIATE
from amygene.report.style import CASE, CONTROL, GREEN, GREY, MARK, short

N_REGIONS, N_FORESTS = 20, 3


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
    """Effects under other ways to deal with sites against those with site as a covariate.

    Hedges g, not t: the t of random effects has as many degrees of freedom as there are sites, less one.
    """
    g = table.pivot(index="region", columns="site_effects", values="g")
    first = COVARIATE.name
    others = [way for way in SITE_EFFECTS if way != first and way in g and g[way].notna().any()]
    figure, axes = plt.subplots(1, max(len(others), 1), figsize=(2.7 * max(len(others), 1), 2.8), squeeze=False)
    for axis, way in zip(axes[0], others, strict=False):
        both = g[[first, way]].dropna()
        reach = np.abs(both.to_numpy()).max() * 1.08
        axis.plot([-reach, reach], [-reach, reach], color=GREY, lw=0.8)
        axis.scatter(both[first], both[way], s=10, color=CONTROL, alpha=0.7, lw=0)
        r = np.corrcoef(both[first], both[way])[0, 1]
        label = SITE_EFFECTS[way].label
        axis.set(title=label, xlabel=f"g, {SITE_EFFECTS[first].label}", ylabel=f"g, {label}")
        axis.text(0.04, 0.96, f"r = {r:.2f}", transform=axis.transAxes, va="top")
    return figure


def leave_one_out(table: pd.DataFrame) -> Figure:
    """Both views of leaving a site out, per site.

    Parameters
    ----------
    table
        ``_loso.tsv``.
    """
    y = np.arange(len(table))[::-1]
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 0.32 * len(table) + 1.6), sharey=True)
    left.hlines(
        y,
        table["r_null_low"],
        table["r_null_high"],
        color=GREY,
        lw=7,
        alpha=0.45,
        label="band under no difference",
    )
    left.scatter(table["r_with_full"], y, color=CONTROL, s=26, zorder=3, label="without the site, against all")
    left.set(title="Replicate: shares participants", xlabel="r of T-maps", xlim=(-0.05, 1.03))
    left.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.28 * 5 / (len(table) + 3)))
    left.set_yticks(
        y,
        [f"{s}  ({c} / {k})" for s, c, k in zip(table["site"], table["n_case"], table["n_control"], strict=True)],
    )
    significant = table["p_heldout_rest"] < 0.05
    right.axvline(0, color="black", lw=0.8)
    right.scatter(table["r_heldout_rest"], y, color=np.where(significant, CASE, GREY), s=30, zorder=3)
    for value, p, note, position in zip(
        table["r_heldout_rest"], table["p_heldout_rest"], table["note"], y, strict=True
    ):
        if np.isfinite(value):
            words = f"p < {10 ** np.ceil(np.log10(p)):g}" if p < 0.001 else f"p = {p:.3f}"
            right.annotate(words, (value, position), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8)
        else:
            right.annotate(str(note), (0, position), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8)
    reach = max(0.6, float(np.nanmax(np.abs(table["r_heldout_rest"]), initial=0)) + 0.35)
    right.set(title="Test: site alone against the rest", xlabel="r of T-maps", xlim=(-reach, reach))
    return figure


def forests(forest: pd.DataFrame, table: pd.DataFrame) -> Figure:
    """The difference at every site and pooled, for the regions with the largest |t|."""
    regions = (
        table.dropna(subset="t")
        .loc[lambda t: t["t"].abs().sort_values(ascending=False).index, "region"]
        .head(N_FORESTS)
    )
    n_sites = forest["site"].nunique()
    figure, axes = plt.subplots(
        1, len(regions), figsize=(3.1 * len(regions), 0.27 * n_sites + 1.1), sharey=True, squeeze=False
    )
    for axis, region in zip(axes[0], regions, strict=True):
        rows = forest[forest["region"] == region].reset_index(drop=True)
        y = np.arange(len(rows))[::-1]
        pooled = (rows["site"] == "pooled").to_numpy()
        axis.axvline(0, color="black", lw=0.8)
        axis.hlines(y, rows["g_ci_low"], rows["g_ci_high"], color=np.where(pooled, GREEN, GREY), lw=1.5)
        size = 12 + 45 * np.sqrt((rows["n_case"] + rows["n_control"]) / (rows["n_case"] + rows["n_control"]).max())
        axis.scatter(rows["g"], y, s=size, marker="s", color=np.where(pooled, GREEN, CONTROL), zorder=3)
        last = rows.iloc[-1]
        low, high = np.nanmin(rows["g"]) - 1, np.nanmax(rows["g"]) + 1
        axis.set(title=short(str(region), 26), xlabel=f"Hedges g;  I² = {100 * last['i2']:.0f} %", xlim=(low, high))
        axis.set_yticks(y, [short(str(s), 22) for s in rows["site"]])
    return figure
