"""How much of an image lies in every voxel of another grid: volumes, where rounding would give whole voxels away.

The centre of a voxel is often on the border of two others (voxels of 1 mm in those of 2 mm whose centres coincide), so
that a nearest voxel is a matter of rounding. Volumes are exact where the axes of both grids run along each other. Where
they do not, `POINTS`³ points per voxel of the finer grid are counted: to a few per cent of a voxel, without bias.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from nibabel.affines import voxel_sizes
from scipy import sparse

from amygene.imaging.grid import SAME, Grid

#: along each edge of a voxel, where grids are oblique to each other; even, so that no point lies in the middle
POINTS = 4


def overlap(values: np.ndarray, affine: np.ndarray, grid: Grid) -> tuple[np.ndarray, tuple[slice, ...]]:
    """Sum over an image's voxels of their value times the volume that they share with every voxel of a grid.

    Volumes are in voxels of the finer of the two grids, so they are whole numbers where the edges coincide.

    Parameters
    ----------
    values : array of shape (x, y, z)
        0 outside.
    affine : array of shape (4, 4)
        Of the image.
    grid
        Another.

    Returns
    -------
    sums : array
        Of the voxels in a box of the grid.
    box : slices
        Where it lies; elsewhere the sum is 0.
    """
    filled = [np.flatnonzero(values.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    if not len(filled[0]):
        return np.zeros((0, 0, 0)), (slice(0, 0),) * 3
    low = np.array([axis[0] for axis in filled])
    values = values[tuple(slice(axis[0], axis[-1] + 1) for axis in filled)].astype(float)
    to_grid = np.linalg.inv(grid.affine) @ affine
    to_grid[:3, 3] += to_grid[:3, :3] @ low
    along = _axes(to_grid, values.shape, grid)
    return _of_points(values, to_grid, grid) if along is None else _exact(values, to_grid, grid, along)


def whole(affine: np.ndarray, grid: Grid) -> float:
    """What `overlap` gives for a voxel of the grid that an image of ones fills."""
    ratio = voxel_sizes(np.linalg.inv(affine) @ grid.affine)
    if _axes(np.linalg.inv(grid.affine) @ affine, (1, 1, 1), grid) is None:
        return max(1.0, float(abs(np.linalg.det(np.linalg.inv(affine) @ grid.affine))))
    return float(np.maximum(ratio, 1).prod())


def shares(values: np.ndarray, affine: np.ndarray, grid: Grid) -> np.ndarray:
    """Mean of an image (0 outside) over every voxel of a grid, in its shape; of a mask, the share that it fills."""
    found = np.zeros(grid.shape)
    sums, box = overlap(values, affine, grid)
    found[box] = sums / whole(affine, grid)
    return found


def half_filled(inside: np.ndarray, affine: np.ndarray, grid: Grid) -> np.ndarray:
    """Voxels of a grid of which a mask fills at least half, whatever rounding says; bool, in the grid's shape."""
    return shares(inside, affine, grid) >= 0.5 - 1e-6


def blocks_around_one(affine: np.ndarray, grid: Grid) -> bool:
    """Whether every voxel of the grid is made of whole voxels of an image, one of them in its middle (1 to 3 mm)."""
    to_image = np.linalg.inv(affine) @ grid.affine
    if _axes(np.linalg.inv(to_image), grid.shape, grid) is None:
        return False
    ratio, tolerance = voxel_sizes(to_image), SAME / voxel_sizes(affine).min()
    ends = to_image @ np.array([[0, 0, 0, 1], [*(n - 1 for n in grid.shape), 1]]).T
    # numbers of voxels in the image's: those of the first and of the last, and the step between neighbours
    whole_numbers = np.abs(np.r_[ends[:3].ravel(), ratio] - np.r_[ends[:3].ravel(), ratio].round()).max() < tolerance
    return bool(whole_numbers and (ratio.round() % 2 == 1).all())


def _axes(to_grid: np.ndarray, shape: tuple[int, ...], grid: Grid) -> list[int] | None:
    """Axis of the image that runs along each axis of the grid; None if it is oblique by `SAME` mm anywhere."""
    turn = np.abs(to_grid[:3, :3])
    along = turn.argmax(axis=1).tolist()
    rest = turn.copy()
    rest[range(3), along] = 0
    moved = (rest * shape).sum(axis=1) * voxel_sizes(grid.affine)
    return along if sorted(along) == [0, 1, 2] and moved.max() < SAME else None


def _exact(
    values: np.ndarray, to_grid: np.ndarray, grid: Grid, along: list[int]
) -> tuple[np.ndarray, tuple[slice, ...]]:
    """Along one axis after the other: a volume is the product of three lengths."""
    values, box = values.transpose(along), []
    for axis, (own, size) in enumerate(zip(along, voxel_sizes(grid.affine), strict=True)):
        lengths = _lengths(to_grid[axis, own], to_grid[axis, 3], values.shape[axis], grid.shape[axis], size)
        reached = np.flatnonzero(np.diff(lengths.indptr))
        if not len(reached):
            return np.zeros((0, 0, 0)), (slice(0, 0),) * 3
        box.append(slice(int(reached[0]), int(reached[-1]) + 1))
        front = np.moveaxis(values, axis, 0)
        # sparse: the sums of a dense product depend on the machine
        moved = lengths[box[-1]] @ front.reshape(len(front), -1)
        values = np.moveaxis(moved.reshape(-1, *front.shape[1:]), 0, axis)
    return values, tuple(box)


def _lengths(step: float, start: float, n_image: int, n_grid: int, size: float) -> sparse.csr_array:
    """What voxels share along one axis, shape (n_grid, n_image), in those of the finer grid.

    Parameters
    ----------
    step, start
        Voxel number in the grid of the image's voxel 0, and from one to the next.
    size
        Edge of the grid's voxels, mm.
    """
    image, own = np.arange(n_image + 1.0), np.arange(n_grid + 1.0)
    if abs(step) <= 1:  # edges of the grid, in voxels of the image
        own = _snapped((own - 0.5 - start) / step + 0.5, SAME / (size * abs(step)))
    else:
        image = _snapped((image - 0.5) * step + start + 0.5, SAME / size)
    low, high = (np.minimum(own[1:], own[:-1]), np.maximum(own[1:], own[:-1]))
    first, last = (np.minimum(image[1:], image[:-1]), np.maximum(image[1:], image[:-1]))
    shared = np.minimum(high[:, None], last) - np.maximum(low[:, None], first)
    return sparse.csr_array(np.maximum(shared, 0))


def _snapped(edges: np.ndarray, tolerance: float) -> np.ndarray:
    """Rounding of the affine must not move an edge off another."""
    return np.where(np.abs(edges - edges.round()) < tolerance, edges.round(), edges)


def _of_points(values: np.ndarray, to_grid: np.ndarray, grid: Grid) -> tuple[np.ndarray, tuple[slice, ...]]:
    """Points in the image's voxels, counted in the grid's."""
    ijk = np.argwhere(values)
    weights = values[tuple(ijk.T)]
    at = ijk @ to_grid[:3, :3].T + to_grid[:3, 3] + 0.5
    volume = abs(np.linalg.det(to_grid[:3, :3]))
    n_points = POINTS * np.maximum(1, np.ceil(voxel_sizes(to_grid) - SAME)).astype(int)
    reach = np.abs(to_grid[:3, :3]).sum(axis=1) / 2
    low = np.clip(np.floor(at.min(axis=0) - reach).astype(int), 0, grid.shape)
    high = np.clip(np.floor(at.max(axis=0) + reach).astype(int) + 1, low, grid.shape)
    box, shape = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)), tuple(high - low)
    sums = np.zeros(int(np.prod(shape)))
    for offset in _offsets(n_points):
        voxels = np.floor(at + to_grid[:3, :3] @ offset).astype(np.int64) - low
        inside = np.all((voxels >= 0) & (voxels < shape), axis=1)
        found = np.ravel_multi_index(tuple(voxels[inside].T), shape)
        sums += np.bincount(found, weights=weights[inside], minlength=len(sums))
    return (sums * (max(volume, 1.0) / n_points.prod())).reshape(shape), box


def _offsets(n_points: np.ndarray) -> Iterator[np.ndarray]:
    steps = [(np.arange(n) + 0.5) / n - 0.5 for n in n_points]
    yield from np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
