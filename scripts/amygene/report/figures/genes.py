"""Figures of genes, null maps and gene sets."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from amygene.genes.association import following
from amygene.report.style import CASE, CONTROL, DIVERGING, GREY, SKY, short

N_SETS, N_LABELS, N_CLUSTERS = 15, 6, 12


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


def bubbles(table: pd.DataFrame, title: str) -> Figure:
    """The sets with the smallest p: score, size and p."""
    order = np.lexsort((-table["z_null"].abs(), table["p_null"]))[:N_SETS][::-1]
    top = table.iloc[order]
    figure, axes = plt.subplots(figsize=(7.2, 0.27 * len(top) + 1.2))
    y = np.arange(len(top))
    drawn = axes.scatter(
        top["score"],
        y,
        s=14 + 110 * np.sqrt(top["n_genes"] / top["n_genes"].max()),
        c=-np.log10(top["p_null"]),
        cmap="viridis_r",
        vmin=0,
        vmax=4,
        edgecolor=np.where(following(top), "black", "none"),
        lw=1.2,
        zorder=3,
    )
    axes.axvline(0, color="black", lw=0.8)
    axes.grid(axis="y", color="#e5e5e5", lw=0.6)
    axes.set_yticks(y, [short(s, 52) for s in top["set"]])
    axes.set(title=title, xlabel="mean correlation of the set's genes with the map (outlined: they follow it)")
    figure.colorbar(drawn, ax=axes, label="−log10 p", shrink=0.6)
    return figure


def network(clusters: pd.DataFrame, similarity: np.ndarray) -> Figure:
    """Clusters of sets that share genes, each named by its best set; sets that share with none are counted.

    Parameters
    ----------
    clusters
        ``_clusters.tsv``.
    similarity : array of shape (n_sets, n_sets)
        Kappa of the memberships, in the same order.
    """
    import networkx as nx  # of all these figures only this one waits for it

    sizes = clusters.groupby("cluster").size()
    shown = sizes[sizes > 1].sort_values(ascending=False, kind="stable").index[:N_CLUSTERS]
    alone = int((sizes == 1).sum())
    rest = int((sizes > 1).sum()) - len(shown)
    n_rows = max(1, -(-len(shown) // 4))
    figure, axes = plt.subplots(n_rows, 4, figsize=(9.4, 2.2 * n_rows), squeeze=False)
    reach = float(np.abs(clusters["score"]).max())
    largest = clusters["n_genes"].max()
    for axis, cluster in zip(axes.flat, shown, strict=False):
        members = np.flatnonzero(clusters["cluster"] == cluster)
        graph = nx.from_numpy_array(np.where(similarity[np.ix_(members, members)] >= 0.3, 1, 0) - np.eye(len(members)))
        place = nx.spring_layout(graph, seed=1, iterations=150)
        xy = np.array([place[i] for i in range(len(members))])
        for i, j in graph.edges:
            axis.plot(*xy[[i, j]].T, color="#bbbbbb", lw=0.7, zorder=1)
        rows = clusters.iloc[members]
        drawn = axis.scatter(
            *xy.T,
            s=18 + 90 * np.sqrt(rows["n_genes"] / largest),
            c=rows["score"],
            cmap=DIVERGING,
            vmin=-reach,
            vmax=reach,
            edgecolor="#555555",
            lw=0.6,
            zorder=2,
        )
        axis.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35))
        name = textwrap.fill(str(rows["representative"].iloc[0]).split(" (GO:")[0], 30)
        axis.set_title(f"{name}\n{len(members)} sets", fontsize=7.5, loc="center")
    for axis in axes.flat:
        axis.set_axis_off()
    if len(shown):
        figure.colorbar(drawn, ax=axes, label="score", shrink=0.7)
    words = f"{alone} sets share their genes with no other" + (
        f", {rest} smaller clusters are not drawn" if rest else ""
    )
    figure.supxlabel(words, fontsize=8)
    return figure
