"""Maps and table of clusters of one contrast and seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from amygene.imaging.labels import VoxelLabels
from amygene.io.problems import InputError
from amygene.models.draws import VoxelDraws
from amygene.models.voxel_comparison import VoxelComparison
from amygene.stats.clusters import Clusters, find_clusters, local_maxima, spread_peaks
from amygene.stats.lattice import Lattice
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.power import ALPHA, smallest_d, smallest_r
from amygene.stats.random_field import TField, cluster_p, extent_p, peak_p, resel_counts
from amygene.stats.smoothness import Smoothness, estimate_smoothness
from amygene.stats.tfce import tfce
from amygene.stats.topological_fdr import cluster_q, peak_q

#: family-wise level at which clusters are made of scores
LEVEL = 0.05


def effect_meaning(effect: str, tested: str) -> dict[str, str]:
    """What the column of the size of the effect means in the table of one test."""
    if effect == "g":
        return {"g": f"Hedges g of {tested}, adjusted for the covariates"}
    return {"r": f"partial correlation: {tested}, given the covariates"}


#: how large an effect is in the mean of a cluster
_OF_CLUSTERS = {
    "g": ("cluster_g", "cluster_g_ci_low", "cluster_g_ci_high"),
    "r": ("cluster_r", "cluster_r_ci_low", "cluster_r_ci_high"),
}


def table_columns(effect: str = "g") -> list[str]:
    """Columns of the table of clusters; the regions of every atlas follow."""
    return [
        "formed_by", "cluster", "peak", "x", "y", "z", "t", effect, f"{effect}_ci_low", f"{effect}_ci_high",
        "p_voxel", "p_fwe", "p_tfce", "p_peak_rft", "q_peak_rft",
        "n_voxels", "volume", "mass", "centre_x", "centre_y", "centre_z",
        "p_size", "p_mass", "p_extent_rft", "p_size_rft", "q_size_rft",
        "cluster_p_tfce", "cluster_beta", "cluster_beta_ci_low", "cluster_beta_ci_high",
        *_OF_CLUSTERS[effect],
    ]  # fmt: skip


@dataclass(frozen=True)
class VoxelResult:
    """What is known of every voxel; see `describe_voxels`.

    Attributes
    ----------
    maps : dict of arrays of shape (n_voxels,)
        By what stands in the names of the images.
    clusters
        Beyond the threshold.
    p_size, p_mass : arrays of shape (n_clusters,)
        Family-wise p of the clusters.
    smoothness
        Of the residuals.
    df : float
        Degrees of freedom of t.
    """

    maps: dict[str, np.ndarray]
    clusters: Clusters
    p_size: np.ndarray
    p_mass: np.ndarray
    smoothness: Smoothness
    df: float


def describe_voxels(
    comparison: VoxelComparison, lattice: Lattice, threshold: float, draws: VoxelDraws, margin: float | None
) -> VoxelResult:
    """All maps of one test and seed.

    Null hypothesis per voxel: the regressor (which group) has no effect given the covariates. Maps of p hold
    ``-log10 p``: of a voxel by itself (voxel) and after Benjamini and Hochberg over the mask (fdr); family-wise by the
    largest absolute t (maxt), by the score (tfce), and by size and mass of the voxel's cluster (size, mass).

    Parameters
    ----------
    comparison
        Of the contrast and seed.
    lattice
        Of its voxels.
    threshold
        Cluster-forming t.
    draws
        Its relabelings.
    margin
        For the map of equivalence: the smallest difference that would matter, in standard deviations; None: no map.
    """
    found, effect = comparison.estimates(), comparison.effect
    t = found["t"].to_numpy()
    score = tfce(t, lattice)
    clusters = find_clusters(t, lattice, threshold)
    p = np.where(np.isnan(t), np.nan, draws.p_voxel())
    p_size, p_mass = draws.p_family("size", clusters.size), draws.p_family("mass", clusters.mass)
    maps = {
        "t": t,
        "beta": found["beta"].to_numpy(),
        effect: found[effect].to_numpy(),
        f"{effect}_desc-low": found[f"{effect}_ci_low"].to_numpy(),
        f"{effect}_desc-high": found[f"{effect}_ci_high"].to_numpy(),
        "tfce": score,
        "logp_desc-voxel": -np.log10(p),
        "logp_desc-fdr": -np.log10(benjamini_hochberg(p)),
        "logp_desc-maxt": -np.log10(draws.p_family("t", t)),
        "logp_desc-tfce": -np.log10(draws.p_family("tfce", score)),
        "logp_desc-size": -np.log10(np.append(1.0, p_size)[clusters.label]),
        "logp_desc-mass": -np.log10(np.append(1.0, p_mass)[clusters.label]),
    }
    if margin is not None:
        maps["logp_desc-equivalence"] = -np.log10(comparison.equivalence(margin))
    smoothness = estimate_smoothness(comparison.maps, comparison.full_basis(), lattice)
    return VoxelResult(maps, clusters, p_size, p_mass, smoothness, float(np.nanmax(found["df"])))


def smallest_effects(comparison: VoxelComparison, df: float, critical_t: float) -> dict[str, float | None]:
    """Smallest true effects that the sample finds in one voxel with a power of 80 %; None where not known.

    Parameters
    ----------
    comparison
        Of the test and seed.
    df
        Degrees of freedom of its t.
    critical_t
        Height that is significant family-wise.

    Returns
    -------
    dict
        ``smallest_g`` (standard deviations) or ``smallest_r``, of a voxel looked at alone (p < .05, two-sided), and the
        same with ``_fwe``, of the family-wise test of heights. A large cluster is found with smaller effects.
    """
    found = {}
    for name, alpha in (("", ALPHA), ("_fwe", float(2 * stdtr(df, -critical_t)))):
        if comparison.effect == "r":
            least = smallest_r(df + 2, alpha) if np.isfinite(alpha) else np.nan
        else:
            least = smallest_d(df, comparison.scale(), alpha) if np.isfinite(alpha) else np.nan
        found[f"smallest_{comparison.effect}{name}"] = float(least) if np.isfinite(least) else None
    return found


def facts_of(
    comparison: VoxelComparison,
    lattice: Lattice,
    affine: np.ndarray,
    threshold: float,
    result: VoxelResult,
    draws: VoxelDraws,
    margin: float | None,
) -> dict[str, Any]:
    """What belongs to the whole test of one seed, for the sidecars of its maps and table.

    Parameters
    ----------
    affine : array of shape (4, 4)
        Of the grid, mm.
    comparison, lattice, threshold, draws, margin
        As of `describe_voxels`.
    result
        From it.

    Returns
    -------
    dict
        voxels; df; cluster_forming_t; fwhm_mm, along the three axes; p_from; critical_t, None if the draws are too few
        for one; `smallest_effects`; with a margin equivalent_voxels, whose own p of equivalence is below .05.
    """
    critical_t = draws.critical("t")
    facts = {
        "voxels": int(lattice.mask.sum()),
        "df": result.df,
        "cluster_forming_t": threshold,
        "fwhm_mm": (result.smoothness.fwhm * np.linalg.norm(affine[:3, :3], axis=0)).round(3).tolist(),
        "p_from": draws.described(),
        "critical_t": None if np.isnan(critical_t) else critical_t,
        **smallest_effects(comparison, result.df, critical_t),
    }
    if margin is not None:
        facts["equivalent_voxels"] = int((result.maps["logp_desc-equivalence"] > -np.log10(0.05)).sum())
    return facts


def cluster_table(
    comparison: VoxelComparison,
    lattice: Lattice,
    affine: np.ndarray,
    threshold: float,
    result: VoxelResult,
    labels: Mapping[str, VoxelLabels],
    distance: float,
    most: int,
) -> pd.DataFrame:
    """Clusters and their peaks.

    Clusters beyond the cluster-forming t (``formed_by`` "height"), each with a p by every method, then clusters of
    voxels whose score has a family-wise p below `LEVEL` ("tfce"). A row per peak; what belongs to the whole cluster
    stands in the row of its first peak. The mean difference of a cluster that the same data chose is too large; its
    interval says how precise it is, not how large the difference is elsewhere.

    Parameters
    ----------
    comparison, lattice, threshold, result
        Of the contrast and seed.
    affine : array of shape (4, 4)
        From voxel numbers to MNI mm.
    labels
        Atlas -> regions of the voxels.
    distance, most
        Least distance of the named peaks of a cluster (mm), and how many are named.

    Returns
    -------
    DataFrame
        `table_columns`, and two columns per atlas: the region of the peak, and the regions of the cluster.
    """
    xyz = lattice.ijk @ affine[:3, :3].T + affine[:3, 3]
    fwhm = result.smoothness.fwhm
    field = TField(result.df, resel_counts(lattice.mask, fwhm), fwhm)
    t, clusters = result.maps["t"], result.clusters
    maxima = local_maxima(t, lattice, threshold)
    heights = np.full((2, len(t)), np.nan)
    heights[0, maxima] = peak_p(np.abs(t[maxima]), field)
    extents = np.full((3, len(clusters)), np.nan)
    # one-sided, direction by direction, as SPM makes them
    for sign in (1, -1):
        here = maxima[np.sign(t[maxima]) == sign]
        heights[1, here] = peak_q(np.abs(t[here]), threshold, field)
        one = clusters.sign == sign
        size = clusters.size[one]
        extents[0, one] = extent_p(size, threshold, field)
        extents[1, one] = cluster_p(size, threshold, field)
        extents[2, one] = cluster_q(size, threshold, field)

    significant = np.where(result.maps["logp_desc-tfce"] > -np.log10(LEVEL), result.maps["tfce"], 0)
    enhanced = find_clusters(significant, lattice, 0.0)
    # the peaks of a cluster made of scores are still those of t
    by_height = np.lexsort((-np.abs(t), enhanced.label))
    first = by_height[np.searchsorted(enhanced.label[by_height], np.arange(1, len(enhanced) + 1))]
    enhanced = replace(enhanced, peak=first)

    rows = []
    for formed_by, some, summits in (("height", clusters, maxima), ("tfce", enhanced, local_maxima(t, lattice, 0.0))):
        members = [np.flatnonzero(some.label == c + 1) for c in range(len(some))]
        effects = comparison.mean_effects(members) if members else pd.DataFrame()
        for c, peaks in enumerate(spread_peaks(summits, some, xyz, distance, most)):
            whole = _cluster(members[c], xyz, t, abs(np.linalg.det(affine[:3, :3])), effects.iloc[c], comparison.effect)
            whole["cluster_p_tfce"] = 10 ** -np.max(result.maps["logp_desc-tfce"][members[c]])
            if formed_by == "height":
                whole |= {"mass": some.mass[c], "p_size": result.p_size[c], "p_mass": result.p_mass[c]}
                whole |= dict(zip(("p_extent_rft", "p_size_rft", "q_size_rft"), extents[:, c], strict=True))
            whole |= {f"{atlas}_regions": label.of(members[c]) for atlas, label in labels.items()}
            for i, voxel in enumerate(peaks):
                row = {"formed_by": formed_by, "cluster": c + 1, "peak": i + 1}
                row |= _peak(voxel, xyz, result.maps, heights, comparison.effect)
                row |= {f"{atlas}_peak": label.at(voxel) for atlas, label in labels.items()}
                rows.append(row | (whole if i == 0 else {}))
    names = [f"{atlas}_{what}" for atlas in labels for what in ("peak", "regions")]
    return pd.DataFrame(rows, columns=[*table_columns(comparison.effect), *names])


def significant_clusters(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the clusters that are significant family-wise: by size or mass; if there are none, by score.

    Parameters
    ----------
    table
        From `cluster_table`, as it was written.
    """
    first = table[table["peak"] == 1]
    height = first[(first["p_size"] < LEVEL) | (first["p_mass"] < LEVEL)]
    return height if len(height) else first[first["formed_by"] == "tfce"]


def members_of(
    chosen: pd.DataFrame, t: np.ndarray, lattice: Lattice, threshold: float, score: np.ndarray, log_p: np.ndarray
) -> list[np.ndarray]:
    """Voxels of every chosen cluster, as positions on the lattice.

    Parameters
    ----------
    chosen
        From `significant_clusters`.
    t : array of shape (n_voxels,)
        As the clusters were made of.
    threshold
        Cluster-forming t.
    score, log_p : arrays of shape (n_voxels,)
        Its maps ``tfce`` and ``logp_desc-tfce``, as they were written (float32).
    """
    by: dict[str, Clusters] = {
        "height": find_clusters(t, lattice, threshold),
        # p at the level itself is not below it, in the precision of the file either
        "tfce": find_clusters(np.where(log_p > np.float32(-np.log10(LEVEL)), score, 0), lattice, 0.0),
    }
    found = []
    for formed_by, cluster, size in zip(chosen["formed_by"], chosen["cluster"], chosen["n_voxels"], strict=True):
        voxels = np.flatnonzero(by[formed_by].label == int(cluster))
        if len(voxels) != int(size):
            raise InputError(
                f"cluster {cluster} has {len(voxels)} voxels, its table says {int(size)}: maps and table are not of "
                "one run; make them again: snakemake --forcerun group_voxel response_voxel_controls"
            )
        found.append(voxels)
    return found


def _peak(
    voxel: int, xyz: np.ndarray, maps: Mapping[str, np.ndarray], heights: np.ndarray, effect: str
) -> dict[str, Any]:
    return {
        **dict(zip("xyz", xyz[voxel], strict=True)),
        "t": maps["t"][voxel],
        effect: maps[effect][voxel],
        f"{effect}_ci_low": maps[f"{effect}_desc-low"][voxel],
        f"{effect}_ci_high": maps[f"{effect}_desc-high"][voxel],
        "p_voxel": 10 ** -maps["logp_desc-voxel"][voxel],
        "p_fwe": 10 ** -maps["logp_desc-maxt"][voxel],
        "p_tfce": 10 ** -maps["logp_desc-tfce"][voxel],
        "p_peak_rft": heights[0, voxel],
        "q_peak_rft": heights[1, voxel],
    }


def _cluster(
    voxels: np.ndarray, xyz: np.ndarray, t: np.ndarray, volume: float, found: pd.Series, effect: str
) -> dict[str, Any]:
    centre = np.average(xyz[voxels], axis=0, weights=np.abs(t[voxels]))
    reach = stdtrit(found["df"], 0.975) * found["se"]
    return {
        "n_voxels": len(voxels),
        "volume": len(voxels) * volume,
        **dict(zip(("centre_x", "centre_y", "centre_z"), centre, strict=True)),
        "cluster_beta": found["beta"],
        "cluster_beta_ci_low": found["beta"] - reach,
        "cluster_beta_ci_high": found["beta"] + reach,
        f"cluster_{effect}": found[effect],
        f"cluster_{effect}_ci_low": found[f"{effect}_ci_low"],
        f"cluster_{effect}_ci_high": found[f"{effect}_ci_high"],
    }
