"""Figures of the meta-analysis: foci and where they converge, who makes clusters, networks, targets, receptors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from nibabel.nifti1 import Nifti1Image
from nilearn import plotting

from amygene.report.style import CASE, CONTROL, DIVERGING, GREEN, GREY, MARK, SKY, short

#: experiments that a cluster's bars name; the rest is one bar
N_EXPERIMENTS = 12
_PALETTE = (CONTROL, CASE, GREEN, MARK, SKY, "#E69F00", "#F0E442", GREY)


def convergence(
    foci: np.ndarray, z: Nifti1Image, clusters: Nifti1Image, significant: Sequence[int], title: str
) -> Figure:
    """All foci in a glass brain, and below it the convergence, with significant clusters outlined.

    Parameters
    ----------
    foci : array of shape (n, 3)
        MNI mm.
    z
        z of ALE values.
    clusters
        Numbers of clusters.
    significant
        Those to be outlined.
    """
    figure = plt.figure(figsize=(8.4, 5.6), layout="none")
    figure.text(0.02, 0.97, f"{title}: {len(foci)} foci", fontweight="bold", va="top")
    above = figure.add_axes((0.0, 0.5, 0.92, 0.45))
    display = plotting.plot_glass_brain(None, axes=above, figure=figure, display_mode="lyrz")
    if len(foci):
        display.add_markers(foci, marker_color=CONTROL, marker_size=8)
    figure.text(0.02, 0.49, "Convergence (z; outlined: family-wise p < .05)", fontweight="bold", va="top")
    below = figure.add_axes((0.0, 0.0, 0.92, 0.45))
    values = np.asanyarray(z.dataobj)
    reach = max(float(values.max()), 3.5)
    display = plotting.plot_glass_brain(
        z,
        axes=below,
        figure=figure,
        display_mode="lyrz",
        threshold=1.65,
        vmin=0,
        vmax=reach,
        cmap="Greys",
        colorbar=False,
    )
    if len(significant):
        inside = np.isin(np.asanyarray(clusters.dataobj), significant).astype(np.float32)
        display.add_contours(Nifti1Image(inside, clusters.affine), levels=[0.5], colors=[CASE], linewidths=1.6)
    bar = figure.add_axes((0.93, 0.1, 0.013, 0.28))
    figure.colorbar(plt.cm.ScalarMappable(Normalize(1.65, reach), "Greys"), cax=bar, label="z")
    return figure


def contributions(experiments: pd.DataFrame, categories: pd.DataFrame, leave_out: pd.DataFrame | None) -> Figure:
    """Who makes each cluster: experiments, their categories, and p without each experiment.

    Parameters
    ----------
    experiments, categories, leave_out
        ``_contributions.tsv``, ``_categories.tsv``, ``_leave-out.tsv``.
    """
    clusters = experiments["cluster"].drop_duplicates().tolist()
    shown = [experiments[experiments["cluster"] == c].head(N_EXPERIMENTS) for c in clusters]
    height = max(len(rows) for rows in shown) * 0.23 + 1.0
    n_columns = 2 if categories.empty else 3
    figure, axes = plt.subplots(
        len(clusters), n_columns, figsize=(3.4 * n_columns, height * len(clusters)), squeeze=False
    )
    for (left, middle, *right), cluster, rows in zip(axes, clusters, shown, strict=True):
        rows = rows[::-1]
        y = np.arange(len(rows))
        names = [short(str(e), 28) for e in rows["experiment"]]
        left.barh(y, rows["share"], color=CONTROL, height=0.7)
        left.set_yticks(y, names, fontsize=8)
        left.set(title=f"Cluster {cluster}: share", xlabel="% of the ALE values")
        if leave_out is not None and len(leave_out):
            without = leave_out[leave_out["cluster"] == cluster].set_index("experiment")["p_fwe"]
            p = without.reindex(rows["experiment"]).to_numpy()
            middle.scatter(p, y, color=np.where(p < 0.05, CASE, GREY), s=20)
            middle.axvline(0.05, color="black", lw=0.8, ls="--")
            middle.set(title="p without it", xlabel="family-wise p of what is left", xscale="log")
            middle.set_xlim(min(0.0008, float(np.nanmin(p)) / 1.5), 1.3)
            middle.set_xticks([0.001, 0.01, 0.05, 1], [".001", ".01", ".05", "1"], minor=False)
            middle.tick_params(axis="x", which="minor", labelbottom=False)
        else:
            middle.text(0.5, 0.5, "not repeated without\neach experiment", ha="center", va="center", fontsize=8)
        middle.set_yticks(y, [""] * len(y))
        middle.set_ylim(left.get_ylim())
        for axis in right:
            _categories(axis, categories[categories["cluster"] == cluster])
    return figure


def _categories(axis: plt.Axes, rows: pd.DataFrame) -> None:
    annotations = rows["annotation"].drop_duplicates().tolist()
    for i, annotation in enumerate(annotations[::-1]):
        start = 0.0
        for j, (_, row) in enumerate(rows[rows["annotation"] == annotation].iterrows()):
            axis.barh(i, row["share"], left=start, color=_PALETTE[j % len(_PALETTE)], height=0.55)
            if row["share"] > 8:
                narrow = row["share"] < 14
                words = f"{short(str(row['category']), 12)}\n{row['share']:.0f} %"
                axis.text(
                    start + row["share"] / 2, i, words, ha="center", va="center", color="white",
                    fontsize=6.5 if narrow else 7, rotation=90 if narrow else 0,
                )  # fmt: skip
            start += row["share"]
    axis.set_yticks(range(len(annotations)), annotations[::-1], fontsize=8)
    axis.set(title="By category", xlabel="% of the ALE values", xlim=(0, 100))


def canonical(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Connectivity with the canonical networks against random foci, per comparison.

    Parameters
    ----------
    tables
        Comparison -> ``_canonical.tsv``.
    """
    figure, axes = plt.subplots(1, len(tables), figsize=(3.1 * len(tables) + 0.4, 2.9), squeeze=False, sharey=True)
    for axis, (name, table) in zip(axes[0], tables.items(), strict=True):
        y = np.arange(len(table))[::-1]
        axis.hlines(y, table["null_low"], table["null_high"], color=GREY, lw=8, alpha=0.45)
        axis.scatter(table["null_mean"], y, marker="|", color="black", s=60, lw=1)
        colours = np.where(table["q"] < 0.05, CASE, np.where(table["p"] < 0.05, MARK, CONTROL))
        axis.scatter(table["connectivity"], y, color=colours, s=30, zorder=3)
        axis.set_yticks(y, table["network"])
        axis.set(title=short(name, 30), xlabel="mean connectivity")
    for colour, label in ((CASE, "q < .05"), (MARK, "p < .05"), (CONTROL, "neither")):
        axes[0, 0].scatter([], [], color=colour, s=30, label=label)
    axes[0, 0].fill_between([], [], [], color=GREY, alpha=0.45, label="random foci, 95 %")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), frameon=False, fontsize=8, loc="outside lower center", ncols=4
    )
    return figure


def similarity(table: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Correlations of the maps; stars: p under null maps.

    Parameters
    ----------
    table
        ``_similarity.tsv``.
    names
        Map -> what a person calls it, in the order to be shown.
    """
    order = list(names)
    n = len(order)
    r, marks = np.full((n, n), np.nan), np.full((n, n), "", dtype=object)
    for _, row in table.iterrows():
        i, j = sorted((order.index(row["map"]), order.index(row["other"])))
        r[j, i] = row["r"]
        if np.isfinite(row["r"]):
            stars = "*" if row["q_null"] < 0.05 else ""
            marks[j, i] = f"{row['r']:.2f}{stars}"
    size = 0.56 * n + 2.2
    figure, axis = plt.subplots(figsize=(size + 0.8, size * 0.82))
    drawn = axis.imshow(r[1:, :-1], cmap=DIVERGING, vmin=-1, vmax=1)
    for j in range(1, n):
        for i in range(n - 1):
            if marks[j, i]:
                dark = abs(r[j, i]) > 0.6
                axis.text(
                    i, j - 1, marks[j, i], ha="center", va="center", fontsize=7, color="white" if dark else "black"
                )
    axis.set_xticks(range(n - 1), [short(names[m], 30) for m in order[:-1]], rotation=45, ha="right", fontsize=8)
    axis.set_yticks(range(n - 1), [short(names[m], 34) for m in order[1:]], fontsize=8)
    axis.spines[:].set_visible(False)
    axis.set_title("Correlation over regions (*: q < .05 under null maps)")
    figure.colorbar(drawn, ax=axis, shrink=0.6, label="r")
    return figure


def targets(table: pd.DataFrame, clusters: Mapping[str, tuple[float, float, float]]) -> Figure:
    """Targets of stimulation and centres of significant clusters in a glass brain.

    Parameters
    ----------
    table
        ``_targets.tsv``.
    clusters
        Name -> centre, MNI mm.
    """
    places = table.drop_duplicates("target")
    figure = plt.figure(figsize=(8.4, 2.0), layout="none")
    axis = figure.add_axes((0.0, 0.0, 0.78, 1.0))
    display = plotting.plot_glass_brain(None, axes=axis, figure=figure, display_mode="lyrz")
    handles = []
    for i, (_, row) in enumerate(places.iterrows()):
        colour = _PALETTE[i % len(_PALETTE)]
        display.add_markers([[row["x"], row["y"], row["z"]]], marker_color=colour, marker_size=45)
        handles.append(plt.Line2D([], [], marker="o", ls="", color=colour, label=row["target"]))
    for name, centre in clusters.items():
        display.add_markers([list(centre)], marker_color="black", marker_size=55, marker="*")
        handles.append(plt.Line2D([], [], marker="*", ls="", color="black", label=short(name, 26)))
    figure.legend(handles=handles, frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(0.78, 0.5))
    return figure


def receptors(maps: pd.DataFrame, clusters: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Correlation of maps with receptors, and density of receptors in significant clusters.

    Parameters
    ----------
    maps, clusters
        ``_receptor-maps.tsv`` and ``_receptor-clusters.tsv``.
    names
        Map -> what a person calls it.
    """
    table = maps.pivot(index="receptor", columns="map", values="r")
    q = maps.pivot(index="receptor", columns="map", values="q_null")
    order = maps["receptor"].drop_duplicates()
    columns = maps["map"].drop_duplicates()
    table, q = table.loc[order, columns], q.loc[order, columns]
    inside = list(clusters.groupby(["comparison", "cluster"], sort=False)) if len(clusters) else []
    widths = [0.45 * len(columns) + 1.6, *[2.6] * len(inside)]
    figure, axes = plt.subplots(
        1, 1 + len(inside), figsize=(sum(widths) + 0.6, 0.27 * len(order) + 2.0), width_ratios=widths, squeeze=False
    )
    left = axes[0, 0]
    reach = max(0.3, float(np.nanmax(np.abs(table.to_numpy()))))
    drawn = left.imshow(table, cmap=DIVERGING, vmin=-reach, vmax=reach, aspect="auto")
    for i in range(len(order)):
        for j in range(len(columns)):
            if q.iloc[i, j] < 0.05:
                dark = abs(table.iloc[i, j]) > 0.6 * reach
                left.text(j, i, "*", ha="center", va="center", fontsize=11, color="white" if dark else "black")
    left.set_xticks(
        range(len(columns)), [short(names.get(c, c), 24) for c in columns], rotation=45, ha="right", fontsize=8
    )
    left.set_yticks(range(len(order)), order, fontsize=8)
    left.set_title("r of maps (*: q < .05)")
    figure.colorbar(drawn, ax=left, shrink=0.7)
    for axis, ((comparison, cluster), rows) in zip(axes[0, 1:], inside, strict=True):
        rows = rows.set_index("receptor").reindex(order)
        y = np.arange(len(order))
        axis.hlines(y, rows["null_low"], rows["null_high"], color=GREY, lw=6, alpha=0.45)
        axis.scatter(rows["density"], y, color=np.where(rows["q_null"] < 0.05, CASE, CONTROL), s=22, zorder=3)
        axis.set_yticks(y, order, fontsize=8)
        axis.set_ylim(len(order) - 0.5, -0.5)
        axis.set(title=short(f"{comparison}, cluster {cluster}", 24), xlabel="density (grey: surrogates)")
    return figure
