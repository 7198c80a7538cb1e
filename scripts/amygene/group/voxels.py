"""From the maps of all participants to one comparison, and what its files mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from amygene.io.files import read_json
from amygene.io.problems import InputError
from amygene.io.tables import check_unchanged
from amygene.models.comparison import Comparison
from amygene.models.design import make_design, members, site_codes
from amygene.models.site_effects import SiteEffects
from amygene.models.voxel_comparison import VoxelComparison
from amygene.stats.lattice import Lattice
from amygene.stats.map_permutation import TILE
from amygene.stats.tfce import Scanner

#: what stands in the images, by what stands in their names; {tested} is what the maps are of
MAP_MEANING = {
    "t": "t of {tested}, adjusted for the covariates",
    "beta": "{tested}, adjusted for the covariates (Fisher z)",
    "g": "Hedges g of {tested}, adjusted for the covariates",
    "g_desc-low": "lower end of the 95 % confidence interval of Hedges g",
    "g_desc-high": "upper end of the 95 % confidence interval of Hedges g",
    "r": "partial correlation: {tested}, given the covariates",
    "r_desc-low": "lower end of the 95 % confidence interval of the correlation",
    "r_desc-high": "upper end of the 95 % confidence interval of the correlation",
    "tfce": "threshold-free cluster enhancement of t (Smith and Nichols 2009; E .5, H 2, integral), with its sign",
    "logp_desc-voxel": "-log10 of the permutation p of each voxel by itself, two-sided",
    "logp_desc-fdr": "-log10 of that p after Benjamini-Hochberg over the voxels",
    "logp_desc-maxt": "-log10 of the family-wise permutation p by the largest absolute t",
    "logp_desc-size": "-log10 of the family-wise permutation p of the size of the voxel's cluster; 0 outside clusters",
    "logp_desc-mass": "-log10 of the family-wise permutation p of the mass of the voxel's cluster; 0 outside clusters",
    "logp_desc-tfce": "-log10 of the family-wise permutation p by the largest absolute score",
    "logp_desc-equivalence": "-log10 of p that the difference is within the margin (TOST), each voxel by itself",
}


def open_maps(file: str | Path, rows: str | Path) -> tuple[np.ndarray, list[str]]:
    """Maps of one seed, memory-mapped, and the participants of its rows: what `connectivity.maps.pack` wrote.

    Parameters
    ----------
    rows
        JSON with ``participants``.

    Raises
    ------
    InputError
        The array is not what was written.
    """
    check_unchanged(file)
    return np.load(file, mmap_mode="r", allow_pickle=False), read_json(rows)["participants"]


def make_voxel_comparison(
    connectivity: np.ndarray,
    people: Sequence[str],
    mask: np.ndarray,
    own: np.ndarray,
    participants: pd.DataFrame,
    contrast: str,
    path: str | Path,
    site_effects: SiteEffects,
    *,
    covariates: Sequence[str],
    categorical: Sequence[str],
    exchange_within: str | None,
) -> tuple[VoxelComparison, np.ndarray, list[str]]:
    """The comparison of one contrast and seed.

    Parameters
    ----------
    connectivity : array of shape (n_participants, n_voxels)
        Fisher z of everybody; rows of NaN have no map of this seed and take no part. May be memory-mapped.
    people
        Names of the rows.
    mask : array of bool, shape (nx, ny, nz)
        Its voxels, in C order.
    own : array of int
        Voxels of the seed, positions in Fortran order: the seed's connectivity with itself is no outcome.
    participants
        The table of the contrast's participants.
    contrast
        Its name; the settings are those of `group.make_comparison`.
    path
        Where the maps of the contrast are written, a row per voxel, harmonised if `site_effects` says so.

    Returns
    -------
    comparison
        Its maps are memory-mapped.
    analysed : array of bool, shape (nx, ny, nz)
        Voxels of the mask that are not the seed's and vary over the participants.
    names
        Of the sites.
    """
    row = {name: i for i, name in enumerate(people)}
    taking_part = members(participants, contrast)
    taking_part = taking_part[[not np.isnan(connectivity[row[p], 0]) for p in taking_part["participant_id"]]]
    role = taking_part[f"contrast-{contrast}"]
    if role.nunique() < 2:
        raise InputError(
            f"config key contrasts.{contrast}: of those with a map of the seed {len(taking_part)} are left, all in one "
            "group; see connectivity/qc.tsv for the coverage of the seed"
        )
    rows = taking_part["participant_id"].map(row).to_numpy()
    design = make_design(taking_part, contrast, covariates, categorical, exchange_within)
    codes, names = site_codes(taking_part)

    maps, analysed = write_maps([(connectivity, np.ones(len(rows)))], rows, mask, own, path)
    if site_effects.harmonise:
        # the shrinkage of site effects needs all voxels at once
        whole = Comparison(np.asarray(maps, dtype=float).T, design, codes, site_effects)
        maps[:] = whole.prepared[0].T
        maps.flush()
    return VoxelComparison(maps, design, codes, site_effects), analysed, names


def write_maps(
    sessions: Sequence[tuple[np.ndarray, np.ndarray]],
    rows: np.ndarray,
    mask: np.ndarray,
    own: np.ndarray,
    path: str | Path,
) -> tuple[np.memmap, np.ndarray]:
    """Write the maps of some participants, a row per voxel: of one session each, or a weighted sum of sessions.

    Parameters
    ----------
    sessions
        Connectivity, shape (n_participants, n_voxels), and its weights, shape (n_rows,): -1 and 1 make maps of
        change; with 0 a participant needs no map of the session.
    rows : array of int
        The participants.
    mask, own
        As of `make_voxel_comparison`.
    path
        Of the array that is written, float32 of shape (n_voxels, n_rows).

    Returns
    -------
    maps
        Memory-mapped.
    analysed : array of bool, shape (nx, ny, nz)
        Voxels of the mask that are not the seed's and vary over the participants.
    """
    analysed = mask.copy()
    analysed[np.unravel_index(own, mask.shape, order="F")] = False
    kept = np.flatnonzero(analysed[mask])
    chunks = [kept[i : i + TILE] for i in range(0, len(kept), TILE)]
    varies = np.concatenate([np.ptp(_columns(sessions, rows, c), axis=0) > 0 for c in chunks])
    kept = kept[varies]
    analysed[mask] = np.isin(np.arange(len(analysed[mask])), kept)
    maps = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(len(kept), len(rows)))
    for i in range(0, len(kept), TILE):
        maps[i : i + TILE] = _columns(sessions, rows, kept[i : i + TILE]).T
    maps.flush()
    return maps, analysed


def _columns(sessions: Sequence[tuple[np.ndarray, np.ndarray]], rows: np.ndarray, voxels: np.ndarray) -> np.ndarray:
    """Some voxels of some participants: the columns lie together in the file, so they are read first."""
    first, last = voxels[0], voxels[-1] + 1
    total = np.zeros((len(rows), len(voxels)))
    for connectivity, weights in sessions:
        used = np.flatnonzero(weights)
        values = np.asarray(connectivity[:, first:last], dtype=float)[rows[used]][:, voxels - first]
        total[used] += weights[used, None] * values
    return total


def observe(
    comparison: VoxelComparison, analysed: np.ndarray, connectivity: int, cluster_p: float
) -> dict[str, np.ndarray]:
    """What permutations are compared with: t, cluster-forming threshold, largest statistics.

    Parameters
    ----------
    comparison
        Of the test and seed.
    analysed : array of bool, shape (nx, ny, nz)
        Its voxels.
    connectivity
        Neighbours of a voxel.
    cluster_p
        One-sided p of the cluster-forming t, as SPM's height threshold; it is applied in both directions.

    Returns
    -------
    dict
        t, shape (n_voxels,); threshold; largest, shape (4,).
    """
    found = comparison.estimates()
    threshold = float(stdtrit(np.nanmax(found["df"]), 1 - cluster_p))
    t = found["t"].to_numpy()
    largest = np.array(Scanner(Lattice(analysed, connectivity), threshold).maxima(t))
    return {"t": t, "threshold": np.array(threshold), "largest": largest}


def clusters_note(positive: str, n_tests: int = 1) -> str:
    """What a reader of the table must know; first what a positive value means."""
    over = f"; these four are over {n_tests} tests together, all other p and q of this one alone" if n_tests > 1 else ""
    return (
        f"positive: {positive}; p_fwe, p_tfce, p_size, p_mass: permutation, two-sided{over}; columns _rft: random "
        "field theory as in SPM12, one-sided per direction; the mean effect of a cluster (cluster_beta, cluster_g or "
        "_r) was measured where the same data show it, so it is too large"
    )


def clusters_found(table: pd.DataFrame) -> str:
    """How many clusters a table has, and how many are significant by what, in words."""
    first = table[table["peak"] == 1]
    return (
        f"{len(first)} clusters; family-wise p < .05: {int((first['p_size'] < 0.05).sum())} by size, "
        f"{int((first['p_mass'] < 0.05).sum())} by mass, {int((first['formed_by'] == 'tfce').sum())} by score, "
        f"{int((first['p_fwe'] < 0.05).sum())} by height"
    )
