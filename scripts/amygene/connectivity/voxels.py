"""Connectivity of seeds with every voxel of one participant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from amygene.cleaning.denoising import can_be_cleaned, make_operator, plan_cleaning
from amygene.connectivity.regions import fisher_z
from amygene.imaging.grid import Grid
from amygene.imaging.images import as_volume, read_header, read_voxels
from amygene.imaging.scans import Scan
from amygene.imaging.seed_maps import SeedsOnGrids, Weights, coverage, over_voxels
from amygene.io.problems import InputError

#: voxels that are cleaned at a time. Memory holds the cleaned series of so many; and a product of one shape gives
#: one result, whatever the number of voxels in the mask
BLOCK = 8192


@dataclass(frozen=True)
class SeedMap:
    """Connectivity of one seed in one session of a participant.

    Attributes
    ----------
    z : array of shape (x, y, z), float32
        Fisher z, missing outside the mask; None if too little of the seed has signal.
    coverage
        Share of the seed that has signal.
    tsnr
        Mean over time divided by the standard deviation over time, before cleaning, averaged over the seed.
    """

    z: np.ndarray | None
    coverage: float
    tsnr: float


def correlate(
    runs: Sequence[tuple[np.ndarray, np.ndarray]], seeds: Sequence[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Fisher z of the Pearson correlation of seeds with voxels, over the cleaned runs put one after the other.

    The correlation is that of ``operator @ series``; every run is centred, so that levels of runs do not matter. The
    operator is applied to the series less their mean, which it removes anyway, so single precision is enough.

    Parameters
    ----------
    runs
        Per run: series of shape (n_volumes, n_voxels), float32 (their mean is taken away in place), and the operator
        of shape (n_kept, n_volumes).
    seeds
        Per seed: positions among the voxels, and weights. A seed's series is the weighted mean.

    Returns
    -------
    array of shape (n_seeds, n_voxels), float32
    """
    centred = []
    for series, operator in runs:
        series -= series.mean(axis=0, dtype=np.float64)
        centred.append(operator - operator.mean(axis=0))
    cleaned = np.empty((sum(len(operator) for operator in centred), len(seeds)))
    for column, (voxels, weights) in zip(cleaned.T, seeds, strict=True):
        means = [series[:, voxels].astype(np.float64) @ (weights / weights.sum()) for series, _ in runs]
        column[:] = np.concatenate([op @ mean for op, mean in zip(centred, means, strict=True)])
    with np.errstate(invalid="ignore", divide="ignore"):
        # in the space of the volumes as they were: the operator need not be applied twice
        probes = (cleaned / np.linalg.norm(cleaned, axis=0)).astype(np.float32)
    single = [operator.astype(np.float32) for operator in centred]
    n_voxels = runs[0][0].shape[1]
    z = np.empty((len(seeds), n_voxels), dtype=np.float32)
    for start in range(0, n_voxels, BLOCK):
        stop = min(start + BLOCK, n_voxels)
        parts = [operator @ series[:, start:stop] for operator, (series, _) in zip(single, runs, strict=True)]
        block = parts[0] if len(parts) == 1 else np.concatenate(parts)
        length = np.sqrt(np.einsum("tv,tv->v", block, block, dtype=np.float32).astype(np.float64))
        r = (probes.T @ block) / np.maximum(length, np.finfo(np.float32).tiny)
        z[:, start:stop] = fisher_z(r)
    return z


def signal_to_noise(series: np.ndarray, weights: np.ndarray) -> float:
    """Temporal signal-to-noise ratio of a seed: mean over time by standard deviation over time, averaged over voxels.

    Parameters
    ----------
    series : array of shape (n_volumes, n_voxels)
        Before cleaning.
    weights : array of shape (n_voxels,)
    """
    values = series.astype(np.float64)
    return float(np.average(values.mean(axis=0) / values.std(axis=0, ddof=1), weights=weights))


def session_maps(
    scans: Sequence[Scan],
    has_signal: np.ndarray,
    seeds: SeedsOnGrids,
    cleaning: Mapping[str, Any],
    min_coverage: float,
) -> tuple[Grid, dict[str, SeedMap]]:
    """Maps of all seeds in one session: every image is read once.

    Parameters
    ----------
    scans
        Runs of the session.
    has_signal : array of bool, shape (n_voxels_of_the_grid,)
        Voxels that have signal in every run, in the order of a file.
    seeds
        The seeds.
    cleaning
        The config's section.
    min_coverage
        Share of a seed that must have signal.

    Raises
    ------
    InputError
        A file cannot be read any more, or no run can be cleaned.
    """
    voxels = np.flatnonzero(has_signal)
    headers = [read_header(scan.bold) for scan in scans]
    plans = [plan_cleaning(scan, header, cleaning) for scan, header in zip(scans, headers, strict=True)]
    usable = [i for i, plan in enumerate(plans) if can_be_cleaned(plan, cleaning)]
    if not usable:
        raise InputError(f"{scans[0].bold}: too few volumes are left after scrubbing to clean it")
    grid = headers[0].grid
    if len(has_signal) != np.prod(grid.shape):
        raise InputError(f"{scans[0].bold}: has another grid than when it was checked; run again")
    runs = [(read_voxels(headers[i], voxels, cleaning["smoothing"]), make_operator(plans[i], cleaning)) for i in usable]
    weights = seeds.on(grid)
    covered = {name: coverage(w, has_signal) for name, w in weights.items()}
    inside = {name: _inside(w, voxels) for name, w in weights.items()}
    present = [name for name in weights if covered[name] >= min_coverage and len(inside[name][0])]
    tsnr = {
        name: float(np.mean([signal_to_noise(series[:, inside[name][0]], inside[name][1]) for series, _ in runs]))
        for name in present
    }
    z = correlate(runs, [inside[name] for name in present]) if present else np.empty((0, len(voxels)))
    return grid, {
        name: SeedMap(
            as_volume(z[present.index(name)], voxels, grid) if name in present else None,
            covered[name],
            tsnr.get(name, np.nan),
        )
        for name in weights
    }


def _inside(weights: Weights, voxels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A seed's voxels among those of the mask: positions and weights."""
    kept = np.isin(weights.voxels, voxels, assume_unique=True)
    return np.searchsorted(voxels, weights.voxels[kept]), weights.values[kept]


def resample(volume: np.ndarray, grid: Grid, target: Grid) -> np.ndarray:
    """A map on another grid; voxels of which less than half has values are missing.

    Linear, over the voxels that have values: what is missing does not pull its neighbours towards 0.
    """
    if grid.same_as(target):
        return volume
    known = np.isfinite(volume)
    pair = np.stack([np.where(known, volume, 0), known.astype(np.float32)], axis=3)
    mean, where = over_voxels(pair, grid.affine, target)
    resampled = np.full(target.shape, np.nan, dtype=np.float32)
    enough = mean[:, 1] >= 0.5
    resampled[tuple(where[enough].T)] = mean[enough, 0] / mean[enough, 1]
    return resampled
