"""Connectivity of images: what the maps rest on, what the seeds are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from amygene.cleaning.choices import STRATEGIES
from amygene.cohort.choices import FORMATS
from amygene.report import page
from amygene.report.page import Shown


def part(
    qc: Shown,
    seeds: Shown,
    overlap: Shown,
    carpets: Shown,
    quality: Shown,
    places: Shown,
    maps: Shown,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Blocks and findings.

    Parameters
    ----------
    qc, seeds, overlap
        Tables of those names.
    carpets, quality, places, maps
        Pictures.
    """
    findings = [left(qc.content)]
    lacking = without_map(seeds.content, qc.content)
    blocks = [
        page.words(*findings, *lacking),
        page.picture(
            carpets,
            "The participants with the least, the median and the most head motion. Every line is a voxel; above each other: displacement "
            "(dashed: where scrubbing begins), before and after cleaning (orange: scrubbed). Bands across all voxels before cleaning are "
            "motion and the global signal; after it none should be left.",
        ),
        page.picture(
            quality,
            "What cleaning leaves (dashed: participants below it are out), and the quality of the signal in every seed.",
        ),
        page.heading("Seeds", 2),
        *subregions(overlap.content, seeds.content),
        page.picture(places, "Above: outlines of the seeds. Below: where participants have signal."),
        page.table(seeds.content, seeds.file),
        page.table(overlap.content, overlap.file, folded="overlap of every two seeds"),
        page.picture(maps, "Mean map of every seed over all participants."),
        page.table(qc.content, qc.file, folded="every participant"),
    ]
    return blocks, findings


def left(qc: pd.DataFrame) -> str:
    """What cleaning left, in words."""
    scans = f"{len(qc)} scans"
    motion = (
        f"mean framewise displacement {qc['mean_fd'].median():.2f} mm (median; {qc['mean_fd'].min():.2f} to {qc['mean_fd'].max():.2f}), "
        if qc["mean_fd"].notna().any()
        else "head motion not known, "
    )
    return (
        f"Images: {scans}, {motion}{100 * qc['scrubbed'].mean():.0f} % of volumes scrubbed, "
        f"{qc['df_left'].median():.0f} degrees of freedom left (median; at least {qc['df_left'].min():.0f})."
    )


def without_map(seeds: pd.DataFrame, qc: pd.DataFrame) -> list[str]:
    """Seeds that some participants have no map of."""
    n = qc["participant_id"].nunique()
    lacking = seeds[seeds["n_maps"] < n]
    return [
        f"{row['seed']} has a map in {row['n_maps']:.0f} of {n} participants; in the others too little of it has signal."
        for _, row in lacking.iterrows()
    ]


def subregions(overlap: pd.DataFrame, seeds: pd.DataFrame) -> list[dict[str, Any]]:
    """What must be said of probabilistic seeds beside those of an atlas."""
    kinds = seeds.set_index("seed")["kind"]
    mixed = overlap[
        (overlap["seed"].map(kinds) == "probability") != (overlap["other_seed"].map(kinds) == "probability")
    ]
    mixed = mixed[mixed["dice"] > 0]
    if mixed.empty:
        return []
    first = mixed.sort_values("dice").iloc[-1]
    return [
        page.warning(
            "Subregions made of probabilities (Juelich) are not parts of an atlas's amygdala: the two overlap in part only, at most with a "
            f"Dice coefficient of {first['dice']:.2f} ({first['seed']} and {first['other_seed']})."
        )
    ]


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How maps were made."""
    if not FORMATS[config["cohort"]["format"]].has_participants:
        return []
    cleaning, own = config["cleaning"], config["connectivity"]
    strategy = cleaning["strategy"]
    confounds = STRATEGIES[strategy].sentence if isinstance(strategy, str) else "the columns " + ", ".join(strategy)
    steps = []
    if cleaning["discard"]:
        steps.append(f"the first {cleaning['discard']} volumes of every run were left out")
    if cleaning["scrub"]:
        scrub = cleaning["scrub"]
        steps.append(
            f"volumes with a framewise displacement above {scrub['fd']:g} mm, {scrub['before']} before and {scrub['after']} after each were "
            "scrubbed [{scrubbing}] (interpolated before the filter, left out after it [{lindquist}])"
        )
    if cleaning["smoothing"]:
        steps.append(f"images were smoothed (full width at half maximum {cleaning['smoothing']:g} mm)")
    if cleaning["detrend"]:
        steps.append("linear trends were removed")
    if cleaning["band_pass"]:
        low, high = cleaning["band_pass"]
        edges = f"{low:g} to {high:g} Hz" if low and high else f"above {low:g} Hz" if low else f"below {high:g} Hz"
        steps.append(
            f"the images had been filtered ({edges}) before"
            if cleaning["filtered"]
            else f"signals and confounds were filtered ({edges})"
        )
    steps.append(f"{confounds} were regressed out" if strategy != "none" else "no confounds were regressed out")
    seeds = [s if isinstance(s, str) else s["name"] for s in config["seeds"]]
    made = "the most probable area of the voxel" if own["seed_weighting"] == "maximum" else "weighted by probability"
    return [
        f"Connectivity. In preprocessed images {'; '.join(steps)}. All steps are one linear operator per scan, derived by passing the identity "
        "matrix through nilearn's signal cleaning [{nilearn}]; runs of a session were cleaned apart, centred and put one after the other. Participants "
        f"whose scan kept fewer than {cleaning['min_df']:g} degrees of freedom were excluded. The mean series of each seed ({', '.join(seeds)}; "
        f"probabilistic seeds: {made}, probability at least {own['seed_threshold']:g} [{{anatomy}}]) was correlated (Pearson) with every voxel that has "
        "signal in all participants, and correlations were Fisher z-transformed. For tests by region maps were averaged over the regions of the "
        "atlas, without the seed's own voxels."
    ]
