"""Figures of genes and null maps."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from amygene.genes.association import following
from amygene.report.style import CASE, CONTROL, GREY, SKY

N_LABELS = 6


def genes(table: pd.DataFrame, counts: dict[str, Any], null_counts: np.ndarray) -> Figure:
    """Correlation and p of every gene, and the count of genes under the null maps."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.8, 3.4), width_ratios=[1.5, 1])
    known = table.dropna(subset="r")
    found = following(known)
    height = -np.log10(known["p_null"])
    left.scatter(known["r"][~found], height[~found], s=4, color=GREY, alpha=0.35, lw=0, rasterized=True)
    left.scatter(
        known["r"][found],
        height[found],
        s=6,
        color=CASE,
        alpha=0.6,
        lw=0,
        label="follow the map",
        rasterized=True,
    )
    away = (known["r"] - known["null_mean"]).sort_values()
    for names, x, side in (
        (away.index[:N_LABELS], 0.02, "left"),
        (away.index[::-1][:N_LABELS], 0.98, "right"),
    ):
        listed = "\n".join(known.loc[names, "gene"])
        left.text(x, 0.03, listed, transform=left.transAxes, ha=side, va="bottom", fontsize=7, style="italic")
    left.set(title="Genes that follow the map", xlabel="r over regions", ylabel="−log10 p under null maps")
    if found.any():
        left.legend(frameon=False, fontsize=8, loc="upper center")
    right.hist(null_counts, bins=40, color=SKY)
    right.axvline(counts["genes_q_parametric"], color=CASE, lw=2)
    right.set(title="Count test", xlabel="genes at parametric q < .05", ylabel="null maps", yscale="log")
    # the usual formatter writes formulas, which are not parsed here
    right.yaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
    right.yaxis.set_minor_formatter(lambda *_: "")
    words = f"observed {counts['genes_q_parametric']}\np = {counts['p_count']:.2g}"
    right.text(0.97, 0.95, words, transform=right.transAxes, ha="right", va="top", fontsize=8, color=CASE)
    return figure


def nulls(table: pd.DataFrame) -> Figure:
    """Variograms of the map and of its null maps, per structure.

    Parameters
    ----------
    table
        ``_nulls.tsv``.
    """
    variograms = table[table["measure"] == "variogram"]
    structures = list(dict.fromkeys(variograms["structure"]))
    figure, axes = plt.subplots(1, max(1, len(structures)), figsize=(3.2 * max(1, len(structures)), 2.7), squeeze=False)
    for axis, structure in zip(axes[0], structures, strict=False):
        rows = variograms[variograms["structure"] == structure]
        axis.fill_between(
            rows["distance"],
            rows["null_low"],
            rows["null_high"],
            color=SKY,
            alpha=0.4,
            lw=0,
            label="null maps, 95 %",
        )
        axis.plot(rows["distance"], rows["null_median"], color=CONTROL, lw=1, label="their median")
        axis.plot(rows["distance"], rows["observed"], color=CASE, lw=1.8, label="map")
        axis.set(title=f"{structure} ({rows['n_regions'].iloc[0]} regions)", xlabel="distance (mm)", ylim=(0, None))
    axes[0, 0].set_ylabel("variogram")
    axes[0, 0].legend(frameon=False, fontsize=7)
    return figure


def calibration(table: pd.DataFrame) -> Figure:
    """False positive rate of every null by the difference between structures.

    Parameters
    ----------
    table
        ``_calibration.tsv``.
    """
    shifts, nulls = list(dict.fromkeys(table["shift"])), list(dict.fromkeys(table["null"]))
    figure, axes = plt.subplots(figsize=(6.6, 2.7))
    for i, (null, colour) in enumerate(zip(nulls, (GREY, SKY, CONTROL, CASE), strict=False)):
        rows = table[table["null"] == null].set_index("shift").loc[shifts]
        x = np.arange(len(shifts)) + (i - (len(nulls) - 1) / 2) * 0.2
        axes.bar(x, rows["rate"], 0.18, yerr=1.96 * rows["error"], color=colour, error_kw={"lw": 0.8}, label=null)
    axes.axhline(0.05, color="black", lw=0.9, ls="--")
    axes.set_xticks(range(len(shifts)), shifts)
    axes.set(title="False positives at p < .05 (dashed: what they should be)", xlabel="difference between structures")
    axes.set_ylabel("rate")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
