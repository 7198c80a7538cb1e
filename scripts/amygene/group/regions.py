"""Where do the groups differ? Tables of one contrast and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from amygene.models.comparison import Comparison
from amygene.models.design import make_design, members, site_codes
from amygene.models.effects import estimates
from amygene.models.site_effects import COVARIATE, IGNORED, SiteEffects
from amygene.stats.effect_size import two_sided_p
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import monte_carlo_error, p_max, p_value


def make_comparison(
    z: pd.DataFrame,
    participants: pd.DataFrame,
    contrast: str,
    site_effects: SiteEffects,
    *,
    covariates: Sequence[str],
    categorical: Sequence[str],
    exchange_within: str | None,
) -> tuple[Comparison, list[str]]:
    """The comparison of one contrast and seed from the tables of the earlier stages, and the names of its sites.

    Parameters
    ----------
    z
        Participants (index) x regions.
    participants
        Of the contrast: ``cohort/contrast-{contrast}_participants.tsv``.
    contrast
        Its name; the other parameters are its settings.
    """
    taking_part = members(participants, contrast)
    design = make_design(taking_part, contrast, covariates, categorical, exchange_within)
    values = z.loc[taking_part["participant_id"]].to_numpy()
    codes, names = site_codes(taking_part)
    return Comparison(values, design, codes, site_effects), names


@dataclass(frozen=True)
class Draws:
    """What all shards of one seed counted together."""

    exceedances: np.ndarray
    maxima: np.ndarray

    @property
    def p(self) -> np.ndarray:
        """Permutation p of every region, NaN where none: such a region is no member of the family."""
        return p_value(self.exceedances, len(self.maxima))


def gather_shards(shards: Sequence[Mapping[str, np.ndarray]]) -> Draws:
    """Put the shards of one seed together, in their order."""
    return Draws(np.sum([s["exceedances"] for s in shards], axis=0), np.concatenate([s["maxima"] for s in shards]))


def roi_table(regions: list[str], comparison: Comparison, family: Sequence[Draws]) -> pd.DataFrame:
    """The table of one contrast and seed.

    Null hypothesis per region: no difference of the groups given the covariates. p, q and p_fwe rest on
    permutations; p_parametric on Student's t.

    Parameters
    ----------
    regions
        Names of the columns of the comparison's z.
    family
        Draws of every seed of the family, this one's first. All seeds share permutation *i*, so the largest
        statistic over the family is taken draw by draw.
    """
    found = estimates(comparison)
    t = found["t"].to_numpy()
    n_draws = len(family[0].maxima)
    p = np.where(np.isnan(t), np.nan, family[0].p)
    family_p = np.concatenate([p, *(draws.p for draws in family[1:])])
    maxima = np.max([draws.maxima for draws in family], axis=0)
    observed = ~np.isnan(comparison.z)
    case = comparison.design.case == 1
    table = pd.DataFrame(
        {"region": regions, "n_case": observed[case].sum(axis=0), "n_control": observed[~case].sum(axis=0)}
    )
    table[["beta", "se", "t", "df"]] = found[["beta", "se", "t", "df"]]
    table["p"] = p
    table["q"] = benjamini_hochberg(family_p)[: len(regions)]
    table["p_fwe"] = p_max(t, maxima)
    table[["g", "g_ci_low", "g_ci_high"]] = found[["g", "g_ci_low", "g_ci_high"]]
    table["p_parametric"] = two_sided_p(t, found["df"].to_numpy())
    table["p_error"] = monte_carlo_error(p, n_draws)
    return table


def compare_site_effects(regions: list[str], comparison: Comparison, ways: Sequence[SiteEffects]) -> pd.DataFrame:
    """Ways to deal with sites side by side, with parametric p.

    Returns
    -------
    DataFrame
        One row per way and region: beta, se, t, df, g with its interval, p_parametric, q_parametric.
    """
    parts = []
    for way in ways:
        found = estimates(comparison.with_sites_as(way))
        found.insert(0, "site_effects", way.name)
        found.insert(1, "region", regions)
        found["p_parametric"] = two_sided_p(found["t"].to_numpy(), found["df"].to_numpy())
        found["q_parametric"] = benjamini_hochberg(found["p_parametric"].to_numpy())
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def settings_of(contrast: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of `make_comparison` from the config's entry: site_effects left out follows the covariates."""
    way = contrast.get("site_effects") or (COVARIATE if "site" in contrast["covariates"] else IGNORED).name
    return {
        "covariates": contrast["covariates"],
        "exchange_within": contrast["exchange_within"],
        "site_effects": way,
    }
