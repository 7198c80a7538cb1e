"""Names of places: where a cluster lies, in the words of an atlas."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

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
    inverse = np.linalg.inv(affine)
    ijk = np.floor(xyz @ inverse[:3, :3].T + inverse[:3, 3] + 0.5).astype(np.int64)
    within = ((ijk >= 0) & (ijk < labels.shape[:3])).all(axis=1)
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
    for k, volume in enumerate(volumes, 1):
        here = labels_at(np.asarray(volume), affine, xyz)
        # of equal probabilities the first stays
        better = here > best if k > 1 else here >= best
        best[better], number[better] = here[better], k
    return number.reshape(grid.mask.shape)


def describe(numbers: np.ndarray, names: dict[int, str]) -> str:
    """``Frontal_Mid_L 78 %, Frontal_Inf_Tri_L 20 %``: regions of the voxels of a cluster, largest share first."""
    counts = pd.Series(numbers).value_counts(sort=True)
    parts = [
        f"{names.get(int(number), 'no region')} {100 * n / len(numbers):.0f} %"
        for number, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if n / len(numbers) >= SMALL
    ]
    return ", ".join(parts)
