"""The tables of the stage evidence: findings of connectivity against one map of the run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from amygene.evidence.agreement import agreement_test, claim_effects, claim_statistics, claim_tests
from amygene.evidence.places import Claim, Place, connections
from amygene.models.comparison import Comparison

#: what the tables repeat of a finding
TOLD = [
    "claim", "study", "year", "population", "comparison", "intervention", "timing", "region", "side", "target",
    "target_side", "direction", "relation", "note", "reference",
]  # fmt: skip
#: fewest claims whose agreement is counted
MIN_CLAIMS = 2


def of_connectivity(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings of connectivity; the others cannot be held against a map of connectivity."""
    return findings[findings["measure"] == "connectivity"].reset_index(drop=True)


def in_atlas(findings: pd.DataFrame, places: Mapping[str, Place]) -> pd.DataFrame:
    """Findings with the regions of the atlas that their ends are, in region_in_atlas and target_in_atlas.

    Missing for an end that the atlas, or the table of places, lacks.
    """
    columns = {}
    for name, side in (("region", "side"), ("target", "target_side")):
        ends = zip(findings[name], findings[side], strict=True)
        columns[f"{name}_in_atlas"] = ["; ".join(places[e].on(s)) or None if e in places else None for e, s in ends]
    return findings.assign(**columns)


def map_claims(
    findings: pd.DataFrame,
    places: Mapping[str, Place],
    seeds: Mapping[str, Sequence[str]],
    measured: Mapping[str, Collection[str]],
    comparisons: Collection[str],
    atlas: str,
) -> tuple[pd.DataFrame, list[Claim]]:
    """Every finding of connectivity with the connections that it is about; parameters as of `places.connections`.

    Returns
    -------
    table
        What is told of the finding, testable, reason, seed_is, n_connections, connections.
    claims
        Of the testable ones, in their order.
    """
    found = [connections(row, places, seeds, measured, comparisons, atlas) for _, row in findings.iterrows()]
    table = findings[TOLD].copy()
    table["testable"] = [bool(claim.edges) for claim in found]
    table["reason"] = [claim.reason or None for claim in found]
    table["seed_is"] = [claim.seed_is or None for claim in found]
    table["n_connections"] = [len(claim.edges) for claim in found]
    table["connections"] = ["; ".join(f"{s} – {r}" for s, r in claim.edges) or None for claim in found]
    return table, [claim for claim in found if claim.edges]


def contrast_tables(
    findings: pd.DataFrame,
    places: Mapping[str, Place],
    seeds: Mapping[str, Sequence[str]],
    comparisons: Mapping[str, Comparison],
    relabeled: Mapping[str, np.ndarray],
    regions: Mapping[str, Sequence[str]],
    stands_for: str,
    atlas: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Findings of connectivity against the difference of two groups.

    Parameters
    ----------
    findings
        From `of_connectivity`.
    comparisons, relabeled, regions
        Seed -> its comparison, the t of every relabeling (n_permutations, n_regions), names of the columns.
    stands_for
        What the contrast compares, in the words of the column comparison.

    Returns
    -------
    claims
        `map_claims` with mean_t, agrees, p_claim, q_claim, n_case, n_control, g and its interval where testable.
    agreement
        A row for all testable claims, and one for those that name the seed; see `agreement.agreement_test`.
    """
    t = {seed: comparison.t() for seed, comparison in comparisons.items()}
    measured = {seed: [r for r, x in zip(regions[seed], t[seed], strict=True) if np.isfinite(x)] for seed in t}
    table, claims = map_claims(findings, places, seeds, measured, [stands_for], atlas)
    testable = table["testable"].to_numpy()
    signs = np.where(table.loc[testable, "direction"] == "higher", 1.0, -1.0)
    observed = claim_statistics(claims, {s: pd.DataFrame(t[s][None], columns=list(regions[s])) for s in t})[0]
    drawn = claim_statistics(claims, {s: pd.DataFrame(relabeled[s], columns=list(regions[s])) for s in t})
    found = pd.concat([claim_tests(observed, drawn, signs), claim_effects(claims, comparisons, regions)], axis=1)
    for column in found:
        table[column] = pd.Series(found[column].to_numpy(), index=table.index[testable], dtype=object)
    named = (table.loc[testable, "seed_is"] == "named").to_numpy()
    rows = []
    for scope, chosen in (("all claims", np.ones(len(signs), dtype=bool)), ("claims that name the seed", named)):
        row: dict[str, object] = {"scope": scope, "n_claims": int(chosen.sum())}
        if chosen.sum() >= MIN_CLAIMS:
            row |= agreement_test(observed[chosen], drawn[:, chosen], signs[chosen])
        rows.append(row)
    columns = ["scope", "n_claims", "n_agree", "null_agree", "p_agree", "mean_score", "p_score"]
    return table, pd.DataFrame(rows).reindex(columns=columns)


def response_table(
    findings: pd.DataFrame,
    places: Mapping[str, Place],
    seeds: Mapping[str, Sequence[str]],
    maps: Mapping[str, Mapping[str, pd.DataFrame]],
    stands_for: Collection[str],
    atlas: str,
) -> pd.DataFrame:
    """Findings of connectivity against maps of change with treatment, or of what goes with response.

    Parameters
    ----------
    maps
        Name of a map (a group and a pair of times, a follow-up) -> seed -> estimate, ci_low, ci_high, p per region.
    stands_for
        What the maps are about, in the words of the column comparison.

    Returns
    -------
    DataFrame
        Per map and claim: `map_claims`, then estimate (the mean over the claim's connections) and agrees. These
        analyses keep no maps of their relabelings: interval and p stand for claims with one connection only.
    """
    parts = []
    for name, by_seed in maps.items():
        known = {seed: table.index[table["estimate"].notna()] for seed, table in by_seed.items()}
        table, claims = map_claims(findings, places, seeds, known, stands_for, atlas)
        testable = table.index[table["testable"]]
        rows = []
        for claim in claims:
            edges = pd.concat([by_seed[seed].loc[[region]] for seed, region in claim.edges])
            one = edges.iloc[0] if len(edges) == 1 else pd.Series(dtype=float)
            rows.append([edges["estimate"].mean(), *(one.get(c, np.nan) for c in ("ci_low", "ci_high", "p"))])
        found = pd.DataFrame(rows, columns=["estimate", "ci_low", "ci_high", "p"], index=testable, dtype=float)
        table.insert(0, "map", name)
        table[found.columns] = found.reindex(table.index)
        signs = np.where(table["direction"] == "higher", 1.0, -1.0)
        agrees = pd.Series(signs * table["estimate"] > 0, dtype=object)
        table["agrees"] = agrees.where(table["testable"], None)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def change_maps(tables: Mapping[str, pd.DataFrame], baseline: str) -> dict[str, dict[str, pd.DataFrame]]:
    """Maps of change since baseline from ``_within.tsv`` of every seed: Hedges g per group and later time."""
    maps: dict[str, dict[str, pd.DataFrame]] = {}
    for seed, table in tables.items():
        own = table[table["from"] == baseline]
        for (group, to), rows in own.groupby(["group", "to"], sort=False):
            values = rows.set_index("region")[["g", "g_ci_low", "g_ci_high", "p"]]
            maps.setdefault(f"{group}, {baseline} to {to}", {})[seed] = values.set_axis(
                ["estimate", "ci_low", "ci_high", "p"], axis=1
            )
    return maps


def response_maps(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, pd.DataFrame]]:
    """Maps of what goes with a better outcome from ``_correlations.tsv`` of every seed: Pearson r per follow-up.

    Adjusted for the covariates of the association, if it has any.
    """
    maps: dict[str, dict[str, pd.DataFrame]] = {}
    for seed, table in tables.items():
        own = table[table["kind"] == "pearson"]
        adjusted = own["adjusted_for"].drop_duplicates().iloc[-1]
        for time, rows in own[own["adjusted_for"] == adjusted].groupby("timepoint", sort=False):
            values = rows.set_index("region")[["r", "r_ci_low", "r_ci_high", "p"]]
            maps.setdefault(f"outcome at {time}", {})[seed] = values.set_axis(
                ["estimate", "ci_low", "ci_high", "p"], axis=1
            )
    return maps
