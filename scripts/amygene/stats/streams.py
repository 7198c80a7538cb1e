"""Random streams addressed by purpose and index, never by the order in which they are used."""

from __future__ import annotations

import numpy as np

#: one number per kind of draw, so that no two kinds share a stream; relabelings use the bare index
NULL_MAPS, RANDOM_SETS, BOOTSTRAP, CALIBRATION = 10, 11, 12, 13
#: draws of expression for the specificity index
SPECIFICITY = 14
PREDICTION_FOLDS, PREDICTION_REPLICATE, PREDICTION_CONTROLS, PREDICTION_GUARD, ROC_BAND = 20, 21, 22, 23, 24
#: random foci of convergence at regions and in networks, simulated experiments
META_FOCI, META_NETWORK, META_SIMULATED = 60, 61, 62
SIGN_FLIPS = 40
#: rankings of genes, ties of networks, simulated counts, animals of relabeled groups
PRECLINICAL_RANKS, PRECLINICAL_HUBS, PRECLINICAL_SIMULATED, PRECLINICAL_ANIMALS = 80, 81, 82, 83
#: genes and animals of resampled trajectories, weights on random genes
PRECLINICAL_GENES_DRAWN, PRECLINICAL_ANIMALS_DRAWN, PRECLINICAL_WEIGHTS = 84, 85, 86
#: relabelings of repeated measures (participants, measurements), studies of noise
RESPONSE_BLOCKS, RESPONSE_SESSIONS, RESPONSE_NOISE = 70, 71, 73


def stream(seed: int, purpose: int, index: int) -> np.random.Generator:
    """The random stream of draw number `index` of a purpose."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(purpose, index)))
