"""Does the difference hold at a site that was left out? As `sites`, on maps of voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from amygene.models.voxel_comparison import VoxelComparison
from amygene.sites.regions import LeftOut, SiteDraws
from amygene.stats.permutation import blocks, draw_orders, monte_carlo_error, p_value, reaches


def leave_sites_out(
    comparison: VoxelComparison, sites: Sequence[int], seed: int, n_permutations: int, min_per_group: int
) -> dict[int, LeftOut]:
    """Leave sites out of a contrast, one at a time: parameters, null hypotheses and result of `sites.leave_sites_out`.

    Maps are compared tile by tile: what a correlation over the whole mask needs are sums over voxels, so no map of
    a draw is ever held. Harmonised maps have seen the site that is left out: no result.
    """
    comparison = replace(comparison, design=replace(comparison.design, strata=comparison.sites))
    work = [_Site(comparison, site, min_per_group, n_permutations) for site in sites]
    if not comparison.site_effects.harmonise:
        orders = [(draw_orders(seed, i, comparison.sites), slice(i[0], i[-1] + 1)) for i in blocks(0, n_permutations)]
        for _, tile in comparison.tiles():
            draws = SiteDraws(tile)
            t_full = tile.t()
            fixed = [one.observe(tile.subset(np.flatnonzero(tile.sites != one.site)).t(), tile, t_full) for one in work]
            for order, here in orders:
                drawn = draws.block(order)
                full = drawn.without(None)
                for one, t_rest in zip(work, fixed, strict=True):
                    one.band.add(drawn.without(one.site), full, here)
                    one.alone_drawn.add(drawn.alone(one.site), t_rest, here)
    return {one.site: one.result() for one in work}


class Moments:
    """Correlations of many pairs of maps, from sums over the voxels both have."""

    def __init__(self, n: int):
        self._sums = np.zeros((6, n))

    def add(self, a: np.ndarray, b: np.ndarray, here: slice = slice(None)) -> None:
        """Take in some voxels of the pairs `here`; a and b of shape (n_pairs, n_voxels) or (n_voxels,), NaN missing."""
        both = np.isfinite(a) & np.isfinite(b)
        a, b = np.where(both, a, 0), np.where(both, b, 0)
        sums = [both, a, b, a * a, b * b, a * b]
        into = self._sums[:, here]
        for k, values in enumerate(sums):
            into[k] += np.atleast_2d(values).sum(axis=-1)[: into.shape[1]]

    @property
    def r(self) -> np.ndarray:
        """Pearson correlations, NaN with fewer than 3 common voxels, shape (n,)."""
        n, a, b, aa, bb, ab = self._sums
        with np.errstate(invalid="ignore", divide="ignore"):
            r = (ab - a * b / n) / np.sqrt((aa - a * a / n) * (bb - b * b / n))
        return np.where(n >= 3, r, np.nan)


class _Site:
    """A site that is left out, and what the voxels so far say."""

    def __init__(self, comparison: VoxelComparison, site: int, min_per_group: int, n_permutations: int):
        here = comparison.design.case[comparison.sites == site]
        self.site, self.n_permutations = site, n_permutations
        self.n_case, self.n_control = int(here.sum()), int(len(here) - here.sum())
        self.note = None
        if comparison.site_effects.harmonise:
            self.note = "harmonised together with the other sites: choose another way to deal with sites"
        elif min(self.n_case, self.n_control) == 0:
            self.note = "one group only: cannot be tested alone"
        elif min(self.n_case, self.n_control) < min_per_group:
            self.note = f"fewer than {min_per_group} in a group: not tested alone"
        self.with_full, self.alone = Moments(1), Moments(1)
        self.band, self.alone_drawn = Moments(n_permutations), Moments(n_permutations)

    def observe(self, t_rest: np.ndarray, tile, t_full: np.ndarray) -> np.ndarray:
        """Take in the observed maps of some voxels; returns that of the rest."""
        self.with_full.add(t_rest, t_full)
        self.alone.add(tile.per_site[self.site].t(), t_rest)
        return t_rest

    def result(self) -> LeftOut:
        with_full, alone = self.with_full.r[0], self.alone.r[0]
        note = self.note
        if note is None and np.isnan(with_full):
            note = "the other sites cannot be compared without it"
        elif note is None and np.isnan(alone):
            note = "too few participants for the covariates: cannot be tested alone"
        low, high = np.nanpercentile(self.band.r, [2.5, 97.5]) if np.isfinite(with_full) else (np.nan, np.nan)
        p = np.nan
        if note is None:
            p = float(p_value(reaches(self.alone_drawn.r, alone).sum(), self.n_permutations))
        error = float(monte_carlo_error(np.array(p), self.n_permutations))
        r_alone = float(alone) if note is None else np.nan
        return LeftOut(self.n_case, self.n_control, float(with_full), float(low), float(high), r_alone, p, error, note)
