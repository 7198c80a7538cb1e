"""Do genes of a cluster of trajectories stay together when other genes, or other animals, are drawn?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from amygene.preclinical.trajectories import cut, trajectories, written
from amygene.stats.streams import PRECLINICAL_ANIMALS_DRAWN, PRECLINICAL_GENES_DRAWN, stream

#: share of the genes that a resample of genes keeps
KEPT = 0.8


def with_stability(
    table: pd.DataFrame, vst: pd.DataFrame, groups: np.ndarray, order: list[str], seed: int, n_resamples: int
) -> pd.DataFrame:
    """Clusters with how steady every gene is in its own, under drawn genes and under drawn animals.

    Consensus clustering (Monti et al. 2003, Mach Learn 52:91) with the number of clusters of the whole table.
    ``stability``: each resample keeps 80 % of the genes. It follows from the table and the seed, and asks whether the
    clusters hang on single genes. ``stability_animals``: the animals of every group are drawn with replacement and the
    trajectories made anew. It asks whether another experiment would find the same genes together, which noise does not.

    Parameters
    ----------
    table
        From `trajectories.clusters`.
    vst : DataFrame, samples x genes
        The counts that the trajectories are made from.
    groups : array of str, shape (n_samples,)
    order
        Groups, columns of the table.
    seed, n_resamples : int

    Returns
    -------
    DataFrame
        The table with columns ``stability`` and ``stability_animals`` after ``silhouette``, missing in cluster 0.
    """
    shapes = table.set_index("gene")[order].sort_index()
    own = table.set_index("gene")["cluster"].loc[shapes.index].to_numpy()
    n_clusters = cut(shapes)[2]
    columns = {}
    for name, drawn in (
        ("stability", genes_drawn(shapes, n_clusters, seed, range(n_resamples))),
        ("stability_animals", animals_drawn(shapes, vst, groups, n_clusters, seed, range(n_resamples))),
    ):
        columns[name] = pd.Series(stability(own, drawn), shapes.index)
    result = table.copy()
    for place, (name, values) in enumerate(columns.items(), start=result.columns.get_loc("silhouette") + 1):
        result.insert(place, name, values.loc[result["gene"]].to_numpy())
    return result


def genes_drawn(shapes: pd.DataFrame, n_clusters: int, seed: int, resamples: range) -> np.ndarray:
    """Clusters of 80 % of the genes, drawn without replacement.

    Parameters
    ----------
    shapes : DataFrame, genes x groups
    n_clusters : int
    seed : int
    resamples : range
        Numbers of the resamples; each has a random stream of its own.

    Returns
    -------
    array of int, shape (n_resamples, n_genes)
        Number of a cluster, 0 for a gene that is not drawn.
    """
    labels = np.zeros((len(resamples), len(shapes)), dtype=int)
    if n_clusters:
        for row, index in zip(labels, resamples, strict=True):
            rng = stream(seed, PRECLINICAL_GENES_DRAWN, index)
            kept = np.sort(rng.choice(len(shapes), size=round(KEPT * len(shapes)), replace=False))
            row[kept] = cut(shapes.iloc[kept], n_clusters)[0]
    return labels


def animals_drawn(
    shapes: pd.DataFrame, vst: pd.DataFrame, groups: np.ndarray, n_clusters: int, seed: int, resamples: range
) -> np.ndarray:
    """Clusters of all genes, the animals of every group drawn with replacement.

    Parameters and returned array as of `genes_drawn`; a gene whose means do not differ in the draw is in 0.
    """
    order = shapes.columns.tolist()
    values = vst[shapes.index]
    members = [np.flatnonzero(groups == g) for g in order]
    labels = np.zeros((len(resamples), len(shapes)), dtype=int)
    if n_clusters:
        for row, index in zip(labels, resamples, strict=True):
            rng = stream(seed, PRECLINICAL_ANIMALS_DRAWN, index)
            rows = np.concatenate([rng.choice(m, size=len(m)) for m in members])
            again = written(trajectories(values.iloc[rows], groups[rows], order))
            row[shapes.index.isin(again.index)] = cut(again, n_clusters)[0]
    return labels


def stability(own: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """How often a gene falls together with the other genes of its cluster.

    Parameters
    ----------
    own : array of int, shape (n_genes,)
        Clusters; 0 is none.
    drawn : array of int, shape (n_resamples, n_genes)
        Clusters of every resample; 0 for a gene that takes no part.

    Returns
    -------
    array of shape (n_genes,)
        Over pairs with another gene of the own cluster and resamples in which both take part: the share in which they
        are in one cluster. Missing in cluster 0, and where there is no such pair.
    """
    together, pairs = np.zeros(len(own), dtype=np.int64), np.zeros(len(own), dtype=np.int64)
    for found in drawn:
        # genes of one's own cluster that are in every cluster of the resample
        counts = np.zeros((own.max(initial=0) + 1, found.max(initial=0) + 1), dtype=np.int64)
        part = found > 0
        np.add.at(counts, (own[part], found[part]), 1)
        together[part] += counts[own[part], found[part]] - 1
        pairs[part] += counts.sum(axis=1)[own[part]] - 1
    return np.where((own > 0) & (pairs > 0), together / np.maximum(pairs, 1), np.nan)
