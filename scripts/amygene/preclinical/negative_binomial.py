"""Negative-binomial models of counts with given dispersions, and the likelihood-ratio test between two of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

#: genes that are fitted together: a fixed shape, so that no gene's last bit depends on how many there are
BLOCK = 256
#: smallest mean during the fit, ridge on coefficients (of log2), and when the deviance has settled: DESeq2's choices
_MIN_MU, _RIDGE, _TOLERANCE, _STEPS = 0.5, 1e-6, 1e-8, 100


@dataclass(frozen=True)
class Fit:
    """Fit of one design to many genes.

    Attributes
    ----------
    coefficients : array of shape (n_genes, n_coefficients)
        Natural logarithms.
    log_likelihood : array of shape (n_genes,)
    converged : array of bool, shape (n_genes,)
    """

    coefficients: np.ndarray
    log_likelihood: np.ndarray
    converged: np.ndarray


def log_likelihood(counts: np.ndarray, mu: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Log-likelihood of counts of genes, shape (n_genes,).

    Parameters
    ----------
    counts, mu : arrays of shape (n_genes, n_samples)
    dispersion : array of shape (n_genes,)
        Variance is mu + dispersion mu^2.
    """
    size = 1 / dispersion[:, None]
    # gammaln(k + size) - gammaln(size) and the sum of logs cancel between two models of the same gene, but for rounding
    return np.sum(
        special.gammaln(counts + size)
        - special.gammaln(size)
        - special.gammaln(counts + 1)
        - size * np.log1p(mu / size)
        + special.xlogy(counts, mu / (size + mu)),
        axis=1,
    )


def fit(counts: np.ndarray, size_factors: np.ndarray, dispersion: np.ndarray, design: np.ndarray) -> Fit:
    """Fit ``log mu = log size factor + design @ coefficients`` to every gene by reweighted least squares.

    The algorithm of DESeq2 (Love et al. 2014, Genome Biol 15:550) without its prior. Genes whose deviance has not
    settled after 100 steps are told apart.

    Parameters
    ----------
    counts : array of shape (n_genes, n_samples)
    size_factors : array of shape (n_samples,)
    dispersion : array of shape (n_genes,)
    design : array of shape (n_samples, n_coefficients)
        Full rank; its span holds the constant.
    """
    n_genes = len(counts)
    padded = -(-n_genes // BLOCK) * BLOCK
    # the last block is filled up with copies of the last gene
    index = np.minimum(np.arange(padded), n_genes - 1)
    parts = [
        _fit_block(np.asarray(counts[rows], dtype=float), size_factors, dispersion[rows], design)
        for rows in (index[first : first + BLOCK] for first in range(0, padded, BLOCK))
    ]
    beta, likelihood, converged = (np.concatenate(part)[:n_genes] for part in zip(*parts, strict=True))
    return Fit(beta, likelihood, converged)


def _fit_block(
    counts: np.ndarray, size_factors: np.ndarray, dispersion: np.ndarray, design: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    offset = np.log(size_factors)
    # start from least squares on the logarithm of normalised counts
    start = np.log(counts / size_factors + 0.1)
    beta = start @ np.linalg.pinv(design).T
    ridge = np.eye(design.shape[1]) * _RIDGE / np.log(2) ** 2
    deviance = np.full(len(counts), np.inf)
    converged = np.zeros(len(counts), dtype=bool)
    for _ in range(_STEPS):
        open_ = ~converged
        if not open_.any():
            break
        eta = np.clip(beta @ design.T + offset, -30, 30)
        mu = np.maximum(np.exp(eta), _MIN_MU)
        weight = mu / (1 + dispersion[:, None] * mu)
        working = np.log(mu) - offset + (counts - mu) / mu
        normal = np.einsum("gs,si,sj->gij", weight, design, design, optimize=False) + ridge
        right = np.einsum("gs,si->gi", weight * working, design, optimize=False)
        beta = np.where(open_[:, None], np.linalg.solve(normal, right[..., None])[..., 0], beta)
        mu = np.maximum(np.exp(np.clip(beta @ design.T + offset, -30, 30)), _MIN_MU)
        now = -2 * log_likelihood(counts, mu, dispersion)
        converged |= np.abs(now - deviance) / (np.abs(now) + 0.1) < _TOLERANCE
        deviance = np.where(open_, now, deviance)
    mu = np.exp(np.clip(beta @ design.T + offset, -30, 30))
    return beta, log_likelihood(counts, mu, dispersion), converged


def likelihood_ratio_test(
    counts: np.ndarray, size_factors: np.ndarray, dispersion: np.ndarray, full: np.ndarray, reduced: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Does the full design explain the counts of a gene better than the reduced one, with the same dispersions?

    Null hypothesis per gene: the coefficients that only the full design has are 0 (with a design of groups: the groups
    do not differ). Twice the difference of log-likelihoods against chi-squared, as R's DESeq2 with ``test="LRT"``.

    Parameters
    ----------
    counts, size_factors, dispersion
        As of `fit`.
    full, reduced : arrays of shape (n_samples, n_coefficients)
        The reduced design lies in the span of the full one.

    Returns
    -------
    statistic, p : arrays of shape (n_genes,)
    converged : array of bool, shape (n_genes,)
    """
    one, other = (fit(counts, size_factors, dispersion, design) for design in (full, reduced))
    statistic = np.maximum(2 * (one.log_likelihood - other.log_likelihood), 0)
    df = np.linalg.matrix_rank(full) - np.linalg.matrix_rank(reduced)
    return statistic, special.chdtrc(df, statistic), one.converged & other.converged
