"""Which genes change alike across the groups? Clusters of trajectories, after DEGreport's degPatterns."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: most clusters that are tried
MAX_CLUSTERS = 10


def trajectories(vst: pd.DataFrame, groups: np.ndarray, order: list[str]) -> pd.DataFrame:
    """Mean of every gene in every group, in standard deviations over groups.

    Parameters
    ----------
    vst : DataFrame, samples x genes
        Variance-stabilised counts.
    groups : array of str, shape (n_samples,)
    order
        Groups, in the order of the trajectory.

    Returns
    -------
    DataFrame, genes x groups
        Genes whose means do not differ at all are left out.
    """
    means = pd.DataFrame({g: vst[groups == g].mean(axis=0) for g in order})
    centred = means.sub(means.mean(axis=1), axis=0)
    spread = np.sqrt((centred**2).mean(axis=1))
    return centred.div(spread, axis=0)[spread > 1e-8]


def clusters(shapes: pd.DataFrame, min_size: int) -> pd.DataFrame:
    """Cluster trajectories that have one shape.

    Average linkage of ``1 - r`` between trajectories (of three groups or more); the number of clusters, from 2 to 10,
    is the one with the largest mean silhouette. Everything follows from the trajectories as they are written, so
    that the clusters can be made again from the table.

    Parameters
    ----------
    shapes : DataFrame, genes x groups
        From `trajectories`.
    min_size : int
        Genes of smaller clusters are in cluster 0.

    Returns
    -------
    DataFrame
        gene, cluster (1 is the largest), silhouette, and the columns of `shapes`; by cluster, then by gene.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist, squareform

    # ten digits, as they are written
    shapes = shapes.sort_index().map(lambda x: float(f"{x:.10g}"))
    labels, silhouette = np.zeros(len(shapes), dtype=int), np.full(len(shapes), np.nan)
    if len(shapes) >= max(min_size, 3) and shapes.shape[1] >= 3:
        distance = pdist(shapes.to_numpy(), "correlation")
        tree, square = linkage(distance, "average"), squareform(distance)
        best = -np.inf
        for k in range(2, min(MAX_CLUSTERS, len(shapes) - 1) + 1):
            found = fcluster(tree, k, "maxclust")
            values = silhouettes(square, found)
            if values.mean() > best + 1e-12:
                best, labels, silhouette = values.mean(), found, values
    sizes = pd.Series(labels).value_counts()
    first = pd.Series(range(len(labels)), index=labels).groupby(level=0).min()
    ranked = sorted((c for c in sizes.index if c and sizes[c] >= min_size), key=lambda c: (-sizes[c], first[c]))
    number = {c: i for i, c in enumerate(ranked, start=1)}
    table = shapes.rename_axis("gene").reset_index()
    table.insert(1, "cluster", [number.get(c, 0) for c in labels])
    table.insert(2, "silhouette", silhouette)
    return table.sort_values(["cluster", "gene"], kind="stable").reset_index(drop=True)


def silhouettes(distance: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Silhouette of every member (Rousseeuw 1987, J Comput Appl Math 20:53), 0 for one that is alone in its cluster.

    Parameters
    ----------
    distance : array of shape (n, n)
    labels : array of shape (n,)
    """
    names, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    to = distance @ (inverse[:, None] == np.arange(len(names))).astype(float)
    rows = np.arange(len(labels))
    own = to[rows, inverse] / np.maximum(sizes[inverse] - 1, 1)
    to /= sizes
    to[rows, inverse] = np.inf
    nearest = to.min(axis=1)
    with np.errstate(invalid="ignore"):
        value = (nearest - own) / np.maximum(nearest, own)
    return np.where((sizes[inverse] > 1) & np.isfinite(value), value, 0.0)
