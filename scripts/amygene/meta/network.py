"""Network-based meta-analysis: are the foci of experiments connected to a region more, or less, than random foci are?

Cash et al. 2023, JAMA Psychiatry 80:246; Saberi et al. 2024. Foci need not lie together to lie in one circuit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from amygene.imaging.grid import nearest
from amygene.meta.ale import Experiments
from amygene.meta.chance import stream
from amygene.meta.connectome import Connectome
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import TIE
from amygene.stats.streams import META_NETWORK

#: how experiments are weighted: by sample size, and all alike as a check
WEIGHTS = ("weighted", "unweighted")


@dataclass(frozen=True)
class Seeds:
    """Foci as regions of a connectome.

    Attributes
    ----------
    region : array of int, shape (n_foci,)
        Row of the connectome.
    starts : array of int, shape (n_experiments + 1,)
        First focus of each experiment, and the number of foci.
    weights : array of shape (2, n_experiments)
        In the order of `WEIGHTS`.
    """

    region: np.ndarray
    starts: np.ndarray
    weights: np.ndarray


def seed_regions(experiments: Experiments, region: np.ndarray) -> Seeds:
    """Foci that lie in a region; an experiment without any drops out.

    Parameters
    ----------
    region : array of int, shape (n_foci,)
        Of `connectome.Places.find`: -1 is nowhere.
    """
    owner = np.repeat(np.arange(len(experiments)), np.diff(experiments.starts))[region >= 0]
    present, counts = np.unique(owner, return_counts=True)
    n = experiments.n_subjects[present].astype(float)
    return Seeds(region[region >= 0], np.r_[0, np.cumsum(counts)], np.stack([n, np.ones_like(n)]))


def pooled(seeds: Seeds, region: np.ndarray, values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Connectivity of foci with every region: mean per experiment, then weighted mean over experiments.

    Parameters
    ----------
    region : array of int, shape (n_foci,)
        Of the foci, in the experiments of `seeds`.
    values : array of shape (n_regions, n_regions)
        The connectome, 0 where missing.
    known : array of shape (n_regions, n_regions)
        1 where not.

    Returns
    -------
    array of shape (2, n_regions)
        In the order of `WEIGHTS`. A focus says nothing of its own region.
    """
    total = np.add.reduceat(values[region], seeds.starts[:-1], axis=0)
    n = np.add.reduceat(known[region], seeds.starts[:-1], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, total / n, 0.0)
        # sums in a fixed order: a matrix product's last bit may depend on the machine's mood
        weight = seeds.weights[:, :, None] * (n > 0)
        return (weight * mean).sum(axis=1) / weight.sum(axis=1)


def random_pooled(seeds: Seeds, connectome: Connectome, seed: int, analysis: str, n_draws: int) -> np.ndarray:
    """The same for random foci, as many per experiment, anywhere in the regions' volume.

    Returns
    -------
    array of shape (n_draws, 2, n_regions)
    """
    values, known = _filled(connectome)
    edges = np.cumsum(connectome.voxels) / connectome.voxels.sum()
    drawn = np.empty((n_draws, 2, len(connectome.regions)))
    for i in range(n_draws):
        uniform = stream(seed, analysis, META_NETWORK, i).random(len(seeds.region))
        region = np.minimum(np.searchsorted(edges, uniform, side="right"), len(edges) - 1)
        drawn[i] = pooled(seeds, region, values, known)
    return drawn


def observed_pooled(seeds: Seeds, connectome: Connectome) -> np.ndarray:
    """`pooled` of the foci as reported, shape (2, n_regions)."""
    return pooled(seeds, seeds.region, *_filled(connectome))


def _filled(connectome: Connectome) -> tuple[np.ndarray, np.ndarray]:
    known = ~np.isnan(connectome.matrix)
    return np.where(known, connectome.matrix, 0.0), known.astype(float)


def two_tailed(observed: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p and signed z of values among those of random foci.

    p is twice the smaller share of draws that are at least as large, or as small, the observed value counted among the
    draws; never 0, at most 1. z has the sign of the side.

    Parameters
    ----------
    observed : array of shape (n,)
    drawn : array of shape (n_draws, n)
    """
    slack = TIE * np.abs(observed)
    above = 1 + (drawn >= observed - slack).sum(axis=0)
    below = 1 + (drawn <= observed + slack).sum(axis=0)
    p = np.minimum(2 * np.minimum(above, below) / (1 + len(drawn)), 1.0)
    z = np.where(above <= below, 1, -1) * -special.ndtri(p / 2)
    lost = np.isnan(observed)
    return np.where(lost, np.nan, p), np.where(lost, np.nan, z + 0.0)


def region_table(connectome: Connectome, observed: np.ndarray, drawn: np.ndarray) -> pd.DataFrame:
    """Convergent connectivity of every region.

    Parameters
    ----------
    observed : array of shape (2, n_regions)
    drawn : array of shape (n_draws, 2, n_regions)

    Returns
    -------
    DataFrame
        region, connectivity, null_mean, z_value, p, q, and connectivity, z_value, p of the unweighted check.
    """
    table = pd.DataFrame({"region": connectome.regions})
    for i, way in enumerate(WEIGHTS):
        tail = "" if way == "weighted" else "_unweighted"
        p, z = two_tailed(observed[i], drawn[:, i])
        table[f"connectivity{tail}"] = observed[i]
        if not tail:
            table["null_mean"] = drawn[:, i].mean(axis=0)
        table[f"z_value{tail}"], table[f"p{tail}"] = z, p
        if not tail:
            table["q"] = benjamini_hochberg(p)
    return table


def unmapped_foci(experiments: Experiments, region: np.ndarray, distance: np.ndarray) -> pd.DataFrame:
    """Foci that lie in no region: sample, distance to the nearest one (mm), x, y, z.

    Parameters
    ----------
    region, distance : arrays of shape (n_foci,)
        From `connectome.Places.find`.
    """
    lost = region < 0
    owner = np.repeat(experiments.names, np.diff(experiments.starts))
    table = pd.DataFrame({"sample": owner[lost], "distance": distance[lost]})
    for axis, values in zip("xyz", experiments.xyz[lost].T, strict=True):
        table[axis] = values
    return table


def similar_unweighted(table: pd.DataFrame) -> float:
    """Correlation over regions of z with z of all experiments alike; of the regions that have both.

    Parameters
    ----------
    table
        From `region_table`.
    """
    return float(
        np.ma.corrcoef(np.ma.masked_invalid(table["z_value"]), np.ma.masked_invalid(table["z_value_unweighted"]))[0, 1]
    )


def network_means(shares: pd.DataFrame, regions: Sequence[str], values: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Mean of regions' values over every canonical network, each region by its voxels in the network.

    Parameters
    ----------
    shares
        region, network, n_voxels.
    values : array of shape (..., n_regions)

    Returns
    -------
    names, means of shape (..., n_networks)
    """
    row = {r: i for i, r in enumerate(regions)}
    shares = shares[shares["region"].isin(row)]
    names = shares["network"].drop_duplicates().tolist()
    weights = np.zeros((len(names), len(regions)))
    for region, network, n in zip(shares["region"], shares["network"], shares["n_voxels"], strict=True):
        weights[names.index(network), row[region]] = n
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [(filled * w).sum(axis=-1) / (known * w).sum(axis=-1) for w in weights]
    return names, np.stack(means, axis=-1)


def canonical_table(
    shares: pd.DataFrame, connectome: Connectome, observed: np.ndarray, drawn: np.ndarray
) -> pd.DataFrame:
    """Convergent connectivity of the canonical networks, with the false discovery rate over them.

    Returns
    -------
    DataFrame
        network, connectivity, null_mean, null_low, null_high (95 % of random foci), z_value, p, q, and the same
        unweighted.
    """
    names, own = network_means(shares, connectome.regions, observed)
    _, chance = network_means(shares, connectome.regions, drawn)
    table = pd.DataFrame({"network": names})
    for i, way in enumerate(WEIGHTS):
        tail = "" if way == "weighted" else "_unweighted"
        p, z = two_tailed(own[i], chance[:, i])
        table[f"connectivity{tail}"] = own[i]
        if not tail:
            table["null_mean"] = chance[:, i].mean(axis=0)
            table["null_low"], table["null_high"] = np.percentile(chance[:, i], [2.5, 97.5], axis=0)
        table[f"z_value{tail}"], table[f"p{tail}"], table[f"q{tail}"] = z, p, benjamini_hochberg(p)
    return table


def overlap(image: np.ndarray, affine: np.ndarray, xyz: np.ndarray, region: Sequence[str]) -> pd.DataFrame:
    """Voxels that every region shares with every network of an image.

    Parameters
    ----------
    image : array of int, shape (nx, ny, nz)
        Numbers of networks.
    xyz : array of shape (n, 3)
        Voxels of the atlas, MNI mm.
    region : sequence of str, length n
        Their regions.

    Returns
    -------
    DataFrame
        region, network (number), n_voxels; regions in the order of their first voxel.
    """
    table = pd.DataFrame({"region": region, "network": nearest(image, affine, xyz)})
    table = table[table["network"] > 0]
    counts = table.groupby(["region", "network"], sort=True).size().rename("n_voxels").reset_index()
    order = {r: i for i, r in enumerate(dict.fromkeys(region))}
    return counts.sort_values(
        ["region", "network"], key=lambda c: c.map(order) if c.name == "region" else c, ignore_index=True
    )
