"""Does a map agree with published findings? Counted under relabeling of the groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from amygene.evidence.places import Claim
from amygene.models.comparison import Comparison
from amygene.models.effects import estimates
from amygene.models.site_effects import IGNORED
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import TIE, p_value


def claim_statistics(claims: Sequence[Claim], maps: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Mean t over the connections of every claim, of several maps.

    Parameters
    ----------
    maps
        Seed -> maps x regions; all seeds have the same number of maps, and map *i* of all comes of one relabeling.

    Returns
    -------
    array of shape (n_maps, n_claims)
        A connection without t in one map (a relabeling left it with one group) counts as 0 there.
    """
    columns = {seed: {region: j for j, region in enumerate(table.columns)} for seed, table in maps.items()}
    values = {seed: np.nan_to_num(table.to_numpy()) for seed, table in maps.items()}
    found = [
        np.mean([values[seed][:, columns[seed][region]] for seed, region in claim.edges], axis=0) for claim in claims
    ]
    n_maps = len(next(iter(values.values()))) if values else 0
    return np.stack(found, axis=1) if found else np.empty((n_maps, 0))


def claim_tests(observed: np.ndarray, drawn: np.ndarray, signs: np.ndarray) -> pd.DataFrame:
    """Every claim against the maps that relabeled groups give.

    Null hypothesis per claim: no connection that it is about differs between the groups. One-sided, in the direction of
    the claim.

    Parameters
    ----------
    observed : array of shape (n_claims,)
        From `claim_statistics`.
    drawn : array of shape (n_permutations, n_claims)
    signs : array of shape (n_claims,)
        1 where the claim is higher, -1 where it is lower.

    Returns
    -------
    DataFrame
        mean_t, agrees, p_claim, q_claim.
    """
    score = signs * observed
    reached = (signs * drawn >= score - TIE * np.abs(score)).sum(axis=0)
    p = p_value(reached, len(drawn))
    return pd.DataFrame({"mean_t": observed, "agrees": score > 0, "p_claim": p, "q_claim": benjamini_hochberg(p)})


def agreement_test(observed: np.ndarray, drawn: np.ndarray, signs: np.ndarray) -> dict[str, float]:
    """Do more claims agree than chance gives?

    Null hypothesis: no connection of any claim differs between the groups. Claims share connections and connections of
    one seed go together, so the count is far from binomial; relabeling the groups keeps that dependence, since one
    relabeling gives the maps of all seeds and regions.

    Parameters
    ----------
    As of `claim_tests`.

    Returns
    -------
    dict
        n_claims; n_agree: claims whose mean t has their sign; null_agree: the mean of that number over relabelings;
        p_agree: one-sided p of it; mean_score: mean over the claims of their mean t in their direction, in null
        standard deviations; p_score: one-sided p of it, which also knows how large effects are.
    """
    score, null = signs * observed, signs * drawn
    spread = null.std(axis=0)
    usable = spread > 0
    counts, count = (null > 0).sum(axis=1), int((score > 0).sum())
    found = {"n_claims": len(signs), "n_agree": count, "null_agree": float(counts.mean())}
    found["p_agree"] = float(p_value(np.array((counts >= count).sum()), len(drawn)))
    mean = float((score[usable] / spread[usable]).mean()) if usable.any() else np.nan
    means = (null[:, usable] / spread[usable]).mean(axis=1) if usable.any() else np.full(len(drawn), np.nan)
    found["mean_score"] = mean
    reached = (means >= mean - TIE * abs(mean)).sum()
    found["p_score"] = float(p_value(np.array(reached), len(drawn))) if usable.any() else np.nan
    return found


def claim_effects(
    claims: Sequence[Claim], comparisons: Mapping[str, Comparison], regions: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Size of the difference of the groups in the connectivity that every claim is about.

    A participant's value is the mean over those connections of the claim that it has (after
    harmonisation, if the contrast asks for it); the model is that of the contrast.

    Parameters
    ----------
    comparisons
        Seed -> its comparison; all of the same participants.
    regions
        Seed -> names of the columns of its z.

    Returns
    -------
    DataFrame
        n_case, n_control, g, g_ci_low, g_ci_high; one row per claim.
    """
    if not claims:
        return pd.DataFrame(columns=["n_case", "n_control", "g", "g_ci_low", "g_ci_high"])
    first = next(iter(comparisons.values()))
    way = first.site_effects
    if way.harmonise:
        values = {seed: one.prepared[0] for seed, one in comparisons.items()}
        design, way = first.prepared[1], IGNORED
    else:
        values, design = {seed: one.z for seed, one in comparisons.items()}, first.design
    column = {seed: {region: j for j, region in enumerate(names)} for seed, names in regions.items()}
    means = []
    for claim in claims:
        own = np.stack([values[seed][:, column[seed][region]] for seed, region in claim.edges])
        known = ~np.isnan(own)
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append(np.where(known, own, 0).sum(axis=0) / known.sum(axis=0))
    z = np.stack(means, axis=1)
    found = estimates(Comparison(z, design, first.sites, way))[["g", "g_ci_low", "g_ci_high"]]
    case = design.case == 1
    found.insert(0, "n_case", (~np.isnan(z[case])).sum(axis=0))
    found.insert(1, "n_control", (~np.isnan(z[~case])).sum(axis=0))
    return found
