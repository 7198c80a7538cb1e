"""Partial least squares: which combination of genes follows the map?

A second view beside gene-by-gene correlation (Abdi & Williams 2013; Whitaker et al. 2016, PNAS 113:9105).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amygene.stats.permutation import TIE, p_value
from amygene.stats.streams import BOOTSTRAP, stream


@dataclass(frozen=True)
class Pls:
    """Result of `pls`.

    Attributes
    ----------
    explained, p : arrays of shape (n_components,)
        Share of the map's variance that each component explains, and its p under the null maps.
    weights : array of shape (n_genes,)
        Of the first component, unit length, signed so that it correlates positively with the map.
    z : array of shape (n_genes,)
        Weights over their bootstrap standard errors.
    """

    explained: np.ndarray
    p: np.ndarray
    weights: np.ndarray
    z: np.ndarray


def pls(
    observed: np.ndarray,
    null_maps: np.ndarray,
    expression: np.ndarray,
    n_components: int,
    seed: int,
    n_bootstraps: int,
) -> Pls:
    """PLS regression of the map on all genes.

    Null hypothesis of p, per component: the map is one of its null maps; one-sided, since the share of a
    null map that random components explain is itself large.

    Parameters
    ----------
    observed : array of shape (n_regions,)
    null_maps : array of shape (n_maps, n_regions)
    expression : array of shape (n_regions, n_genes)
        Nothing missing, no constant gene.
    n_components, seed, n_bootstraps : int
        Bootstrap draws resample regions; their dependence in space is not modelled.
    """
    genes = (expression - expression.mean(axis=0)) / expression.std(axis=0)
    kernel = genes @ genes.T
    explained = explained_shares(kernel, observed[None], n_components)[0]
    null = explained_shares(kernel, null_maps, n_components)
    p = p_value((null >= explained * (1 - TIE)).sum(axis=0), len(null_maps))
    weights = _weights(genes, observed, np.arange(len(observed)))
    total, squares = np.zeros(len(weights)), np.zeros(len(weights))
    for i in range(n_bootstraps):
        drawn = stream(seed, BOOTSTRAP, i).integers(0, len(observed), len(observed))
        one = _weights(genes, observed, drawn)
        total += one
        squares += one * one
    mean = total / n_bootstraps
    error = np.sqrt(np.maximum(squares / n_bootstraps - mean**2, 0) * n_bootstraps / (n_bootstraps - 1))
    return Pls(explained, p, weights, weights / error)


def _weights(genes: np.ndarray, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Weights of the first component on some (resampled) regions: covariance of gene and map, unit length."""
    centred = np.bincount(rows, weights=values[rows] - values[rows].mean(), minlength=len(values))
    weights = centred @ genes
    return weights / np.linalg.norm(weights)


def explained_shares(kernel: np.ndarray, maps: np.ndarray, n_components: int) -> np.ndarray:
    """Share of every map's variance that each of its own PLS components explains.

    The scores of PLS with one outcome need the genes only through their inner products (Rannar et al. 1994,
    J Chemom 8:111), so thousands of maps cost a few small matrix products.

    Parameters
    ----------
    kernel : array of shape (n_regions, n_regions)
        Of genes with mean 0.
    maps : array of shape (n_maps, n_regions)

    Returns
    -------
    array of shape (n_maps, n_components)
        0 for components beyond those that there are (a map over 10 regions has 9).
    """
    rounding = 1e-12 * np.trace(kernel) / len(kernel)
    y = maps - maps.mean(axis=1, keepdims=True)
    y = y / np.linalg.norm(y, axis=1, keepdims=True)
    scores: list[np.ndarray] = []
    shares = np.empty((len(maps), n_components))
    for k in range(n_components):
        t = _clear(y, scores) @ kernel
        t = _clear(t, scores)
        length = np.linalg.norm(t, axis=1, keepdims=True)
        t = np.divide(t, length, out=np.zeros_like(t), where=length > rounding)
        shares[:, k] = np.einsum("ij,ij->i", t, y) ** 2
        scores.append(t)
    return shares


def _clear(values: np.ndarray, scores: list[np.ndarray]) -> np.ndarray:
    """Remove the components found so far, row by row."""
    for score in scores:
        values = values - np.einsum("ij,ij->i", values, score)[:, None] * score
    return values
