"""Exchangeability blocks: permutations of repeated measures.

A participant's measurements are one block. Whole blocks can change places (participants are exchangeable, whatever the
covariance of their own measurements), or measurements within a block (they are exchangeable given the participant:
compound symmetry). Winkler et al. 2015, NeuroImage 123:253.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amygene.stats.streams import RESPONSE_BLOCKS, RESPONSE_SESSIONS, stream


@dataclass(frozen=True)
class Keys:
    """Random keys of permutations, one per participant and one per measurement: whoever sorts by them, permutes.

    Attributes
    ----------
    participants : array of shape (n_permutations, n_participants)
    measurements : array of shape (n_permutations, n_measurements)
    """

    participants: np.ndarray
    measurements: np.ndarray


def draw_keys(seed: int, indices: np.ndarray, n_participants: int, n_measurements: int) -> Keys:
    """The keys of the permutations `indices`, each from a stream of its own."""
    return Keys(
        np.stack([stream(seed, RESPONSE_BLOCKS, int(i)).random(n_participants) for i in indices]),
        np.stack([stream(seed, RESPONSE_SESSIONS, int(i)).random(n_measurements) for i in indices]),
    )


def whole_block_orders(keys: np.ndarray, participants: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Orders of the measurements when whole participants change places.

    Parameters
    ----------
    keys : array of shape (n_permutations, n_participants)
        Of the participants that are measured, in the order of their numbers.
    participants : array of int, shape (n,)
        Participant of every measurement, 0, 1, ... in ascending order.
    classes : array of int, shape (n_participants,)
        Participants of one class are exchanged; all have the same measurements.

    Returns
    -------
    array of int, shape (n_permutations, n)
        Row j of the permuted data is row ``order[j]`` of the data.
    """
    by_class = np.argsort(classes, kind="stable")
    shuffled = np.argsort(keys[:, by_class] + classes[by_class], axis=1, kind="stable")
    partner = np.empty_like(shuffled)
    partner[:, by_class] = by_class[shuffled]
    starts = np.searchsorted(participants, np.arange(len(classes)))
    offsets = np.arange(len(participants)) - starts[participants]
    return starts[partner[:, participants]] + offsets


def within_block_orders(keys: np.ndarray, participants: np.ndarray) -> np.ndarray:
    """Orders of the measurements when those of each participant change places.

    Parameters
    ----------
    keys : array of shape (n_permutations, n)
    participants : array of int, shape (n,)
        Ascending.

    Returns
    -------
    array of int, shape (n_permutations, n)
    """
    return np.argsort(keys + participants, axis=1, kind="stable")
