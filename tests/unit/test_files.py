"""Files appear whole or not at all, whenever the writer stops."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from amygene.io.files import equal_parts, read_arrays, read_json, replacing, sha256, write_arrays
from amygene.io.problems import InputError

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
        "from amygene.io.files import replacing\n"
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
    # what is left is nobody's file, and goes when the file is written
    (left,) = [f for f in tmp_path.iterdir() if f != path]
    assert left.name.startswith(".x.txt.")
    assert left.name.endswith(".part")
    with replacing(path) as beside:
        beside.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_another_writer_is_writing_stays(tmp_path):
    path, others = tmp_path / "[x].txt", [tmp_path / ".[x].txt.1.part", tmp_path / ".x.txt.999999999.part"]
    for other in others:  # process 1 lives; the second is of another file
        other.write_text("its")
    with replacing(path) as beside:
        beside.write_text("new")
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


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


def test_arrays_are_written_row_by_row(tmp_path):
    x = np.arange(6.0).reshape(2, 3)
    for name, array in (("a.npz", x), ("b.npz", np.asfortranarray(x)), ("c.npz", np.repeat(x, 2, axis=1)[:, ::2])):
        write_arrays(tmp_path / name, x=array)
    assert len({(tmp_path / name).read_bytes() for name in ("a.npz", "b.npz", "c.npz")}) == 1
    assert read_arrays(tmp_path / "b.npz")["x"].flags.c_contiguous


def test_objects_are_neither_written_nor_read(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        write_arrays(tmp_path / "x.npz", names=np.array(["a", None], dtype=object))
    assert list(tmp_path.iterdir()) == []
    np.savez(tmp_path / "x.npz", names=np.array(["a", None], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(tmp_path / "x.npz")


@pytest.mark.parametrize("damage", [b"", b"PK", b"half", b"flipped", b"text"])
def test_damaged_arrays_are_told(tmp_path, damage):
    path = tmp_path / "x.npz"
    write_arrays(path, x=np.arange(1000.0))
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes({b"half": bytes(content[:4000]), b"flipped": bytes(content)}.get(damage, damage))
    with pytest.raises(InputError) as caught:
        read_arrays(path)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{path}: is damaged (")
    assert problem.endswith("; delete it and start again, then it is made anew")


def test_damaged_json_is_told(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": [1, 2')
    with pytest.raises(InputError, match=r"x\.json: is damaged \(.*delete it and start again"):
        read_json(path)
    path.write_text('{"a": [1, 2]}')
    assert read_json(path) == {"a": [1, 2]}


def test_files_by_group():
    files = [f"seed-{seed}_{shard}" for seed in "ABC" for shard in (0, 100)]
    assert equal_parts(files, 3) == [["seed-A_0", "seed-A_100"], ["seed-B_0", "seed-B_100"], ["seed-C_0", "seed-C_100"]]
    assert equal_parts([], 0) == []
    assert equal_parts([], 2) == [[], []]
    for n in (0, 4):
        with pytest.raises(ValueError, match=f"6 files are no {n} groups"):
            equal_parts(files, n)


def test_an_absent_file_is_not_called_damaged(tmp_path):
    for read in (read_json, read_arrays):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "absent")


ARRAYS = {"x": np.arange(12.0).reshape(3, 4), "names": np.array(["a", "b\u00e9"]), "n": np.array([3, 4])}


def test_a_damaged_byte_anywhere_is_told_or_changes_nothing(tmp_path):
    write_arrays(tmp_path / "x.npz", **ARRAYS)
    content = (tmp_path / "x.npz").read_bytes()
    told = []
    for position, byte in enumerate(content):
        changed = byte ^ (1, 0x20, 0xFF)[position % 3]
        (tmp_path / "y.npz").write_bytes(content[:position] + bytes([changed]) + content[position + 1 :])
        try:
            found = read_arrays(tmp_path / "y.npz")
        except InputError as error:
            told.append(str(error))
            continue
        assert found.keys() == ARRAYS.keys()
        for name, array in ARRAYS.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array)
    # what may change unseen are dates, attributes and the like
    assert len(told) > 0.7 * len(content)
    assert all("y.npz: is damaged" in message for message in told)


def test_a_file_that_ends_early_is_told(tmp_path):
    write_arrays(tmp_path / "x.npz", **ARRAYS)
    content = (tmp_path / "x.npz").read_bytes()
    for length in range(0, len(content), 5):
        (tmp_path / "y.npz").write_bytes(content[:length])
        with pytest.raises(InputError, match="is damaged"):
            read_arrays(tmp_path / "y.npz")
