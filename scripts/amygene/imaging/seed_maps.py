"""Seeds on the grid of an image: the weight of every voxel.

A seed's source is cut out of its image once (`read_source`: a big atlas is read a single time), and put on the grid of
every participant from there (`weights_on`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from isal import igzip
from nibabel.affines import apply_affine

from amygene.imaging.grid import SAME, Grid
from amygene.imaging.images import file_order
from amygene.imaging.overlap import half_filled
from amygene.io.files import read_arrays, write_arrays
from amygene.io.problems import InputError


@dataclass(frozen=True)
class Source:
    """What a seed is made of.

    Attributes
    ----------
    definition
        See `read_source`.
    affine : array of shape (4, 4)
        Of the two images.
    own : array of shape (x, y, z, n_own), float32
        The seed's own probabilities, or 1 inside and 0 outside; a box around what is not 0.
    rivals : array of shape (x, y, z, n_rivals), float32
        Probabilities of everything else in the box; only for the maximum.
    """

    definition: Mapping[str, Any]
    affine: np.ndarray = field(default_factory=lambda: np.eye(4))
    own: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0, 0), dtype=np.float32))
    rivals: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0, 0), dtype=np.float32))


@dataclass(frozen=True)
class Weights:
    """A seed on a grid.

    Attributes
    ----------
    voxels : array of int
        Positions in the order of a file (x fastest), ascending.
    values : array of float
        Weights, above 0.
    """

    voxels: np.ndarray
    values: np.ndarray


def read_source(definition: Mapping[str, Any]) -> Source:
    """Cut a seed out of its image.

    Parameters
    ----------
    definition
        ``kind`` and, by kind:

        ``regions`` : ``image``, and ``numbers`` of its regions.
        ``mask`` : ``image``; everything above 0.
        ``probability`` : ``image`` of percents or shares, ``volumes`` (0-based), ``weighting`` and ``threshold``
        (see `weights_on`).
        ``sphere`` : ``xyz`` and ``radius``, MNI mm.

    Raises
    ------
    InputError
        The image cannot be read, or holds no such thing.
    """
    if definition["kind"] == "sphere":
        return Source(definition)
    image = _load(definition["image"])
    values = np.asanyarray(image.dataobj)
    values = values.reshape((*values.shape[:3], -1))
    rivals: np.ndarray | None = None
    if definition["kind"] == "probability":
        absent = [v for v in definition["volumes"] if not 0 <= v < values.shape[3]]
        if absent:
            raise InputError(f"{definition['image']}: has the volumes 0 to {values.shape[3] - 1}, not {absent}")
        own = values[..., definition["volumes"]]
    elif definition["kind"] == "regions":
        own = np.isin(np.round(values[..., :1]).astype(np.int64), definition["numbers"])
    else:
        own = np.nan_to_num(values[..., :1]) > 0
    inside = np.argwhere((own > 0).any(axis=3))
    if not len(inside):
        raise InputError(f"{definition['image']}: the seed has no voxel in it")
    # one voxel more on every side, so that edges are interpolated as in the whole image
    low, high = np.maximum(inside.min(axis=0) - 1, 0), inside.max(axis=0) + 2
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    if definition["kind"] == "probability" and definition["weighting"] == "maximum":
        others = np.setdiff1d(np.arange(values.shape[3]), definition["volumes"])
        rivals = values[box][..., others]
        rivals = rivals[..., (rivals > 0).any(axis=(0, 1, 2))]
    percent = definition["kind"] == "probability" and values.max() > 1
    affine = np.asarray(image.affine, dtype=float).copy()
    affine[:3, 3] = apply_affine(image.affine, low)
    return Source(
        definition,
        affine,
        own[box].astype(np.float32) / (100 if percent else 1),
        np.empty((0, 0, 0, 0), np.float32) if rivals is None else rivals.astype(np.float32) / (100 if percent else 1),
    )


@lru_cache(maxsize=1)
def _load(path: str | Path):
    """The image; several seeds of one atlas read it once."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        if path.name.endswith(".nii.gz"):
            return nibabel.Nifti1Image.from_bytes(igzip.decompress(path.read_bytes()))
        return nibabel.load(path)
    except Exception as error:  # nibabel raises many kinds for a damaged file
        raise InputError(f"{path}: is no readable NIfTI image ({error})") from error


def weights_on(source: Source, grid: Grid) -> Weights:
    """Put a seed on a grid.

    Regions and masks: voxels of which at least half belongs to the seed, weight 1.
    Sphere: voxels whose centre lies within the radius, at least the nearest one, weight 1.
    Probabilities, ``weighted``: the mean probability over the voxel (summed over the seed's volumes, at most 1) is the
    weight, where it reaches the threshold. ``maximum``: weight 1 where a volume of the seed is the most probable
    of the whole image, and reaches the threshold (maximum probability map, Eickhoff 2005).

    Returns
    -------
    Weights
        Empty if the seed lies outside the grid, or is too small for its voxels.
    """
    definition = source.definition
    if definition["kind"] == "sphere":
        return _sphere(grid, np.asarray(definition["xyz"], dtype=float), float(definition["radius"]))
    if definition["kind"] != "probability":
        voxels = file_order(half_filled(source.own[..., 0], source.affine, grid))
        return Weights(voxels, np.ones(len(voxels)))
    own, where = over_voxels(source.own, source.affine, grid)
    if definition["weighting"] == "weighted":
        values = np.minimum(own.sum(axis=1), 1)
        chosen = (values >= definition["threshold"]) & (values > 0)
    else:
        most = own.max(axis=1, initial=0)
        rivals = over_voxels(source.rivals, source.affine, grid, like=source.own)[0].max(axis=1, initial=0)
        chosen, values = (most >= definition["threshold"]) & (most > 0) & (most >= rivals), np.ones(len(own))
    return _ordered(where[chosen], values[chosen], grid)


def over_voxels(
    source: np.ndarray, affine: np.ndarray, grid: Grid, like: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of images over every voxel of another grid.

    An image is interpolated linearly at as many points per voxel as its own voxels are smaller, so that a coarse
    grid gets the mean and not a single value; on its own grid nothing changes.

    Parameters
    ----------
    source : array of shape (x, y, z, n_images)
        0 outside.
    affine
        Of the images.
    like
        Images of the same place whose box is used.

    Returns
    -------
    mean : array of shape (n_voxels, n_images)
        Of the grid's voxels around the images.
    where : array of int, shape (n_voxels, 3)
        Their numbers in the grid.
    """
    from scipy.ndimage import map_coordinates

    shape = np.array((source if like is None else like).shape[:3])
    to_source = np.linalg.inv(affine) @ grid.affine
    box = np.array(np.meshgrid(*[(-1, n) for n in shape])).reshape(3, -1).T
    box = apply_affine(np.linalg.inv(to_source), box)
    low = np.clip(np.floor(box.min(axis=0)).astype(int), 0, grid.shape)
    high = np.clip(np.ceil(box.max(axis=0)).astype(int) + 1, 0, grid.shape)
    where = _numbers(low, high)
    n_points = np.maximum(1, np.ceil(np.linalg.norm(to_source[:3, :3], axis=0) - SAME).astype(int))
    steps = [(np.arange(n) + 0.5) / n - 0.5 for n in n_points]
    offsets = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    mean = np.zeros((len(where), source.shape[3]))
    for offset in offsets:
        at = apply_affine(to_source, where + offset) if len(where) else np.empty((0, 3))
        # rounding of the affine must not turn an exact position into an interpolation
        at = np.where(np.abs(at - at.round()) < SAME, at.round(), at)
        for j in range(source.shape[3]):
            mean[:, j] += map_coordinates(source[..., j], at.T, np.float64, order=1, mode="constant")
    return mean / len(offsets), where


def _numbers(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Every voxel from low to below high, shape (n_voxels, 3)."""
    axes = [np.arange(a, b) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def _sphere(grid: Grid, centre: np.ndarray, radius: float) -> Weights:
    nearest = grid.nearest(centre[None])[0]
    if not grid.holds(nearest[None])[0]:
        return Weights(np.empty(0, dtype=np.int64), np.empty(0))
    # along no direction is a step of one voxel shorter than this
    shortest = np.linalg.svd(grid.affine[:3, :3], compute_uv=False).min()
    reach = int(np.ceil(radius / shortest)) + 1
    where = _numbers(np.maximum(nearest - reach, 0), np.minimum(nearest + reach + 1, grid.shape))
    distance = np.linalg.norm(apply_affine(grid.affine, where) - centre, axis=1)
    # a voxel just on the surface is inside, whatever rounding says
    inside = (distance <= radius + SAME) | (where == nearest).all(axis=1)
    return _ordered(where[inside], np.ones(np.count_nonzero(inside)), grid)


def _ordered(where: np.ndarray, values: np.ndarray, grid: Grid) -> Weights:
    voxels = np.ravel_multi_index(tuple(where.T), grid.shape, order="F") if len(where) else np.empty(0, dtype=np.int64)
    order = np.argsort(voxels)
    return Weights(voxels[order], values[order])


class SeedsOnGrids:
    """Seeds, put on every grid once.

    Parameters
    ----------
    sources
        Name -> seed.
    """

    def __init__(self, sources: Mapping[str, Source]):
        self.sources = dict(sources)
        self._known: list[tuple[Grid, dict[str, Weights]]] = []

    def on(self, grid: Grid) -> dict[str, Weights]:
        """Name -> weights on a grid."""
        for known, weights in self._known:
            if known.same_as(grid):
                return weights
        weights = {name: weights_on(source, grid) for name, source in self.sources.items()}
        self._known.append((grid, weights))
        return weights


def coverage(weights: Weights, has_signal: np.ndarray) -> float:
    """Share of a seed's weight in voxels with signal (bool over all voxels, in the order of a file)."""
    total = weights.values.sum()
    return float(weights.values[has_signal[weights.voxels]].sum() / total) if total > 0 else 0.0


def dice(first: Weights, second: Weights) -> float:
    """Overlap of two seeds' voxels: twice the shared over the sum (Dice 1945)."""
    shared = len(np.intersect1d(first.voxels, second.voxels, assume_unique=True))
    total = len(first.voxels) + len(second.voxels)
    return 2 * shared / total if total else 0.0


def too_little_signal(
    seeds: SeedsOnGrids, signal: Mapping[str, tuple[Grid, np.ndarray]], min_coverage: float
) -> dict[str, dict[str, float]]:
    """Participants in whom too little of a seed has signal.

    Parameters
    ----------
    signal
        participant_id -> grid, and which voxels have signal, in the order of a file.
    min_coverage
        Share of the seed that must have signal.

    Returns
    -------
    dict
        Seed -> participant_id -> share that has signal.
    """
    lacking: dict[str, dict[str, float]] = {name: {} for name in seeds.sources}
    for participant, (grid, has_signal) in signal.items():
        for name, weights in seeds.on(grid).items():
            share = coverage(weights, has_signal)
            if share < min_coverage or share == 0:
                lacking[name][participant] = share
    return lacking


def write_sources(path: str | Path, sources: Mapping[str, Source]) -> None:
    """Write seeds as they were cut out."""
    arrays: dict[str, np.ndarray] = {
        "definitions": np.array(json.dumps({n: dict(s.definition) for n, s in sources.items()}))
    }
    for name, source in sources.items():
        arrays |= {f"{name}/affine": source.affine, f"{name}/own": source.own, f"{name}/rivals": source.rivals}
    write_arrays(path, **arrays)


def read_sources(path: str | Path) -> dict[str, Source]:
    """Read what `write_sources` wrote."""
    arrays = read_arrays(path)
    definitions = json.loads(str(arrays["definitions"]))
    return {
        name: Source(definition, *(arrays[f"{name}/{part}"] for part in ("affine", "own", "rivals")))
        for name, definition in definitions.items()
    }
