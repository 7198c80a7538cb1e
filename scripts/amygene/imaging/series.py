"""Regional time series of one subject, from any of the formats that the field's programs write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from amygene.io.problems import InputError, some

#: DPABI's name for the series in a .mat file
VARIABLE = "ROISignals"
#: a correlation over fewer time points says nothing
MIN_TIMEPOINTS = 20
FORMATS = (".mat", ".tsv", ".csv", ".1D", ".npy", ".npz")


@dataclass(frozen=True)
class Layout:
    """Which columns of a file hold the atlas.

    Attributes
    ----------
    labels
        The atlas's regions, in the order of its columns.
    widths
        Numbers of columns a file may have; empty: as many as there are labels.
    first
        1-based column of the first region.
    """

    labels: tuple[str, ...]
    widths: tuple[int, ...] = ()
    first: int = 1


def read_series(path: str | Path, layout: Layout) -> np.ndarray:
    """Read the series of one subject.

    Parameters
    ----------
    path
        ``.mat`` (MATLAB 4 to 7, variable ROISignals or the only matrix), ``.tsv``, ``.csv``, ``.1D`` (with or
        without a header of region names), ``.npy`` or ``.npz`` (never unpickled).
    layout
        Which columns to take.

    Returns
    -------
    array of shape (n_timepoints, n_regions), float64
        Columns in the order of the layout's labels. Constant columns are no fault.

    Raises
    ------
    InputError
        The file is absent or unreadable, has another shape, or holds values that are not finite.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    suffix = path.suffix
    if suffix not in FORMATS:
        raise InputError(f"{path}: its ending is {suffix!r}; series end in {', '.join(FORMATS)}")
    names: list[str] | None = None
    try:
        if suffix == ".mat":
            values = _read_mat(path)
        elif suffix == ".npy":
            values = np.load(path, allow_pickle=False)
        elif suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                values = _only_matrix({name: archive[name] for name in archive.files}, path)
        else:
            values, names = _read_text(path)
    except InputError:
        raise
    except Exception as error:  # whatever a damaged file makes the readers raise
        raise InputError(f"{path}: cannot be read as {suffix} ({type(error).__name__}: {error})") from error
    return _take(np.asarray(values), names, layout, path)


def constant(values: np.ndarray) -> np.ndarray:
    """Which columns do not vary over time: regions without signal, shape (n_regions,).

    A range below 1e-10 of the largest value is rounding, not signal.
    """
    return np.ptp(values, axis=0) <= 1e-10 * np.abs(values).max(axis=0)


def _read_mat(path: Path) -> np.ndarray:
    from scipy.io import loadmat

    try:
        content = loadmat(path)
    except NotImplementedError as error:
        raise InputError(f"{path}: a MATLAB 7.3 (HDF5) file; save it again with save(..., '-v7')") from error
    return _only_matrix({k: v for k, v in content.items() if not k.startswith("__")}, path)


def _only_matrix(arrays: dict[str, Any], path: Path) -> np.ndarray:
    """The array called ROISignals, else the only two-dimensional one."""
    if VARIABLE in arrays:
        return arrays[VARIABLE]
    matrices = [name for name, array in arrays.items() if getattr(array, "ndim", 0) == 2 and array.size > 1]
    if len(matrices) != 1:
        raise InputError(
            f"{path}: expected a variable {VARIABLE} or one matrix, found {some(arrays) or 'nothing'}; "
            f"save the [time x region] matrix as {VARIABLE}"
        )
    return arrays[matrices[0]]


def _read_text(path: Path) -> tuple[np.ndarray, list[str] | None]:
    """Numbers and, if the first line is text, its names. ``#`` starts a comment in .1D."""
    delimiter = {".csv": ",", ".tsv": "\t"}.get(path.suffix)
    with open(path, encoding="utf-8-sig") as stream:
        lines = (line for line in stream if not (path.suffix == ".1D" and line.lstrip().startswith("#")))
        first = next(lines, "")
        tokens = [token.strip().strip('"') for token in first.split(delimiter)]
        names = tokens if not all(_is_number(token) for token in tokens) else None
        # a first line of 0, 1, 2, ... is pandas numbering the columns, not a time point
        numbered = len(tokens) > 1 and tokens == [str(i) for i in range(len(tokens))]
        rows = [row for row in ([] if names or numbered else [first]) + list(lines) if row.strip()]
        if not rows:
            raise InputError(f"{path}: holds no values")
        values = np.loadtxt(rows, delimiter=delimiter, ndmin=2, comments="#")
    return values, names


def _is_number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def _take(values: np.ndarray, names: list[str] | None, layout: Layout, path: Path) -> np.ndarray:
    """The layout's columns as float64, after every check of shape and content."""
    n = len(layout.labels)
    widths = layout.widths or (n,)
    if values.ndim != 2 or not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
        raise InputError(
            f"{path}: expected a [time x region] matrix of numbers, found {values.dtype} of shape {values.shape}"
        )
    if names is not None and len(names) != values.shape[1]:
        raise InputError(f"{path}: its header names {len(names)} columns, its rows have {values.shape[1]}")
    if names is not None and set(layout.labels) <= set(names):
        if len(set(names)) < len(names):
            raise InputError(f"{path}: its header names a region twice")
        columns = np.array([names.index(label) for label in layout.labels])
    elif names is not None:
        absent = [label for label in layout.labels if label not in names]
        raise InputError(
            f"{path}: its header lacks {some(absent, 4)}, regions of the atlas; found {some(names, 4)}; "
            "use the atlas's own labels or no header"
        )
    else:
        if values.shape[1] not in widths:
            turned = "; it looks transposed" if values.shape[0] in widths else ""
            expected = " or ".join(str(w) for w in widths)
            raise InputError(f"{path}: expected [time x {expected}] values, found {values.shape}{turned}")
        columns = np.arange(layout.first - 1, layout.first - 1 + n)
        if columns[-1] >= values.shape[1]:
            raise InputError(
                f"{path}: has {values.shape[1]} columns, "
                f"the atlas stands in columns {layout.first} to {columns[-1] + 1}"
            )
    taken = np.ascontiguousarray(values[:, columns], dtype=np.float64)
    if len(taken) < MIN_TIMEPOINTS:
        raise InputError(f"{path}: {len(taken)} time points, at least {MIN_TIMEPOINTS} are needed")
    broken = ~np.isfinite(taken)
    if broken.any():
        regions = [layout.labels[j] for j in np.flatnonzero(broken.any(axis=0))]
        raise InputError(f"{path}: {int(broken.sum())} values are not finite (NaN or infinite), in {some(regions, 4)}")
    return taken
