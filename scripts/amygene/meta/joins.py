"""Maps of a run beside each other: do effects converge where the groups differ?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from amygene.meta.anatomy import labels_at
from amygene.stats.map_test import against_null_maps, unit
from amygene.stats.multiplicity import benjamini_hochberg

#: fewest regions that two maps must share
MIN_REGIONS = 10
COLUMNS = ["map", "other", "n_regions", "r", "null_low", "null_high", "p_null", "q_null"]


def parcellate(values: np.ndarray, known: np.ndarray, region: np.ndarray, n_regions: int) -> np.ndarray:
    """Mean of voxels' values in every region.

    Parameters
    ----------
    values, known : arrays of shape (n_voxels,)
        Values, and whether they are known.
    region : array of int, shape (n_voxels,)
        Row of the region; -1 is none.

    Returns
    -------
    array of shape (n_regions,)
        Missing where less than half of the region's voxels are known.
    """
    own = region >= 0
    size = np.bincount(region[own], minlength=n_regions)
    here = own & known
    n = np.bincount(region[here], minlength=n_regions)
    total = np.bincount(region[here], weights=values[here], minlength=n_regions)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((n > 0) & (n >= size / 2), total / n, np.nan)


def transfer(
    values: pd.Series,
    source: tuple[np.ndarray, np.ndarray, pd.DataFrame],
    target: tuple[np.ndarray, np.ndarray, pd.DataFrame],
) -> pd.Series:
    """Values of one atlas's regions as those of another's: a voxel takes the value of the region that it is in.

    Parameters
    ----------
    values
        Indexed by region of the source.
    source, target
        Numbers of the regions in an image, its affine, and the atlas's table.

    Returns
    -------
    Series
        Indexed by region of the target.
    """
    by_number = np.full(max(int(source[0].max()), int(source[2]["index"].max())) + 1, np.nan)
    by_number[source[2]["index"]] = values.reindex(source[2]["region"]).to_numpy(dtype=float)
    numbers, affine, regions = target
    row = np.full(max(int(numbers.max()), int(regions["index"].max())) + 1, -1)
    row[regions["index"]] = np.arange(len(regions))
    voxels = np.argwhere(row[numbers] >= 0)
    painted = by_number[labels_at(source[0], source[1], voxels @ affine[:3, :3].T + affine[:3, 3])]
    found = parcellate(painted, np.isfinite(painted), row[numbers[tuple(voxels.T)]], len(regions))
    return pd.Series(found, index=pd.Index(regions["region"]))


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


def region_rows(numbers: np.ndarray, regions: Sequence[int]) -> np.ndarray:
    """Row of an atlas's table for every number of its image; -1 is none."""
    row = np.full(max(int(numbers.max()), max(regions)) + 1, -1)
    row[np.asarray(regions)] = np.arange(len(regions))
    return row[numbers]
