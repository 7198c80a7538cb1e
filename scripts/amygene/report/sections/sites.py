"""Sites: whether the difference holds at a site that was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from amygene.io.problems import some
from amygene.report import page
from amygene.report.page import Shown


def part(contrast: str, seed: str, loso: Shown, figure: Shown, forest: Shown) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings of one contrast and seed.

    Parameters
    ----------
    contrast, seed
        Their names.
    loso
        ``_loso.tsv``.
    figure, forest
        Pictures.
    """
    found = validation(loso.content, seed)
    blocks = [
        page.heading(f"{contrast}: {seed}"),
        page.words(found),
        page.picture(
            figure,
            "Left, as often published: the map without a site against the map of everybody, with the band (grey) that relabeled groups "
            "give; a point inside its band shows nothing. Right: the site alone against all others. Numbers: cases / controls.",
        ),
        page.picture(forest, "The regions with the largest differences at every site, and pooled (green)."),
        page.table(loso.content, loso.file, folded="numbers"),
    ]
    return blocks, [f"{contrast}. {found}"]


def validation(table: pd.DataFrame, seed: str) -> str:
    """Validation at held-out sites, in words."""
    tested = table.dropna(subset="r_heldout_rest")
    if tested.empty:
        return f"{seed}: no site could be tested alone ({some(table['note'].dropna().unique(), 3) or 'there is one site'})."
    held = tested[(tested["p_heldout_rest"] < 0.05) & (tested["r_heldout_rest"] > 0)]
    inside = table[(table["r_with_full"] >= table["r_null_low"]) & (table["r_with_full"] <= table["r_null_high"])]
    return (
        f"{seed}: the difference holds (p < .05) at {len(held)} of {len(tested)} sites that were left out and tested alone; their maps "
        f"correlate with the map of the rest at r = {tested['r_heldout_rest'].min():.2f} to {tested['r_heldout_rest'].max():.2f}. The map without "
        f"one site correlates with the map of everybody at r = {table['r_with_full'].min():.2f} to {table['r_with_full'].max():.2f}, which for "
        f"{len(inside)} of {len(table)} sites is what chance alone gives."
    )


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How the difference was validated."""
    if not models or "sites" not in config["stages"]:
        return []
    return [
        "Validation at held-out sites. Each site was left out in turn. The T-map of the site alone was correlated with the T-map of the rest; the "
        f"groups were relabeled {config['permutations']['sites']} times at the site for its two-sided p. As in [{{liu}}], the T-map without the site was also "
        "correlated with the T-map of everybody; since the two share most participants, it is shown with the band it has when groups are relabeled within all "
        "sites. Site-wise estimates were pooled with random effects [{dl},{hk}]; heterogeneity is Cochran's Q and I²."
    ]
