"""Maps of a run beside each other: do effects converge where the groups differ?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from amygene.stats.map_test import against_null_maps, unit
from amygene.stats.multiplicity import benjamini_hochberg

#: fewest regions that two maps must share
MIN_REGIONS = 10
COLUMNS = ["map", "other", "n_regions", "r", "null_low", "null_high", "p_null", "q_null"]


def similarity(
    maps: Mapping[str, pd.Series],
    regions: pd.DataFrame,
    null_maps: Callable[..., np.ndarray],
    seed: int,
    n_maps: int,
) -> pd.DataFrame:
    """Correlation of every two maps under null maps of the first.

    Null hypothesis: the first map is one of those that share its autocorrelation within every structure and its
    structures' means, unrelated to the second. Two-sided around the mean of the null maps; the false discovery rate is
    over all pairs. Two maps that are one (the circuits of two targets in one region) are not tested.

    Parameters
    ----------
    maps
        Name -> values by region.
    regions
        The atlas's table.
    null_maps
        Makes them, as `nulls.moran.null_maps`.
    seed, n_maps
        Of it.

    Returns
    -------
    DataFrame
        map, other, n_regions, r, null_low, null_high (95 % of null maps), p_null, q_null.
    """
    places = regions.set_index("region")
    names, rows = list(maps), []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            both = pd.DataFrame({"first": maps[first], "second": maps[second]}).reindex(places.index).dropna()
            both = both[places.loc[both.index, ["x", "structure"]].notna().all(axis=1)]
            row = {"map": first, "other": second, "n_regions": len(both)}
            if len(both) >= MIN_REGIONS and np.allclose(both["first"], both["second"], rtol=1e-9, atol=0):
                row["r"] = 1.0
            elif len(both) >= MIN_REGIONS and both.nunique().min() > 1:
                where = places.loc[both.index]
                null = null_maps(
                    both["first"].to_numpy(),
                    where["structure"].to_numpy(dtype=str),
                    where[["x", "y", "z"]].to_numpy(),
                    seed,
                    n_maps,
                )
                null = unit(null, 1)
                profile = unit(both[["second"]].to_numpy(), 0)
                found = against_null_maps(unit(both["first"].to_numpy(), 0), null, profile)
                low, high = np.percentile(null @ profile[:, 0], [2.5, 97.5])
                row |= {"r": found.score[0], "null_low": low, "null_high": high, "p_null": found.p[0]}
            rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS[:-1])
    table["q_null"] = benjamini_hochberg(table["p_null"].to_numpy(dtype=float))
    return table
