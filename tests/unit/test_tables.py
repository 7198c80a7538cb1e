"""Tables on disk: what is written comes back, its sidecar says where it comes from, and what is no table is refused."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from amygene import __version__
from amygene.io.files import sha256
from amygene.io.problems import InputError
from amygene.io.tables import read_given, read_matrix, read_table, versions, write_json, write_table


def written(folder, table, **options):
    write_table(folder / "t.tsv", table, sidecar=folder / "t.json", **options)
    return json.loads((folder / "t.json").read_text())


def problems(function, *args, **options):
    with pytest.raises(InputError) as caught:
        function(*args, **options)
    return caught.value.problems


# tables of the pipeline


def test_a_table_comes_back_as_it_was(tmp_path):
    table = pd.DataFrame({"region": ["NA", "b c", None], "t": [1 / 3, np.nan, -2e-12], "n_case": [1, 2, 3]})
    written(tmp_path, table)
    assert (tmp_path / "t.tsv").read_bytes() == (
        b"region\tt\tn_case\nNA\t0.3333333333\t1\nb c\tn/a\t2\nn/a\t-2e-12\t3\n"
    )
    back = read_table(tmp_path / "t.tsv")
    assert back["region"].tolist()[:2] == ["NA", "b c"]
    assert back["region"].isna().tolist() == [False, False, True]
    assert back["t"].to_numpy() == pytest.approx(table["t"], abs=1e-10, nan_ok=True)
    assert back["n_case"].tolist() == [1, 2, 3]


def test_the_sidecar_makes_numbers_traceable(tmp_path):
    source = tmp_path / "source.txt"
    source.write_text("x")
    settings = {"draws": np.int64(5), "folder": Path("a/b"), "names": ["é"]}
    sidecar = written(
        tmp_path,
        pd.DataFrame({"t": [1.0], "mine": [2]}),
        sources=[source],
        settings=settings,
        seed=3,
        note="read this",
        meanings={"mine": "only here"},
    )
    assert list(sidecar) == ["file", "sha256", "note", "columns", "settings", "seed", "sources", "versions"]
    assert sidecar["file"] == "t.tsv"
    assert sidecar["sha256"] == sha256(tmp_path / "t.tsv")
    assert sidecar["columns"] == {"t": "beta / se", "mine": "only here"}
    assert sidecar["settings"] == {"draws": 5, "folder": "a/b", "names": ["é"]}
    assert sidecar["sources"] == {source.as_posix(): sha256(source)}
    assert (sidecar["seed"], sidecar["note"]) == (3, "read this")
    assert sidecar["versions"] == versions()


def test_a_column_that_nobody_explained_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(KeyError, match=r"columns without a meaning in the columns.py of a room: \['secret'\]"):
        written(tmp_path, pd.DataFrame({"t": [1.0], "secret": [2]}))
    assert list(tmp_path.iterdir()) == []


def test_parquet_keeps_every_digit_and_the_row_names(tmp_path):
    table = pd.DataFrame({"GENE": [1 / 3, np.nan]}, index=pd.Index(["a", "b"], name="region"))
    write_table(tmp_path / "t.parquet", table, sidecar=tmp_path / "t.json")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)
    assert "columns" not in json.loads((tmp_path / "t.json").read_text())  # genes explain themselves
    pd.testing.assert_frame_equal(read_matrix(tmp_path / "t.parquet"), table)


def test_versions_are_those_of_the_packages_that_are_here():
    found = versions()
    assert found["amygene"] == __version__
    assert found["numpy"] == version("numpy")
    assert "abagen" not in found  # it has an environment of its own


def test_the_same_table_gives_the_same_bytes(tmp_path):
    table = pd.DataFrame({"t": np.random.default_rng(0).normal(size=50)})
    for folder in (tmp_path / "a", tmp_path / "b"):
        written(folder, table, settings={"b": 1, "a": 2}, seed=1)
    for name in ("t.tsv", "t.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_json_keeps_the_order_of_keys_and_plain_numbers(tmp_path):
    write_json(tmp_path / "x.json", {"b": np.float64(0.5), "a": np.bool_(True), "c": {"p": Path("x")}})
    assert (tmp_path / "x.json").read_text() == '{\n  "b": 0.5,\n  "a": true,\n  "c": {\n    "p": "x"\n  }\n}\n'


# matrices of the user


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.tsv", "region\tA\tB\na\t1\tn/a\nb\t\t-2.5\n"),
        ("m.csv", "region,A,B\r\na,1,n/a\r\nb,,-2.5\r\n"),
        ("m.txt", "\ufeffregion\tA\tB\na\t1\tNaN\nb\tn/a\t-2.5\n"),
    ],
)
def test_text_is_read_by_its_ending(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    found = read_matrix(tmp_path / name)
    expected = pd.DataFrame({"A": [1, np.nan], "B": [np.nan, -2.5]}, index=pd.Index(["a", "b"], name="region"))
    pd.testing.assert_frame_equal(found, expected)


def test_row_names_stand_where_they_are_said_to(tmp_path):
    (tmp_path / "m.csv").write_text("id,label,Region,A\n1,x,a,5\n2,y,b,6\n")
    found = read_matrix(tmp_path / "m.csv", names="Region", drop=["id", "label"])
    assert found.to_dict() == {"A": {"a": 5.0, "b": 6.0}}


def test_columns_are_renamed_before_they_are_compared(tmp_path):
    (tmp_path / "m.csv").write_text("r,A,A\na,1,2\n")
    found = read_matrix(tmp_path / "m.csv", rename=lambda names: [f"{n}{i}" for i, n in enumerate(names)])
    assert found.to_dict() == {"A1": {"a": 1.0}, "A2": {"a": 2.0}}
    assert found.index.name == "r0"


def test_row_names_that_are_numbers_become_text(tmp_path):
    (tmp_path / "m.csv").write_text("id,A\n7,5\n12,6\n")
    assert read_matrix(tmp_path / "m.csv").index.tolist() == ["7", "12"]


def test_parquet_may_hold_its_row_names_in_a_column(tmp_path):
    pd.DataFrame({"region": ["a", "b"], "A": [1, 2]}).to_parquet(tmp_path / "m.parquet")
    assert read_matrix(tmp_path / "m.parquet").to_dict() == {"A": {"a": 1.0, "b": 2.0}}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("m.xlsx", "x", "its ending is '.xlsx'; a table ends in .tsv, .csv or .parquet"),
        ("m.csv", "", "cannot be read as a table (No columns to parse from file); save it as UTF-8 text"),
        (
            "m.csv",
            "r,A\na,1\nb,1,2,3\n",
            "cannot be read as a table (Error tokenizing data. C error: Expected 2 fields",
        ),
        ("m.csv", "r,A\na,1,2,3\nb,1\n", "rows have more cells than the header, which has 2"),
        ("m.csv", "r;A\na;1\n", "has one column, 'r;A'; cells are separated by commas in a file that ends in .csv"),
        ("m.tsv", "r,A\na,1\n", "has one column, 'r,A'; cells are separated by tabs in a file that ends in .tsv"),
        ("m.csv", "r,A,B,A,A,B\na,1,2,3,4,5\n", "column 'A', 'B' stands twice"),
        ("m.csv", "r,A,B\na,1,x\nb,y,2\nb,3,1 000\n", ["'y' (b)", "column 'B': found 'x' (a), '1 000' (b)"]),
        ("m.csv", "r,A\na,inf\nb,2\n", "column 'A': found inf (a) where a number belongs"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_told(tmp_path, name, text, told):
    path = tmp_path / name
    path.write_text(text)
    found = problems(read_matrix, path)
    told = [told] if isinstance(told, str) else told
    assert len(found) == len(told)
    for line, words in zip(found, told, strict=True):
        assert line.startswith(f"{path}: ")
        assert words in line


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path):
    assert problems(read_matrix, tmp_path / "m.csv") == [f"{tmp_path / 'm.csv'}: no such file"]
    (tmp_path / "m.csv").write_bytes("région,A\na,1\n".encode("latin-1"))
    assert "can't decode byte" in problems(read_matrix, tmp_path / "m.csv")[0]


# tables that were changed after they were written


@pytest.mark.parametrize("ending", ["tsv", "parquet"])
def test_a_table_that_was_changed_is_told(tmp_path, ending):
    path, read = tmp_path / f"t.{ending}", read_table if ending == "tsv" else read_matrix
    table = pd.DataFrame({"t": [1.0, 2.0, 3.0]}, index=pd.Index(["a", "b", "c"], name="region"))
    table = table.reset_index() if ending == "tsv" else table
    write_table(path, table, sidecar=tmp_path / "t.json")
    assert read(path)["t"].tolist() == [1, 2, 3]
    content = path.read_bytes()
    for other in (content[:-4], content + b" ", b""):
        path.write_bytes(other)
        assert problems(read, path) == [
            f"{path}: was changed after it was written (its hash is not the one in t.json); "
            "delete it and start again, then it is made anew"
        ]


@pytest.mark.parametrize("sidecar", [None, "{", "[]", "{}", '{"file": "t.tsv", "Units": "z"}'])
def test_a_table_of_the_users_own_may_have_any_sidecar(tmp_path, sidecar):
    (tmp_path / "t.tsv").write_text("region\tt\na\t1\n")
    if sidecar is not None:
        (tmp_path / "t.json").write_text(sidecar)
    assert read_matrix(tmp_path / "t.tsv")["t"].tolist() == [1]


# tables that the user gives


@pytest.mark.parametrize(("name", "text"), [("t.tsv", "\ufeffregion\td\nA, B\t1\n"), ("t.csv", 'region,d\n"A, B",1\n')])
def test_a_table_of_the_users_is_read_by_its_ending(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_given(tmp_path / name).to_dict("list") == {"region": ["A, B"], "d": [1]}


@pytest.mark.parametrize("content", [b"", b"a\tb\n1\t2\t3\n1\t2\t3\t4\n", "Hölle".encode("latin-1")])
def test_what_is_no_table_is_told_with_its_name(tmp_path, content):
    (tmp_path / "t.tsv").write_bytes(content)
    (told,) = problems(read_given, tmp_path / "t.tsv")
    assert "t.tsv: cannot be read as a table" in told
    assert "no such file" in problems(read_given, tmp_path / "u.tsv")[0]
