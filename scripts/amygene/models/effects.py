"""Effects of a comparison, region by region."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from amygene.models.comparison import Comparison
from amygene.stats.effect_size import hedges_g, small_sample_correction


def estimates(comparison: Comparison) -> pd.DataFrame:
    """Difference, its error and Hedges g of every region.

    With pooled sites the unit of g is the residual standard deviation pooled over sites, and its interval
    is Hartung and Knapp's.

    Returns
    -------
    DataFrame
        beta, se, t, df, g, g_ci_low, g_ci_high; one row per region.
    """
    if not comparison.site_effects.pooled:
        found = comparison.fit()
        g, low, high = hedges_g(found.t, found.df, found.scale)
        return pd.DataFrame(
            {
                "beta": found.beta,
                "se": found.se,
                "t": found.t,
                "df": found.df,
                "g": g,
                "g_ci_low": low,
                "g_ci_high": high,
            }
        )
    pooled = comparison.pooled()
    fits = [part.fit() for part in comparison.per_site.values()]
    freedom = np.nan_to_num(np.stack([f.df for f in fits]))
    variance = np.nan_to_num(np.stack([(f.se / f.scale) ** 2 for f in fits]))
    total = freedom.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = small_sample_correction(total) / np.sqrt((freedom * variance).sum(axis=0) / total)
        t = pooled.beta / pooled.se
    reach = special.stdtrit(pooled.df, 0.975) * pooled.se
    return pd.DataFrame(
        {
            "beta": pooled.beta,
            "se": pooled.se,
            "t": t,
            "df": pooled.df,
            "g": pooled.beta * unit,
            "g_ci_low": (pooled.beta - reach) * unit,
            "g_ci_high": (pooled.beta + reach) * unit,
        }
    )
