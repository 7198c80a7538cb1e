"""Tests of maps: where in the brain the groups differ, and (in the section of response) what changes there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from amygene.models.cluster_columns import OF_CLUSTERS, place
from amygene.models.cluster_tables import significant_clusters
from amygene.report import page
from amygene.report.page import Shown
from amygene.report.sections.sites import validation
from amygene.response.levels import people_of


def _shown_columns(effect: str) -> list[str]:
    """Columns of the page; the file has all."""
    return [
        "formed_by", "cluster", "peak", "aal_peak", "harvard_oxford_peak", "x", "y", "z", "t", effect, "n_voxels",
        "volume", "p_size", "p_mass", "cluster_p_tfce", "p_fwe", "q_size_rft", f"cluster_{effect}",
        f"cluster_{effect}_ci_low", f"cluster_{effect}_ci_high",
    ]  # fmt: skip


def contrast_words(contrast: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """What the report says of a contrast, from its name and its entry in the config."""
    case, control = settings["case"], settings["control"]
    return {
        "title": contrast,
        "colours": "blue: less in cases, red: more",
        "lead": " is",
        "more": f"more connected in {case} with",
        "less": f"less connected in {case} with",
        "none": f"no cluster differs between {case} and {control}",
        "absent": "no difference",
    }


def part(
    words: Mapping[str, str],
    together: Shown,
    seeds: Mapping[str, Mapping[str, Any]],
    sidecar: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings of one test of maps.

    Parameters
    ----------
    words
        From `contrast_words`, or those of an analysis of response (`response.voxel_plan`).
    together
        Picture of all seeds side by side.
    seeds
        Seed -> ``table``, ``slices``, ``projections``, ``viewer`` and ``loso`` (or None), all as `Shown`.
    sidecar
        Of the table of clusters of one seed.
    """
    found = {seed: difference(shown["table"].content, words, seed) for seed, shown in seeds.items()}
    title = words["title"]
    effect = "r" if any("r" in shown["table"].content for shown in seeds.values()) else "g"
    blocks = [
        page.heading(title),
        page.points(list(found.values())),
        page.picture(
            together,
            f"The cluster with the smallest p of its size, for every seed; {words['colours']}. Pale clusters are not "
            "significant. Left is left.",
        ),
        page.words(behind(sidecar)),
    ]
    for seed, shown in seeds.items():
        blocks += [
            page.heading(f"{title}: {seed}", 2),
            page.picture(
                shown["slices"], "t in axial slices, left is left; what is significant lies on the lower rows."
            ),
            page.picture(
                shown["projections"], "Above: t on the cortex. Below: clusters beyond the cluster-forming threshold."
            ),
            *page.viewer(shown["viewer"]),
            page.table(
                shown["table"].content[_shown_columns(effect)],
                shown["table"].file,
                f"Marked: family-wise p < .05 by size, mass, score or height. The mean {effect} of a cluster is too large, since "
                "the same data chose it.",
                marked=lambda r: bool((r[["p_size", "p_mass", "cluster_p_tfce", "p_fwe"]] < 0.05).any()),
                folded="clusters and peaks",
                meanings=OF_CLUSTERS,
            ),
        ]
        if shown["loso"] is not None:
            table = shown["loso"]
            blocks += [
                page.words(validation(table.content, seed)),
                page.table(table.content, table.file, folded="sites"),
            ]
    return blocks, [f"{title}, voxels. {sentence}" for sentence in found.values()]


def difference(table: pd.DataFrame, words: Mapping[str, str], seed: str) -> str:
    """What was found for one seed, in words."""
    first = table[table["peak"] == 1]
    height = first[first["formed_by"] == "height"]
    counts = {
        "size": int((height["p_size"] < 0.05).sum()),
        "mass": int((height["p_mass"] < 0.05).sum()),
        "topological FDR": int((height["q_size_rft"] < 0.05).sum()),
        "TFCE": int((first["formed_by"] == "tfce").sum()),
    }
    if not any(counts.values()):
        nearest = ""
        if len(height):
            best = height.loc[height["p_size"].idxmin()]
            nearest = f"; the smallest p of a cluster's size is {page.p_words(best['p_size']).removeprefix('= ')} ({place(best)})"
        return f"{seed}: {words['none']}{nearest}. That is not evidence that there is {words['absent']}."
    by = ", ".join(f"{n} by {name}" for name, n in counts.items())
    significant = significant_clusters(table)
    if significant.empty:
        significant = height[height["q_size_rft"] < 0.05]
    parts = [
        f"{words['more' if row['t'] > 0 else 'less']} {place(row)} "
        f"({int(row['n_voxels'])} voxels, peak t = {row['t']:.2f} at {row['x']:.0f}, {row['y']:.0f}, {row['z']:.0f})"
        for _, row in significant.head(4).iterrows()
    ]
    return f"{seed}{words['lead']} {'; '.join(parts)}. Significant clusters: {by}."


def behind(sidecar: Mapping[str, Any]) -> str:
    """What the p of a test rest on, in words."""
    p_from = sidecar["p_from"]
    who = [f"{n} {_PLURAL.get(name, people_of(name))}" for name, n in sidecar["participants"].items()]
    fwhm = " x ".join(f"{x:.1f}" for x in sidecar["fwhm_mm"])
    family = ""
    if "tests" in sidecar:
        family = f" All four are over the {len(sidecar['tests'])} tests of this effect: by {sidecar['over_tests']}."
    return (
        f"{' and '.join(who)}, {sidecar['voxels']} voxels, smoothness {fwhm} mm (of the first seed). p of heights: "
        f"{p_from['t']}; of sizes: {p_from['size']}; of masses: {p_from['mass']}; of scores: {p_from['tfce']}.{family}"
        f"{_limits(sidecar)}"
    )


def _limits(sidecar: Mapping[str, Any]) -> str:
    """The smallest effect that could be found, and what is shown to be equivalent."""
    said = ""
    effect = "r" if "smallest_r" in sidecar else "g"
    alone, family = (sidecar[f"smallest_{effect}{kind}"] for kind in ("", "_fwe"))
    if alone is not None:
        said = (
            f" With a power of 80 % the sample finds {effect} = {alone:.2f} in one voxel looked at by itself (p < .05)"
        )
        if family is not None:
            said += (
                f", and {effect} = {family:.2f} in one voxel family-wise by height (|t| > {sidecar['critical_t']:.1f})"
            )
        said += "; smaller ones are found where they spread over a cluster, or missed."
    if "equivalent_voxels" in sidecar:
        margin = sidecar["settings"]["margin"]
        said += f" In {sidecar['equivalent_voxels']} voxels the difference is shown to be smaller than {margin:g} standard deviations (p of equivalence < .05, each voxel by itself)."
    return said


_PLURAL = {"case": "cases", "control": "controls"}
_DRAWS = {
    "plain": "counted as (1 + b) / (1 + m) [{phipson}]",
    "tail": "where below .1 taken from a generalised Pareto tail fitted to the largest values [{knijnenburg},{tail}], which needs fewer permutations",
    "sequential": "counted until {until} permutations reached a statistic, and no longer [{besag}]",
}


def how_counted(voxel: Mapping[str, Any]) -> str:
    """How p come from draws, for the methods."""
    return _DRAWS[voxel["draws"]].replace("{until}", str(voxel["until"]))


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How maps were compared."""
    if not models:
        return []
    voxel = config["group"]["voxel"]
    draws = how_counted(voxel)
    text = (
        "Group difference in voxels. The linear models of the regions were fitted in every voxel that has signal in all participants, without the seed's own. "
        f"Residuals of the reduced model were permuted {config['permutations']['voxels']} times [{{fl}},{{winkler}}]; of every permutation the largest absolute t, size and "
        f"mass of a cluster (one-sided p < {voxel['cluster_p']:g} in either direction, {voxel['connectivity']} neighbours) and threshold-free cluster enhancement [{{tfce}}] "
        f"(E = .5, H = 2) were kept. Family-wise p are two-sided, {draws}. Beside them stand, as in SPM12 and one-sided, family-wise p and topological false discovery "
        "rates [{chumbley}] of peaks and clusters from random field theory [{worsley},{friston}], with the smoothness of the residuals [{kiebel}]. Regions are those of AAL "
        "[{aal}] and Harvard-Oxford."
    )
    if voxel["margin"] is not None:
        text += f" Differences smaller than {voxel['margin']:g} standard deviations were shown by two one-sided tests [{{tost}}]."
    return [text]
