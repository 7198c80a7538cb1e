"""Maps of voxels as NIfTI files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Image

from amygene.io.files import replacing


def write_image(path: str | Path, values: np.ndarray, affine: np.ndarray) -> None:
    """Write a ``.nii.gz`` in MNI space: floats as float32, whole numbers as int16; the same values, the same bytes."""
    kind = np.float32 if np.issubdtype(values.dtype, np.floating) else np.int16
    image = Nifti1Image(values.astype(kind), affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code="mni")
    image.set_qform(affine, code="mni")
    with replacing(path) as beside:
        beside.write_bytes(gzip.compress(image.to_bytes(), compresslevel=6, mtime=0))
