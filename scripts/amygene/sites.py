"""Does the difference of the groups hold at a site that was left out?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from amygene.comparison import Comparison
from amygene.effects import estimates
from amygene.stats.permutation import blocks, draw_orders, monte_carlo_error, p_value, reaches, restrict


@dataclass(frozen=True)
class LeftOut:
    """Result of leaving one site out; see `leave_site_out`."""

    n_case: int
    n_control: int
    r_with_full: float
    r_null_low: float
    r_null_high: float
    r_heldout_rest: float
    p_heldout_rest: float
    p_error: float
    note: str | None


def map_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson correlation of maps over the regions both have.

    Parameters
    ----------
    a, b : arrays of shape (..., n_regions)
        Missing values as NaN.

    Returns
    -------
    array of shape (...)
        NaN with fewer than 3 common regions.
    """
    both = np.isfinite(a) & np.isfinite(b)
    n = both.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b = (np.where(both, x, 0) for x in np.broadcast_arrays(a, b))
        a = np.where(both, a - a.sum(axis=-1, keepdims=True) / n, 0)
        b = np.where(both, b - b.sum(axis=-1, keepdims=True) / n, 0)
        r = (a * b).sum(axis=-1) / np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    return np.where(n[..., 0] >= 3, r, np.nan)


def leave_site_out(comparison: Comparison, site: int, seed: int, n_permutations: int, min_per_group: int) -> LeftOut:
    """Leave one site out of a contrast.

    Two views. The replicate (Liu 2024): T-map of the rest against the T-map of everybody. The two share most of
    their participants, so their correlation is high in pure noise; it comes with the band that it has when
    groups are relabelled within every site. The sound one: T-map of the site alone against the T-map of the
    rest. Null hypothesis: at the held-out site the groups do not differ; its participants are relabelled and
    the rest stays as it is; two-sided.

    Parameters
    ----------
    comparison
        All sites.
    site
        The site to leave out.
    seed, n_permutations
        Of the relabelings, which are those of the stage group.
    min_per_group
        Cases and controls that the site needs to be tested alone.
    """
    comparison = replace(comparison, design=replace(comparison.design, strata=comparison.sites))
    inside = np.flatnonzero(comparison.sites == site)
    outside = np.flatnonzero(comparison.sites != site)
    rest = comparison.subset(outside)
    alone = comparison.per_site[site]
    n_case = int(alone.design.case.sum())
    n_control = len(inside) - n_case

    t_full, t_rest, t_alone = comparison.t(), rest.t(), alone.t()
    note = None
    if min(n_case, n_control) == 0:
        note = "one group only: cannot be tested alone"
    elif min(n_case, n_control) < min_per_group:
        note = f"fewer than {min_per_group} in a group: not tested alone"
    elif not np.isfinite(t_alone).any():
        note = "too few participants for the covariates: cannot be tested alone"
    if not np.isfinite(t_rest).any():
        note = "the other sites cannot be compared without it"
    testable = note is None
    r_with_full = float(map_correlation(t_rest, t_full))
    r_alone = float(map_correlation(t_alone, t_rest)) if testable else np.nan

    band = []
    exceedances = 0
    for indices in blocks(0, n_permutations):
        orders = draw_orders(seed, indices, comparison.sites)
        kept = indices < n_permutations
        if np.isfinite(r_with_full):
            band.append(
                map_correlation(rest.permuted_t(restrict(orders, outside)), comparison.permuted_t(orders))[kept]
            )
        if testable:
            drawn = map_correlation(alone.permuted_t(restrict(orders, inside)), t_rest[None])[kept]
            exceedances += int(reaches(drawn, np.array(r_alone)).sum())
    low, high = np.nanpercentile(np.concatenate(band), [2.5, 97.5]) if band else (np.nan, np.nan)
    p = float(p_value(np.array(exceedances), n_permutations)) if testable else np.nan
    error = float(monte_carlo_error(np.array(p), n_permutations))
    return LeftOut(n_case, n_control, r_with_full, float(low), float(high), r_alone, p, error, note)


def loso_table(results: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """One row per left-out site, in the order given: site name -> fields of `LeftOut`."""
    columns = ["site", *(f.name for f in fields(LeftOut))]
    return pd.DataFrame([{"site": site, **row} for site, row in results.items()], columns=columns)


def forest_table(regions: list[str], comparison: Comparison, site_names: list[str]) -> pd.DataFrame:
    """Every region's difference at every site, and pooled over sites by random effects.

    Parameters
    ----------
    regions
        Names of the regions.
    comparison
        All sites.
    site_names
        Name of site 0, 1, ...

    Returns
    -------
    DataFrame
        Per region a row per site and a row "pooled" with heterogeneity (tau2, I2, Cochran's Q and its p).
        A site where a region cannot be compared has missing estimates.
    """
    parts = []
    for site, part in comparison.per_site.items():
        parts.append(_counted(estimates(part), part, regions).assign(site=site_names[site]))
    everybody = comparison.with_sites_as("random-effects")
    pooled = _counted(estimates(everybody), everybody, regions).assign(site="pooled")
    found = everybody.pooled()
    pooled["tau2"], pooled["i2"] = found.tau2, found.i2
    pooled["q_heterogeneity"], pooled["p_heterogeneity"] = found.q, found.p_q
    table = pd.concat([*parts, pooled], ignore_index=True)
    table["order"] = table["region"].map({region: i for i, region in enumerate(regions)})
    table = table.sort_values("order", kind="stable").drop(columns="order")
    first = ["region", "site", "n_case", "n_control"]
    return table[first + [c for c in table if c not in first]].reset_index(drop=True)


def _counted(found: pd.DataFrame, comparison: Comparison, regions: list[str]) -> pd.DataFrame:
    observed = ~np.isnan(comparison.z)
    case = comparison.design.case == 1
    counts = pd.DataFrame(
        {"region": regions, "n_case": observed[case].sum(axis=0), "n_control": observed[~case].sum(axis=0)}
    )
    return pd.concat([counts, found], axis=1)
