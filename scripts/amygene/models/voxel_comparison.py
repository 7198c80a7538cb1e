"""One regressor tested voxel by voxel: what `comparison` does for regions, in tiles of voxels.

The regressor is who is a case, an outcome, or a constant (the mean of maps of change). A job holds a tile of the
participants' maps at a time; the maps stay on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from amygene.models.comparison import Comparison
from amygene.models.effects import estimates
from amygene.models.site_effects import IGNORED, SiteEffects
from amygene.stats.correlation import PEARSON, interval
from amygene.stats.design import Design
from amygene.stats.equivalence import tost
from amygene.stats.linear_model import orthonormal_basis
from amygene.stats.map_permutation import TILE, Counts, MapPermutation, MapSignFlips, draw_signs
from amygene.stats.permutation import BLOCK, draw_orders


@dataclass(frozen=True)
class VoxelComparison:
    """Maps and design of one test, with one way to deal with sites.

    Attributes
    ----------
    maps : array of shape (n_voxels, n), float32
        Fisher z, one row per voxel; may be memory-mapped. Harmonised already if `site_effects` harmonises.
    design, sites, site_effects
        As in `Comparison`. ``design.case`` may be any regressor.
    exchange
        What draws do under the null hypothesis: ``places``, participants change places within strata; ``signs``,
        their maps change signs (for a constant regressor, whose nuisance has no intercept).
    effect
        What says how large an effect is: ``g`` (Hedges), or of an outcome ``r``, the partial correlation.
    """

    maps: np.ndarray
    design: Design
    sites: np.ndarray
    site_effects: SiteEffects
    exchange: str = "places"
    effect: str = "g"

    @property
    def model(self) -> Design:
        """The design that the linear model sees: without sites unless they are a covariate."""
        return self.design if self.site_effects.in_model else self.design.without("site")

    def tiles(self) -> Iterator[tuple[slice, Comparison]]:
        """The comparison of some voxels after the other."""
        # what is harmonised needs no sites any more
        way = IGNORED if self.site_effects.harmonise else self.site_effects
        for first in range(0, len(self.maps), TILE):
            here = slice(first, min(first + TILE, len(self.maps)))
            yield here, Comparison(np.asarray(self.maps[here], dtype=float).T, self.design, self.sites, way)

    def estimates(self) -> pd.DataFrame:
        """Slope of the regressor, its error and the size of the effect in every voxel, as `effects.estimates`.

        With the effect r its columns are called r, r_ci_low and r_ci_high.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            found = pd.concat([estimates(tile) for _, tile in self.tiles()], ignore_index=True)
        return found if self.effect == "g" else _correlations(found)

    def scale(self) -> float:
        """Standard error of the effect per residual standard deviation: of all voxels, since nothing is missing.

        NaN with pooled sites, as in `equivalence`.
        """
        if self.site_effects.pooled:
            return float("nan")
        _, first = next(self.tiles())
        return float(np.nanmax(first.fit().scale))

    def equivalence(self, margin: float) -> np.ndarray:
        """p of every voxel that the difference is smaller than `margin` standard deviations (see `equivalence.tost`).

        Missing with pooled sites, whose error has no standard deviation of participants in it.
        """
        p = np.full(len(self.maps), np.nan)
        if not self.site_effects.pooled:
            for here, tile in self.tiles():
                found = tile.fit()
                p[here] = tost(found.t, found.df, found.scale, margin)
        return p

    def mean_effects(self, groups: Sequence[np.ndarray]) -> pd.DataFrame:
        """Estimates of the mean over voxels of each group of voxels, one row per group."""
        means = np.array([np.mean(self.maps[voxels], axis=0, dtype=float) for voxels in groups])
        return replace(self, maps=means.reshape(len(groups), len(self.sites))).estimates()

    def full_basis(self) -> np.ndarray:
        """Orthonormal basis of the whole model, groups included: what residuals are orthogonal to."""
        model = self.model
        return orthonormal_basis(np.column_stack([model.nuisance, model.case]))[0]

    def draws(self, exact_above: float, observed: np.ndarray) -> MapPermutation | MapSignFlips | PooledDraws:
        """What draws t-maps under the null hypothesis; parameters as in `MapPermutation`."""
        if self.exchange == "signs":
            return MapSignFlips(self.maps, self.model.nuisance, exact_above, observed)
        if self.site_effects.pooled:
            return PooledDraws(self, observed)
        return MapPermutation(self.maps, self.model, exact_above, observed)

    def moves(self, seed: int, indices: np.ndarray) -> np.ndarray:
        """The draws `indices` as `draws` takes them: orders of the participants, or signs."""
        if self.exchange == "signs":
            return draw_signs(seed, indices, len(self.sites))
        return draw_orders(seed, indices, self.design.strata)

    def arrays(self) -> dict[str, np.ndarray]:
        """All but the maps, for `from_arrays`."""
        arrays = Comparison(np.empty((0, 0)), self.design, self.sites, self.site_effects).arrays()
        arrays |= {"exchange": np.array(self.exchange), "effect": np.array(self.effect)}
        return {name: values for name, values in arrays.items() if name != "z"}

    @staticmethod
    def from_arrays(maps: np.ndarray, arrays: Mapping[str, np.ndarray]) -> VoxelComparison:
        """The comparison that `arrays` was made of."""
        whole = Comparison.from_arrays({**arrays, "z": np.empty((0, 0))})
        how = (str(arrays["exchange"]), str(arrays["effect"]))
        return VoxelComparison(maps, whole.design, whole.sites, whole.site_effects, *how)


class PooledDraws:
    """t-maps under relabelings when sites are pooled with random effects: as `MapPermutation`, slower."""

    def __init__(self, comparison: VoxelComparison, observed: np.ndarray):
        self._comparison = comparison
        self._observed = np.where(np.isnan(observed), np.inf, np.abs(observed))

    def draw(self, orders: np.ndarray, t: np.ndarray, counts: Counts | None = None, counted: int | None = None) -> None:
        """As `MapPermutation.draw`."""
        counted = len(orders) if counted is None else counted
        for here, tile in self._comparison.tiles():
            for first in range(0, len(orders), BLOCK):
                t[first : first + BLOCK, here] = tile.permuted_t(orders[first : first + BLOCK])
            if counts is not None:
                counts.add(t[:counted, here], self._observed[here], here)


def _correlations(found: pd.DataFrame) -> pd.DataFrame:
    """Estimates with the partial correlation of map and regressor in place of Hedges g."""
    t, df = found["t"].to_numpy(), found["df"].to_numpy()
    r = t / np.sqrt(t**2 + df)
    low, high = interval(r, df, PEARSON)
    return found[["beta", "se", "t", "df"]].assign(r=r, r_ci_low=low, r_ci_high=high)
