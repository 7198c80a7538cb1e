"""The participants sheet: every cell is text until it is proven to be more, and every wrong cell is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from amygene.cohort.sheet import check_sheet, read_sheet
from amygene.io.problems import InputError

SCHEMA = yaml.safe_load((Path(__file__).parents[2] / "config/schemas/participants.schema.yaml").read_text())
MISSING = ["", "n/a", "NA", "[]", "-9999"]


def check(rows, needed=(), numeric=(), codes=None, missing=MISSING):
    sheet = pd.DataFrame(rows, dtype=str)
    if "participant_id" not in sheet:
        sheet.insert(0, "participant_id", [f"sub-{i}" for i in range(1, len(sheet) + 1)])
    return check_sheet(
        sheet, "p.tsv", SCHEMA, needed=list(needed), numeric=list(numeric), missing=missing, codes=codes or {}
    )


def problem(*args, **kwargs):
    """The one problem of a sheet."""
    _, (only,) = check(*args, **kwargs)
    return only


# reading


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.tsv", "participant_id\tage\n sub-1 \t 31\nsub-2\t\n"),
        ("p.csv", "participant_id,age\nsub-1,31\nsub-2,\n"),
        ("p.csv", '"participant_id","age"\r\n"sub-1","31"\r\n"sub-2",""\r\n'),
        ("p.tsv", "\ufeffparticipant_id\tage\nsub-1\t31\n\nsub-2\t\n"),
    ],
    ids=["spaces", "comma", "quoted, Windows", "byte order mark and an empty line"],
)
def test_cells_are_the_text_they_are(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    sheet = read_sheet(tmp_path / name)
    assert sheet.to_dict("list") == {"participant_id": ["sub-1", "sub-2"], "age": ["31", ""]}


def test_words_that_programs_take_for_missing_stay_words(tmp_path):
    (tmp_path / "p.tsv").write_text("participant_id\tsite\nNA\tNone\nnull\t1e5\n007\ttrue\n")
    sheet = read_sheet(tmp_path / "p.tsv")
    assert sheet["participant_id"].tolist() == ["NA", "null", "007"]
    assert sheet["site"].tolist() == ["None", "1e5", "true"]


def test_quotes_are_ordinary_characters_in_a_tsv(tmp_path):
    (tmp_path / "p.tsv").write_text('participant_id\tnote\nsub-1\the said "no\nsub-2\tyes"\n')
    assert read_sheet(tmp_path / "p.tsv")["note"].tolist() == ['he said "no', 'yes"']


def test_commas_inside_quotes_of_a_csv_do_not_split_a_cell(tmp_path):
    (tmp_path / "p.csv").write_text('participant_id,drug\nsub-1,"a, b"\n')
    assert read_sheet(tmp_path / "p.csv")["drug"].tolist() == ["a, b"]


def test_a_missing_sheet_names_the_file_and_the_key(tmp_path):
    with pytest.raises(InputError) as caught:
        read_sheet(tmp_path / "p.tsv")
    assert caught.value.problems == [f"{tmp_path / 'p.tsv'}: no such file (config key cohort.participants)"]


def test_a_column_that_stands_twice_is_named(tmp_path):
    (tmp_path / "p.tsv").write_text("participant_id\tage\tage \nsub-1\t1\t2\n")
    with pytest.raises(InputError, match="column age stands twice in the header"):
        read_sheet(tmp_path / "p.tsv")


@pytest.mark.parametrize("content", [b"", b"a\tb\n1\t2\t3\t4\n"])
def test_what_is_no_table_of_text_is_refused(tmp_path, content):
    (tmp_path / "p.tsv").write_bytes(content)
    with pytest.raises(InputError, match=r"p\.tsv: is no table of text \("):
        read_sheet(tmp_path / "p.tsv")


@pytest.mark.parametrize("content", ["participant_id\tsite\na\tKöln\n".encode("latin-1"), b"\xff\xfea\x00"])
def test_another_encoding_than_utf8_is_told_with_what_to_do(tmp_path, content):
    (tmp_path / "p.tsv").write_bytes(content)
    with pytest.raises(InputError, match=r"p\.tsv: is no text in UTF-8 \(.* at byte \d+\); save it as such"):
        read_sheet(tmp_path / "p.tsv")


def test_a_workbook_is_no_sheet(tmp_path):
    (tmp_path / "p.xlsx").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"ending is '\.xlsx'; a sheet ends in \.tsv or \.csv or \.txt"):
        read_sheet(tmp_path / "p.xlsx")


@pytest.mark.parametrize(("ending", "mark"), [("tsv", ","), ("csv", ";"), ("csv", "\t")])
def test_another_separator_is_told(tmp_path, ending, mark):
    (tmp_path / f"p.{ending}").write_text(f"participant_id{mark}age\na{mark}1\n")
    with pytest.raises(InputError, match=r"separate a [.]csv by commas, a [.]tsv or [.]txt by tabs"):
        read_sheet(tmp_path / f"p.{ending}")


# columns and ids


def test_a_column_that_the_config_uses_must_be_there():
    assert problem([{"age": "31"}], needed=["education", "age"]) == (
        "p.tsv: column 'education' is missing, which the config uses; found participant_id, age"
    )


def test_participant_id_must_be_there():
    sheet = pd.DataFrame({"id": ["1"]})
    _, problems = check_sheet(sheet, "p.tsv", SCHEMA, needed=[], numeric=[], missing=MISSING, codes={})
    assert problems == ["p.tsv: column 'participant_id' is missing, which the config uses; found id"]


def test_ids_that_stand_twice_are_named_once():
    rows = [{"participant_id": p} for p in ("a", "b", "a", "c", "a", "b")]
    assert problem(rows) == "p.tsv: participant_id a, b stands more than once; keep one row each"


@pytest.mark.parametrize("blank", ["", "n/a", "-9999"])
def test_empty_ids_are_told_by_row_as_an_editor_counts(blank):
    rows = [{"participant_id": p} for p in ("a", blank, "b", blank)]
    assert problem(rows) == "p.tsv: participant_id is empty in row 3, 5"


# missing codes and numbers


@pytest.mark.parametrize("code", ["", "n/a", "[]", "-9999", "-9999.0", "-9.999e3", "NA"])
def test_missing_codes_become_missing_as_text_and_as_number(code):
    typed, problems = check([{"age": "31", "site": "A"}, {"age": code, "site": code}])
    assert problems == []
    assert typed["age"].dtype == np.float64
    np.testing.assert_array_equal(typed["age"], [31, np.nan])
    assert typed["site"].tolist() == ["A", None]


def test_a_code_is_missing_only_if_the_config_says_so():
    assert problem([{"age": "-9999"}], missing=["n/a"]) == (
        "p.tsv: column 'age': found -9999 (sub-1), outside 0 to 120"
    )


def test_numbers_become_float64_in_columns_of_the_schema_and_those_asked_for():
    typed, problems = check([{"age": "31.5", "score": "1e1", "other": "7"}], numeric=["score"])
    assert problems == []
    assert (typed["age"][0], typed["score"][0], typed["other"][0]) == (31.5, 10.0, "7")


def test_text_in_a_number_column_is_named_with_its_participants():
    rows = [{"age": "31"}, {"age": "unknown"}, {"age": "3l"}, {"age": "inf"}, {"age": "n/a"}]
    assert problem(rows) == (
        "p.tsv: column 'age': found 'unknown' (sub-2), '3l' (sub-3), 'inf' (sub-4) where a number belongs; "
        "correct it or add the text to cohort.missing"
    )


def test_a_long_list_of_wrong_cells_is_cut():
    message = problem([{"age": f"x{i}"} for i in range(20)])
    assert "'x7' (sub-8) and 12 more where a number belongs" in message


@pytest.mark.parametrize(
    ("column", "cell", "limits"),
    [
        ("age", "121", "0 to 120"),
        ("age", "-1", "0 to 120"),
        ("education", "41", "0 to 40"),
        ("mean_fd", "-0.1", "0 to inf"),
    ],
)
def test_numbers_outside_their_range_are_named(column, cell, limits):
    assert problem([{column: cell}]) == f"p.tsv: column '{column}': found {cell} (sub-1), outside {limits}"


# codes


@pytest.mark.parametrize("word", ["M", "m", "male", "Male"])
def test_usual_words_for_sex_are_understood(word):
    typed, problems = check([{"sex": word}])
    assert (problems, typed["sex"].tolist()) == ([], ["M"])


def test_an_unknown_code_says_what_was_expected_and_where_to_explain_it():
    assert problem([{"sex": "F"}, {"sex": "1"}, {"sex": "x"}]) == (
        "p.tsv: column 'sex': found the unknown code '1' (sub-2), 'x' (sub-3); expected M, F, "
        "or say in cohort.codes.sex what it means"
    )


def test_codes_of_the_config_are_translated_and_may_mean_missing():
    rows = [{"sex": "1"}, {"sex": "2"}, {"sex": "0"}]
    typed, problems = check(rows, codes={"sex": {"1": "male", "2": "F", "0": "n/a"}})
    assert (problems, typed["sex"].tolist()) == ([], ["M", "F", None])


def test_a_code_can_make_a_number_of_a_word():
    typed, problems = check([{"age": "thirty"}], codes={"age": {"thirty": "30"}})
    assert (problems, typed["age"].tolist()) == ([], [30.0])


# everything at once


def test_all_problems_are_told_together_and_the_sheet_is_not_changed():
    sheet = pd.DataFrame(
        {"participant_id": ["a", "a", ""], "age": ["x", "200", "31"], "sex": ["9", "M", "F"]}, dtype=str
    )
    before = sheet.copy()
    _, problems = check_sheet(sheet, "p.tsv", SCHEMA, needed=["site"], numeric=[], missing=MISSING, codes={})
    assert len(problems) == 6
    assert [p.split(":")[1].split(";")[0].strip()[:26] for p in problems] == [
        "column 'site' is missing, ",
        "participant_id is empty in",
        "participant_id a stands mo",
        "column 'age'",
        "column 'age'",
        "column 'sex'",
    ]
    pd.testing.assert_frame_equal(sheet, before)


def test_other_columns_are_welcome():
    typed, problems = check([{"favourite_colour": "blue"}])
    assert (problems, typed["favourite_colour"].tolist()) == ([], ["blue"])
