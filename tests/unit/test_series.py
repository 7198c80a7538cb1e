"""Regional series are read from every format, and whatever is wrong is named with its file."""

from __future__ import annotations

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from amygene.imaging.series import MIN_TIMEPOINTS, Layout, constant, read_series
from amygene.io.problems import InputError

LABELS = ("Amygdala_L", "Amygdala_R", "Insula_L", "Insula_R")
LAYOUT = Layout(LABELS)
VALUES = np.random.default_rng(0).standard_normal((30, 4))


def write_text(path: Path, values: np.ndarray, header: str = "", delimiter: str = "\t") -> Path:
    rows = "\n".join(delimiter.join(repr(float(v)) for v in row) for row in values)
    path.write_text((header + "\n" if header else "") + rows + "\n")
    return path


def write_mat(path: Path, values: np.ndarray, **options: object) -> Path:
    savemat(path, {"ROISignals": values}, **options)
    return path


def write_npy(path: Path, values: np.ndarray) -> Path:
    np.save(path, values)
    return path


def write_npz(path: Path, values: np.ndarray) -> Path:
    np.savez(path, ROISignals=values)
    return path


def wrong(path: Path, layout: Layout = LAYOUT) -> str:
    """The one problem of a file; it must name the file."""
    with pytest.raises(InputError) as caught:
        read_series(path, layout)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{path}: ")
    return problem.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    "write",
    [
        lambda p: write_mat(p / "a.mat", VALUES),
        lambda p: write_mat(p / "a.mat", VALUES, do_compression=True),
        lambda p: write_mat(p / "a.mat", VALUES, format="4"),
        lambda p: write_npy(p / "a.npy", VALUES),
        lambda p: write_npy(p / "a.npy", np.asfortranarray(VALUES)),
        lambda p: write_npz(p / "a.npz", VALUES),
        lambda p: write_text(p / "a.tsv", VALUES),
        lambda p: write_text(p / "a.tsv", VALUES, "\t".join(LABELS)),
        lambda p: write_text(p / "a.csv", VALUES, delimiter=","),
        lambda p: write_text(p / "a.csv", VALUES, ",".join(f'"{label}"' for label in LABELS), delimiter=","),
        lambda p: write_text(p / "a.csv", VALUES, "\ufeff" + ",".join(LABELS), delimiter=","),
        lambda p: write_text(p / "a.1D", VALUES),
        lambda p: write_text(p / "a.1D", VALUES, "#2001\t#2002\t#2101\t#2102"),
        lambda p: write_text(p / "a.1D", VALUES, "# made by AFNI\n#\n", "  "),
    ],
    ids=[
        "mat 5", "mat 5 compressed", "mat 4", "npy", "npy by column", "npz", "tsv", "tsv with names", "csv",
        "csv with quoted names", "csv with names and a byte order mark", "1D", "1D of ABIDE", "1D with comments",
    ],
)  # fmt: skip
def test_every_format_gives_the_same_values(tmp_path, write):
    found = read_series(write(tmp_path), LAYOUT)
    np.testing.assert_array_equal(found, VALUES)
    assert found.dtype == np.float64
    assert found.flags.c_contiguous


def test_columns_follow_the_names_of_the_header_in_any_order_and_others_are_left_out(tmp_path):
    order = [3, 0, 2, 1]
    values = np.column_stack([VALUES[:, order], np.arange(30)])
    path = write_text(tmp_path / "a.tsv", values, "\t".join([*(LABELS[i] for i in order), "GlobalSignal"]))
    np.testing.assert_array_equal(read_series(path, LAYOUT), VALUES)


def test_a_header_of_column_numbers_as_pandas_writes_it_is_no_time_point(tmp_path):
    path = write_text(tmp_path / "a.csv", VALUES, "0,1,2,3", ",")
    np.testing.assert_array_equal(read_series(path, LAYOUT), VALUES)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "uint8"])
def test_numbers_of_any_kind_become_float64(tmp_path, dtype):
    values = (VALUES * 10 + 100).astype(dtype)
    np.testing.assert_array_equal(read_series(write_npy(tmp_path / "a.npy", values), LAYOUT), values.astype(float))


def test_an_only_matrix_is_taken_whatever_its_name_and_scalars_beside_it_do_not_matter(tmp_path):
    savemat(tmp_path / "a.mat", {"theROITimeCoursesTotal": VALUES, "TR": 2.0})
    np.testing.assert_array_equal(read_series(tmp_path / "a.mat", LAYOUT), VALUES)


def test_roisignals_is_taken_among_several_matrices(tmp_path):
    savemat(tmp_path / "a.mat", {"other": VALUES + 1, "ROISignals": VALUES})
    np.testing.assert_array_equal(read_series(tmp_path / "a.mat", LAYOUT), VALUES)


def test_a_block_of_columns_is_taken_from_a_file_of_several_atlases(tmp_path):
    values = np.arange(30 * 9, dtype=float).reshape(30, 9)
    path = write_mat(tmp_path / "a.mat", values)
    found = read_series(path, Layout(LABELS, widths=(9,), first=3))
    np.testing.assert_array_equal(found, values[:, 2:6])


def test_a_file_that_ends_before_the_atlas_says_where_the_atlas_stands(tmp_path):
    path = write_mat(tmp_path / "a.mat", np.ones((30, 8)))
    problem = wrong(path, Layout(LABELS, widths=(10, 8), first=7))
    assert problem == "has 8 columns, the atlas stands in columns 7 to 10"


def test_a_missing_file_is_named(tmp_path):
    assert wrong(tmp_path / "absent.mat") == "no such file"


def test_an_unknown_ending_names_the_known_ones(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    assert wrong(tmp_path / "a.xlsx") == "its ending is '.xlsx'; series end in .mat, .tsv, .csv, .1D, .npy, .npz"


def test_a_transposed_matrix_is_recognised(tmp_path):
    problem = wrong(write_mat(tmp_path / "a.mat", VALUES.T))
    assert problem == "expected [time x 4] values, found (4, 30); it looks transposed"


def test_a_wrong_number_of_columns_names_what_was_expected_and_found(tmp_path):
    assert wrong(write_npy(tmp_path / "a.npy", np.ones((30, 7)))) == "expected [time x 4] values, found (30, 7)"
    problem = wrong(tmp_path / "a.npy", Layout(LABELS, widths=(1833, 1568)))
    assert problem == "expected [time x 1833 or 1568] values, found (30, 7)"


@pytest.mark.parametrize(("bad", "count"), [([np.nan], 1), ([np.inf, -np.inf], 2)])
@pytest.mark.parametrize("write", [write_mat, write_npy, lambda p, v: write_text(p, v)])
def test_values_that_are_not_finite_are_counted_and_their_regions_named(tmp_path, bad, count, write):
    values = VALUES.copy()
    values[: len(bad), 2] = bad
    suffix = {write_mat: ".mat", write_npy: ".npy"}.get(write, ".tsv")
    problem = wrong(write(tmp_path / f"a{suffix}", values))
    assert problem == f"{count} values are not finite (NaN or infinite), in Insula_L"


def test_values_that_are_not_finite_outside_the_atlas_do_not_matter(tmp_path):
    values = np.column_stack([np.full(30, np.nan), VALUES])
    found = read_series(write_npy(tmp_path / "a.npy", values), Layout(LABELS, widths=(5,), first=2))
    np.testing.assert_array_equal(found, VALUES)


@pytest.mark.parametrize("cell", ["n/a", "bad", ""])
def test_a_text_cell_is_refused(tmp_path, cell):
    path = write_text(tmp_path / "a.csv", VALUES, delimiter=",")
    lines = path.read_text().splitlines()
    lines[5] = f"{cell},1,2,3"
    path.write_text("\n".join(lines))
    assert wrong(path).startswith("cannot be read as .csv (ValueError: could not convert string")


def test_rows_of_different_length_are_refused(tmp_path):
    path = write_text(tmp_path / "a.tsv", VALUES)
    path.write_text(path.read_text().rsplit("\t", 1)[0] + "\n")
    assert wrong(path).startswith("cannot be read as .tsv (ValueError: ")


def test_a_header_that_lacks_regions_names_them(tmp_path):
    path = write_text(tmp_path / "a.tsv", VALUES, "Amygdala_L\tright\tInsula_L\tleft")
    assert wrong(path) == (
        "its header lacks Amygdala_R, Insula_R, regions of the atlas; found Amygdala_L, right, Insula_L, left; "
        "use the atlas's own labels or no header"
    )


def test_a_header_that_names_a_region_twice_is_refused(tmp_path):
    values = np.column_stack([VALUES, VALUES[:, 0]])
    path = write_text(tmp_path / "a.tsv", values, "\t".join([*LABELS, "Amygdala_L"]))
    assert wrong(path) == "its header names a region twice"


def test_a_matlab_7_3_file_says_how_to_save_it_again(tmp_path):
    # the 128 bytes that MATLAB puts before the HDF5 content: version 2.0, little endian
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + struct.pack("<H", 0x0200) + b"IM"
    (tmp_path / "a.mat").write_bytes(head + b"\x89HDF\r\n\x1a\n" + bytes(200))
    assert wrong(tmp_path / "a.mat") == "a MATLAB 7.3 (HDF5) file; save it again with save(..., '-v7')"


def test_several_matrices_without_the_usual_name_are_listed(tmp_path):
    savemat(tmp_path / "a.mat", {"first": VALUES, "second": VALUES})
    assert wrong(tmp_path / "a.mat") == (
        "expected a variable ROISignals or one matrix, found first, second; "
        "save the [time x region] matrix as ROISignals"
    )
    np.savez(tmp_path / "b.npz", x=VALUES, y=VALUES)
    assert "found x, y" in wrong(tmp_path / "b.npz")


def test_an_empty_archive_holds_nothing(tmp_path):
    savemat(tmp_path / "a.mat", {})
    assert "found nothing" in wrong(tmp_path / "a.mat")


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_pickled_objects_are_refused(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    objects = np.array([{"a": 1}] * 30, dtype=object)
    if suffix == ".npy":
        np.save(path, objects, allow_pickle=True)
    else:
        np.savez(path, ROISignals=objects)
    assert re.match(rf"cannot be read as \{suffix} \(ValueError: Object arrays cannot be loaded", wrong(path))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (np.ones(30), "float64 of shape (30,)"),
        (np.ones((30, 4, 2)), "float64 of shape (30, 4, 2)"),
        (VALUES.astype(str), "<U22 of shape (30, 4)"),
        (VALUES + 1j, "complex128 of shape (30, 4)"),
        (VALUES > 0, "bool of shape (30, 4)"),
    ],
    ids=["vector", "three dimensions", "text", "complex", "bool"],
)
def test_anything_but_a_matrix_of_numbers_is_refused(tmp_path, values, found):
    problem = wrong(write_npy(tmp_path / "a.npy", values))
    assert problem.startswith("expected a [time x region] matrix of numbers, found ")
    assert found.split(" of ")[1] in problem


def test_a_cell_array_of_matlab_is_refused(tmp_path):
    cells = np.empty((2, 2), dtype=object)
    cells[:] = "text"
    savemat(tmp_path / "a.mat", {"ROISignals": cells})
    assert wrong(tmp_path / "a.mat").startswith("expected a [time x region] matrix of numbers, found object")


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.mat", write_mat), ("a.npy", write_npy), ("a.npz", write_npz)],
)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_a_truncated_binary_file_is_refused_wherever_it_ends(tmp_path, name, write, share):
    path = write(tmp_path / name, VALUES)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert re.match(r"cannot be read as|expected a variable", wrong(path))


def test_a_text_file_cut_within_a_line_is_refused(tmp_path):
    path = write_text(tmp_path / "a.csv", VALUES, delimiter=",")
    content = path.read_text()
    path.write_text(content[: content.rindex(",")])
    assert wrong(path).startswith("cannot be read as .csv")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "a.tsv").write_bytes(gzip.compress(b"1\t2\t3\t4\n" * 30))
    assert wrong(tmp_path / "a.tsv").startswith("cannot be read as .tsv (UnicodeDecodeError")


@pytest.mark.parametrize("content", ["", "\n\n", "\t".join(LABELS) + "\n"])
def test_a_text_file_without_values_is_refused(tmp_path, content):
    (tmp_path / "a.tsv").write_text(content)
    assert wrong(tmp_path / "a.tsv") == "holds no values"


def test_a_header_that_is_shorter_than_the_rows_is_refused(tmp_path):
    # R writes row names without a name of their own: by name, every column would be the wrong one
    values = np.column_stack([np.arange(30), VALUES])
    problem = wrong(write_text(tmp_path / "a.tsv", values, "\t".join(LABELS)))
    assert problem == "its header names 4 columns, its rows have 5"


@pytest.mark.parametrize(("length", "is_enough"), [(MIN_TIMEPOINTS, True), (MIN_TIMEPOINTS - 1, False)])
def test_too_few_time_points_are_refused(tmp_path, length, is_enough):
    path = write_npy(tmp_path / "a.npy", VALUES[:length])
    if is_enough:
        assert len(read_series(path, LAYOUT)) == length
    else:
        assert wrong(path) == "19 time points, at least 20 are needed"


def test_constant_columns_are_no_fault_of_a_file(tmp_path):
    values = VALUES.copy()
    values[:, 1] = 0
    np.testing.assert_array_equal(read_series(write_mat(tmp_path / "a.mat", values), LAYOUT), values)


def test_constant_columns_are_those_whose_range_is_rounding():
    values = np.tile(np.array([0.0, 5.0, 1e6, 1e6, 1e-8]), (30, 1))
    values[::2, 2] += 1e-5  # 1e-11 of the value: left over by an addition and a subtraction
    values[::2, 3] += 1e-2
    values[::2, 4] *= 2  # tiny, but it varies
    assert constant(values).tolist() == [True, True, True, False, False]
