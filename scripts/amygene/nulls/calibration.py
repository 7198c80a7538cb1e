"""Do the tests hold their level on this atlas? False positive rates of null models with unrelated maps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from amygene.nulls.stratified import null_maps
from amygene.stats.effect_size import two_sided_p
from amygene.stats.map_test import against_null_maps, unit
from amygene.stats.streams import CALIBRATION, NULL_MAPS, stream

#: scale of the smooth maps, mm
LENGTH = 40.0
#: standard deviation of the structures' means, in standard deviations within a structure
SHIFTS = {"none": 0.0, "moderate": 1.0, "strong": 2.0}
NULLS = ("parametric", "shuffled", "moran, one matrix", "moran, stratified", "variogram, stratified")
LEVEL = 0.05


def smooth_maps(xyz: np.ndarray, strata: np.ndarray, shift: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Random maps: Gaussian fields with correlation exp(-distance / 40 mm), independent between structures,
    whose means differ.

    Parameters
    ----------
    xyz : array of shape (n_regions, 3)
    strata : array of shape (n_regions,)
    shift : float
        Standard deviation of the structures' means; the field has 1.
    n : int
        Number of maps.

    Returns
    -------
    array of shape (n, n_regions)
    """
    maps = np.empty((n, len(xyz)))
    for structure in dict.fromkeys(strata.tolist()):
        here = np.flatnonzero(strata == structure)
        distance = np.linalg.norm(xyz[here][:, None] - xyz[here][None], axis=-1)
        root = np.linalg.cholesky(np.exp(-distance / LENGTH) + 1e-9 * np.eye(len(here)))
        maps[:, here] = rng.standard_normal((n, len(here))) @ root.T + shift * rng.standard_normal((n, 1))
    return maps


def false_positive_rates(
    xyz: np.ndarray,
    strata: np.ndarray,
    expression: np.ndarray | None,
    *,
    n_maps: int,
    n_genes: int,
    n_nulls: int,
    seed: int,
    nulls: tuple[str, ...] = NULLS,
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
        Of `NULLS`.

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
            for null in nulls:
                p = _p_values(one, profiles, strata, xyz, null, n_nulls, seed + i)
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
    one: np.ndarray, profiles: np.ndarray, strata: np.ndarray, xyz: np.ndarray, null: str, n_nulls: int, seed: int
) -> np.ndarray:
    observed = unit(one, 0)
    if null == "parametric":
        r = observed @ profiles
        df = len(one) - 2
        return two_sided_p(r * np.sqrt(df / (1 - r**2)), np.array(df))
    if null == "shuffled":
        rng = stream(seed, NULL_MAPS, 0)
        maps = np.stack([rng.permutation(one) for _ in range(n_nulls)])
    else:
        method, _, how = null.partition(", ")
        together = np.full(len(strata), "all") if how == "one matrix" else strata
        maps = null_maps(one, together, xyz, method, seed, n_nulls)
    return against_null_maps(observed, unit(maps, 1), profiles).p
