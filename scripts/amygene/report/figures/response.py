"""Figures of treatment response: who is in, change per group, effects, connectivity against outcome, noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from amygene.report.style import CASE, CONTROL, GREEN, GREY, MARK, SKY, short

N_REGIONS, N_PANELS, N_SCATTERS = 20, 6, 4
#: of the groups, in their order
COLOURS = (CONTROL, CASE, GREEN, MARK, SKY)
_VERDICTS = {
    "normalised": (GREEN, "normalised"),
    "still different": (CASE, "still different"),
    "undecided": (MARK, "undecided"),
    "no difference at baseline": (GREY, "no difference at baseline"),
}


def flow(steps: Sequence[tuple[str, Sequence[str]]], groups: Mapping[str, Sequence[str]]) -> Figure:
    """Flow chart of inclusion: boxes from top to bottom, who leaves beside them, the groups at the end.

    Parameters
    ----------
    steps
        Text of each box, and the lines of who leaves after it (none: no box beside).
    groups
        Group -> lines of its box.
    """
    beside_lines = [len(out) for _, out in steps]
    heights = [max(1.15, 0.5 + 0.24 * n) for n in beside_lines]
    total = sum(heights) + 0.5 + 0.26 * max((len(lines) for lines in groups.values()), default=0)
    figure, axes = plt.subplots(figsize=(7.6, 0.72 * total))
    axes.set(xlim=(0, 10), ylim=(0, total))
    axes.axis("off")
    y, centre = total, 2.6
    centres = []
    for (text, out), height in zip(steps, heights, strict=True):
        y -= height
        middle = y + height - 0.35
        centres.append(middle)
        _box(axes, centre, middle, text)
        if out:
            branch = middle - 0.55 - 0.12 * (len(out) - 1)
            axes.annotate("", (5.55, branch), (centre, branch), arrowprops={"arrowstyle": "->", "lw": 0.9})
            axes.text(5.65, branch, "\n".join(out), fontsize=8, va="center", ha="left", bbox=_style("#f4f4f4"))
    for above, below in pairwise(centres):
        axes.annotate("", (centre, below + 0.2), (centre, above - 0.2), arrowprops={"arrowstyle": "->", "lw": 0.9})
    places = np.linspace(centre - 1.75 * (len(groups) - 1) / 2, centre + 1.75 * (len(groups) - 1) / 2, len(groups))
    places = places + max(0, 1.2 - places.min()) if len(places) else places
    for x, (name, lines), colour in zip(places, groups.items(), COLOURS * 3, strict=False):
        foot = 0.14 + 0.13 * (len(lines) + 1)
        axes.annotate("", (x, 2 * foot - 0.1), (centre, centres[-1] - 0.2), arrowprops={"arrowstyle": "->", "lw": 0.9})
        axes.text(
            x,
            foot,
            "\n".join([short(name, 22), *lines]),
            fontsize=8,
            va="center",
            ha="center",
            bbox=_style("white", colour),
        )
    return figure


def _style(face: str, edge: str = GREY) -> dict[str, object]:
    return {"boxstyle": "round,pad=0.4", "facecolor": face, "edgecolor": edge, "lw": 1}


def _box(axes: Axes, x: float, y: float, text: str) -> None:
    axes.text(x, y, text, fontsize=9, va="center", ha="center", bbox=_style("white", CONTROL))


def strongest(effects: pd.DataFrame, n: int, by: str = "f") -> list[str]:
    """Regions with the largest statistic, the largest first."""
    known = effects.dropna(subset=by)
    return known.loc[known[by].abs().sort_values(ascending=False, kind="stable").index, "region"].head(n).tolist()


def trajectories(means: pd.DataFrame, regions: Sequence[str], marks: Mapping[str, str]) -> Figure:
    """Mean connectivity over time, a line per group, with 95 % intervals.

    Parameters
    ----------
    means
        ``_means.tsv``.
    regions
        Which to show.
    marks
        Region -> words under its name (p).
    """
    columns = min(3, len(regions))
    n_rows = -(-len(regions) // columns)
    figure, axes = plt.subplots(n_rows, columns, figsize=(2.9 * columns, 2.6 * n_rows + 0.4), squeeze=False)
    times = list(dict.fromkeys(means["timepoint"].astype(str)))
    groups = list(dict.fromkeys(means["group"]))
    for axis, region in zip(axes.flat, regions, strict=False):
        own = means[means["region"] == region]
        for g, (group, colour) in enumerate(zip(groups, COLOURS * 3, strict=False)):
            rows = own[own["group"] == group]
            # beside each other, so that intervals can be seen
            x = np.array([times.index(str(t)) for t in rows["timepoint"]]) + 0.06 * (g - (len(groups) - 1) / 2)
            axis.vlines(x, rows["mean_ci_low"], rows["mean_ci_high"], color=colour, lw=1.3)
            axis.plot(x, rows["mean"], "o-", color=colour, ms=4.5, lw=1.5, label=short(str(group), 24))
        axis.set_xticks(range(len(times)), times)
        axis.set_xlim(-0.35, len(times) - 0.65)
        axis.set_title(f"{short(region, 28)}\n{marks.get(region, '')}", fontsize=8.5)
    for axis in axes.flat[len(regions) :]:
        axis.axis("off")
    for row in axes:
        row[0].set_ylabel("Fisher z")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(groups), frameon=False, fontsize=8.5)
    return figure


def forest(effects: pd.DataFrame, label: str) -> Figure:
    """The strongest regions of one effect: Hedges g with its interval, or (if it has more than one df) eta squared.

    Parameters
    ----------
    effects
        Rows of one effect of ``_effects.tsv``.
    label
        What g means, for the axis.
    """
    top = effects.set_index("region").loc[strongest(effects, N_REGIONS)[::-1]]
    figure, axes = plt.subplots(figsize=(5.8, 0.24 * len(top) + 1.2))
    y = np.arange(len(top))
    colours = np.where(top["p_fwe"] < 0.05, CASE, np.where(top["q"] < 0.05, MARK, GREY))
    if top["g"].notna().any():
        axes.hlines(y, top["g_ci_low"], top["g_ci_high"], color=colours, lw=1.5)
        axes.scatter(top["g"], y, color=colours, s=22, zorder=3)
        axes.axvline(0, color="black", lw=0.8)
        axes.set_xlabel(label)
    else:
        axes.barh(y, top["partial_eta2"], color=colours, height=0.6)
        axes.set_xlabel("partial eta squared")
    axes.set_yticks(y, [short(r, 34) for r in top.index])
    handles = [
        plt.Line2D([], [], marker="o", ls="", color=c, label=words, ms=4.5)
        for c, words in ((CASE, "family-wise p < .05"), (MARK, "q < .05"), (GREY, "neither"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def scatter(
    columns: Mapping[str, np.ndarray], outcome: np.ndarray, status: np.ndarray | None, names: tuple[str, str],
    marks: Mapping[str, str],
) -> Figure:  # fmt: skip
    """Connectivity against the outcome, a panel per region, with the line of least squares.

    Parameters
    ----------
    columns
        Region -> connectivity of every participant.
    outcome : array of shape (n,)
    status : array of shape (n,), or None
        1 for responders, 0 for the others; colours the points.
    names
        Of both axes.
    marks
        Region -> words under its name (r, p).
    """
    figure, axes = plt.subplots(1, len(columns), figsize=(2.7 * len(columns), 3.1), sharey=True, squeeze=False)
    colours = np.full(len(outcome), CONTROL) if status is None else np.where(status == 1, CASE, CONTROL)
    for axis, (region, x) in zip(axes[0], columns.items(), strict=True):
        known = ~np.isnan(x)
        axis.scatter(x[known], outcome[known], s=14, color=colours[known], alpha=0.75, lw=0)
        slope, start = np.polyfit(x[known], outcome[known], 1)
        ends = np.array([x[known].min(), x[known].max()])
        axis.plot(ends, start + slope * ends, color="black", lw=1)
        axis.set_title(f"{short(region, 26)}\n{marks.get(region, '')}", fontsize=8.5)
        axis.set_xlabel(names[0])
        # labels of neighbours must not touch
        axis.locator_params(axis="x", nbins=4)
    axes[0, 0].set_ylabel(fill(names[1], 34))
    if status is not None:
        handles = [
            plt.Line2D([], [], marker="o", ls="", color=c, label=words, ms=4.5)
            for c, words in ((CASE, "responders"), (CONTROL, "non-responders"))
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure


def against_controls(table: pd.DataFrame, margin: float) -> Figure:
    """Difference from controls at baseline against that at every follow-up; between the lines it would not matter.

    Parameters
    ----------
    table
        ``_controls.tsv``.
    margin
        In standard deviations.
    """
    times = list(dict.fromkeys(table["timepoint"].astype(str)))
    first = table[table["timepoint"].astype(str) == times[0]].set_index("region")["g"]
    figure, axes = plt.subplots(1, len(times) - 1, figsize=(3.9 * (len(times) - 1), 3.9), squeeze=False)
    for axis, time in zip(axes[0], times[1:], strict=True):
        own = table[table["timepoint"].astype(str) == time].set_index("region")
        reach = 1.08 * max(np.nanmax(np.abs(first)), np.nanmax(np.abs(own["g"])), margin)
        axis.axhspan(-margin, margin, color=GREEN, alpha=0.08, lw=0)
        axis.plot([-reach, reach], [-reach, reach], color=GREY, lw=0.8)
        axis.axhline(0, color="black", lw=0.6)
        axis.axvline(0, color="black", lw=0.6)
        # those that something is said of lie on top
        for verdict in reversed(_VERDICTS):
            here = own[own["verdict"] == verdict]
            if len(here):
                axis.scatter(first[here.index], here["g"], s=16, color=_VERDICTS[verdict][0], alpha=0.85, lw=0)
        axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axis.set(xlabel=f"g at {times[0]}, patients minus controls", ylabel=f"g at {time}")
        axis.locator_params(nbins=5)
    said = [v for v in _VERDICTS if (table["verdict"] == v).any()]
    handles = [
        plt.Line2D([], [], marker="o", ls="", color=_VERDICTS[v][0], label=_VERDICTS[v][1], ms=4.5) for v in said
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure


def clusters_against_controls(table: pd.DataFrame, margin: float) -> Figure:
    """Difference from controls of every cluster that differed at baseline, at every time, with its interval.

    Parameters
    ----------
    table
        ``_controls.tsv`` of clusters.
    margin
        In standard deviations; within it the difference would not matter.
    """
    regions = list(dict.fromkeys(table["region"]))[::-1]
    times = list(dict.fromkeys(table["timepoint"].astype(str)))
    figure, axes = plt.subplots(figsize=(6.6, 0.2 * max(len(times), 2) * max(len(regions), 1) + 1.3))
    axes.axvspan(-margin, margin, color=GREEN, alpha=0.08, lw=0)
    axes.axvline(0, color="black", lw=0.8)
    axes.set_xlabel("Hedges g (95 % CI), patients minus controls")
    if not regions:
        axes.text(0.5, 0.5, "no cluster differs at baseline", ha="center", va="center", transform=axes.transAxes)
        axes.set(yticks=[], xlim=(-2 * margin, 2 * margin))
        return figure
    used = dict.fromkeys(_VERDICTS, False)
    for k, time in enumerate(times):
        own = table[table["timepoint"].astype(str) == time].set_index("region").loc[regions]
        y = np.arange(len(regions)) + 0.32 - 0.64 * (k + 0.5) / len(times)
        colours = [_VERDICTS[v][0] if v in _VERDICTS else "black" for v in own["verdict"]]
        used |= dict.fromkeys(own["verdict"], True)
        axes.hlines(y, own["g_ci_low"], own["g_ci_high"], color=colours, lw=1.4)
        axes.scatter(own["g"], y, color=colours, s=20, zorder=3)
        for height, high, colour in zip(y, own["g_ci_high"], colours, strict=True):
            axes.annotate(f" {time}", (high, height), va="center", fontsize=7.5, color=colour)
    axes.set_yticks(np.arange(len(regions)), [short(r, 34) for r in regions])
    axes.set_ylim(-0.6, len(regions) - 0.4)
    axes.margins(x=0.12)
    handles = [
        plt.Line2D([], [], marker="o", ls="", color=c, label=words, ms=4.5)
        for v, (c, words) in _VERDICTS.items()
        if used[v]
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def noise(drawn: np.ndarray, observed: float) -> Figure:
    """Areas of the published procedure on noise, and the one that was found."""
    figure, axes = plt.subplots(figsize=(5.4, 2.8))
    axes.hist(drawn, bins=np.linspace(min(0.5, drawn.min()), 1, 41).tolist(), color=GREY, alpha=0.7)
    axes.axvline(0.5, color="black", lw=0.8)
    axes.axvline(float(np.percentile(drawn, 95)), color="black", lw=0.8, ls=":")
    axes.axvline(observed, color=MARK, lw=2)
    top = axes.get_ylim()[1]
    axes.text(
        observed, top, f" found: {observed:.2f}", color=MARK, ha="left" if observed < 0.85 else "right", va="bottom"
    )
    axes.text(0.5, top, " chance, if tested in others", ha="left", va="bottom", fontsize=8)
    axes.set(xlabel="area under the ROC curve in the patients who chose the edges", ylabel="relabelings")
    return figure
