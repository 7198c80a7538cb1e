"""Two groups compared region by region: estimates, and their permutation distribution.

Arrays only, so that a permutation job costs little more than its permutations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from amygene.io.choices import load
from amygene.models.site_effects import IGNORED, SiteEffects
from amygene.stats.design import Design
from amygene.stats.linear_model import Fit, fit
from amygene.stats.permutation import FreedmanLane, blocks, draw_orders, reaches, restrict
from amygene.stats.random_effects import Pooled, pool


@dataclass(frozen=True)
class Comparison:
    """Connectivity and design of one contrast, with one way to deal with sites.

    Attributes
    ----------
    z : array of shape (n, n_regions)
        Fisher z, missing as NaN.
    design
        Of the participants, with site columns if site is a covariate.
    sites : array of int, shape (n,)
    site_effects
    """

    z: np.ndarray
    design: Design
    sites: np.ndarray
    site_effects: SiteEffects

    def subset(self, rows: np.ndarray) -> Comparison:
        """The comparison in some of the participants."""
        return Comparison(self.z[rows], self.design.subset(rows), self.sites[rows], self.site_effects)

    def with_sites_as(self, site_effects: SiteEffects) -> Comparison:
        """The same comparison with another way to deal with sites."""
        return Comparison(self.z, self.design, self.sites, site_effects)

    @cached_property
    def prepared(self) -> tuple[np.ndarray, Design]:
        """What the linear model sees: connectivity, harmonised if asked for, and the design, with or without sites."""
        if self.site_effects.in_model:
            return self.z, self.design
        design = self.design.without("site")
        if not self.site_effects.harmonise:
            return self.z, design
        keep = np.column_stack([design.case, design.nuisance[:, 1:]])
        fitted = load(self.site_effects.harmonise)(self.z, self.sites, keep)
        return fitted.apply(self.z, self.sites, keep), design

    @cached_property
    def per_site(self) -> dict[int, Comparison]:
        """The comparison at every site alone."""
        parts = {}
        for site in np.unique(self.sites):
            rows = np.flatnonzero(self.sites == site)
            parts[int(site)] = Comparison(
                self.z[rows], self.design.without("site").subset(rows), self.sites[rows], IGNORED
            )
        return parts

    def fit(self) -> Fit:
        """Estimates of the linear model (not of pooled sites, which have one each)."""
        z, design = self.prepared
        return fit(z, design.case, design.nuisance)

    def pooled(self) -> Pooled:
        """Estimates of all sites, pooled."""
        fits = [part.fit() for part in self.per_site.values()]
        return pool(np.stack([f.beta for f in fits]), np.stack([f.se for f in fits]))

    def t(self) -> np.ndarray:
        """Observed t of every region, shape (n_regions,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.site_effects.pooled:
                found = self.pooled()
                return found.beta / found.se
            return self.fit().t

    def permuted_t(self, orders: np.ndarray) -> np.ndarray:
        """t of every region under the permutations `orders`, shape (n_permutations, n_regions).

        Harmonisation is done once, before permuting; its shrinkage sees the true groups, which it keeps.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.site_effects.pooled:
                drawn = [
                    part._permuted.draw(restrict(orders, np.flatnonzero(self.sites == site)))
                    for site, part in self.per_site.items()
                ]
                found = pool(np.stack([beta for beta, _ in drawn]), np.stack([se for _, se in drawn]))
                return found.beta / found.se
            beta, se = self._permuted.draw(orders)
            return beta / se

    @cached_property
    def _permuted(self) -> FreedmanLane:
        z, design = self.prepared
        return FreedmanLane(z, design.case, design.nuisance, design.strata)

    def arrays(self) -> dict[str, np.ndarray]:
        """What `from_arrays` needs to make the comparison again."""
        d = self.design
        return {
            "z": self.z,
            "sites": self.sites,
            "site_effects": np.array(json.dumps(asdict(self.site_effects))),
            "case": d.case,
            "nuisance": d.nuisance,
            "names": d.names,
            "strata": d.strata,
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray]) -> Comparison:
        """The comparison that `arrays` was made of."""
        design = Design(arrays["case"], arrays["nuisance"], arrays["names"], arrays["strata"])
        site_effects = SiteEffects(**json.loads(str(arrays["site_effects"])))
        return Comparison(arrays["z"], design, arrays["sites"], site_effects)


def count_exceedances(
    comparison: Comparison, seed: int, start: int, stop: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the permutations ``start <= i < stop`` and count.

    Returns
    -------
    exceedances : array of shape (n_regions,)
        Permutations whose absolute t reaches the observed one; NaN where there is no observed one.
    maxima : array of shape (stop - start,)
        Largest absolute t over the regions, of each permutation.
    maps : array of shape (stop - start, n_regions)
        t of every permutation: the maps that relabeled groups give.
    """
    observed = comparison.t()
    exceedances = np.where(np.isnan(observed), np.nan, 0.0)
    maps = []
    for indices in blocks(start, stop):
        t = comparison.permuted_t(draw_orders(seed, indices, comparison.design.strata))[indices < stop]
        exceedances += reaches(t, observed).sum(axis=0)
        maps.append(t)
    drawn = np.concatenate(maps)
    return exceedances, np.nanmax(np.abs(drawn), axis=1, initial=0), drawn
