"""Does a signed signature follow the map more than its weights on random genes that are expressed together as much?"""

from __future__ import annotations

import numpy as np

from amygene.enrichment.scores import RandomSets
from amygene.stats.permutation import TIE, p_value
from amygene.stats.streams import PRECLINICAL_WEIGHTS, stream

#: random orders of weights that are held at a time
_BLOCK = 100


def random_weights_p(
    vector: np.ndarray, observed: np.ndarray, random_sets: RandomSets, n_random: int, index: int
) -> float:
    """p of a signed vector against its weights on random genes.

    Null hypothesis: the signature's profile over regions (the sum of its genes' expression, each times its weight) lies
    no nearer to the map than profiles of the same weights on other genes, if those are expressed together as much.
    Weights in random order would not do: genes of like weight are expressed together in the brain, so that the
    signature's own profile is far longer than theirs and its score far wider. Competitive, beside the test under null
    maps and not in its place. Two-sided around the mean of the random profiles.

    Parameters
    ----------
    vector : array of shape (n_genes,)
        Weights; 0 for a gene that the signature lacks.
    observed : array of shape (n_regions,)
        The map, from `unit`.
    random_sets
        Of the same genes.
    n_random, index : int
        Number of draws, and of their random stream.
    """
    null = random_weights(vector, random_sets, n_random, index) @ observed
    distance = np.abs(vector @ random_sets.genes @ observed - null.mean())
    return float(p_value(np.sum(np.abs(null - null.mean()) >= distance * (1 - TIE)), n_random))


def random_weights(vector: np.ndarray, random_sets: RandomSets, n_random: int, index: int) -> np.ndarray:
    """Profiles of the weights on random genes, as long as the signature's own.

    The length of a profile is the co-expression of weighted genes: with weights of 1 it is given by the mean
    correlation of their pairs. Each draw mixes two ways to hand the weights to the genes: in the order of co-expression
    with a random gene (the largest, or the smallest, to its neighbours), whose profile is long, and in random order,
    whose profile is short. Shares with squares that add up to 1, so that the spread of weights stays, are chosen
    such that the profile has the signature's length; where no share does, the nearest one is scaled.

    Returns
    -------
    array of shape (n_random, n_regions)
    """
    rng = stream(random_sets.seed, PRECLINICAL_WEIGHTS, index)
    genes, neighbours = random_sets.genes, random_sets.neighbours
    centres, signs = rng.integers(len(neighbours), size=n_random), rng.choice([-1, 1], size=n_random)
    near = np.empty((n_random, genes.shape[1]))
    placed = np.empty(neighbours.shape)
    for sign in (-1, 1):
        np.put_along_axis(placed, neighbours, np.sort(vector)[None, ::-sign], axis=1)
        near[signs == sign] = (placed @ genes)[centres[signs == sign]]
    far = np.empty_like(near)
    for first in range(0, n_random, _BLOCK):
        n = min(_BLOCK, n_random - first)
        far[first : first + n] = rng.permuted(np.tile(vector, (n, 1)), axis=1) @ genes
    length = float(np.linalg.norm(vector @ genes))
    angle = _angles(near, far, length)[:, None]
    mixed = np.sin(angle) * near + np.cos(angle) * far
    return mixed * (length / np.linalg.norm(mixed, axis=1, keepdims=True))


def _angles(near: np.ndarray, far: np.ndarray, length: float) -> np.ndarray:
    """Angles from 0 to pi / 2 at which ``sin(angle) near + cos(angle) far`` has a length, by bisection."""
    long, short, both = (near * near).sum(axis=1), (far * far).sum(axis=1), (near * far).sum(axis=1)
    low, high = np.zeros(len(near)), np.full(len(near), np.pi / 2)
    for _ in range(40):
        middle = (low + high) / 2
        sine, cosine = np.sin(middle), np.cos(middle)
        below = sine**2 * long + cosine**2 * short + 2 * sine * cosine * both < length**2
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
