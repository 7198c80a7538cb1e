"""Shuffled regions: null maps that know structures, and nothing of space.

A replicate of published practice: neighbouring regions are alike in maps and in expression, so a test with these null
maps finds far too much.
"""

from __future__ import annotations

import numpy as np

from amygene.nulls.stratified import BLOCK, Draw, by_structure


def null_maps(values: np.ndarray, strata: np.ndarray, xyz: np.ndarray, seed: int, n_maps: int) -> np.ndarray:
    """Null maps of a map, as `moran.null_maps`.

    Null hypothesis of a test that uses them: within every structure any region could have any of its values.
    """
    return by_structure(prepare, values, strata, xyz, seed, n_maps)


def prepare(values: np.ndarray, xyz: np.ndarray) -> Draw:
    """What draws null maps of one structure."""
    block = np.tile(values, (BLOCK, 1))
    return lambda rng: rng.permuted(block, axis=1)
