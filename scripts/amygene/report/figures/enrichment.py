"""Figures of gene sets, and of collections that are made from expression in classes."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from amygene.genes.association import following
from amygene.report.style import DIVERGING, short

N_SETS, N_CLUSTERS = 15, 12


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


def _area(p: np.ndarray) -> np.ndarray:
    """Area of a bubble by its p; beyond .0001 it grows no more."""
    return 12 + 55 * np.minimum(-np.log10(p), 4)


def _grid(axes: Axes, columns: list[str], rows: list[str]) -> None:
    axes.set_xticks(range(len(columns)), [short(c, 26) for c in columns], rotation=40, ha="right")
    axes.set_yticks(range(len(rows)), [short(r, 30) for r in rows])
    axes.set(xlim=(-0.6, len(columns) - 0.4), ylim=(len(rows) - 0.4, -0.6))
    axes.grid(color="#e8e8e8", lw=0.6)
    axes.set_axisbelow(True)


def _under_null_maps(axes: Axes, table: pd.DataFrame, x: np.ndarray, y: np.ndarray, figure: Figure) -> None:
    """Colour: distance from the null mean; area: p; outlined: the set follows the map."""
    reach = max(3.0, float(table["z_null"].abs().max()))
    drawn = axes.scatter(
        x,
        y,
        s=_area(table["p_null"].to_numpy()),
        c=table["z_null"],
        cmap=DIVERGING,
        vmin=-reach,
        vmax=reach,
        edgecolor=np.where(following(table), "black", "#bbbbbb"),
        lw=np.where(following(table), 1.4, 0.5),
    )
    axes.set_title("Under null maps (outlined: it follows the map)")
    figure.colorbar(drawn, ax=axes, label="distance from null mean (SD)", shrink=0.85)


def _by_fisher(axes: Axes, table: pd.DataFrame, x: np.ndarray, y: np.ndarray, figure: Figure, title: str) -> None:
    """Colour and area: q; hollow from .05 on."""
    q = table["q_fisher"].to_numpy()
    low = q < 0.05
    axes.scatter(x[~low], y[~low], s=_area(q[~low]), facecolor="none", edgecolor="#aaaaaa", lw=0.8)
    drawn = axes.scatter(
        x[low], y[low], s=_area(q[low]), c=np.minimum(-np.log10(q[low]), 10), cmap="viridis_r", vmin=1.3, vmax=10
    )
    axes.set_title(title)
    figure.colorbar(drawn, ax=axes, label="−log10 q", shrink=0.85, extend="max")


def _sizes(figure: Figure, axes: Axes) -> None:
    """What the area of a bubble means."""
    for p in (0.5, 0.05, 0.001, 0.0001):
        axes.scatter([], [], s=_area(np.array([p]))[0], facecolor="none", edgecolor="black", label=f"{p:g}".lstrip("0"))
    figure.legend(
        *axes.get_legend_handles_labels(), title="p (q of Fisher)", loc="outside upper right", ncols=4, frameon=False,
        fontsize=8, title_fontsize=8,
    )  # fmt: skip


def stages_and_regions(table: pd.DataFrame, classes: pd.DataFrame, fisher: pd.DataFrame) -> Figure:
    """Stage x region: the sets under null maps, and Fisher's exact test at the first threshold.

    Parameters
    ----------
    table
        ``_sets.tsv``; classes that are too small are not in it.
    classes
        ``_classes.tsv`` with set, stage, region.
    fisher
        ``_fisher.tsv``.
    """
    stages, regions = list(dict.fromkeys(classes["stage"])), list(dict.fromkeys(classes["region"]))
    threshold = fisher["threshold"].iloc[0]
    shown = (table, fisher[fisher["threshold"] == threshold])
    figure, axes = plt.subplots(2, 1, figsize=(8.2, 1.6 + 0.72 * len(regions)), sharex=True)
    place = classes.set_index("set")
    for axis, rows, draw in zip(axes, shown, ("null", "fisher"), strict=True):
        where = place.loc[rows["set"]]
        x = where["stage"].map(stages.index).to_numpy()
        y = where["region"].map(regions.index).to_numpy()
        _grid(axis, stages, regions)
        if draw == "null":
            _under_null_maps(axis, rows, x, y, figure)
        else:
            _by_fisher(axis, rows, x, y, figure, f"Replicate: Fisher's exact test, pSI < {threshold:g}")
    _sizes(figure, axes[0])
    return figure


def classes_and_thresholds(table: pd.DataFrame, classes: pd.DataFrame, fisher: pd.DataFrame) -> Figure:
    """Classes without stages: under null maps, and Fisher's exact test at every threshold."""
    names, thresholds = classes["set"].astype(str).tolist(), list(dict.fromkeys(fisher["threshold"]))
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.2, 1.6 + 0.3 * len(names)), width_ratios=[1.3, len(thresholds)], sharey=True
    )
    rows = {name: i for i, name in enumerate(names)}
    _grid(left, [f"pSI < {thresholds[0]:g}"], names)
    y = table["set"].astype(str).map(rows).to_numpy()
    _under_null_maps(left, table, np.zeros(len(table)), y, figure)
    left.set_title("Under null maps")
    _grid(right, [f"pSI < {t:g}" for t in thresholds], names)
    x = fisher["threshold"].map(thresholds.index).to_numpy()
    _by_fisher(
        right, fisher, x, fisher["set"].astype(str).map(rows).to_numpy(), figure, "Replicate: Fisher's exact test"
    )
    _sizes(figure, left)
    return figure


def classes(table: pd.DataFrame, known: pd.DataFrame, fisher: pd.DataFrame) -> Figure:
    """The figure of a collection made from expression: a grid of stages and regions where there are such."""
    draw = stages_and_regions if "stage" in known else classes_and_thresholds
    return draw(table, known, fisher)
