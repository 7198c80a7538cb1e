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

    Everything follows from the trajectories as they are written, so that the clusters can be made again from the table.

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
    shapes = written(shapes)
    labels, silhouette, _ = cut(shapes) if len(shapes) >= min_size else none_cut(len(shapes))
    sizes = pd.Series(labels).value_counts()
    first = pd.Series(range(len(labels)), index=labels).groupby(level=0).min()
    ranked = sorted((c for c in sizes.index if c and sizes[c] >= min_size), key=lambda c: (-sizes[c], first[c]))
    number = {c: i for i, c in enumerate(ranked, start=1)}
    table = shapes.rename_axis("gene").reset_index()
    table.insert(1, "cluster", np.array([number.get(c, 0) for c in labels], dtype=int))
    table.insert(2, "silhouette", silhouette)
    return table.sort_values(["cluster", "gene"], kind="stable").reset_index(drop=True)


def written(shapes: pd.DataFrame) -> pd.DataFrame:
    """Trajectories by gene, with the ten digits that are written."""
    return shapes.sort_index().map(lambda x: float(f"{x:.10g}"))


def cut(shapes: pd.DataFrame, n_clusters: int | None = None) -> tuple[np.ndarray, np.ndarray, int]:
    """Average linkage of ``1 - r`` between trajectories (of three groups or more), cut into clusters.

    Parameters
    ----------
    shapes : DataFrame, genes x groups
        From `written`.
    n_clusters : int, optional
        By default the number from 2 to 10 with the largest mean silhouette.

    Returns
    -------
    labels : array of int, shape (n_genes,)
        From 1; 0 where there are too few genes or groups to cluster.
    silhouette : array of shape (n_genes,)
        Missing if the number of clusters is given.
    n_clusters : int
        0 where nothing is clustered.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist, squareform

    if len(shapes) < 3 or shapes.shape[1] < 3:
        return none_cut(len(shapes))
    distance = pdist(shapes.to_numpy(), "correlation")
    tree = linkage(distance, "average")
    if n_clusters is not None:
        return fcluster(tree, n_clusters, "maxclust"), np.full(len(shapes), np.nan), n_clusters
    square, best, chosen = squareform(distance), -np.inf, none_cut(len(shapes))
    for k in range(2, min(MAX_CLUSTERS, len(shapes) - 1) + 1):
        found = fcluster(tree, k, "maxclust")
        values = silhouettes(square, found)
        if values.mean() > best + 1e-12:
            best, chosen = values.mean(), (found, values, k)
    return chosen


def none_cut(n_genes: int) -> tuple[np.ndarray, np.ndarray, int]:
    """What `cut` returns where nothing is clustered."""
    return np.zeros(n_genes, dtype=int), np.full(n_genes, np.nan), 0


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
