"""Figures of the group difference at sites that were left out, and at every site."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from amygene.report.style import CASE, CONTROL, GREEN, GREY, short

N_FORESTS = 3


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
