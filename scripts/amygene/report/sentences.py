"""What was found, in words with numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from amygene.problems import some
from amygene.report.page import p_words


def cohort(participants: pd.DataFrame, excluded: pd.DataFrame, contrasts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Who takes part."""
    out = excluded[excluded["contrast"] == "all"]
    steps = ", ".join(f"{n} at the step {step}" for step, n in out["step"].value_counts().items())
    lines = [
        f"{len(participants)} of {len(participants) + len(out)} participants take part"
        + (f" at {participants['site'].nunique()} sites" if "site" in participants else "")
        + (f"; {len(out)} are excluded ({steps})." if len(out) else "; nobody is excluded.")
    ]
    for name, contrast in contrasts.items():
        role = participants[f"contrast-{name}"]
        n_case, n_control = int((role == "case").sum()), int((role == "control").sum())
        lines.append(f"Contrast {name}: {n_case} {contrast['case']} against {n_control} {contrast['control']}.")
    return lines


def group(table: pd.DataFrame, contrast: Mapping[str, Any], seed: str) -> str:
    """The difference of the groups for one seed."""
    found = table[table["q"] < 0.05]
    strict = int((table["p_fwe"] < 0.05).sum())
    if found.empty:
        best = table.loc[table["p"].idxmin()]
        return (
            f"{seed}: no region differs between {contrast['case']} and {contrast['control']} at q < .05; the smallest p is that "
            f"of {best['region']} (g = {best['g']:.2f}, 95 % CI {best['g_ci_low']:.2f} to {best['g_ci_high']:.2f}, p {p_words(best['p'])}). "
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


def sites(table: pd.DataFrame, seed: str) -> str:
    """Validation at held-out sites."""
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


def genes(table: pd.DataFrame, counts: Mapping[str, Any], name: str) -> str:
    """Genes that follow a map."""
    p = counts["p_count"]
    verdict = "more than" if p < 0.05 else "no more than"
    best = table.loc[(table["r"] - table["null_mean"]).abs().idxmax()]
    return (
        f"{name}: {counts['genes_q_null']} of {counts['n_genes']} genes follow the map at q < .05 under null maps. Taking regions for "
        f"independent would give {counts['genes_q_parametric']}; that is {verdict} null maps give (median {counts['null_count_median']:.0f}, "
        f"p {p_words(p)}). The gene furthest from its null mean is {best['gene']} (r = {best['r']:.2f}, p {p_words(best['p_null'])})."
    )


def calibration(table: pd.DataFrame) -> str:
    """How often unrelated maps look associated."""
    used = table[table["null"].str.contains("stratified")]["rate"]
    naive = table[table["null"] == "parametric"]["rate"]
    return (
        f"With maps that have nothing to do with expression, the test used here gives p < .05 in {100 * used.min():.1f} to {100 * used.max():.1f} % of "
        f"genes; taking regions for independent gives {100 * naive.min():.0f} to {100 * naive.max():.0f} %."
    )


def sets(table: pd.DataFrame, collection: str) -> str:
    """Enriched sets of a collection."""
    found = table[table["q_null"] < 0.05].sort_values("p_null")
    replicate = int((table["q_hypergeometric"] < 0.05).sum())
    end = f" The hypergeometric replicate gives {replicate}."
    if found.empty:
        best = table.loc[table["p_null"].idxmin()]
        return (
            f"{collection}: none of {len(table)} sets at q < .05; the smallest p is that of {best['set']} (p {p_words(best['p_null'])})."
            + end
        )
    both = int((found["p_coexpression"] < 0.05).sum())
    return (
        f"{collection}: {len(found)} of {len(table)} sets at q < .05, {both} of them also stand out (p < .05) among random sets that are expressed "
        f"together as much; first: {some(found['set'], 3)}." + end
    )


def all_sets(tables: Mapping[str, pd.DataFrame], name: str) -> str:
    """Numbers of enriched sets of all collections, and the first of them."""
    parts = [f"{int((t['q_null'] < 0.05).sum())} of {len(t)} in {collection}" for collection, t in tables.items()]
    best = pd.concat(tables.values()).assign(size=lambda t: t["z_null"].abs())
    best = best[best["q_null"] < 0.05].sort_values(["p_null", "size"], ascending=[True, False])
    first = f"; first: {some(best['set'], 3)}" if len(best) else ""
    return f"{name}: sets at q < .05 under null maps: {', '.join(parts)}{first}."


def motion(qc: pd.DataFrame, seed: str) -> str | None:
    """Whether connectivity follows motion."""
    if "mean_fd" not in qc or qc["mean_fd"].notna().sum() < 10:
        return "Head motion is not known (no column mean_fd); it could not be adjusted for."
    known = qc.dropna(subset=["mean_fd", f"mean_z_{seed}"])
    r = np.corrcoef(known["mean_fd"], known[f"mean_z_{seed}"])[0, 1]
    return f"Mean framewise displacement correlates with the mean connectivity of {seed} at r = {r:.2f}."
