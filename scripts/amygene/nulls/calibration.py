"""Do the tests hold their level on this atlas? False positive rates of null models with unrelated maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from amygene.nulls import moran
from amygene.nulls.smooth import smooth_maps
from amygene.stats.effect_size import two_sided_p
from amygene.stats.map_test import against_null_maps, unit
from amygene.stats.streams import CALIBRATION, NULL_MAPS, stream

#: standard deviation of the structures' means, in standard deviations within a structure
SHIFTS = {"none": 0.0, "moderate": 1.0, "strong": 2.0}
LEVEL = 0.05

#: makes null maps: signature of `moran.null_maps`
Null = Callable[[np.ndarray, np.ndarray, np.ndarray, int, int], np.ndarray]


def shuffled(values: np.ndarray, strata: np.ndarray, xyz: np.ndarray, seed: int, n_maps: int) -> np.ndarray:
    """The map with all its regions shuffled, structures mixed; as `moran.null_maps`."""
    rng = stream(seed, NULL_MAPS, 0)
    return np.stack([rng.permutation(values) for _ in range(n_maps)])


def one_matrix(values: np.ndarray, strata: np.ndarray, xyz: np.ndarray, seed: int, n_maps: int) -> np.ndarray:
    """Moran spectral randomisation of the brain as one structure; as `moran.null_maps`."""
    return moran.null_maps(values, np.full(len(strata), "all"), xyz, seed, n_maps)


#: what is published, for comparison: no null maps at all, and null maps that forget space or structures
PUBLISHED: dict[str, Null | None] = {"parametric": None, "shuffled": shuffled, "moran, one matrix": one_matrix}


def false_positive_rates(
    xyz: np.ndarray,
    strata: np.ndarray,
    expression: np.ndarray | None,
    *,
    n_maps: int,
    n_genes: int,
    n_nulls: int,
    seed: int,
    nulls: Mapping[str, Null | None],
) -> pd.DataFrame:
    """Share of genes with p < .05 when map and gene have nothing to do with each other.

    Parameters
    ----------
    xyz : array of shape (n_regions, 3)
        Centres, mm.
    strata : array of shape (n_regions,)
        Structures.
    expression : array of shape (n_regions, n), or None
        Real expression, of which `n_genes` random genes are used; None: genes are smooth maps like the others.
    n_maps, n_genes, n_nulls, seed : int
        Random maps, genes per map, null maps per map.
    nulls
        Name -> what makes null maps; None: none, p is parametric.

    Returns
    -------
    DataFrame
        genes (real, simulated), shift (difference between structures), null, rate, error (standard error over
        maps: the genes of one map are no independent tests).
    """
    rows = []
    for name, shift in SHIFTS.items():
        rates: dict[str, list[float]] = {null: [] for null in nulls}
        for i in range(n_maps):
            # the same maps and genes whatever nulls are asked for
            rng = stream(seed, CALIBRATION, i)
            one = smooth_maps(xyz, strata, shift, 1, rng)[0]
            if expression is None:
                genes = smooth_maps(xyz, strata, shift, n_genes, rng).T
            else:
                genes = expression[:, rng.choice(expression.shape[1], min(n_genes, expression.shape[1]), replace=False)]
            profiles = unit(genes, 0)
            for null, make in nulls.items():
                p = _p_values(one, profiles, strata, xyz, make, n_nulls, seed + i)
                rates[null].append(float(np.mean(p < LEVEL)))
        for null, found in rates.items():
            rows.append(
                {
                    "genes": "simulated" if expression is None else "real",
                    "shift": name,
                    "null": null,
                    "rate": np.mean(found),
                    "error": np.std(found, ddof=1) / np.sqrt(n_maps),
                }
            )
    return pd.DataFrame(rows)


def _p_values(
    one: np.ndarray,
    profiles: np.ndarray,
    strata: np.ndarray,
    xyz: np.ndarray,
    make: Null | None,
    n_nulls: int,
    seed: int,
) -> np.ndarray:
    observed = unit(one, 0)
    if make is None:
        r = observed @ profiles
        df = len(one) - 2
        return two_sided_p(r * np.sqrt(df / (1 - r**2)), np.array(df))
    return against_null_maps(observed, unit(make(one, strata, xyz, seed, n_nulls), 1), profiles).p
