"""Targets of transcranial magnetic stimulation: how far from where effects converge, and in which circuit?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from amygene.meta.brain import Brain
from amygene.meta.connectome import Connectome


def distances(
    targets: Mapping[str, tuple[float, float, float]], grid: Brain, labels: np.ndarray, clusters: pd.DataFrame
) -> pd.DataFrame:
    """Distance (mm) of every target to every cluster: to its peak, its centre and its nearest voxel.

    Parameters
    ----------
    labels : array of int, shape (nx, ny, nz)
        Numbers of clusters.
    clusters
        Rows of the cluster table.
    """
    rows = []
    for target, place in targets.items():
        for _, cluster in clusters.iterrows():
            voxels = grid.xyz(np.argwhere(labels == cluster["cluster"]))
            peak = cluster[["peak_x", "peak_y", "peak_z"]].to_numpy(dtype=float)
            centre = cluster[["centre_x", "centre_y", "centre_z"]].to_numpy(dtype=float)
            rows.append(
                {
                    "target": target,
                    "x": place[0],
                    "y": place[1],
                    "z": place[2],
                    "cluster": int(cluster["cluster"]),
                    "distance_peak": np.linalg.norm(peak - place),
                    "distance_centre": np.linalg.norm(centre - place),
                    "distance_edge": np.linalg.norm(voxels - place, axis=1).min(),
                }
            )
    columns = ["target", "x", "y", "z", "cluster", "distance_peak", "distance_centre", "distance_edge"]
    return pd.DataFrame(rows, columns=columns)


def near_clusters(
    targets: Mapping[str, tuple[float, float, float]],
    grid: Brain,
    analyses: Mapping[str, tuple[np.ndarray, pd.DataFrame]],
) -> pd.DataFrame:
    """`distances` to the clusters of all comparisons; no rows if there is no cluster.

    Parameters
    ----------
    analyses
        Comparison -> numbers of clusters in the grid, and rows of those that count.
    """
    parts = []
    for comparison, (labels, clusters) in analyses.items():
        found = distances(targets, grid, labels, clusters)
        found.insert(4, "comparison", comparison)
        parts.append(found)
    columns = ["target", "x", "y", "z", "comparison", "cluster", "distance_peak", "distance_centre", "distance_edge"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def seed_places(
    targets: Mapping[str, tuple[float, float, float]],
    grid: Brain,
    analyses: Mapping[str, tuple[np.ndarray, pd.DataFrame]],
) -> dict[str, np.ndarray]:
    """Coordinates whose circuits are wanted, arrays of shape (n, 3): targets, and voxels of the clusters.

    Parameters
    ----------
    analyses
        As of `near_clusters`.
    """
    found = {name: np.array([place]) for name, place in targets.items()}
    for comparison, (labels, clusters) in analyses.items():
        for cluster in clusters["cluster"]:
            found[f"{comparison} cluster {cluster}"] = grid.xyz(np.argwhere(labels == cluster))
    return found


def circuit_table(maps: Mapping[str, pd.Series], regions: Sequence[str]) -> pd.DataFrame:
    """circuit, region, connectivity: maps of places one below the other, in the order of the regions."""
    parts = [
        pd.DataFrame({"circuit": name, "region": regions, "connectivity": values.reindex(regions).to_numpy()})
        for name, values in maps.items()
    ]
    return pd.concat(parts, ignore_index=True)


def seed_map(connectome: Connectome, region: np.ndarray) -> np.ndarray:
    """Connectivity of a place with every region: mean over the regions that its points lie in.

    Parameters
    ----------
    region : array of int, shape (n_points,)
        Row of the connectome per point (a target has one, a cluster one per voxel); -1 is nowhere.

    Returns
    -------
    array of shape (n_regions,)
        Missing for a region in which all points lie, and everywhere if no point lies in a region.
    """
    inside = region[region >= 0]
    rows, counts = np.unique(inside, return_counts=True)
    values = connectome.matrix[rows]
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (np.where(known, values, 0) * counts[:, None]).sum(axis=0) / (known * counts[:, None]).sum(axis=0)
