"""Series written as DPABI writes them, read by scipy and by our own reader."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from scipy.io import loadmat, savemat, whosmat

from amygene.cohort.mat import write_mat
from amygene.imaging.series import VARIABLE, Layout, read_series


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(40, 7)).astype(np.float32)


def test_scipy_and_the_pipelines_reader_read_the_values_bit_for_bit(tmp_path, values):
    path = tmp_path / "ROISignals_S1-1-0001.mat"
    write_mat(path, values)
    assert whosmat(path) == [("ROISignals", (40, 7), "single")]
    assert loadmat(path)[VARIABLE].tobytes() == values.tobytes()
    assert np.array_equal(read_series(path, Layout(tuple("abcdefg"))), values)


def test_the_file_does_not_depend_on_when_it_was_written(tmp_path, values, monkeypatch):
    contents, by_scipy = set(), set()
    for moment in ("Mon Jan  1 00:00:00 2024", "Tue Jan  2 11:11:11 2029"):
        monkeypatch.setattr("time.asctime", lambda *_, moment=moment: moment)
        write_mat(tmp_path / "x.mat", values)
        contents.add((tmp_path / "x.mat").read_bytes())
        savemat(made := BytesIO(), {VARIABLE: values})
        by_scipy.add(made.getvalue())
    assert (len(contents), len(by_scipy)) == (1, 2)
    (content,) = contents
    assert content.startswith(b"MATLAB 5.0 MAT-file")
    # version and byte order stand behind the text
    assert content[124:128] in (b"\x00\x01IM", b"\x01\x00MI")
    assert list(tmp_path.iterdir()) == [tmp_path / "x.mat"]
