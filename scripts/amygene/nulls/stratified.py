"""Null maps of each structure by itself, so that each keeps its mean.

Cortex, subcortex and cerebellum differ so much in gene expression that a null which mixes them finds an
association in any two maps that tell the structures apart. Here every structure is randomised by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from amygene.stats.streams import NULL_MAPS, stream

#: null maps that are computed together
BLOCK = 100

#: draws a block of null maps of one structure, shape (BLOCK, n)
Draw = Callable[[np.random.Generator], np.ndarray]


def by_structure(
    prepare: Callable[[np.ndarray, np.ndarray], Draw],
    values: np.ndarray,
    strata: np.ndarray,
    xyz: np.ndarray,
    seed: int,
    n_maps: int,
) -> np.ndarray:
    """Null maps of a map; map *i* depends on the seed and on *i* alone.

    Parameters
    ----------
    prepare
        Values, shape (n,), and centres, shape (n, 3), of a structure's regions (two or more) -> what draws its maps.
    values, strata, xyz, seed, n_maps
        As of `moran.null_maps`.

    Returns
    -------
    array of shape (n_maps, n)
    """
    # a single region cannot be randomised: it keeps its value
    maps = np.repeat(values[None].astype(float), n_maps, axis=0)
    structures = [np.flatnonzero(strata == s) for s in dict.fromkeys(strata.tolist())]
    parts = [(rows, prepare(values[rows], xyz[rows])) for rows in structures if len(rows) > 1]
    for first in range(0, n_maps, BLOCK):
        # a block has a stream of its own and is computed whole, so that a map does not depend on how many are wanted
        rng = stream(seed, NULL_MAPS, first // BLOCK)
        for rows, draw in parts:
            maps[first : first + BLOCK, rows] = draw(rng)[: n_maps - first]
    return maps
