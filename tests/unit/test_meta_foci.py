"""Foci: the files they come in, and everything that may be wrong with them."""

import json

import numpy as np
import pandas as pd
import pytest

from amygene.io.problems import InputError
from amygene.meta.foci import check_foci, from_text, mni_to_talairach, read_foci, talairach_to_mni
from fixtures.meta import NIMARE, ball

HEAD = "experiment\tn_subjects\tx\ty\tz\tspace\tcontrast\n"


def table(*rows: str):
    """Foci as `read_foci` gives them."""
    cells = [row.split("\t") for row in rows]
    frame = pd.DataFrame(cells, columns=["experiment", "n_subjects", "x", "y", "z", "space"])
    frame = frame.replace({"": None})
    frame["sample"] = frame["experiment"]
    frame.insert(0, "row", [f"row {i + 2}" for i in range(len(frame))])
    frame.insert(0, "file", "foci.tsv")
    return frame


SOUND = ("A\t20\t0\t4\t8\tMNI", "A\t20\t10\t-4\t2\tMNI", "B\t15\t-8\t0\t12\tTAL")


def test_table(tmp_path):
    (tmp_path / "a.tsv").write_text(HEAD + "A\t20\t1\t2\t3\tMNI\tup\nB\t15\t-1\t0\t2.5\tTAL\t\n")
    found = read_foci(tmp_path / "a.tsv")
    assert found["sample"].tolist() == ["A", "B"]
    assert found["row"].tolist() == ["row 2", "row 3"]
    assert found["contrast"].tolist()[0] == "up"
    assert pd.isna(found["contrast"].iloc[1])


def test_samples_of_a_table(tmp_path):
    head = HEAD.replace("contrast", "sample")
    (tmp_path / "a.tsv").write_text(head + "A1\t20\t1\t2\t3\tMNI\tA\nA2\t18\t1\t2\t3\tMNI\tA\nB\t9\t1\t2\t3\tMNI\t\n")
    assert read_foci(tmp_path / "a.tsv")["sample"].tolist() == ["A", "A", "B"]


def test_sleuth(tmp_path):
    text = "//Reference=Talairach\n//Mayberg, 2000: week 6\n//Subjects=7\n-4\t20\t-8\n10 2 3\n\n"
    text += "//Mayberg, 2000: week 1\n//Subjects=7\n1 2 3\n"
    (tmp_path / "a.txt").write_text(text)
    found = read_foci(tmp_path / "a.txt")
    assert found["experiment"].tolist() == ["Mayberg, 2000: week 6"] * 2 + ["Mayberg, 2000: week 1"]
    assert found["sample"].unique().tolist() == ["Mayberg, 2000"]
    assert found["space"].unique().tolist() == ["Talairach"]
    assert found[["x", "y", "z"]].astype(float).to_numpy().tolist()[0] == [-4, 20, -8]


def test_sleuth_as_nimare_reads_it():
    """NiMARE's own test file holds three studies with seven foci."""
    found = read_foci(NIMARE / "tests/data/test_sleuth_file.txt")
    assert len(found) == 7
    assert found["experiment"].nunique() == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("//Reference=MNI\n//A\n//Subjects=7\n1 2\n", "line 4: found 2 numbers"),
        ("//Reference=MNI\n//A\n1 2 3\n", "line 3: coordinates without a line //Subjects="),
        ("//A\n//Subjects=7\n1 2 3\n", "no line //Reference="),
    ],
)
def test_faulty_sleuth(tmp_path, text, words):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(InputError, match=words):
        read_foci(tmp_path / "a.txt")


def test_nimads_and_nimare_hold_the_same_foci():
    """21 pain studies that NiMARE ships in both formats."""
    first, second = (read_foci(NIMARE / f"resources/nidm_pain_{kind}.json") for kind in ("studyset", "dset"))
    columns = ["experiment", "n_subjects", "x", "y", "z"]
    numbers = [t[columns].astype({"x": float, "y": float, "z": float}).sort_values(columns) for t in (first, second)]
    assert len(first) == 267
    assert first["n_subjects"].notna().all()
    assert np.array_equal(numbers[0].to_numpy(), numbers[1].to_numpy())


def test_annotations_of_nimads(tmp_path):
    study = {
        "id": "S",
        "analyses": [
            {
                "id": "a1",
                "name": "up",
                "metadata": {"sample_sizes": [20, 15]},
                "points": [{"space": "MNI", "coordinates": [1, 2, 3]}],
            }
        ],
    }
    notes = [{"notes": [{"analysis": "a1", "note": {"drug": "SSRI", "response": 55, "experiment": "not this"}}]}]
    (tmp_path / "a.json").write_text(json.dumps({"studies": [study], "annotations": notes}))
    found = read_foci(tmp_path / "a.json").iloc[0]
    assert found["experiment"] == "S: up"
    assert found["sample"] == "S"
    assert found["n_subjects"] == "17"
    assert (found["drug"], found["response"]) == ("SSRI", "55")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.tsv", "experiment\tx\ty\tz\nA\t1\t2\t3\n", "column n_subjects, space is missing"),
        (
            "a.tsv",
            HEAD.replace("contrast", "reason") + "A\t1\t2\t3\t4\tMNI\tx\n",
            "column reason is a name that amygene uses",
        ),
        ("a.xls", "", "its ending is '.xls'"),
        ("a.json", "{", "is no JSON"),
        ("a.json", '{"a": 1}', "neither a NIMADS studyset"),
        ("a.json", '{"studies": []}', "holds no focus"),
    ],
)
def test_faulty_files(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words):
        read_foci(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        read_foci(tmp_path / "none.tsv")


def test_talairach_is_never_silent():
    foci, notes = check_foci(table(*SOUND), ball(), "stop")
    assert any("1 of 3 foci were Talairach" in note for note in notes)
    assert foci["space"].tolist() == ["MNI", "MNI", "TAL"]
    moved = foci.iloc[2]
    assert np.allclose(moved[["x", "y", "z"]].astype(float), talairach_to_mni(np.array([[-8.0, 0, 12]]))[0])
    assert moved[["x_reported", "y_reported", "z_reported"]].tolist() == [-8, 0, 12]
    assert foci.loc[0, ["x", "y", "z"]].tolist() == [0, 4, 8]


def test_transform_and_back():
    xyz = np.random.default_rng(1).normal(0, 40, (30, 3))
    assert np.allclose(talairach_to_mni(mni_to_talairach(xyz)), xyz)
    # Lancaster 2007: the brain of the MNI template is larger than Talairach's
    assert np.linalg.norm(talairach_to_mni(np.array([[50.0, 0, 0]]))) > 50


FAULTS = (
    "A\t20\t0\t4\t8\tMNI",
    "A\t25\t1\t4\t8\tMNI",
    "B\t20\t0\t4\t8\tScanner",
    "C\t20\tzero\t4\t8\tMNI",
    "D\t20\t0\t0\t400\tMNI",
    "E\t12.5\t0\t0\t0\tMNI",
    "\t12\t0\t0\t0\tMNI",
    "F\t12\t0\t0\t0\t",
)


def test_all_problems_in_one_message():
    with pytest.raises(InputError) as error:
        check_foci(table(*FAULTS), ball(), "stop")
    text = str(error.value)
    for words in (
        "experiment 'A' has 2 sample sizes (20, 25)",
        "foci.tsv, row 4: space 'Scanner' is unknown",
        "foci.tsv, row 5: x is 'zero'",
        "foci.tsv, row 6: lies",
        "mm outside the brain (0, 0, 400)",
        "foci.tsv, row 7: n_subjects is '12.5'",
        "foci.tsv, row 8: experiment has no name",
        "foci.tsv, row 9: space missing is unknown",
        "meta.faulty: exclude",
    ):
        assert words in text


def test_faulty_foci_are_left_out_with_the_reason():
    faults = [row for row in FAULTS if not row.startswith("A\t25")]
    foci, notes = check_foci(table(*faults), ball(), "exclude")
    assert foci["used"].tolist() == [True] + [False] * 6
    assert foci["reason"].notna().tolist() == [False] + [True] * 6
    assert any("6 faulty foci were left out" in note for note in notes)
    with pytest.raises(InputError, match="no focus is left"):
        check_foci(table(*faults[1:]), ball(), "exclude")


def test_foci_beside_the_mask_are_kept_and_counted():
    foci, notes = check_foci(table("A\t20\t46\t0\t0\tMNI", "A\t20\t0\t0\t0\tMNI"), ball(), "stop")
    assert foci["used"].all()
    assert any("1 foci lie up to 10 mm outside" in note for note in notes)


def test_merged_samples_are_told_in_one_sentence():
    foci = table("A\t20\t0\t4\t8\tMNI", "B\t20\t1\t4\t8\tMNI", "C\t9\t2\t4\t8\tMNI")
    foci["sample"] = ["one", "one", "C"]
    _, notes = check_foci(foci, ball(), "stop")
    assert "Experiments of the same people count as one, in 1 samples: one (A + B)." in notes


def test_the_same_foci_twice_are_pointed_out():
    _, notes = check_foci(table("A\t20\t0\t4\t8\tMNI", "B\t20\t0\t4\t8\tMNI"), ball(), "stop")
    assert any("Samples A and B report the same foci" in note for note in notes)


def test_an_experiment_of_two_samples():
    foci = table("A\t20\t0\t4\t8\tMNI", "A\t20\t1\t4\t8\tMNI")
    foci["sample"] = ["one", "two"]
    with pytest.raises(InputError, match="belongs to 2 samples"):
        check_foci(foci, ball(), "stop")


def test_text_and_back():
    foci, _ = check_foci(table(*SOUND), ball(), "stop")
    again = from_text(foci.astype(object).where(foci.notna(), None).map(lambda v: None if v is None else str(v)))
    assert again["used"].all()
    assert again["x"].tolist() == foci["x"].tolist()
