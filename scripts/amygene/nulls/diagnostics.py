"""Do null maps keep the map's autocorrelation within structures, and its structures' means?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from amygene.nulls.autocorrelation import MIN_REGIONS, Variogram, moran_i


def diagnose(values: np.ndarray, maps: np.ndarray, strata: np.ndarray, xyz: np.ndarray) -> pd.DataFrame:
    """Moran's I, mean and variogram of the map and of its null maps, per structure.

    Parameters
    ----------
    values : array of shape (n,)
    maps : array of shape (n_maps, n)
    strata : array of shape (n,)
    xyz : array of shape (n, 3)

    Returns
    -------
    DataFrame
        structure, n_regions, measure (mean, moran_i, variogram), distance (mm, of a variogram), observed, and
        median, 2.5th and 97.5th percentile of the null maps. Variograms of structures with 10 regions or more.
    """
    rows = []
    for structure in dict.fromkeys(strata.tolist()):
        here = np.flatnonzero(strata == structure)
        one, many = values[here], maps[:, here]
        measures: list[tuple[str, float, float, np.ndarray]] = [("mean", np.nan, one.mean(), many.mean(axis=1))]
        if len(here) > 2:
            measures.append(("moran_i", np.nan, moran_i(one[None], xyz[here])[0], moran_i(many, xyz[here])))
        if len(here) >= MIN_REGIONS:
            variogram = Variogram(xyz[here])
            own, null = variogram.variogram(one[:, None])[:, 0], variogram.variogram(many[:1000].T)
            measures += [("variogram", d, o, n) for d, o, n in zip(variogram.distances, own, null, strict=True)]
        for measure, distance, observed, null in measures:
            low, median, high = np.percentile(null, [2.5, 50, 97.5])
            rows.append(
                {
                    "structure": structure,
                    "n_regions": len(here),
                    "measure": measure,
                    "distance": distance,
                    "observed": observed,
                    "null_median": median,
                    "null_low": low,
                    "null_high": high,
                }
            )
    return pd.DataFrame(rows)
