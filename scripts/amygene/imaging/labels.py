"""Names of places: which region of an atlas does a voxel lie in?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amygene.io.files import read_arrays

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

#: regions of a cluster that are named, and the least share of it that they need
_MOST, _SHARE = 4, 0.05


@dataclass(frozen=True)
class VoxelLabels:
    """Region of every voxel.

    Attributes
    ----------
    number : array of int, shape (n_voxels,)
        Position in `names`, -1 outside all regions.
    names : sequence of str
    """

    number: np.ndarray
    names: Sequence[str]

    def within(self, kept: np.ndarray) -> VoxelLabels:
        """Labels of some of the voxels."""
        return VoxelLabels(self.number[kept], self.names)

    def at(self, voxel: int) -> str | None:
        """Name of the region of a voxel."""
        return self.names[self.number[voxel]] if self.number[voxel] >= 0 else None

    def of(self, voxels: np.ndarray) -> str | None:
        """Regions of many voxels with their shares, the largest first: ``Precuneus_L 61 %; Cuneus_L 22 %``."""
        inside = self.number[voxels]
        counts = Counter(inside[inside >= 0].tolist())
        shares = [(self.names[i], n / len(voxels)) for i, n in counts.most_common(_MOST)]
        return "; ".join(f"{name} {100 * share:.0f} %" for name, share in shares if share >= _SHARE) or None


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
    inverse = np.linalg.inv(affine)
    ijk = np.round(xyz @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    inside = ((ijk >= 0) & (ijk < image.shape[:3])).all(axis=1)
    found = np.zeros((len(xyz), *image.shape[3:]), dtype=image.dtype)
    found[inside] = image[tuple(ijk[inside].T)]
    return found


def most_probable(percent: np.ndarray, least: float = 25) -> np.ndarray:
    """Number of the most probable region of every voxel, -1 where none reaches `least` per cent.

    Parameters
    ----------
    percent : array of shape (n_voxels, n_regions)
    """
    best = percent.argmax(axis=1)
    return np.where(percent[np.arange(len(percent)), best] >= least, best, -1)


def label_by_number(image: Nifti1Image, regions: pd.DataFrame, xyz: np.ndarray) -> VoxelLabels:
    """Regions of an image of numbers, by a table with the columns index and region."""
    number = nearest(np.asanyarray(image.dataobj).round().astype(int), image.affine, xyz)
    position = np.full(max(number.max(), regions["index"].max()) + 1, -1)
    position[regions["index"]] = np.arange(len(regions))
    return VoxelLabels(position[number], regions["region"].tolist())


def label_by_probability(image: Nifti1Image, names: Sequence[str], xyz: np.ndarray) -> VoxelLabels:
    """Most probable regions of an image of probabilities in per cent, one volume per region."""
    return VoxelLabels(most_probable(nearest(np.asanyarray(image.dataobj), image.affine, xyz)), names)


def read_labels(path: str | Path) -> dict[str, VoxelLabels]:
    """Labels of every atlas: arrays ``{atlas}_number`` and ``{atlas}_names`` of a file."""
    arrays = read_arrays(path)
    atlases = [name.removesuffix("_number") for name in arrays if name.endswith("_number")]
    return {a: VoxelLabels(arrays[f"{a}_number"], arrays[f"{a}_names"].tolist()) for a in atlases}
