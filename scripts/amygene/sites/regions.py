"""Does the difference of the groups hold at a site that was left out?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from amygene.models.comparison import Comparison
from amygene.models.effects import estimates
from amygene.models.site_effects import POOLED
from amygene.stats.permutation import blocks, draw_orders, monte_carlo_error, p_value, reaches, restrict
from amygene.stats.random_effects import pool
from amygene.stats.sitewise import SitewisePermutation, Subset


@dataclass(frozen=True)
class LeftOut:
    """Result of leaving one site out; see `leave_sites_out`."""

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


def leave_sites_out(
    comparison: Comparison, sites: Sequence[int], seed: int, n_permutations: int, min_per_group: int
) -> dict[int, LeftOut]:
    """Leave sites out of a contrast, one at a time.

    Two views. The replicate (Liu 2024): T-map of the rest against the T-map of everybody. The two share most of
    their participants, so their correlation is high in pure noise; it comes with the band that it has when
    groups are relabeled within every site. The sound one: T-map of the site alone against the T-map of the
    rest. Null hypothesis: at the held-out site the groups do not differ; its participants are relabeled and
    the rest stays as it is; two-sided.

    Parameters
    ----------
    comparison
        All sites.
    sites
        The sites to leave out.
    seed, n_permutations
        Of the relabelings, which are those of the stage group.
    min_per_group
        Cases and controls that a site needs to be tested alone.

    Returns
    -------
    dict
        Site -> result.
    """
    comparison = replace(comparison, design=replace(comparison.design, strata=comparison.sites))
    draws = SiteDraws(comparison)
    work = [_Site(comparison, site, min_per_group, draws) for site in sites]
    for indices in blocks(0, n_permutations):
        drawn = draws.block(draw_orders(seed, indices, comparison.sites))
        full = drawn.without(None)
        for one in work:
            one.count(full, drawn, indices < n_permutations)
    return {one.site: one.result(n_permutations) for one in work}


class _Site:
    """A site that is left out, and what the permutations say so far."""

    def __init__(self, comparison: Comparison, site: int, min_per_group: int, draws: SiteDraws):
        self.site = site
        rest, alone = comparison.subset(np.flatnonzero(comparison.sites != site)), comparison.per_site[site]
        self.n_case = int(alone.design.case.sum())
        self.n_control = len(alone.sites) - self.n_case
        self.t_rest, t_alone = rest.t(), alone.t()
        self.note = None
        if min(self.n_case, self.n_control) == 0:
            self.note = "one group only: cannot be tested alone"
        elif min(self.n_case, self.n_control) < min_per_group:
            self.note = f"fewer than {min_per_group} in a group: not tested alone"
        elif not np.isfinite(t_alone).any():
            self.note = "too few participants for the covariates: cannot be tested alone"
        if not np.isfinite(self.t_rest).any():
            self.note = "the other sites cannot be compared without it"
        self.r_with_full = float(map_correlation(self.t_rest, comparison.t()))
        self.r_alone = float(map_correlation(t_alone, self.t_rest)) if self.note is None else np.nan
        self.band: list[np.ndarray] = []
        self.exceedances = 0

    def count(self, full: np.ndarray, drawn: _Block, kept: np.ndarray) -> None:
        """Take in a block of permutations, of which some are `kept`; `full` are the maps of everybody."""
        if np.isfinite(self.r_with_full):
            self.band.append(map_correlation(drawn.without(self.site), full)[kept])
        if self.note is None:
            r = map_correlation(drawn.alone(self.site), self.t_rest[None])[kept]
            self.exceedances += int(reaches(r, np.array(self.r_alone)).sum())

    def result(self, n_permutations: int) -> LeftOut:
        low, high = np.nanpercentile(np.concatenate(self.band), [2.5, 97.5]) if self.band else (np.nan, np.nan)
        p = float(p_value(np.array(self.exceedances), n_permutations)) if self.note is None else np.nan
        error = float(monte_carlo_error(np.array(p), n_permutations))
        return LeftOut(
            self.n_case, self.n_control, self.r_with_full, float(low), float(high), self.r_alone, p, error, self.note
        )


class SiteDraws:
    """Permuted T-maps of everybody, of every site alone and of everybody without a site."""

    def __init__(self, comparison: Comparison):
        self.comparison = comparison
        # without a column for sites all ways to deal with them have the same sites alone
        design = comparison.prepared[1]
        self.sitewise = SitewisePermutation(comparison.z, design.case, design.nuisance, comparison.sites)
        self.n_sites = self.sitewise.n_sites
        self.subsets: dict[tuple[str, int | None], Subset] = {}

    def subset(self, kind: str, site: int | None) -> Subset:
        """Sites of ("alone", site), ("without", site) or, for everybody, ("without", None)."""
        if (kind, site) not in self.subsets:
            numbers = np.arange(self.n_sites)
            chosen = numbers == site if kind == "alone" else numbers != (-1 if site is None else site)
            self.subsets[kind, site] = self.sitewise.subset(chosen)
        return self.subsets[kind, site]

    @cached_property
    def harmonised(self) -> dict[int | None, tuple[np.ndarray, Comparison]]:
        """Every set of sites, to be harmonised by itself: rows and comparison, by the site left out."""
        sites = self.comparison.sites
        left_out = [None, *range(self.n_sites)]
        rows = {site: np.flatnonzero(sites != (-1 if site is None else site)) for site in left_out}
        return {site: (rows[site], self.comparison.subset(rows[site])) for site in left_out}

    def block(self, orders: np.ndarray) -> _Block:
        """Draw the permutations `orders`."""
        return _Block(self, orders, self.sitewise.products(orders))


@dataclass(frozen=True)
class _Block:
    """A block of permutations of `SiteDraws`; maps are of shape (n_permutations, n_regions)."""

    draws: SiteDraws
    orders: np.ndarray
    products: list[np.ndarray]

    def alone(self, site: int) -> np.ndarray:
        """T-maps of one site."""
        return _ratio(*self.draws.subset("alone", site).draw(self.products))

    @cached_property
    def per_site(self) -> tuple[np.ndarray, np.ndarray]:
        """Slopes and errors of all sites alone, shape (n_sites, n_permutations, n_regions)."""
        found = [self.draws.subset("alone", site).draw(self.products) for site in range(self.draws.n_sites)]
        return np.stack([beta for beta, _ in found]), np.stack([se for _, se in found])

    def without(self, site: int | None) -> np.ndarray:
        """T-maps of everybody but one site; None: of everybody."""
        way = self.draws.comparison.site_effects
        if way.harmonise:
            rows, rest = self.draws.harmonised[site]
            return rest.permuted_t(restrict(self.orders, rows))
        if way.pooled:
            keep = np.arange(self.draws.n_sites) != (-1 if site is None else site)
            found = pool(self.per_site[0][keep], self.per_site[1][keep])
            return _ratio(found.beta, found.se)
        return _ratio(*self.draws.subset("without", site).draw(self.products))


def _ratio(beta: np.ndarray, se: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return beta / se


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
    everybody = comparison.with_sites_as(POOLED)
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
