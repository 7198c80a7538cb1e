"""Files on disk: written beside and renamed, hashed, small arrays."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from amygene.io.problems import InputError

_T = TypeVar("_T")
#: record at the end of a zip file without comment; its fifth field is the number of members
_END_OF_ZIP = struct.Struct("<4s4H2LH")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, and put it in place of `path` when all went well.

    A reader never sees half a file, whenever the writer is killed. What a killed writer left beside `path` goes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        if not _is_alive(int(left.name.split(".")[-2])):
            left.unlink(missing_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


def damaged(path: str | Path, how: str) -> InputError:
    """The error for a file that the pipeline made and that is not what it wrote."""
    return InputError(f"{path}: {how}; delete it and start again, then it is made anew")


def sha256(path: str | Path) -> str:
    """Hash of a file's content."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_arrays(path: str | Path, **arrays: np.ndarray) -> None:
    """Write named arrays as .npz, row by row: products of matrices depend on the order in their last bits."""
    with replacing(path) as beside, open(beside, "wb") as stream:
        np.savez(stream, allow_pickle=False, **{name: np.asarray(array, order="C") for name, array in arrays.items()})


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Read what `write_arrays` wrote; nothing is unpickled.

    Raises
    ------
    InputError
        The file is damaged: every array carries a checksum.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (FileNotFoundError, PermissionError):
        raise
    except (EOFError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(path, f"is damaged ({error})") from error
    # zipfile overlooks members behind one whose entry tells a wrong length; the end of the file tells their number
    with open(path, "rb") as stream:
        stream.seek(-_END_OF_ZIP.size, os.SEEK_END)
        n_members = _END_OF_ZIP.unpack(stream.read())[4]
    if n_members != len(arrays):
        raise damaged(path, f"is damaged ({len(arrays)} of {n_members} arrays can be read)")
    return arrays


def read_json(path: str | Path) -> Any:
    """Read JSON that the pipeline wrote.

    Raises
    ------
    InputError
        The file is damaged.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged(path, f"is damaged ({error})") from error


def equal_parts(files: Sequence[_T], n: int) -> list[list[_T]]:
    """Files, or what was read from them, that come group by group (all shards of one seed, then of the next), by group.

    Parameters
    ----------
    n
        Number of groups, all of one size; without files there may be none.

    Raises
    ------
    ValueError
        The files cannot be dealt out evenly.
    """
    size, rest = divmod(len(files), n) if n else (0, len(files))
    if rest:
        raise ValueError(f"{len(files)} files are no {n} groups of one size")
    return [list(files[i * size : (i + 1) * size]) for i in range(n)]
