"""A normative connectome: how strongly healthy brains couple every two regions of an atlas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from amygene.connectivity.regions import fisher_z
from amygene.imaging.series import constant
from amygene.io.problems import InputError, raise_if_any, some

#: a focus belongs to the nearest region if that is not further away (mm; Cash 2023, JAMA Psychiatry 80:246)
REACH = 10.0
#: correlations of subjects are added up in whole multiples of this, so that no order of adding changes a bit
UNIT = 2.0**-40
#: fewest controls that make a norm, and of whom a pair of regions must be known
LEAST_CONTROLS = 10
#: what ENIGMA's toolbox calls the subcortical regions of the Desikan-Killiany atlas
_ENIGMA = {
    "accumb": "accumbensarea",
    "amyg": "amygdala",
    "caud": "caudate",
    "hippo": "hippocampus",
    "pal": "pallidum",
    "put": "putamen",
    "thal": "thalamusproper",
}
ALIASES = {f"{side}{short}": f"{side}_{name}" for side in "LR" for short, name in _ENIGMA.items()}


@dataclass(frozen=True)
class Connectome:
    """Connectivity of regions, and where they are.

    Attributes
    ----------
    matrix : array of shape (n_regions, n_regions)
        Fisher z (or r as published); the diagonal is missing, for no region is connected with itself.
    regions : tuple of str
    voxels : array of int, shape (n_regions,)
        Voxels of each region: a random focus lies in a region as often as in its volume.
    """

    matrix: np.ndarray
    regions: tuple[str, ...]
    voxels: np.ndarray

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray]) -> Connectome:
        """From what `to_arrays` gave."""
        return Connectome(arrays["matrix"], tuple(arrays["region"].tolist()), arrays["voxels"])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """To be written with `files.write_arrays`."""
        return {"matrix": self.matrix, "region": np.array(self.regions), "voxels": self.voxels}


def load_values(path: str | Path, named: bool) -> pd.DataFrame:
    """Numbers of a matrix file: tsv, csv or parquet, with or without names of its columns and rows.

    Parameters
    ----------
    named
        Whether names come from another file: then a matrix without any is expected.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
    elif path.suffix in {".tsv", ".csv", ".txt"}:
        with open(path, encoding="utf-8-sig") as stream:
            first = stream.readline()
        sep = "," if path.suffix == ".csv" else "\t" if "\t" in first else r"\s+"
        bare = all(_is_number(cell) for cell in re.split(sep, first.strip()))
        if not bare and named:
            raise InputError(f"{path}: has names of its own; leave meta.connectome.labels out")
        if bare and not named:
            raise InputError(f"{path}: names no regions; give them as meta.connectome.labels")
        engine = "c" if len(sep) == 1 else "python"
        table = pd.read_csv(path, sep=sep, header=None if bare else 0, engine=engine, encoding="utf-8-sig")
    else:
        raise InputError(f"{path}: its ending is {path.suffix!r}; a connectome comes as .tsv, .csv, .txt or .parquet")
    if len(table.columns) and not pd.api.types.is_numeric_dtype(table.iloc[:, 0]):
        table = table.set_index(table.columns[0])
    text = [str(c) for c in table.columns if not pd.api.types.is_numeric_dtype(table[c])]
    if text:
        raise InputError(f"{path}: column {some(text)} holds text where numbers belong")
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_matrix(
    values: pd.DataFrame, labels: Sequence[str] | None, regions: pd.DataFrame, name: str
) -> tuple[Connectome, list[str]]:
    """Bring a matrix into the order of the atlas.

    Parameters
    ----------
    values
        As read: square; without a header its columns are numbers and `labels` name them.
    labels
        Names of rows and columns; None: the header's.
    regions
        The atlas's table.
    name
        Of the file, for messages.

    Returns
    -------
    connectome, notes
        Notes name what only one side has.
    """
    problems = []
    matrix = values.to_numpy(dtype=float)
    names = [str(n).strip() for n in (values.columns if labels is None else labels)]
    if matrix.shape[0] != matrix.shape[1]:
        problems.append(f"{name}: a connectome is square, found {matrix.shape[0]} rows and {matrix.shape[1]} columns")
    if len(names) != matrix.shape[1]:
        problems.append(f"{name}: {len(names)} labels for {matrix.shape[1]} columns")
    raise_if_any(problems)
    known = set(regions["region"])
    names = [n if n in known else ALIASES.get(n, n) for n in names]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        problems.append(f"{name}: region {some(twice)} stands twice")
    if not np.allclose(matrix, matrix.T, atol=1e-6, equal_nan=True):
        problems.append(f"{name}: is not symmetric; a connectome of correlations is")
    off = matrix[~np.eye(len(matrix), dtype=bool)]
    if np.isinf(off).any():
        problems.append(f"{name}: holds infinite values outside its diagonal")
    elif not np.nanstd(off) > 0:
        problems.append(f"{name}: all connections have the same value")
    shared = [r for r in regions["region"] if r in names]
    if len(shared) < 10:
        problems.append(
            f"{name}: {len(shared)} of its {len(names)} regions are regions of the atlas (its own are "
            f"{some(names, 3)}; the atlas has {some(regions['region'], 3)}); name them alike"
        )
    raise_if_any(problems)
    place = [names.index(r) for r in shared]
    lacking = [r for r in regions["region"] if r not in names]
    beyond = [n for n in names if n not in known]
    notes = [f"The connectome says nothing of {some(lacking)}."] if lacking else []
    notes += [f"Regions of the connectome that the atlas does not have: {some(beyond)}."] if beyond else []
    size = regions.set_index("region")["n_voxels"].loc[shared]
    return Connectome(
        _without_diagonal(matrix[np.ix_(place, place)]), tuple(shared), size.to_numpy(dtype=np.int64)
    ), notes


def _without_diagonal(matrix: np.ndarray) -> np.ndarray:
    matrix = (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, np.nan)
    return matrix


def add_subject(series: np.ndarray, total: np.ndarray, count: np.ndarray) -> None:
    """Add one subject's Fisher z of all region pairs to whole-number totals, in place.

    Parameters
    ----------
    series : array of shape (n_timepoints, n_regions)
        Regions without signal are left out.
    total, count : arrays of int64, shape (n_regions, n_regions)
        Sums in multiples of `UNIT`, and subjects per pair.
    """
    heard = np.flatnonzero(~constant(series))
    centred = series[:, heard] - series[:, heard].mean(axis=0)
    centred /= np.linalg.norm(centred, axis=0)
    z = fisher_z(centred.T @ centred)
    whole = np.round((z + z.T) / 2 / UNIT).astype(np.int64)
    total[np.ix_(heard, heard)] += whole
    count[np.ix_(heard, heard)] += 1


def mean_of_subjects(total: np.ndarray, count: np.ndarray, regions: pd.DataFrame, least: int) -> Connectome:
    """Mean Fisher z of subjects.

    Parameters
    ----------
    total, count : arrays of int64, shape (n_regions, n_regions)
        Of `add_subject`, added up.
    regions
        The atlas's table.
    least
        Fewest subjects of a pair; rarer pairs are missing.
    """
    if count.max() < least:
        raise InputError(
            f"config key meta.connectome.controls: {int(count.max())} controls have series, at least {least} are "
            "needed for a normative connectome; give a published one instead (meta.connectome.matrix)"
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count >= least, total * UNIT / count, np.nan)
    np.fill_diagonal(mean, np.nan)
    kept = np.flatnonzero(~np.isnan(mean).all(axis=0))
    table = regions.iloc[kept]
    return Connectome(mean[np.ix_(kept, kept)], tuple(table["region"]), table["n_voxels"].to_numpy(dtype=np.int64))


class Places:
    """Which region of a connectome is nearest to a coordinate."""

    def __init__(self, labels: np.ndarray, affine: np.ndarray, numbers: np.ndarray):
        """Prepare.

        Parameters
        ----------
        labels : array of int, shape (nx, ny, nz)
            The atlas image.
        affine : array of shape (4, 4)
        numbers : array of int, shape (n_regions,)
            Its numbers of the connectome's regions.
        """
        row = np.full(max(int(labels.max()), int(numbers.max())) + 1, -1)
        row[numbers] = np.arange(len(numbers))
        voxels = np.argwhere(row[labels] >= 0)
        self._row = row[labels[tuple(voxels.T)]]
        self._tree = cKDTree(voxels @ affine[:3, :3].T + affine[:3, 3])

    def find(self, xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nearest region and its distance.

        Parameters
        ----------
        xyz : array of shape (n, 3)
            MNI mm.

        Returns
        -------
        region : array of int, shape (n,)
            Row of the connectome; -1 if none is within `REACH`.
        distance : array of shape (n,)
            To the centre of the region's nearest voxel, mm.
        """
        distance, nearest = self._tree.query(xyz)
        return np.where(distance <= REACH, self._row[nearest], -1), distance
