"""Files appear whole or not at all, whenever the writer stops."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from amygene.files import read_arrays, replacing, sha256, write_arrays

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_a_file_is_put_in_place_when_it_is_written(tmp_path):
    path = tmp_path / "new" / "folder" / "x.txt"
    with replacing(path) as beside:
        assert beside.parent == path.parent
        beside.write_text("all")
        assert not path.exists()
    assert path.read_text() == "all"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_no_part(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")

    def stop_half_way():
        with replacing(path) as beside:
            beside.write_text("ne")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        stop_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_is_killed_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    code = (
        "import sys, time\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from amygene.files import replacing\n"
        "with replacing(sys.argv[2]) as beside, open(beside, 'w') as stream:\n"
        "    stream.write('ne')\n"
        "    stream.flush()\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, SCRIPTS, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "writing\n"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    assert path.read_text() == "old"
    # what is left is nobody's file, and does not keep another writer from his
    (left,) = [f for f in tmp_path.iterdir() if f != path]
    assert left.name.startswith(".x.txt.")
    assert left.name.endswith(".part")
    with replacing(path) as beside:
        beside.write_text("new")
    assert path.read_text() == "new"


def test_hash_is_that_of_the_content(tmp_path):
    (tmp_path / "x").write_bytes(b"abc" * 100000)
    assert sha256(tmp_path / "x") == hashlib.sha256(b"abc" * 100000).hexdigest()
    (tmp_path / "empty").touch()
    # NIST's
    assert sha256(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_arrays_come_back_bit_for_bit_and_give_the_same_bytes(tmp_path):
    arrays = {
        "x": np.array([[0.1, np.nan], [np.inf, -0.0]]),
        "names": np.array(["é", "bb"]),
        "n": np.array(3),
        "none": np.empty((0, 4), dtype=np.int32),
    }
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, **arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    back = read_arrays(tmp_path / "a.npz")
    assert list(back) == list(arrays)
    for name, values in arrays.items():
        assert back[name].dtype == values.dtype
        assert back[name].shape == values.shape
        assert back[name].tobytes() == values.tobytes()


def test_objects_are_neither_written_nor_read(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        write_arrays(tmp_path / "x.npz", names=np.array(["a", None], dtype=object))
    assert list(tmp_path.iterdir()) == []
    np.savez(tmp_path / "x.npz", names=np.array(["a", None], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(tmp_path / "x.npz")
