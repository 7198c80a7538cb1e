"""Figures of the prediction: areas, curves, calibration and confusion, areas per site."""

from __future__ import annotations

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from amygene.prediction.choices import CLASSIFIERS
from amygene.report.names import BASELINE, classifier_name, design_name
from amygene.report.style import CASE, CONTROL, GREEN, GREY, MARK, SKY, short

KEY = ["design", "unseen_site", "model", "features"]
COLOURS = dict(zip(CLASSIFIERS, cycle((CASE, CONTROL, GREEN, SKY)), strict=False))


def _two_lines(design: str, unseen_site: str) -> str:
    return design_name(design, unseen_site).replace(", ", ",\n")


def areas(performance: pd.DataFrame) -> Figure:
    """Area with interval of every classifier in every design.

    Parameters
    ----------
    performance
        ``_performance.tsv``.
    """
    known = performance.dropna(subset="auc")
    groups = [((d, u), rows.reset_index(drop=True)) for (d, u), rows in known.groupby(KEY[:2], sort=False)]
    heights = [len(rows) + 1.2 for _, rows in groups]
    figure, axes = plt.subplots(
        len(groups), 1, figsize=(7.2, 0.21 * sum(heights) + 0.8), sharex=True, height_ratios=heights, squeeze=False
    )
    for axis, (group, rows) in zip(axes[:, 0], groups, strict=True):
        y = np.arange(len(rows))[::-1]
        optimistic = rows["guard"] != "passed"
        found = rows["p_permutation"] < 0.05
        colours = np.where(
            optimistic, MARK, np.where(rows["features"] == BASELINE, "black", np.where(found, CASE, GREY))
        )
        axis.axvline(0.5, color="black", lw=0.8)
        axis.hlines(y, rows["auc_ci_low"], rows["auc_ci_high"], color=colours, lw=1.5)
        axis.scatter(rows["auc"], y, color=colours, s=22, zorder=3)
        axis.set_yticks(y, [classifier_name(m, f) for m, f in zip(rows["model"], rows["features"], strict=True)])
        axis.set_ylim(-0.7, len(rows) - 0.3)
        axis.set_title(design_name(*group))
        for p, tested, position in zip(rows["p_permutation"], rows["auc_tested"], y, strict=True):
            if np.isfinite(p):
                text = f"{tested:.2f}, p = {p:.3f}"
                axis.text(1.01, position, text, transform=axis.get_yaxis_transform(), va="center", fontsize=7.5)
    axes[-1, 0].set_xlim(min(0.38, known["auc_ci_low"].min() - 0.02), max(0.72, known["auc_ci_high"].max() + 0.02))
    axes[-1, 0].set_xlabel("area under the ROC curve, cases against controls of their own site (95 % CI)")
    handles = [
        plt.Line2D([], [], marker="o", ls="-", color=c, label=label, ms=4.5)
        for c, label in (
            (CASE, "p < .05"), (GREY, "p above or not tested"), ("black", "covariates alone"), (MARK, "optimistic"),
        )
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def curves(roc: pd.DataFrame, performance: pd.DataFrame, main: tuple[str, str]) -> Figure:
    """ROC curves per design; one classifier with its band.

    Parameters
    ----------
    roc
        ``_roc.tsv``.
    performance
        ``_performance.tsv``.
    main
        Model and features of the classifier with the band.
    """
    panels = list(roc.dropna(subset="tpr").groupby(KEY[:2], sort=False))
    columns = len(panels) if len(panels) < 5 else 3
    n_rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        n_rows, columns, figsize=((2.6 if columns > 3 else 3.1) * columns, 3.1 * n_rows + 0.5), squeeze=False
    )
    # a title of two lines would touch the axis above
    figure.set_layout_engine("constrained", h_pad=0.12)
    for axis, ((design, unseen), own) in zip(axes.flat, panels, strict=False):
        axis.plot([0, 1], [0, 1], color="black", lw=0.7)
        for (model, features), one in own.groupby(KEY[2:], sort=False):
            replicate = design == "replicate"
            is_main = (model, features) == main or replicate
            colour = MARK if replicate else "black" if features == BASELINE else COLOURS[model]
            style = ":" if features == BASELINE else "--" if features.startswith("selected") else "-"
            axis.plot(one["fpr"], one["tpr"], color=colour, ls=style, lw=1.8 if is_main else 0.9, zorder=3 + is_main)
            if is_main:
                axis.fill_between(one["fpr"], one["tpr_low"], one["tpr_high"], color=colour, alpha=0.18, lw=0)
                row = performance[(performance[KEY] == [design, unseen, model, features]).all(axis=1)].iloc[0]
                axis.text(
                    0.98, 0.03, f"AUC {row['auc']:.2f} ({row['auc_ci_low']:.2f} to {row['auc_ci_high']:.2f})",
                    ha="right", transform=axis.transAxes, fontsize=8, color=colour,
                )  # fmt: skip
        axis.set(xlim=(0, 1), ylim=(0, 1.01), aspect="equal")
        axis.set_title(_two_lines(design, unseen), fontsize=9)
        axis.set(xlabel="false positive rate", ylabel="true positive rate")
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    shown = [
        m for m in COLOURS if m in set(roc["model"][(roc["features"] != BASELINE) & (roc["design"] != "replicate")])
    ]
    handles = [plt.Line2D([], [], color=COLOURS[m], label=CLASSIFIERS[m].label) for m in shown]
    kinds = set(roc["features"])
    if "selected edges" in kinds:
        handles.append(plt.Line2D([], [], color=GREY, ls="--", label="selected edges"))
    if BASELINE in kinds:
        handles.append(plt.Line2D([], [], color="black", ls=":", label="covariates alone"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def calibration(
    table: pd.DataFrame, predictions: pd.DataFrame, main: tuple[str, str], names: tuple[str, str]
) -> Figure:
    """Calibration and confusion matrix of one classifier in every design.

    Parameters
    ----------
    table
        ``_calibration.tsv``.
    predictions
        ``_predictions.tsv``.
    main
        Model and features of the classifier; the replicate has one of its own.
    names
        Of cases and controls.
    """
    both = predictions.dropna(subset="called").groupby(KEY)["role"].nunique() > 1
    panels = [
        (group, own)
        for group, own in table.groupby(KEY, sort=False)
        if (group[2:] == main or group[0] == "replicate") and both.get(group, False)
    ]
    figure, axes = plt.subplots(2, len(panels), figsize=(2.5 * len(panels), 5.2), squeeze=False)
    for (group, own), above, below in zip(panels, axes[0], axes[1], strict=True):
        colour = MARK if group[0] == "replicate" else CASE
        above.plot([0, 1], [0, 1], color="black", lw=0.7)
        above.vlines(
            own["mean_probability"], own["observed_low"], own["observed_high"], color=colour, lw=1.2, alpha=0.6
        )
        above.scatter(own["mean_probability"], own["observed_share"], color=colour, s=18, zorder=3)
        above.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="probability", ylabel=f"share of {names[0]}")
        above.set_title(_two_lines(*group[:2]), fontsize=8.5)
        chosen = predictions[(predictions[KEY] == list(group)).all(axis=1)].dropna(subset="called")
        _confusion(below, chosen, names)
    return figure


def _confusion(axis: Axes, predictions: pd.DataFrame, names: tuple[str, str]) -> None:
    """Mean numbers over repeats; shares of each group."""
    repeats = max(predictions["repeat"].nunique(), 1)
    counts = np.array(
        [
            [
                ((predictions["role"] == role) & (predictions["called"] == called)).sum()
                for called in ("case", "control")
            ]
            for role in ("case", "control")
        ]
    )
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1.3)
    for i in range(2):
        for j in range(2):
            text = f"{counts[i, j] / repeats:.0f}\n{100 * shares[i, j]:.0f} %"
            axis.text(j, i, text, ha="center", va="center", color="white" if shares[i, j] > 0.75 else "black")
    axis.set_xticks([0, 1], names)
    axis.set_yticks([0, 1], names, rotation=90, va="center")
    axis.set(xlabel="called", ylabel="is")
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)


def by_site(table: pd.DataFrame, main: tuple[str, str]) -> Figure:
    """Area at every site, in every design, of one classifier.

    Parameters
    ----------
    table
        ``_sites.tsv``.
    main
        Model and features.
    """
    own = table[(table["model"] == main[0]) & (table["features"] == main[1]) & (table["design"] != "replicate")]
    drawn = own.groupby(KEY[:2])["auc"].transform("count") > 0
    own = own[drawn] if drawn.any() else own
    groups = list(own.groupby(KEY[:2], sort=False))
    sites = list(dict.fromkeys(own["site"].astype(str)))
    colours = dict(zip([g for g, _ in groups], (GREY, CASE, CONTROL, MARK, GREEN), strict=False))
    figure, axis = plt.subplots(figsize=(6.4, 0.2 * len(sites) * (len(groups) + 0.6) + 1.3))
    step = 0.8 / max(len(groups), 1)
    labels: dict[str, str] = {}
    missing: dict[str, str] = {}
    axis.axvline(0.5, color="black", lw=0.8)
    for g, (group, rows) in enumerate(groups):
        y = np.array([sites.index(str(s)) for s in rows["site"]]) + (g - (len(groups) - 1) / 2) * step
        colour = colours[group]
        axis.hlines(y, rows["auc_ci_low"], rows["auc_ci_high"], color=colour, lw=1.4)
        axis.scatter(rows["auc"], y, color=colour, s=18, zorder=3, label=design_name(*group))
        for _, row in rows.iterrows():
            text = f"{short(str(row['site']), 22)}  ({row['n_case']} / {row['n_control']})"
            # the largest number: fewer are tested where controls are set aside
            if str(row["site"]) not in labels or group[1] != "site controls":
                labels[str(row["site"])] = text
            if not own.loc[own["site"] == row["site"], "auc"].notna().any():
                missing[str(row["site"])] = str(row["note"])
    for site, note in missing.items():
        axis.text(0.51, sites.index(site), note, fontsize=8, va="center", color="black")
    axis.set_yticks(range(len(sites)), [labels[s] for s in sites])
    axis.set_ylim(-0.6, len(sites) - 0.4)
    axis.invert_yaxis()
    axis.set(xlabel="area under the ROC curve (95 % CI)", xlim=(0, 1))
    axis.legend(
        frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.45, -0.9 / figure.get_figheight()), ncols=2
    )
    return figure
