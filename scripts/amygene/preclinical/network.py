"""Co-expression network of one tissue: signed adjacency and topological overlap, as in WGCNA."""

from __future__ import annotations

import numpy as np
from scipy import special

#: false discovery rate of the correlations that may tie genes
LEVEL = 0.01
#: rows of a product that are computed together: a fixed shape keeps every last bit the same
BLOCK = 256


def variable_genes(vst: np.ndarray, most: int) -> np.ndarray:
    """Columns of the most variable genes that vary at all, in their own order.

    Parameters
    ----------
    vst : array of shape (n_samples, n_genes)
    """
    variance = vst.var(axis=0)
    chosen = np.argsort(-variance, kind="stable")[:most]
    return np.sort(chosen[variance[chosen] > 1e-12])


def soft_power(n_samples: int) -> int:
    """Power of a signed network for so many samples (WGCNA's frequently asked questions, 6)."""
    return 18 if n_samples < 20 else 16 if n_samples < 30 else 14 if n_samples < 40 else 12


def adjacency(vst: np.ndarray, power: float) -> np.ndarray:
    """Signed adjacency ``((1 + r) / 2) ** power``: genes that go opposite ways are not neighbours.

    Zhang & Horvath 2005, Stat Appl Genet Mol Biol 4:17; equals R's WGCNA with ``type = "signed"``.

    Parameters
    ----------
    vst : array of shape (n_samples, n_genes)
        Nothing constant.

    Returns
    -------
    array of shape (n_genes, n_genes)
        Symmetric, 1 on the diagonal.
    """
    result = ((1 + correlations(vst)) / 2) ** power
    np.fill_diagonal(result, 1)
    return (result + result.T) / 2


def correlations(vst: np.ndarray) -> np.ndarray:
    """Pearson correlation of every two genes, shape (n_genes, n_genes)."""
    centred = vst - vst.mean(axis=0)
    profiles = centred / np.sqrt((centred * centred).sum(axis=0))
    return np.clip(_product(np.ascontiguousarray(profiles.T), profiles), -1, 1)


def correlated(vst: np.ndarray) -> np.ndarray:
    """Pairs of genes with a positive correlation at a false discovery rate of .01 over all pairs.

    Null hypothesis per pair: the genes are unrelated over samples, one-sided. Only such pairs are tied in the network
    that is cut into modules, as in MEGENA: noise then has no modules.

    Parameters
    ----------
    vst : array of shape (n_samples, n_genes)

    Returns
    -------
    array of bool, shape (n_genes, n_genes)
        Symmetric, no gene with itself.
    """
    r = correlations(vst)
    df = len(vst) - 2
    pairs = r[np.triu_indices(len(r), 1)]
    high = np.sort(pairs[pairs > 0])[::-1]
    with np.errstate(divide="ignore"):
        p = special.stdtr(df, -high * np.sqrt(df / np.maximum((1 - high) * (1 + high), 0)))
    passed = np.flatnonzero(p <= LEVEL * np.arange(1, len(p) + 1) / max(len(pairs), 1))
    lowest = high[passed[-1]] if len(passed) else np.inf
    tied = (r >= lowest) & (lowest <= r.T)
    np.fill_diagonal(tied, False)
    return tied


def topological_overlap(adjacent: np.ndarray) -> np.ndarray:
    """Neighbours that two genes share, as far as they could (Ravasz et al. 2002, Science 297:1551; WGCNA).

    ``(sum_u a_iu a_uj + a_ij) / (min(k_i, k_j) + 1 - a_ij)`` with connectivities k, all without the diagonal.

    Parameters
    ----------
    adjacent : array of shape (n_genes, n_genes)
        From `adjacency`.

    Returns
    -------
    array of shape (n_genes, n_genes)
        1 on the diagonal.
    """
    a = adjacent.copy()
    np.fill_diagonal(a, 0)
    k = a.sum(axis=0)
    shared = _product(a, a)
    shared += a
    shared /= np.minimum(k[:, None], k[None]) + 1 - a
    np.fill_diagonal(shared, 1)
    return (shared + shared.T) / 2


def _product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``left @ right``, in blocks of rows."""
    result = np.empty((len(left), right.shape[1]))
    for first in range(0, len(left), BLOCK):
        np.matmul(left[first : first + BLOCK], right, out=result[first : first + BLOCK])
    return result


def ties(vst: np.ndarray, power: float) -> np.ndarray:
    """Topological overlap of genes that are `correlated`, 0 elsewhere, shape (n_genes, n_genes)."""
    return np.where(correlated(vst), topological_overlap(adjacency(vst, power)), 0)
