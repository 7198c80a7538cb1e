"""Group: where the groups differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from amygene.io.problems import some
from amygene.models.choices import SITE_EFFECTS
from amygene.report import page
from amygene.report.page import Shown


def part(
    contrast: str, settings: Mapping[str, Any], seed: str, roi: Shown, brain: Shown, viewer: Shown, effects: Shown,
    harmonisation: Shown,
) -> tuple[list[dict[str, Any]], list[str]]:  # fmt: skip
    """Blocks and findings of one contrast and seed.

    Parameters
    ----------
    contrast, settings
        Its name and its entry in the config.
    seed
        Name of the seed.
    roi
        ``_stat-t_roi.tsv``.
    brain, viewer, effects, harmonisation
        Pictures; the viewer is empty for an atlas without an image.
    """
    found = difference(roi.content, settings, seed)
    blocks = [
        page.heading(f"{contrast}: {seed}"),
        page.words(found),
        page.picture(brain, "t of every region; blue: less in cases, red: more. Above the cortex, below all regions."),
        *page.viewer(viewer),
        page.picture(effects, "Regions with the largest differences."),
        page.table(roi.content.sort_values("p"), roi.file, "Marked: q < .05.", marked=lambda r: r["q"] < 0.05),
        page.heading("Ways to deal with sites", 2),
        page.picture(harmonisation, "Points on the line: the choice does not matter."),
    ]
    return blocks, [f"{contrast}. {found}"]


def difference(table: pd.DataFrame, contrast: Mapping[str, Any], seed: str) -> str:
    """The difference of the groups for one seed, in words."""
    found = table[table["q"] < 0.05]
    strict = int((table["p_fwe"] < 0.05).sum())
    if found.empty:
        best = table.loc[table["p"].idxmin()]
        return (
            f"{seed}: no region differs between {contrast['case']} and {contrast['control']} at q < .05; the smallest p is that "
            f"of {best['region']} (g = {best['g']:.2f}, 95 % CI {best['g_ci_low']:.2f} to {best['g_ci_high']:.2f}, p {page.p_words(best['p'])}). "
            "That is not evidence that there is no difference."
        )
    less, more = found[found["t"] < 0], found[found["t"] > 0]
    parts = []
    for rows, word in ((less, "less"), (more, "more")):
        if len(rows):
            names = rows.sort_values("p")["region"]
            parts.append(f"{word} connected in {contrast['case']} with {some(names, 6)}")
    best = found.loc[found["t"].abs().idxmax()]
    return (
        f"{seed} is "
        + " and ".join(parts)
        + f" ({len(found)} of {len(table)} regions at q < .05, {strict} at family-wise p < .05); the largest "
        f"difference is that of {best['region']}, g = {best['g']:.2f} (95 % CI {best['g_ci_low']:.2f} to {best['g_ci_high']:.2f})."
    )


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How the groups were compared, a paragraph per contrast."""
    paragraphs = []
    for name, model in models.items():
        contrast = config["contrasts"][name]
        covariates = [c for c in model["covariates"] if c != "site"]
        strata = f"within the levels of {model['exchange_within']}" if model["exchange_within"] else "freely"
        family = "the regions of one seed" if config["group"]["family"] == "seed" else "the regions of all seeds"
        paragraphs.append(
            f"Group difference {name}. {contrast['case']} were compared with {contrast['control']} in a linear model per region"
            + (f" with {', '.join(covariates)} as covariates. " if covariates else ". ")
            + SITE_EFFECTS[model["site_effects"]].sentence
            + f" Two-sided p-values rest on {config['permutations']['group']} permutations of the residuals of the reduced model [{{fl}},{{winkler}}], exchanged "
            f"{strata}, as (1 + b) / (1 + m) [{{phipson}}]. False discovery rates [{{bh}}] and family-wise p (largest absolute t) are over {family}. Effects are "
            "Hedges g [{hedges}] with exact 95 % confidence intervals."
        )
    return paragraphs
