"""The brain in which effects converge: MNI152 in voxels of 2 mm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from amygene.imaging.grid import Grid, grid_of

#: grey matter: where its probability, smoothed by `SMOOTH` mm (full width at half maximum) as between subjects, is
#: above `GRAY`
SMOOTH, GRAY = 8.0, 0.1


@dataclass(frozen=True, eq=False)
class Brain(Grid):
    """Voxels of the analysis; the axes of the grid run to the right, to the front and up.

    Attributes
    ----------
    mask : array of bool, in the shape of the grid
        Voxels that are analysed and in which random foci lie.
    """

    mask: np.ndarray

    @staticmethod
    def of(mask: np.ndarray, affine: np.ndarray) -> Brain:
        """From a mask and its affine (voxel to MNI mm)."""
        return Brain(grid_of(mask, affine).shape, affine, mask)

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray]) -> Brain:
        """From what `to_arrays` gave."""
        return Brain.of(arrays["mask"], arrays["affine"])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """To be written with `files.write_arrays`."""
        return {"mask": self.mask, "affine": self.affine}

    @property
    def size(self) -> float:
        """Edge of a voxel, mm."""
        return float(np.abs(self.affine[0, 0]))

    def voxels_of_foci(self, xyz: np.ndarray) -> np.ndarray:
        """Voxels of MNI coordinates: the nearest, shape (n, 3).

        A coordinate between two voxels goes to the left, to the front and up, as in the grid of SPM and of the
        method's own programs, whose x runs to the left. (Python's rounding to even would send odd coordinates now
        here, now there.)
        """
        place = self.places(xyz)
        return np.column_stack([np.ceil(place[:, 0] - 0.5), np.floor(place[:, 1:] + 0.5)]).astype(np.int64)


def make_brain(brain: np.ndarray, gray: np.ndarray | None, affine: np.ndarray) -> Brain:
    """The brain, or its grey matter.

    Parameters
    ----------
    brain : array of bool, shape (nx, ny, nz)
        Brain mask.
    gray : array of shape (nx, ny, nz), or None
        Probability of grey matter in the same voxels; None: the whole brain.
    affine : array of shape (4, 4)
    """
    order = np.argmax(np.abs(affine[:3, :3]), axis=0)
    if order.tolist() != [0, 1, 2] or (np.diag(affine)[:3] <= 0).any():
        raise ValueError("axes of the grid must run to the right, to the front and up")
    if gray is None:
        return Brain.of(brain, affine)
    sigma = SMOOTH / np.sqrt(8 * np.log(2)) / np.abs(affine[0, 0])
    return Brain.of(brain & (ndimage.gaussian_filter(gray.astype(float), sigma) > GRAY), affine)
