"""The voxels of a mask and which of them touch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: neighbours of a voxel: over faces; over faces and edges (SPM); over faces, edges and corners (FSL's cluster)
CONNECTIVITY = (6, 18, 26)


def neighbour_steps(connectivity: int) -> np.ndarray:
    """Steps to the neighbours of a voxel, shape (connectivity, 3)."""
    if connectivity not in CONNECTIVITY:
        raise ValueError(f"a voxel has 6, 18 or 26 neighbours, got {connectivity}")
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    distance2 = (steps**2).sum(axis=1)
    return steps[(distance2 > 0) & (distance2 <= {6: 1, 18: 2, 26: 3}[connectivity])]


@dataclass(frozen=True)
class Lattice:
    """Voxels of a mask, in the order of ``data[mask]``.

    Attributes
    ----------
    mask : array of bool, shape (nx, ny, nz)
    connectivity : int
        6, 18 or 26.
    """

    mask: np.ndarray
    connectivity: int

    @cached_property
    def ijk(self) -> np.ndarray:
        """Indices of the voxels, shape (n_voxels, 3)."""
        return np.argwhere(self.mask)

    @cached_property
    def padded_shape(self) -> tuple[int, int, int]:
        """Shape of the box around the voxels with a margin of one, so that every voxel has all its neighbours."""
        nx, ny, nz = (int(n) + 3 for n in self.ijk.max(axis=0) - self.ijk.min(axis=0))
        return nx, ny, nz

    @cached_property
    def address(self) -> np.ndarray:
        """Number of each voxel in that box, array of int32, shape (n_voxels,)."""
        inside = self.ijk - self.ijk.min(axis=0) + 1
        return np.ravel_multi_index(tuple(inside.T), self.padded_shape).astype(np.int32)

    @cached_property
    def steps(self) -> np.ndarray:
        """What to add to an address to come to the neighbours, array of int32, shape (connectivity,)."""
        _, ny, nz = self.padded_shape
        return (neighbour_steps(self.connectivity) @ np.array([ny * nz, nz, 1])).astype(np.int32)

    def volume(self, values: np.ndarray, outside: float = 0.0) -> np.ndarray:
        """Values of the voxels as an image, shape (nx, ny, nz)."""
        image = np.full(self.mask.shape, outside, dtype=values.dtype)
        image[self.mask] = values
        return image
