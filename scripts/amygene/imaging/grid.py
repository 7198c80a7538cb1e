"""Where the voxels of images lie, and which of them is nearest to a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from nibabel.affines import voxel_sizes

#: mm; two grids whose voxels lie closer than this are one
SAME = 1e-3


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the voxels of an image lie.

    Attributes
    ----------
    shape
        Voxels along the three axes.
    affine : array of shape (4, 4)
        From voxel numbers to MNI mm.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray

    def same_as(self, other: Grid) -> bool:
        """Whether both have the same voxels at the same places (to 1/1000 mm at every corner)."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(3, -1)
        corners = np.vstack([corners, np.ones(corners.shape[1])])
        return bool(np.abs((self.affine - other.affine) @ corners).max() < SAME)

    def __str__(self) -> str:
        sizes = " x ".join(f"{size:.3g}" for size in voxel_sizes(self.affine))
        origin = ", ".join(f"{x:.4g}" for x in self.affine[:3, 3])
        return f"{' x '.join(map(str, self.shape))} voxels of {sizes} mm from ({origin})"

    @property
    def volume(self) -> float:
        """Of a voxel, mm³."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def xyz(self, ijk: np.ndarray) -> np.ndarray:
        """Centres of voxels (MNI mm), shape (n, 3)."""
        return ijk @ self.affine[:3, :3].T + self.affine[:3, 3]

    def places(self, xyz: np.ndarray) -> np.ndarray:
        """MNI coordinates in voxels, not rounded, shape (n, 3)."""
        inverse = np.linalg.inv(self.affine)
        return xyz @ inverse[:3, :3].T + inverse[:3, 3]

    def nearest(self, xyz: np.ndarray) -> np.ndarray:
        """Nearest voxels of MNI coordinates, which need not lie in the grid; of two the one with the higher number.

        Always the same side: rounding to even would give every other voxel all that lies between it and the next.
        """
        return np.floor(self.places(xyz) + 0.5).astype(np.int64)

    def everywhere(self) -> np.ndarray:
        """Centres of all voxels (MNI mm), the last axis fastest, shape (n_voxels, 3)."""
        return self.xyz(np.indices(self.shape).reshape(3, -1).T)

    def holds(self, ijk: np.ndarray) -> np.ndarray:
        """Which voxels lie in the grid, shape (n,)."""
        return np.all((ijk >= 0) & (ijk < self.shape), axis=1)


def grid_of(array: np.ndarray, affine: np.ndarray) -> Grid:
    """Grid of an array of shape (x, y, z) or (x, y, z, n)."""
    x, y, z = array.shape[:3]
    return Grid((x, y, z), np.asarray(affine, dtype=float))


def nearest(image: np.ndarray, affine: np.ndarray, xyz: np.ndarray) -> np.ndarray:
    """Values of an image's nearest voxels at positions in mm; 0 outside the image.

    Parameters
    ----------
    image : array of shape (x, y, z) or (x, y, z, n)
    affine : array of shape (4, 4)
    xyz : array of shape (n_positions, 3)

    Returns
    -------
    array of shape (n_positions,) or (n_positions, n)
    """
    grid = grid_of(image, affine)
    ijk = grid.nearest(xyz)
    inside = grid.holds(ijk)
    found = np.zeros((len(xyz), *image.shape[3:]), dtype=image.dtype)
    found[inside] = image[tuple(ijk[inside].T)]
    return found


def standard_grid(voxel_size: float) -> Grid:
    """SPM's bounding box of MNI space, (-90, -126, -72) to (90, 90, 108) mm, in voxels of a size."""
    low, high = np.array([-90.0, -126.0, -72.0]), np.array([90.0, 90.0, 108.0])
    n = np.floor((high - low) / voxel_size + 1e-6).astype(int) + 1
    affine = np.diag([voxel_size] * 3 + [1.0])
    affine[:3, 3] = low
    return Grid((int(n[0]), int(n[1]), int(n[2])), affine)
