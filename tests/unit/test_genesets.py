"""Collections of gene sets: read, restricted to measured genes, refused with the line that is wrong."""

from __future__ import annotations

import pytest

from amygene.enrichment.sets import measured_sets, read_gmt
from amygene.io.problems import InputError


def problem(path):
    with pytest.raises(InputError) as caught:
        read_gmt(path)
    (only,) = caught.value.problems
    return only


def test_a_set_holds_its_genes_once_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "x.gmt"
    path.write_text("B set\tsaid of it\tG2\tG1\t\tG2 \nA\t\tG3,1.0\tG1,0.5\n\n", encoding="utf-8")
    assert read_gmt(path) == {"B set": ["G2", "G1"], "A": ["G3", "G1"]}
    assert list(read_gmt(path)) == ["B set", "A"]


def test_files_of_windows_and_byte_order_marks_are_read(tmp_path):
    path = tmp_path / "x.gmt"
    path.write_text("\ufeffA\td\tG1\r\nB\td\tG2\r\n", encoding="utf-8", newline="")
    assert read_gmt(path) == {"A": ["G1"], "B": ["G2"]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A\td\tG\nB d G\n", "line 2: expected name, description and genes separated by tabs, found 'B d G'"),
        ("A\td\t\n", "line 1: expected name, description and genes separated by tabs, found 'A\\td\\t'"),
        ("A\td\tG\n\nA\td\tH\n", "line 3: set 'A' stands twice"),
        ("\n", "holds no gene set"),
    ],
)
def test_what_is_no_collection_is_told(tmp_path, text, told):
    path = tmp_path / "x.gmt"
    path.write_text(text)
    assert problem(path) == f"{path}: {told}"


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert problem(tmp_path / "x.gmt") == f"{tmp_path / 'x.gmt'}: no such file of gene sets"


def test_sets_are_restricted_to_measured_genes_and_to_the_wanted_sizes():
    genes = ["G4", "G1", "G3", "G2"]
    sets = {
        "two": ["G1", "G2", "ABSENT"],
        "one": ["G1", "ABSENT", "OTHER"],
        "all": ["G1", "G2", "G3", "G4"],
        "three": ["G3", "G3", "G1", "G4"],
        "none": ["ABSENT"],
    }
    names, membership = measured_sets(sets, genes, 2, 3)
    assert names == ["two", "three"]
    assert membership.toarray().tolist() == [[0, 1, 0, 1], [1, 1, 1, 0]]
    assert measured_sets(sets, genes, 1, 4)[0] == ["two", "one", "all", "three"]


def test_no_set_of_the_wanted_size_gives_none():
    names, membership = measured_sets({"one": ["G1"]}, ["G1", "G2"], 2, 3)
    assert names == []
    assert membership.shape == (0, 2)
