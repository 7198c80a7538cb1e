"""Does a signature follow the map by chance in which animal is in which group?"""

from __future__ import annotations

from collections.abc import Mapping
from math import comb

import numpy as np

from amygene.stats.permutation import TIE, p_value
from amygene.stats.streams import PRECLINICAL_ANIMALS, stream

#: relabelings whose t are held at a time
_BLOCK = 100


def relabeled_p(
    values: np.ndarray,
    is_case: np.ndarray,
    r: np.ndarray,
    sizes: Mapping[str, int],
    seed: int,
    index: int,
    n_permutations: int,
) -> dict[str, float]:
    """p of the forms of a contrast's signature under relabeled animals.

    Genes are expressed together in the animals too: a module that follows the map differs a little between any two
    groups of a few animals, and takes the whole signature along. Null maps, which hold the signature fixed, cannot
    know that. Null hypothesis: the animals of the two groups are exchangeable. The scores are those of the bridge with
    Student's t of variance-stabilised counts, without covariates: ``up`` is the mean r of as many genes with the
    largest t as the signature has, ``down`` of those with the smallest, ``up-down`` half their difference, ``signed``
    weights all genes by t around its mean. Two-sided around the mean over all labelings, the given one among them.

    Parameters
    ----------
    values : array of shape (n_animals, n_genes)
        Of the two groups, variance-stabilised, genes with an orthologue that is measured in the map's regions.
    is_case : array of bool, shape (n_animals,)
    r : array of shape (n_genes,)
        Correlation of each orthologue with the map.
    sizes
        ``up`` and ``down``: how many genes of the signature are among these.
    seed, index, n_permutations : int
        Of the relabelings; index is the number of the contrast.

    Returns
    -------
    dict
        Form -> p, of forms that have genes.
    """
    rng = stream(seed, PRECLINICAL_ANIMALS, index)
    labels = np.stack([is_case, *(rng.permutation(is_case) for _ in range(n_permutations))]).astype(float)
    blocks = [
        form_scores(students_t(values, labels[first : first + _BLOCK]), r, sizes)
        for first in range(0, len(labels), _BLOCK)
    ]
    found = {}
    for form in blocks[0]:
        scores = np.concatenate([block[form] for block in blocks])
        distance = np.abs(scores - scores.mean())
        found[form] = float(p_value(np.sum(distance[1:] >= distance[0] * (1 - TIE)), n_permutations))
    return found


def smallest_p(n_case: int, n_control: int) -> float:
    """Smallest p that all relabelings could give: swapped groups of one size have the same score with a minus."""
    ways = comb(n_case + n_control, n_case)
    return (2 if n_case == n_control else 1) / ways


def students_t(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Student's t of every gene for some labelings; 0 for a gene that does not vary.

    Parameters
    ----------
    values : array of shape (n_animals, n_genes)
    labels : array of shape (n_labelings, n_animals)
        1 for cases, as many in each, 0 for controls.
    """
    values = values - values.mean(axis=0)
    n, n_case = len(values), int(labels[0].sum())
    total = labels @ values
    # centred, so the other group's sum is the same with a minus
    case, control = total / n_case, -total / (n - n_case)
    within = (values**2).sum(axis=0) - n_case * case**2 - (n - n_case) * control**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num((case - control) / np.sqrt(within / (n - 2) * (1 / n_case + 1 / (n - n_case))))


def form_scores(t: np.ndarray, r: np.ndarray, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Scores of the forms of a signature, from t of shape (n_labelings, n_genes); see `relabeled_p`."""
    weights = t - t.mean(axis=1, keepdims=True)
    scores = {"signed": weights @ r / np.abs(weights).sum(axis=1)}
    order = np.argsort(t, axis=1, kind="stable")
    if sizes["up"]:
        scores["up"] = r[order[:, -sizes["up"] :]].mean(axis=1)
    if sizes["down"]:
        scores["down"] = r[order[:, : sizes["down"]]].mean(axis=1)
    if sizes["up"] and sizes["down"]:
        scores["up-down"] = (scores["up"] - scores["down"]) / 2
    return scores
