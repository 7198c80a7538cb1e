"""Does a signature follow the map by chance in which animal is in which group?"""

from __future__ import annotations

import numpy as np

from amygene.stats.permutation import TIE, p_value
from amygene.stats.streams import PRECLINICAL_ANIMALS, stream


def relabeled_p(
    values: np.ndarray, is_case: np.ndarray, r: np.ndarray, seed: int, index: int, n_permutations: int
) -> float:
    """p of a signed signature under relabeled animals.

    Genes are expressed together in the animals too: a module that follows the map differs a little between any two
    groups of a few animals, and takes the whole signature along. Null maps, which hold the signature fixed, cannot
    know that. Null hypothesis: the animals of the two groups are exchangeable. The score is that of the bridge with
    Student's t of variance-stabilised counts as weights, without covariates; two-sided around 0.

    Parameters
    ----------
    values : array of shape (n_animals, n_genes)
        Of the two groups, variance-stabilised, genes with an orthologue that is measured in the map's regions.
    is_case : array of bool, shape (n_animals,)
    r : array of shape (n_genes,)
        Correlation of each orthologue with the map.
    seed, index, n_permutations : int
        Of the relabelings; index is the number of the signature.
    """
    rng = stream(seed, PRECLINICAL_ANIMALS, index)
    labels = np.stack([is_case, *(rng.permutation(is_case) for _ in range(n_permutations))]).astype(float)
    values = values - values.mean(axis=0)
    n, n_case = len(is_case), int(is_case.sum())
    total = labels @ values
    # centred, so the other group's sum is the same with a minus
    case, control = total / n_case, -total / (n - n_case)
    within = (values**2).sum(axis=0) - n_case * case**2 - (n - n_case) * control**2
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.nan_to_num((case - control) / np.sqrt(within / (n - 2) * (1 / n_case + 1 / (n - n_case))))
    weights = t - t.mean(axis=1, keepdims=True)
    score = weights @ r / np.abs(weights).sum(axis=1)
    reached = np.sum(np.abs(score[1:]) >= abs(score[0]) * (1 - TIE))
    return float(p_value(reached, n_permutations))
