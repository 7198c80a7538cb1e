"""Write series as DPABI does."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np

from amygene.imaging.series import VARIABLE
from amygene.io.files import replacing

#: bytes of a MATLAB 5 file's descriptive text
_TEXT = 116


def write_mat(path: str | Path, values: np.ndarray) -> None:
    """Write a [time x region] matrix as the variable ROISignals of a MATLAB 5 file.

    The file's text field, which usually holds the time of writing, is constant: the same values give the
    same file.
    """
    from scipy.io import savemat

    buffer = BytesIO()
    savemat(buffer, {VARIABLE: values})
    content = b"MATLAB 5.0 MAT-file, written by amygene".ljust(_TEXT) + buffer.getvalue()[_TEXT:]
    with replacing(path) as beside:
        beside.write_bytes(content)
