"""Confounds of one scan: fMRIPrep's table, or head motion alone, and what a strategy takes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from amygene.io.problems import InputError, some

#: mm and radians, in the order of SPM's, DPABI's and FSL's six columns
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
DISPLACEMENT = "framewise_displacement"
#: radius of the sphere on which rotations become mm (Power 2012)
HEAD_RADIUS = 50.0
#: components per tissue (Behzadi 2007; Ciric 2017)
COMPONENTS = 5

_EXPANSIONS = ("", "_derivative1", "_power2", "_derivative1_power2")
_TISSUES = {"WM": "w", "CSF": "c"}


def read_confounds(path: str | Path) -> pd.DataFrame:
    """Read a table of confounds, one row per volume.

    Parameters
    ----------
    path
        ``.tsv`` or ``.csv`` with a header (fMRIPrep's names), or ``.txt`` / ``.1D`` of six columns without header:
        head motion as SPM and DPABI write it (x, y, z in mm, pitch, roll, yaw in radians).

    Returns
    -------
    DataFrame
        Numbers. ``n/a`` is missing.

    Raises
    ------
    InputError
        The file is absent or no such table, or a cell is not a number.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        if path.suffix in (".txt", ".1D"):
            values = np.loadtxt(path, ndmin=2)
            if values.shape[1] != len(MOTION):
                raise InputError(
                    f"{path}: expected the six columns of head motion, found {values.shape[1]}; "
                    "give other confounds as a .tsv with a header"
                )
            return pd.DataFrame(values, columns=list(MOTION))
        if path.suffix not in (".tsv", ".csv"):
            raise InputError(f"{path}: its ending is {path.suffix!r}; confounds end in .tsv, .csv, .txt or .1D")
        table = pd.read_csv(path, sep="," if path.suffix == ".csv" else "\t", na_values=["n/a"], encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: is no table of numbers ({error})") from error
    text = [c for c in table if not pd.api.types.is_numeric_dtype(table[c])]
    if text:
        raise InputError(f"{path}: column {some(text, 4)} holds text where numbers belong")
    return table


def read_metadata(path: str | Path) -> dict[str, Any]:
    """fMRIPrep's JSON beside its table: which tissue a component comes from. Empty if there is none."""
    path = Path(path).with_suffix(".json")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def expand_motion(table: pd.DataFrame) -> pd.DataFrame:
    """Add derivatives and squares of the six motion parameters where the table has none (Satterthwaite 2013)."""
    wide = table.copy()
    for name in MOTION:
        if name not in wide:
            continue
        derivative = wide[name].diff()
        made = (wide[name], derivative, wide[name] ** 2, derivative**2)
        for expansion, values in zip(_EXPANSIONS, made, strict=True):
            if f"{name}{expansion}" not in wide:
                wide[f"{name}{expansion}"] = values
    return wide


def motion(table: pd.DataFrame, metadata: Mapping[str, Any]) -> list[str]:
    """Six motion parameters, their derivatives and the squares of both."""
    return [f"{name}{expansion}" for expansion in _EXPANSIONS for name in MOTION]


def motion_and_tissues(table: pd.DataFrame, metadata: Mapping[str, Any]) -> list[str]:
    """`motion`, and the mean signals of white matter and cerebrospinal fluid."""
    return [*motion(table, metadata), "csf", "white_matter"]


def motion_tissues_and_global(table: pd.DataFrame, metadata: Mapping[str, Any]) -> list[str]:
    """`motion_and_tissues`, and the global signal."""
    return [*motion_and_tissues(table, metadata), "global_signal"]


def compcor(table: pd.DataFrame, metadata: Mapping[str, Any]) -> list[str]:
    """`motion`, the first five components of each tissue, and the slow cosines that fMRIPrep's components need."""
    columns = motion(table, metadata)
    for tissue in _TISSUES:
        columns += _components(tissue, table, metadata)
    return columns + [c for c in table if re.fullmatch(r"cosine_?\d+", str(c))]


#: columns of a named strategy; `cleaning.choices` describes them
NAMED: dict[str, Callable[[pd.DataFrame, Mapping[str, Any]], list[str]]] = {
    "24P": motion,
    "24P+WM/CSF": motion_and_tissues,
    "24P+WM/CSF+GSR": motion_tissues_and_global,
    "aCompCor": compcor,
}


def strategy_columns(strategy: str | Sequence[str], table: pd.DataFrame, metadata: Mapping[str, Any]) -> list[str]:
    """Columns that a strategy regresses out.

    Parameters
    ----------
    strategy
        A name of `NAMED`, ``none``, or a list of columns.
    table
        From `read_confounds`, expanded by `expand_motion`.
    metadata
        From `read_metadata`.

    Returns
    -------
    list of str
        Names; those that the table lacks are among them.
    """
    if not isinstance(strategy, str):
        return list(strategy)
    return NAMED[strategy](table, metadata) if strategy != "none" else []


def _components(tissue: str, table: pd.DataFrame, metadata: Mapping[str, Any]) -> list[str]:
    """The first components of a tissue; one name that stands for all if there are none."""
    names = [c for c in table if re.fullmatch(r"[awc]_comp_cor_\d+", str(c))]
    of_tissue = [c for c in names if isinstance(metadata.get(c), Mapping) and metadata[c].get("Mask") == tissue]
    if not of_tissue:
        of_tissue = [c for c in names if c.startswith(f"{_TISSUES[tissue]}_")]
    return of_tissue[:COMPONENTS] or [f"{_TISSUES[tissue]}_comp_cor_00"]


def select_confounds(
    strategy: str | Sequence[str], table: pd.DataFrame, metadata: Mapping[str, Any], name: str
) -> np.ndarray:
    """The confounds of a strategy as numbers.

    The first value of a derivative, which nobody knows, is taken from the second volume, as nilearn does.

    Returns
    -------
    array of shape (n_volumes, n_confounds)

    Raises
    ------
    InputError
        The table lacks columns, or values beyond the first volume are missing.
    """
    wide = expand_motion(table)
    columns = strategy_columns(strategy, wide, metadata)
    absent = [c for c in columns if c not in wide]
    if absent:
        raise InputError(
            f"{name}: the strategy {strategy} needs the columns {some(absent)}, which are missing; "
            f"found {some(table.columns, 12)}; choose another cleaning.strategy"
        )
    values = wide[columns].to_numpy(dtype=float).reshape(len(wide), len(columns))
    if len(values) > 1:
        unknown = ~np.isfinite(values[0])
        values[0, unknown] = values[1, unknown]
    broken = ~np.isfinite(values).all(axis=0)
    if broken.any():
        found = [c for c, bad in zip(columns, broken, strict=True) if bad]
        raise InputError(f"{name}: column {some(found, 6)} has values that are missing or not finite")
    return values


def framewise_displacement(table: pd.DataFrame, name: str) -> np.ndarray:
    """Framewise displacement of every volume, mm; 0 for the first (Power 2012).

    The table's own column, else from the six motion parameters: sum of the absolute changes, rotations as arcs on a
    sphere of 50 mm.

    Raises
    ------
    InputError
        The table has neither, or holds missing values.
    """
    if DISPLACEMENT in table:
        displacement = table[DISPLACEMENT].to_numpy(dtype=float).copy()
    elif all(c in table for c in MOTION):
        change = np.abs(np.diff(table[list(MOTION)].to_numpy(dtype=float), axis=0, prepend=np.nan))
        displacement = change[:, :3].sum(axis=1) + HEAD_RADIUS * change[:, 3:].sum(axis=1)
    else:
        raise InputError(
            f"{name}: has neither {DISPLACEMENT} nor the six motion parameters ({', '.join(MOTION)}); "
            f"found {some(table.columns, 12)}"
        )
    if len(displacement) and not np.isfinite(displacement[0]):
        displacement[0] = 0
    if not np.isfinite(displacement).all():
        raise InputError(f"{name}: {DISPLACEMENT} is missing or not finite in some volumes")
    return displacement


def unsteady_volumes(table: pd.DataFrame) -> np.ndarray:
    """Volumes that fMRIPrep found before the magnetisation was steady, shape (n_volumes,) of bool."""
    columns = [c for c in table if str(c).startswith("non_steady_state_outlier")]
    return (table[columns].fillna(0).to_numpy() != 0).any(axis=1) if columns else np.zeros(len(table), dtype=bool)
