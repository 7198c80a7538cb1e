"""Names of places: where a cluster lies, in the words of an atlas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from isal import igzip
from nibabel.nifti1 import Nifti1Header

from amygene.meta.grid import Grid

#: a maximum-probability map takes a region where its probability (%) is at least this
LEAST = 25.0
#: regions of which a cluster has less than this share are not named
SMALL = 0.05


def sample_labels(labels: np.ndarray, affine: np.ndarray, grid: Grid) -> np.ndarray:
    """Numbers of an atlas image in the voxels of the grid: those of the nearest voxel, 0 outside.

    Parameters
    ----------
    labels : array of int, shape (mx, my, mz)
    affine : array of shape (4, 4)
        Of the atlas image.

    Returns
    -------
    array of int, shape (nx, ny, nz)
    """
    xyz = grid.xyz(np.argwhere(np.ones(grid.mask.shape, dtype=bool)))
    return labels_at(labels, affine, xyz).reshape(grid.mask.shape)


def labels_at(labels: np.ndarray, affine: np.ndarray, xyz: np.ndarray) -> np.ndarray:
    """Numbers of an atlas image at MNI coordinates, shape (n,); 0 outside the image."""
    ijk, within = _places(labels.shape, affine, xyz)
    found = np.zeros(len(xyz), dtype=np.int64)
    found[within] = labels[tuple(ijk[within].T)]
    return found


def most_probable(volumes: Iterable[np.ndarray], affine: np.ndarray, grid: Grid) -> np.ndarray:
    """Maximum-probability map of a probabilistic atlas on the grid; volume k has the number k + 1.

    Parameters
    ----------
    volumes
        Probabilities in percent, one volume at a time, so that the whole atlas is never held.
    """
    xyz = grid.xyz(np.argwhere(np.ones(grid.mask.shape, dtype=bool)))
    best, number = np.full(len(xyz), LEAST), np.zeros(len(xyz), dtype=np.int64)
    place = within = None
    for k, volume in enumerate(volumes, 1):
        if place is None:
            place, within = _places(volume.shape, affine, xyz)
        here = np.zeros(len(xyz))
        here[within] = volume[tuple(place[within].T)]
        # of equal probabilities the first stays
        better = (here > best) | ((here == best) & (number == 0))
        best[better], number[better] = here[better], k
    return number.reshape(grid.mask.shape)


def _places(shape: Sequence[int], affine: np.ndarray, xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest voxels of an image to coordinates, and which of them lie in it."""
    inverse = np.linalg.inv(affine)
    ijk = np.floor(xyz @ inverse[:3, :3].T + inverse[:3, 3] + 0.5).astype(np.int64)
    return ijk, np.all((ijk >= 0) & (ijk < np.array(shape[:3])), axis=1)


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


class Atlas(NamedTuple):
    """An atlas in the voxels of the grid.

    Attributes
    ----------
    numbers : array of int, shape (nx, ny, nz)
        Region of each voxel, 0 for none.
    names : dict
        Number -> region.
    """

    numbers: np.ndarray
    names: dict[int, str]


def atlases_of(arrays: Mapping[str, np.ndarray]) -> dict[str, Atlas]:
    """Atlases by name, from the arrays ``{atlas}``, ``{atlas}_numbers`` and ``{atlas}_names`` of a file of labels."""
    return {
        atlas: Atlas(arrays[atlas], dict(zip(arrays[f"{atlas}_numbers"].tolist(), names.tolist(), strict=True)))
        for atlas, names in ((key.removesuffix("_names"), a) for key, a in arrays.items() if key.endswith("_names"))
    }


def describe(numbers: np.ndarray, names: dict[int, str]) -> str:
    """``Frontal_Mid_L 78 %, Frontal_Inf_Tri_L 20 %``: regions of the voxels of a cluster, largest share first."""
    counts = pd.Series(numbers).value_counts(sort=True)
    parts = [
        f"{names.get(int(number), 'no region')} {100 * n / len(numbers):.0f} %"
        for number, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if n / len(numbers) >= SMALL
    ]
    return ", ".join(parts)


def main_region(description: str) -> str:
    """The first of the regions that `describe` gave."""
    return description.split(", ")[0].rsplit(" ", 2)[0]
