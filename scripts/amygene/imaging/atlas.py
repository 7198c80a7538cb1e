"""Atlases: an image of region numbers and a table of regions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amygene.imaging.grid import grid_of
from amygene.io.problems import InputError, raise_if_any, some

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

#: parts of the brain whose expression differs so much that no null may mix them
STRUCTURES = ("cortex", "subcortex", "cerebellum")
COLUMNS = ["index", "region", "hemisphere", "structure", "x", "y", "z", "n_voxels"]

_AAL_SUBCORTEX = ("Hippocampus", "Amygdala", "Caudate", "Putamen", "Pallidum", "Thalamus")
_AAL_CEREBELLUM = ("Cerebelum", "Vermis")


def aal116_regions(label_lines: list[str]) -> pd.DataFrame:
    """Regions of AAL (Tzourio-Mazoyer 2002) from its list of ``number<TAB>name``.

    Structures by name: hippocampus, amygdala, basal ganglia and thalamus are subcortex; the 26 regions
    ``Cerebelum_*`` and ``Vermis_*`` are cerebellum.
    """
    rows = [line.split() for line in label_lines if line.strip()]
    table = pd.DataFrame({"index": [int(r[0]) for r in rows], "region": [r[1] for r in rows]})
    table["hemisphere"] = [{"L": "L", "R": "R"}.get(name.rsplit("_", 1)[-1], "B") for name in table["region"]]
    table["structure"] = [
        "cerebellum"
        if name.startswith(_AAL_CEREBELLUM)
        else "subcortex"
        if name.startswith(_AAL_SUBCORTEX)
        else "cortex"
        for name in table["region"]
    ]
    return table


def dk83_regions(info: pd.DataFrame) -> pd.DataFrame:
    """Regions of the Desikan-Killiany atlas with subcortex and brainstem, named like the expression matrix.

    Parameters
    ----------
    info
        Columns id, label, hemisphere (L, R, B) and structure (cortex, subcortex/brainstem).
    """
    names = [
        label if side == "B" else f"{side}_{label}"
        for side, label in zip(info["hemisphere"], info["label"], strict=True)
    ]
    return pd.DataFrame(
        {
            "index": info["id"].astype(int),
            "region": names,
            "hemisphere": info["hemisphere"],
            "structure": [s.split("/")[0] for s in info["structure"]],
        }
    )


def numbered_regions(name: str, n: int) -> pd.DataFrame:
    """Regions of an atlas of which only the number is known: ``Power264_001``, structure unknown ("n/a")."""
    return pd.DataFrame(
        {
            "index": np.arange(1, n + 1),
            "region": [f"{name}_{i:03d}" for i in range(1, n + 1)],
            "hemisphere": "B",
            "structure": None,
        }
    )


def user_regions(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Check a user's label table.

    Parameters
    ----------
    table
        Columns ``region`` and ``structure`` (cortex, subcortex, cerebellum); ``index`` (the number in the
        image; else 1, 2, ...); optional ``hemisphere`` (L, R, B) and ``x``, ``y``, ``z`` (MNI mm).
    name
        Of the file, for messages.

    Raises
    ------
    InputError
        With all that is wrong.
    """
    problems = [
        f"{name}: column {column!r} is missing; found {some(table.columns)}"
        for column in ("region", "structure")
        if column not in table
    ]
    raise_if_any(problems)
    table = table.copy()
    table["region"] = table["region"].astype(str)
    if "index" not in table:
        table["index"] = np.arange(1, len(table) + 1)
    if "hemisphere" not in table:
        table["hemisphere"] = "B"
    for column in ("region", "index"):
        twice = table.loc[table[column].duplicated(), column]
        if len(twice):
            problems.append(f"{name}: {column} {some(twice, 4)} stands twice")
    unknown = sorted(set(table["structure"].astype(str)) - set(STRUCTURES))
    if unknown:
        problems.append(f"{name}: structure {some(unknown, 4)} is unknown; use {', '.join(STRUCTURES)}")
    raise_if_any(problems)
    return table


def strangers(names: Iterable[object], regions: pd.DataFrame) -> str | None:
    """A note about names of a user's table that are no region of the atlas (misspelt?); None without such names."""
    known = set(regions["region"])
    strange = [name for name in map(str, names) if name.strip() not in known]
    return f"left out, since they are no regions of the atlas: {', '.join(strange)}" if strange else None


def region_numbers(image: Nifti1Image) -> np.ndarray:
    """Region numbers of an atlas image, shape (x, y, z), 0 outside."""
    return np.round(np.asanyarray(image.dataobj)).astype(np.int64).reshape(image.shape[:3])


def region_rows(numbers: np.ndarray, index: Sequence[int] | np.ndarray | pd.Series) -> np.ndarray:
    """Row of an atlas's table (whose column index is given) for every number of its image; -1 is none."""
    row = np.full(max(int(numbers.max()), int(np.max(index))) + 1, -1)
    row[np.asarray(index)] = np.arange(len(index))
    return row[np.maximum(numbers, 0)]


def locate(regions: pd.DataFrame, image: Nifti1Image, name: str) -> pd.DataFrame:
    """Add the centre of mass (MNI mm) and the number of voxels of every region of the image.

    Raises
    ------
    InputError
        A region of the table has no voxel in the image.
    """
    numbers = region_numbers(image)
    ijk = np.argwhere(numbers)
    xyz = grid_of(numbers, image.affine).xyz(ijk)
    labels = numbers[tuple(ijk.T)]
    size = np.bincount(labels)
    centre = np.column_stack([np.bincount(labels, weights=xyz[:, axis]) for axis in range(3)])
    index = regions["index"].to_numpy()
    absent = [r for r, i in zip(regions["region"], index, strict=True) if i >= len(size) or size[i] == 0]
    if absent:
        raise InputError(f"{name}: no voxel has the number of {some(absent, 4)}; do image and labels belong together?")
    located = regions.copy()
    located[["x", "y", "z"]] = centre[index] / size[index][:, None]
    located["n_voxels"] = size[index]
    return located[COLUMNS]


def unlocated(regions: pd.DataFrame) -> pd.DataFrame:
    """The table of an atlas without an image: coordinates as given, else missing."""
    table = regions.copy()
    for column in ("x", "y", "z"):
        if column not in table:
            table[column] = np.nan
    table["n_voxels"] = np.nan
    return table[COLUMNS]
