"""4D images of one scan: what the header says, voxels over time, maps written.

Values are streamed volume by volume in the order of the file (x fastest), so memory holds one volume and the
voxels that are wanted, never the whole image. ``.nii.gz`` is decompressed by isal (the same bytes as zlib, checked
against the same CRC, in less time).
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from isal import igzip, igzip_lib
from nibabel.affines import voxel_sizes
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from amygene.imaging.grid import Grid
from amygene.io.files import replacing
from amygene.io.problems import InputError

#: endings of files that are read
FORMATS = (".nii", ".nii.gz")
#: a correlation over fewer volumes says nothing
MIN_VOLUMES = 20
#: standard deviations of a Gaussian are cut here, as nilearn and scipy do
_TRUNCATE = 4.0
#: what a file that is cut short or damaged makes the readers raise
_DAMAGED = (OSError, EOFError, igzip_lib.IsalError)
_FWHM_PER_SD = float(np.sqrt(8 * np.log(2)))


@dataclass(frozen=True)
class Header:
    """What the header of a 4D image says.

    Attributes
    ----------
    path
        The file.
    grid
        Of one volume.
    n_volumes
        Length of the scan.
    repetition_time
        Seconds; None if the header has none.
    """

    path: Path
    grid: Grid
    n_volumes: int
    repetition_time: float | None
    dtype: np.dtype
    offset: int
    slope: float
    inter: float


def read_header(path: str | Path) -> Header:
    """Read the header of a 4D image.

    Raises
    ------
    InputError
        The file is absent, no NIfTI, not 4D, or too short.
    """
    image = _load(path)
    if len(image.shape) != 4:
        raise InputError(f"{path}: expected a 4D image, found shape {_words(image.shape)}")
    if image.shape[3] < MIN_VOLUMES:
        raise InputError(f"{path}: {image.shape[3]} volumes, at least {MIN_VOLUMES} are needed")
    data = image.dataobj
    if data.dtype.kind not in "iuf":
        raise InputError(f"{path}: holds values of type {data.dtype}, expected numbers")
    x, y, z, n = image.shape
    return Header(
        path=Path(path),
        grid=Grid((x, y, z), np.asarray(image.affine, dtype=float)),
        n_volumes=int(n),
        repetition_time=_repetition_time(image),
        dtype=data.dtype,
        offset=int(data.offset),
        slope=float(data.slope),
        inter=float(data.inter),
    )


def _load(path: str | Path):
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if not path.name.endswith(FORMATS):
        raise InputError(f"{path}: images end in {' or '.join(FORMATS)}")
    try:
        return nibabel.load(path)
    except (ImageFileError, OSError, EOFError, ValueError, HeaderDataError) as error:
        raise InputError(f"{path}: is no readable NIfTI image ({error})") from error


def _repetition_time(image) -> float | None:
    """Seconds, from the fourth pixel size and its unit."""
    step = float(image.header["pixdim"][4])
    if not np.isfinite(step) or step <= 0:
        return None
    unit = image.header.get_xyzt_units()[1]
    return step * {"msec": 1e-3, "usec": 1e-6}.get(unit, 1.0)


def _words(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def volumes(header: Header) -> Iterator[np.ndarray]:
    """Every volume of a scan in turn, as stored: unscaled, flat, in the order of the file.

    The array is used again for the next volume.

    Raises
    ------
    InputError
        The file ends early or is damaged.
    """
    n_voxels = int(np.prod(header.grid.shape))
    volume = np.empty(n_voxels, dtype=header.dtype)
    try:
        with _open(header.path) as stream:
            _fill(stream, memoryview(bytearray(header.offset)), header, 0)
            for i in range(header.n_volumes):
                _fill(stream, volume.view(np.uint8).data, header, i)
                yield volume
            # only the end of the stream brings out whether the checksum is right
            while stream.read(1 << 20):
                pass
    except _DAMAGED as error:  # type: ignore[misc] # isal's stubs take its error for an instance
        raise InputError(
            f"{header.path}: cannot be read to its end ({error}); the file is cut short or damaged, copy it again"
        ) from error


def _open(path: Path) -> io.BufferedIOBase:
    return igzip.open(path, "rb") if path.name.endswith(".gz") else open(path, "rb")


def _fill(stream: io.BufferedIOBase, target: memoryview, header: Header, volume: int) -> None:
    done = 0
    while done < len(target):
        got = stream.readinto(target[done:])
        if not got:
            raise EOFError(f"it ends in volume {volume + 1} of {header.n_volumes}")
        done += got


def read_voxels(header: Header, voxels: np.ndarray, smoothing: float = 0) -> np.ndarray:
    """Series of some voxels.

    Parameters
    ----------
    header
        Of the image.
    voxels : array of int, shape (n_voxels,)
        Positions in the order of the file (`file_order`), ascending.
    smoothing
        Full width at half maximum of a Gaussian, mm; 0 does not smooth. The whole image is smoothed, as in
        nilearn's maskers, values that are not finite counting as 0.

    Returns
    -------
    array of shape (n_volumes, n_voxels), float32
        Scaled as the header says.
    """
    taken = np.empty((header.n_volumes, len(voxels)), dtype=np.float32)
    scaled = (header.slope, header.inter) != (1.0, 0.0)
    sd = smoothing / (_FWHM_PER_SD * voxel_sizes(header.grid.affine))
    for i, volume in enumerate(volumes(header)):
        if smoothing:
            values = _smooth(volume, header, sd)[voxels]
        elif scaled:
            values = volume[voxels] * header.slope + header.inter
        else:
            values = volume[voxels]
        taken[i] = values
    return taken


def _smooth(volume: np.ndarray, header: Header, sd: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    values = volume.astype(np.float64) * header.slope + header.inter
    values[~np.isfinite(values)] = 0
    # the file's order, x fastest, is C order of the axes z, y, x
    values = values.reshape(header.grid.shape[::-1])
    for axis in range(3):
        values = gaussian_filter1d(values, sd[2 - axis], axis=axis, truncate=_TRUNCATE)
    return values.ravel()


@dataclass(frozen=True)
class Contents:
    """What a whole scan holds.

    Attributes
    ----------
    has_signal : array of bool, shape (n_voxels,)
        Voxels of the mask that are finite throughout and vary over time.
    values_sha256
        Hash of the values in the mask: the same scan saved twice has the same.
    """

    has_signal: np.ndarray
    values_sha256: str


def examine(header: Header, voxels: np.ndarray) -> Contents:
    """Read a scan to its end and look at every value in the mask.

    A voxel that is never finite is outside the field of view: no fault. One that is finite in some volumes only is.

    Raises
    ------
    InputError
        The file is cut short, damaged, or holds values that are not finite in some volumes.
    """
    digest = hashlib.sha256()
    varies = np.zeros(len(voxels), dtype=bool)
    n_finite = np.zeros(len(voxels), dtype=np.int64)
    n_broken = np.zeros(header.n_volumes, dtype=np.int64)
    first = None
    for i, volume in enumerate(volumes(header)):
        values = volume[voxels]
        # hashed as numbers, so that byte order and compression do not matter
        digest.update(values.astype(np.float32).tobytes())
        if first is None:
            first = values.copy()
        varies |= values != first
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            n_finite += finite
            n_broken[i] = len(voxels) - np.count_nonzero(finite)
        else:
            n_finite += 1
    partly = (n_finite > 0) & (n_finite < header.n_volumes)
    if partly.any():
        usual = np.count_nonzero(n_finite == 0)
        broken = np.flatnonzero(n_broken > usual)
        raise InputError(
            f"{header.path}: {np.count_nonzero(partly)} of {len(voxels)} voxels in the mask are not finite "
            f"(NaN or infinite) in some volumes: {_ranges(broken + 1)}; preprocess the scan again"
        )
    return Contents(varies & (n_finite == header.n_volumes), digest.hexdigest())


def _ranges(numbers: np.ndarray, limit: int = 6) -> str:
    """``3, 7-9``, the first few."""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    words = [f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return ", ".join(words[:limit]) + (f" and {len(words) - limit} more" if len(words) > limit else "")


def read_mask(path: str | Path) -> tuple[Grid, np.ndarray]:
    """Read a 3D mask.

    Returns
    -------
    grid : Grid
    inside : array of bool, in the shape of the grid
        Values that are finite and above 0.

    Raises
    ------
    InputError
        The file is absent, no NIfTI, not 3D, or empty.
    """
    image = _load(path)
    shape = tuple(n for n in image.shape if n != 1) if len(image.shape) == 4 else image.shape
    if len(shape) != 3:
        raise InputError(f"{path}: expected a 3D image, found shape {_words(image.shape)}")
    try:
        values = np.asanyarray(image.dataobj).reshape(shape)
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{path}: cannot be read to its end ({error}); copy it again") from error
    inside = np.nan_to_num(values) > 0
    if not inside.any():
        raise InputError(f"{path}: the mask is empty")
    x, y, z = shape
    return Grid((x, y, z), np.asarray(image.affine, dtype=float)), inside


def file_order(inside: np.ndarray) -> np.ndarray:
    """Positions of a mask's voxels in the order of a file (x fastest), ascending."""
    return np.flatnonzero(inside.ravel(order="F"))


def as_volume(values: np.ndarray, voxels: np.ndarray, grid: Grid, fill: float = np.nan) -> np.ndarray:
    """Values of some voxels (positions in the order of the file) in a volume of the grid's shape."""
    flat = np.full(int(np.prod(grid.shape)), fill, dtype=values.dtype)
    flat[voxels] = values
    return flat.reshape(grid.shape, order="F")


def write_image(path: str | Path, volume: np.ndarray, grid: Grid, space: str | None = None, level: int = 1) -> None:
    """Write a 3D image as ``.nii.gz``; the same values give the same bytes.

    Parameters
    ----------
    volume
        Stored in its own type.
    space
        What the header says that the affine leads to (``mni``); None: what nibabel says (``aligned``).
    level
        Of compression.
    """
    image = nibabel.Nifti1Image(volume, grid.affine)
    image.header.set_xyzt_units("mm")
    if space is not None:
        image.set_sform(grid.affine, code=space)
        image.set_qform(grid.affine, code=space)
    with replacing(path) as beside:
        # zlib: isal is eight times as fast, but one map in a thousand had other bytes when it was made again
        beside.write_bytes(gzip.compress(image.to_bytes(), level, mtime=0))


def write_scan(path: str | Path, values: np.ndarray, grid: Grid, repetition_time: float, step: float = 1.0) -> None:
    """Write a 4D image as ``.nii.gz`` of 16-bit integers, `step` apart."""
    slope = max(step, float(np.abs(values).max()) / 32_000)
    stored = np.round(values / np.float32(slope)).astype(np.int16)
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape(values.shape)
    header.set_xyzt_units("mm", "sec")
    header.set_sform(grid.affine, code="mni")
    header.set_qform(grid.affine, code="mni")
    header["pixdim"][4] = repetition_time
    header["vox_offset"] = header.single_vox_offset
    header["magic"] = header.single_magic
    header.set_slope_inter(slope, 0)
    content = header.binaryblock + b"\0" * (int(header.single_vox_offset) - len(header.binaryblock))
    with replacing(path) as beside:
        beside.write_bytes(igzip.compress(content + stored.tobytes(order="F"), 1, mtime=0))


def read_volume(path: str | Path) -> tuple[Grid, np.ndarray]:
    """Read a 3D image that the pipeline wrote."""
    image = nibabel.Nifti1Image.from_bytes(igzip.decompress(Path(path).read_bytes()))
    x, y, z = image.shape
    return Grid((x, y, z), np.asarray(image.affine)), np.asanyarray(image.dataobj)
