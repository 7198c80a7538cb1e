"""Animal signatures and published findings on studies whose truth is known: do their tests hold and find?

Run with ``uv run python benchmarks/signature_calibration.py``; ``--write`` puts the tables into
docs/signature_calibration.md. The human side is real expression in DK83, from ``resources/`` (a run of the demo fills it).
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

import argparse
import datetime
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import yaml
from scipy import stats

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from amygene.enrichment.scores import RandomSets, make_pools
from amygene.evidence.claims import read_evidence
from amygene.evidence.places import Place
from amygene.evidence.table import contrast_tables, of_connectivity
from amygene.expression.alignment import read_dk83
from amygene.genes.association import OnGenes
from amygene.imaging import atlas
from amygene.models.comparison import Comparison, count_exceedances
from amygene.models.site_effects import COVARIATE
from amygene.nulls import moran
from amygene.nulls.smooth import smooth_maps
from amygene.preclinical.bridge import Weights, animals_p, bridge_table, weights_of
from amygene.stats.design import Design
from amygene.stats.map_test import unit

RESOURCES = ROOT / "resources"
N_GENES, N_MODULE, N_ANIMALS, DRAWS = 3000, 120, 6, 500
#: what of the animals and of the map is planted: a difference of the groups in a module, the map along its genes
SCENARIOS = {
    "the map is unrelated, groups do not differ": (0.0, 0.0),
    "the map is unrelated, groups differ in a module": (3.0, 0.0),
    "the map follows a module, groups do not differ": (0.0, 1.0),
    "the map follows a module, groups differ in it": (3.0, 1.0),
}
KINDS = ("up", "down", "up-down", "signed", "module")
SEEDS = {"LAMY": ["L_amygdala"], "RAMY": ["R_amygdala"]}
N_CASES = 40


@cache
def world() -> tuple[pd.DataFrame, np.ndarray, RandomSets]:
    """Regions of DK83, expression of a random part of the genes there, random sets of them."""
    folder = RESOURCES / "imaging-transcriptomics"
    regions = atlas.dk83_regions(pd.read_csv(folder / "atlas_regions_info.csv"))
    regions = atlas.locate(regions, nibabel.load(folder / "atlas-desikankilliany_1mm_MNI152.nii.gz"), "DK83")
    expression = read_dk83(folder / "gene_expression_data.csv").loc[regions["region"]].to_numpy()
    chosen = np.sort(np.random.default_rng(1).choice(expression.shape[1], N_GENES, replace=False))
    profiles = unit(expression[:, chosen], 0)
    return regions, expression[:, chosen], RandomSets(profiles, 1, make_pools(profiles, 1))


def bridge(number: int, effect: float, follows: float) -> pd.DataFrame:
    """Signatures of one simulated contrast, and one module, against one map.

    The animals' module is a random human gene and its neighbours by co-expression there: the worst case, since genes
    that go together in the animals then go together in the brain. Its activity differs between animals whatever the
    groups are. A gene is up or down at p < .05.
    """
    regions, expression, random_sets = world()
    rng = np.random.default_rng([3, number])
    strata, xyz = regions["structure"].to_numpy(dtype=str), regions[["x", "y", "z"]].to_numpy()
    profiles = unit(expression, 0)
    module = np.argsort(-(profiles.T @ profiles[:, rng.integers(N_GENES)]))[:N_MODULE]
    is_case = np.arange(2 * N_ANIMALS) < N_ANIMALS
    values = rng.standard_normal((2 * N_ANIMALS, N_GENES))
    values[:, module] += rng.standard_normal((2 * N_ANIMALS, 1)) + effect * is_case[:, None]
    noise = smooth_maps(xyz, strata, 1.0, 1, rng)[0]
    observed = noise / noise.std() + follows * unit(profiles[:, module].mean(axis=1), 0) * np.sqrt(len(noise))
    maps = moran.null_maps(observed, strata, xyz, number, DRAWS)
    t, p = stats.ttest_ind(values[is_case], values[~is_case])
    names = np.array([f"G{i}" for i in range(N_GENES)])
    human = dict(zip(names.tolist(), names.tolist(), strict=True))
    signatures = weights_of("c", "T", names.tolist(), np.sign(t) * (p < 0.05), t)
    signatures.append(Weights("M1", "T", "module", dict.fromkeys(names[module].tolist(), 1.0)))
    tissue = {"values": values, "gene": names, "group": np.where(is_case, "a", "b")}
    r = unit(observed, 0) @ profiles
    animals = animals_p(signatures, human, names, r, {"T": tissue}, {"c": {"case": "a", "control": "b"}}, number, 200)
    on = OnGenes(names, expression, observed, maps, np.empty((0, len(observed))), strata)
    table = bridge_table(signatures, human, on, random_sets, 200, 10, animals)
    low = table.set_index("kind")[["p_null", "p_coexpression", "p_animals"]]
    low["p_null and p_animals"] = low[["p_null", "p_animals"]].max(axis=1).where(low["p_animals"].notna())
    return (low < 0.05).astype(float).where(low.notna())


@cache
def claims() -> tuple[pd.DataFrame, dict[str, Place]]:
    """The review's findings of connectivity and where they lie in DK83."""
    folder = ROOT / "config/evidence"
    schema = yaml.safe_load((ROOT / "config/schemas/evidence.schema.yaml").read_text())
    tables = [folder / f"kotoula2023_{name}.tsv" for name in ("fmri", "structure", "spectroscopy")]
    findings, places = read_evidence(tables, schema, folder / "regions.tsv", "DK83", set(world()[0]["region"]))
    return of_connectivity(findings), places


def evidence(number: int, effect: float) -> dict[str, float]:
    """The review's findings against one simulated study of both amygdalae; `effect` is planted in their direction."""
    regions, *_ = world()
    findings, places = claims()
    rng = np.random.default_rng([4, number])
    names = regions["region"].to_numpy(dtype=str)
    strata, xyz = regions["structure"].to_numpy(dtype=str), regions[["x", "y", "z"]].to_numpy()
    case = (np.arange(2 * N_CASES) < N_CASES).astype(float)
    site = np.tile([0, 1], N_CASES)
    nuisance = np.column_stack([np.ones(len(case)), site, rng.normal(35, 10, len(case))])
    design = Design(case, nuisance, np.array(["intercept", "site", "age"]), site)
    common = smooth_maps(xyz, strata, 0.5, len(case), rng)
    z = {seed: common + smooth_maps(xyz, strata, 0.5, len(case), rng) for seed in SEEDS}

    def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
        kept = {seed: np.flatnonzero(names != parts[0]) for seed, parts in SEEDS.items()}
        comparisons = {seed: Comparison(z[seed][:, kept[seed]], design, site, COVARIATE) for seed in SEEDS}
        relabeled = {seed: count_exceedances(one, number, 0, DRAWS)[2] for seed, one in comparisons.items()}
        columns = {seed: names[kept[seed]].tolist() for seed in SEEDS}
        return contrast_tables(findings, places, SEEDS, comparisons, relabeled, columns, "controls", "DK83")

    if effect:
        table, _ = tables()
        for _, row in table[table["testable"]].iterrows():
            for edge in row["connections"].split("; "):
                seed, region = edge.split(" – ")
                z[seed][case == 1, names == region] += (1 if row["direction"] == "higher" else -1) * effect
    table, agreement = tables()
    tested = table[table["testable"]]
    p = tested["p_claim"].astype(float)
    whole = agreement.iloc[0]
    binomial = stats.binomtest(int(whole["n_agree"]), int(whole["n_claims"]), alternative="greater").pvalue
    return {
        "findings that can be tested": float(whole["n_claims"]),
        "single findings: p_claim < .05": float((p < 0.05).mean()),
        "number that agree: p_agree < .05": float(whole["p_agree"] < 0.05),
        "mean score: p_score < .05": float(whole["p_score"] < 0.05),
        "number that agree, binomial (not offered): p < .05": float(binomial < 0.05),
    }


def rows(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Shares of p < .05 by kind over studies; a kind that a study cannot test finds nothing in it."""
    rates = sum(frame.fillna(0) for frame in frames) / len(frames)
    tested = sum(frame["p_null"].notna() for frame in frames) / len(frames)
    table = rates.loc[list(KINDS)].reset_index(names="signature")
    table.insert(1, "tested in", [f"{100 * x:.0f} %" for x in tested.loc[list(KINDS)]])
    table.loc[table["signature"] == "module", ["p_animals", "p_null and p_animals"]] = np.nan
    return table


def markdown(frame: pd.DataFrame) -> str:
    """Markdown of a table of rates."""
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * len(frame.columns)]
    for _, row in frame.iterrows():
        cells = [("-" if np.isnan(v) else f"{v:.3f}") if isinstance(v, float) else str(v) for v in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run everything and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--write", action="store_true", help="put the tables into docs/signature_calibration.md")
    options = parser.parse_args()
    n, began = options.studies, time.monotonic()
    with ProcessPoolExecutor(options.workers) as pool:
        bridges = {
            name: [pool.submit(bridge, 1000 * k + i, *planted) for i in range(n)]
            for k, (name, planted) in enumerate(SCENARIOS.items())
        }
        agreements = {effect: [pool.submit(evidence, i, effect) for i in range(n)] for effect in (0.0, 0.5)}
        parts = [
            "# Calibration of animal signatures and of published findings",
            "Rates are shares of p < .05 over simulated studies: .05, or less, where nothing is to be found. Their error at .05 is "
            f"{np.sqrt(0.05 * 0.95 / n):.3f}.",
            f"Made on {datetime.date.today()} with `uv run python benchmarks/signature_calibration.py --studies {n} --write`.",
            "## Signatures against a map",
            f"{n} studies of two groups of {N_ANIMALS} animals and {N_GENES} genes, of which {N_MODULE} go together in the animals as in the human brain (DK83, real "
            f"expression); {DRAWS} null maps. A signature counts with p_null and p_animals: null maps hold the signature fixed and cannot know that a module differs between any two "
            "groups of a few animals; relabeled animals hold the map fixed and cannot know that it is smooth. A module is of no contrast and rests on p_null. p_coexpression stands "
            "beside. A signature with fewer than 10 genes is not tested and finds nothing. The module that is tested itself is a gene with its nearest neighbours, closer than any random "
            "set can be: of such a set p_coexpression is liberal, and the columns coexpression and coexpression_random tell it.",
        ]
        for name, jobs in bridges.items():
            parts += [f"### {name[0].upper()}{name[1:]}", markdown(rows([job.result() for job in jobs]))]
        parts += [
            "## Published findings against a study",
            f"{n} studies of {N_CASES} + {N_CASES} participants at two sites, the amygdalae of DK83, against the findings of a review (Kotoula 2023) that it can test; {DRAWS} "
            "relabelings. The findings share connections, so that a binomial test of their number may be too sure; so few can all agree by chance, and only the mean score can tell. Planted: half a standard deviation in the direction of every finding.",
        ]
        found = {effect: pd.DataFrame([job.result() for job in jobs]).mean() for effect, jobs in agreements.items()}
        table = pd.DataFrame({"test": found[0.0].index, "nothing planted": found[0.0], "planted": found[0.5]})
        parts.append(markdown(table.reset_index(drop=True)))
    text = "\n\n".join(parts) + "\n"
    print(text)
    print(f"{time.monotonic() - began:.0f} s")
    if options.write:
        (ROOT / "docs/signature_calibration.md").write_text(text)


if __name__ == "__main__":
    main()
