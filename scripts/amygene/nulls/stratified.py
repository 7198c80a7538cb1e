"""Null maps that keep the autocorrelation of the map within each structure, and each structure's mean.

Cortex, subcortex and cerebellum differ so much in gene expression that a null which mixes them finds an
association in any two maps that tell the structures apart. Here every structure is randomised by itself.
"""

from __future__ import annotations

import numpy as np

from amygene.nulls import moran, spin
from amygene.nulls.variogram import MIN_REGIONS, Variogram
from amygene.stats.streams import NULL_MAPS, stream

METHODS = ("moran", "variogram", "spin")
#: null maps that are computed together
BLOCK = 100


def null_maps(
    values: np.ndarray,
    strata: np.ndarray,
    xyz: np.ndarray,
    method: str,
    seed: int,
    n_maps: int,
    sphere: np.ndarray | None = None,
    is_right: np.ndarray | None = None,
) -> np.ndarray:
    """Null maps of a map; map *i* depends on the seed and on *i* alone.

    Null hypothesis of a test that uses them: the map is one of those that share its autocorrelation within
    every structure and its structures' means, unrelated to the other map.

    Parameters
    ----------
    values : array of shape (n,)
        The map, nothing missing.
    strata : array of shape (n,)
        Structure of each region.
    xyz : array of shape (n, 3)
        Centres, MNI mm.
    method
        ``moran``: Moran spectral randomisation. ``variogram``: surrogates with the map's variogram
        (structures with fewer than 10 regions: moran). ``spin``: rotations of the sphere; for cortex only.
    seed, n_maps : int
    sphere : array of shape (n, 3), is_right : array of bool, shape (n,)
        For ``spin``.

    Returns
    -------
    array of shape (n_maps, n)
    """
    if method == "spin":
        if sphere is None or is_right is None:
            raise ValueError("spin needs the regions' places on the sphere and their hemispheres")
        orders = [
            spin.spun_order(sphere, is_right, spin.random_rotation(stream(seed, NULL_MAPS, i))) for i in range(n_maps)
        ]
        return values[np.array(orders)]
    parts = [_Stratum(values, np.flatnonzero(strata == s), xyz, method) for s in dict.fromkeys(strata.tolist())]
    maps = np.empty((n_maps, len(values)))
    for first in range(0, n_maps, BLOCK):
        # a block has a stream of its own and is computed whole, so that a map does not depend on how many are wanted
        rng = stream(seed, NULL_MAPS, first // BLOCK)
        for part in parts:
            block = part.draw(rng)
            maps[first : first + BLOCK, part.rows] = block[: n_maps - first]
    return maps


class _Stratum:
    """One structure, ready to be randomised."""

    def __init__(self, values: np.ndarray, rows: np.ndarray, xyz: np.ndarray, method: str):
        self.rows = rows
        self.values = values[rows]
        self.variogram = Variogram(xyz[rows]) if method == "variogram" and len(rows) >= MIN_REGIONS else None
        self.vectors = moran.eigenvectors(xyz[rows]) if self.variogram is None and len(rows) > 1 else None

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """A block of null maps of this structure, shape (BLOCK, n)."""
        n = len(self.rows)
        if self.variogram is not None:
            permuted = rng.permuted(np.tile(np.arange(n), (BLOCK, 1)), axis=1)
            noise = rng.standard_normal((BLOCK, n))
            return self.values.mean() + self.variogram.surrogates(self.values, permuted, noise)
        if self.vectors is None:
            # a single region cannot be randomised: it keeps its value
            return np.repeat(self.values[None], BLOCK, axis=0)
        signs = rng.integers(0, 2, (BLOCK, n - 1)) * 2.0 - 1.0
        return moran.randomise(self.values, self.vectors, signs)
