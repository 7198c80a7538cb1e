"""Spin: the cortex as a sphere, rotated at random.

Alexander-Bloch et al. 2018, NeuroImage 178:540; every rotated region takes the value of one original region,
matched one to one so that the distances are least (Markello & Misic 2021, NeuroImage 236:118052).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.optimize import linear_sum_assignment

from amygene.stats.streams import NULL_MAPS, stream


def null_maps(values: np.ndarray, strata: np.ndarray, xyz: np.ndarray, seed: int, n_maps: int) -> np.ndarray:
    """Null maps of a map of the cortex, as `moran.null_maps`.

    Null hypothesis of a test that uses them: the map lies on the cortex in any rotation, unrelated to the other map.

    Raises
    ------
    ValueError
        There are regions of other structures, which have no place on the sphere.
    """
    if (strata != "cortex").any():
        raise ValueError("spin rotates the cortex; other structures have no place on the sphere")
    is_right, sphere = xyz[:, 0] > 0, np.empty_like(xyz, dtype=float)
    for side in (False, True):
        sphere[is_right == side] = on_sphere(xyz[is_right == side], *_surfaces()[side])
    return spun_maps(values, sphere, is_right, seed, n_maps)


def spun_maps(values: np.ndarray, sphere: np.ndarray, is_right: np.ndarray, seed: int, n_maps: int) -> np.ndarray:
    """The map under rotations; regions as of `spun_order`, map *i* depends on the seed and on *i* alone."""
    orders = [spun_order(sphere, is_right, random_rotation(stream(seed, NULL_MAPS, i))) for i in range(n_maps)]
    return values[np.array(orders)]


@cache
def _surfaces() -> list[tuple[np.ndarray, np.ndarray]]:
    """Coordinates of the vertices on cortex and sphere, left and right."""
    from nilearn.datasets import load_fsaverage

    meshes = load_fsaverage("fsaverage5")
    return [
        (meshes["pial"].parts[side].coordinates, meshes["sphere"].parts[side].coordinates) for side in ("left", "right")
    ]


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """A rotation of space, uniform over all rotations, shape (3, 3)."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[:, 0] *= -1
    return q


def spun_order(sphere: np.ndarray, is_right: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Which region's value every region takes after a rotation.

    The right hemisphere rotates as the mirror image of the left, so that homologous regions move together.

    Parameters
    ----------
    sphere : array of shape (n, 3)
        Centres of the regions on their hemisphere's sphere.
    is_right : array of bool, shape (n,)
    rotation : array of shape (3, 3)

    Returns
    -------
    array of int, shape (n,)
        A permutation within each hemisphere.
    """
    mirror = np.diag([-1.0, 1.0, 1.0])
    order = np.arange(len(sphere))
    for side, turn in ((False, rotation), (True, mirror @ rotation @ mirror)):
        here = np.flatnonzero(is_right == side)
        if len(here) == 0:
            continue
        turned = sphere[here] @ turn.T
        distance = np.linalg.norm(sphere[here][:, None] - turned[None], axis=-1)
        _, matched = linear_sum_assignment(distance)
        order[here] = here[matched]
    return order


def on_sphere(xyz: np.ndarray, surface: np.ndarray, sphere: np.ndarray) -> np.ndarray:
    """Centres of regions on the sphere: through the vertex of the surface that is nearest to each.

    Parameters
    ----------
    xyz : array of shape (n, 3)
        Centres in MNI mm.
    surface, sphere : arrays of shape (n_vertices, 3)
        Coordinates of the same vertices on the cortical surface and on the sphere.
    """
    distance = np.linalg.norm(xyz[:, None] - surface[None], axis=-1)
    centres = sphere[distance.argmin(axis=1)]
    return centres / np.linalg.norm(centres, axis=1, keepdims=True)
