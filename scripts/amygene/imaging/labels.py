"""Names of places: which region of an atlas does a voxel lie in, and what is a cluster called?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from isal import igzip
from nibabel.nifti1 import Nifti1Header

from amygene.imaging.grid import Grid, nearest
from amygene.imaging.overlap import blocks_around_one, shares
from amygene.imaging.parcels import voxel_weights
from amygene.io.files import read_arrays

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

#: regions of which a cluster has less than this share are not named
SMALL = 0.05
#: a maximum-probability map takes a region where its probability (%) is at least this
LEAST = 25.0
#: shares and per cents that differ by less are equal
_EQUAL = 1e-6


@dataclass(frozen=True)
class VoxelLabels:
    """Region of every voxel.

    Attributes
    ----------
    number : array of int
        Position in `names`, -1 outside all regions; in the shape of the grid, or of shape (n_voxels,).
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
        """Regions of many voxels with their shares, the largest four first: ``Precuneus_L 61 %; Cuneus_L 22 %``."""
        return _shares(self.number[voxels], self.names, most=4, between="; ") or None

    def with_outside(self, voxels: tuple[np.ndarray, ...]) -> str:
        """All regions of many voxels, and how many lie in none: ``Frontal_Mid_L 78 %, no region 20 %``."""
        # of equal shares the first in the atlas comes first
        return _shares(np.sort(self.number[voxels]), self.names, outside="no region", between=", ")


def _shares(
    number: np.ndarray, names: Sequence[str], *, outside: str | None = None, most: int | None = None, between: str
) -> str:
    """The wording of a place: names and shares of its voxels, the largest first; of equal ones the first met."""
    counts = Counter(number.tolist())
    if outside is None:
        del counts[-1]
    return between.join(
        f"{names[i] if i >= 0 else outside} {100 * n / len(number):.0f} %"
        for i, n in counts.most_common(most)
        if n / len(number) >= SMALL
    )


def main_region(description: str) -> str:
    """The first of the regions that `VoxelLabels.with_outside` gave."""
    return description.split(", ")[0].rsplit(" ", 2)[0]


def label_by_number(image: Nifti1Image, regions: pd.DataFrame, grid: Grid) -> VoxelLabels:
    """Regions of an image of numbers, by a table with the columns index and region: those that fill most of a voxel.

    None where more lies outside all regions; of equal shares the first region's.
    """
    weights = voxel_weights(image, regions["index"], grid)
    most, number = np.zeros(weights.shape[1]), np.full(weights.shape[1], -1)
    for region in range(weights.shape[0]):
        part = slice(*weights.indptr[region : region + 2])
        voxels, share = weights.indices[part], weights.data[part]
        more = share > most[voxels] + _EQUAL
        most[voxels[more]], number[voxels[more]] = share[more], region
    number[most < 1 - weights.sum(axis=0) - _EQUAL] = -1
    return VoxelLabels(number.reshape(grid.shape, order="F"), regions["region"].tolist())


def label_by_probability(
    volumes: Iterable[np.ndarray], affine: np.ndarray, names: Sequence[str], grid: Grid
) -> VoxelLabels:
    """Most probable regions of an atlas of probabilities (maximum probability map), where they are at least `LEAST`.

    The probability of a voxel is the mean over it; of one made of whole voxels around one (1 to 3 mm) that of the one
    in its middle.

    Parameters
    ----------
    volumes
        Probabilities in per cent, a region after the other, so that the whole atlas is never held.
    affine : array of shape (4, 4)
        Of the volumes.
    """
    best, number = np.full(grid.shape, LEAST), np.full(grid.shape, -1)
    xyz = grid.everywhere() if blocks_around_one(affine, grid) else None
    for k, volume in enumerate(volumes):
        here = shares(volume, affine, grid) if xyz is None else nearest(volume, affine, xyz).reshape(grid.shape)
        # of equal probabilities the first stays
        better = (here > best + _EQUAL) | ((here >= best - _EQUAL) & (number < 0))
        best[better], number[better] = here[better], k
    return VoxelLabels(number, names)


def volumes_of(path: str | Path) -> Iterator[np.ndarray]:
    """Volumes of a compressed 4D image of bytes, one after the other: the file is decompressed once and never held.

    Raises
    ------
    ValueError
        The image is not of bytes, or scaled.
    """
    with igzip.open(path) as stream:
        header = Nifti1Header.from_fileobj(stream, check=False)
        slope = header.get_slope_inter()[0]
        if header.get_data_dtype() != np.uint8 or slope not in (None, 1.0):
            raise ValueError(f"{path}: expected unscaled bytes, found {header.get_data_dtype()}")
        shape = header.get_data_shape()
        stream.seek(int(header["vox_offset"]))
        for _ in range(shape[3]):
            yield np.frombuffer(stream.read(int(np.prod(shape[:3]))), dtype=np.uint8).reshape(shape[:3], order="F")


def to_arrays(atlases: dict[str, VoxelLabels]) -> dict[str, np.ndarray]:
    """To be written with `files.write_arrays`: ``{atlas}_number`` and ``{atlas}_names`` of every atlas."""
    return {
        f"{atlas}_{what}": array
        for atlas, labels in atlases.items()
        for what, array in (
            ("number", labels.number.astype(np.int16)),
            ("names", np.array(labels.names, dtype=str)),
        )
    }


def read_labels(path: str | Path) -> dict[str, VoxelLabels]:
    """Labels of every atlas, from a file of what `to_arrays` gave."""
    arrays = read_arrays(path)
    atlases = [name.removesuffix("_number") for name in arrays if name.endswith("_number")]
    return {a: VoxelLabels(arrays[f"{a}_number"], arrays[f"{a}_names"].tolist()) for a in atlases}
