"""Figures of published findings: by region, against this study, and pooled."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from amygene.report.style import CASE, CONTROL, GREEN, GREY, MARK, SKY, short

#: regions that are drawn: those with most findings
N_REGIONS = 32
_KINDS = {"connectivity": CONTROL, "activity": SKY, "structure": GREEN, "metabolites": MARK}
_PANELS = {
    "Patients against others": ("controls", "nonresistant", "remitted", "first episode", "other"),
    "After treatment": ("before treatment",),
    "With response or symptoms": ("response", "nonresponders", "symptoms"),
}


def kind_of(finding: pd.Series) -> str:
    """What a finding measures, in four kinds."""
    if finding["measure"] == "connectivity":
        return "connectivity"
    if str(finding["modality"]).endswith("fMRI"):
        return "activity"
    return "metabolites" if finding["modality"] == "MRS" else "structure"


def by_region(findings: pd.DataFrame) -> Figure:
    """Findings by region and direction; a finding of connectivity counts at both of its ends.

    Parameters
    ----------
    findings
        ``_findings.tsv``.
    """
    ends = pd.concat(
        [
            findings.assign(place=findings["region"], kind=findings.apply(kind_of, axis=1)),
            findings.assign(place=findings["target"], kind=findings.apply(kind_of, axis=1))[
                findings["target"].notna() & (findings["target"] != findings["region"])
            ],
        ]
    )
    directed = ends[ends["direction"].isin(["higher", "lower"])]
    counts = directed["place"].value_counts(sort=False)
    places = counts.sort_values(ascending=False, kind="stable").index[:N_REGIONS].tolist()
    figure, axes = plt.subplots(1, len(_PANELS), figsize=(9.6, 0.21 * len(places) + 1.3), sharey=True)
    y = np.arange(len(places))
    for axis, (title, comparisons) in zip(axes, _PANELS.items(), strict=True):
        own = directed[directed["comparison"].isin(comparisons)]
        reach = 1
        for direction, sign in (("higher", 1), ("lower", -1)):
            left = np.zeros(len(places))
            for kind, colour in _KINDS.items():
                rows = own[(own["direction"] == direction) & (own["kind"] == kind)]
                n = rows["place"].value_counts().reindex(places).fillna(0).to_numpy()
                some = n > 0
                axis.barh(y[some], sign * n[some], left=sign * left[some], color=colour, height=0.72)
                left = left + n
            reach = max(reach, int(left.max()))
        axis.axvline(0, color="black", lw=0.8)
        axis.set(title=title, xlim=(-reach - 0.5, reach + 0.5), ylim=(len(places) - 0.4, -0.6))
        step = -(-reach // 3)
        ticks = np.arange(-step * (reach // step), reach + 1, step)
        axis.set_xticks(ticks, [f"{abs(t)}" for t in ticks])
        axis.set_xlabel("lower  ←  findings  →  higher")
        axis.grid(axis="y", color="#eeeeee", lw=0.6)
        axis.set_axisbelow(True)
    axes[0].set_yticks(y, [short(place, 40) for place in places])
    handles = [Patch(color=colour, label=kind) for kind, colour in _KINDS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def end(row: pd.Series, name: str, side: str) -> str:
    """An end of a connection in words."""
    return " ".join(str(row[c]) for c in (side, name) if pd.notna(row[c]) and row[c] != "both")


def against_study(claims: pd.DataFrame, case: str, control: str) -> Figure:
    """Where this study stands on every finding that it can test: size with interval, and the claimed direction.

    Parameters
    ----------
    claims
        ``contrast-..._claims.tsv``.
    """
    rows = claims[claims["testable"]].sort_values("g", kind="stable", ascending=False)
    figure, axes = plt.subplots(figsize=(8.4, 0.42 * max(len(rows), 1) + 1.4))
    if rows.empty:
        axes.text(0.5, 0.5, "no finding can be tested", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return figure
    y = np.arange(len(rows))[::-1]
    agree = rows["agrees"].astype(bool).to_numpy()
    colours = np.where(agree, GREEN, CASE)
    axes.axvline(0, color="black", lw=0.8)
    axes.hlines(y, rows["g_ci_low"], rows["g_ci_high"], color=colours, lw=1.8)
    low = (rows["p_claim"] < 0.05).to_numpy()
    axes.scatter(rows["g"], y, s=36, marker="s", edgecolor=colours, facecolor=np.where(low, colours, "white"), zorder=3)
    reach = 1.12 * float(np.nanmax(np.abs(rows[["g_ci_low", "g_ci_high"]].to_numpy())))
    for position, direction in zip(y, rows["direction"], strict=True):
        sign = 1 if direction == "higher" else -1
        axes.annotate(
            "",
            (sign * reach * 1.16, position),
            (sign * reach * 1.0, position),
            arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 2},
        )
    names = [
        f"{row['study']}: {short(end(row, 'region', 'side'), 34)} –\n{short(end(row, 'target', 'target_side'), 44)}"
        for _, row in rows.iterrows()
    ]
    axes.set_yticks(y, names, fontsize=7.5)
    axes.set(xlim=(-1.2 * reach, 1.2 * reach), ylim=(-0.7, len(rows) - 0.3))
    axes.set_xlabel(f"Hedges g, {case} against {control}, with 95 % CI")
    for colour, label in ((GREEN, "agrees in sign"), (CASE, "does not")):
        axes.scatter([], [], marker="s", color=colour, label=label)
    axes.scatter([], [], marker="s", edgecolor=GREY, facecolor=GREY, label="p < .05 in the finding's direction")
    axes.plot([], [], color=GREY, lw=2, marker=">", label="direction of the finding")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def pooled(table: pd.DataFrame, studies: pd.DataFrame) -> Figure:
    """A forest per outcome: studies, the pooled effect, and where a further study may lie.

    Parameters
    ----------
    table
        ``pooled.tsv``.
    studies
        ``studies.tsv``.
    """
    own = [(row, studies[studies["outcome"] == row["outcome"]].reset_index(drop=True)) for _, row in table.iterrows()]
    heights = [len(rows) + 3.2 for _, rows in own] or [2]
    figure, axes = plt.subplots(
        max(len(own), 1), 1, figsize=(7.6, 0.26 * sum(heights) + 0.8), height_ratios=heights, squeeze=False
    )
    if not own:
        axes[0, 0].text(0.5, 0.5, "no outcome with two studies", ha="center", transform=axes[0, 0].transAxes)
        axes[0, 0].set_axis_off()
    for axis, (row, rows) in zip(axes[:, 0], own, strict=False):
        y = np.arange(len(rows), 0, -1)
        axis.axvline(0, color="black", lw=0.8)
        axis.hlines(y, rows["ci_low"], rows["ci_high"], color=GREY, lw=1.5)
        axis.scatter(rows["effect_size"], y, s=14 + 90 * rows["weight"], marker="s", color=CONTROL, zorder=3)
        axis.hlines(0, row["prediction_low"], row["prediction_high"], color=GREEN, lw=1.2, ls=":")
        diamond = [row["ci_low"], row["effect_size"], row["ci_high"], row["effect_size"]]
        axis.fill(diamond, [0, 0.32, 0, -0.32], color=GREEN, zorder=3)
        axis.set_yticks([*y, 0], [*(short(str(s), 28) for s in rows["study"]), "pooled"])
        axis.set(ylim=(-0.8, len(rows) + 0.8))
        axis.set_title(short(str(row["outcome"]), 90), fontsize=9)
        words = f"I² = {100 * row['i2']:.0f} %"
        if np.isfinite(row["p_egger"]):
            words += f", Egger p = {row['p_egger']:.2g}"
        axis.set_xlabel(f"effect with 95 % CI (dotted: prediction interval);  {words}", fontsize=8)
    return figure
