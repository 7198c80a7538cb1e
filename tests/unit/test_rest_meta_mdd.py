"""The REST-meta-MDD release is read as it is, and what cannot be used is left out with its reason."""

from __future__ import annotations

import itertools

import openpyxl
import pandas as pd
import pytest

from amygene.cohort import rest_meta_mdd as reader
from amygene.imaging.series import Layout, read_series
from amygene.io.problems import InputError
from fixtures.rest_meta_mdd import MDD_COLUMNS, SERIES, make_release


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return make_release(tmp_path_factory.mktemp("REST-meta-MDD-Phase1-Sharing"))


@pytest.fixture(scope="module")
def sheet(release):
    files = reader.series_files(release.root, SERIES)
    return reader.participants(files, reader.read_phenotypes(release.workbook), None).set_index("participant_id")


def phenotypes(mdd=(), controls=()):
    columns = ["participant_id", "sex", "age", "education", "first_episode", "medication", "hamd"]
    return {
        "MDD": pd.DataFrame(mdd, columns=columns, dtype=str),
        "Controls": pd.DataFrame(controls, columns=columns[:4], dtype=str),
    }


def problems(function, *args):
    with pytest.raises(InputError) as caught:
        function(*args)
    return caught.value.problems


# layout


def test_blocks_are_those_of_the_release_and_do_not_overlap():
    assert reader.BLOCKS["AAL116"] == (1, 116)
    assert reader.BLOCKS["Power264"] == (1570, 1833)
    for name, (first, last) in reader.BLOCKS.items():
        digits = "".join(c for c in name if c.isdigit())
        assert last - first + 1 == int(digits)
    ends = sorted(reader.BLOCKS.values())
    # column 1569 is the global signal, no region
    assert [b[0] - a[1] for a, b in itertools.pairwise(ends)] == [1, 1, 1, 1, 1, 2]
    assert reader.WIDTHS == (1833, 1568)


def test_every_file_of_series_is_found_by_its_id(release):
    files = reader.series_files(release.root, SERIES)
    assert files["S8-1-0001"] == str(release.file("S8-1-0001"))
    assert len(files) == 80 - 1 + 1 + 4  # rows, one without a file, one without a row, four repeated


def test_a_file_of_1568_columns_holds_aal_but_not_power(release):
    short = release.file(release.traps["short"][0])
    for name, can in (("AAL116", True), ("Dosenbach160", True), ("Power264", False)):
        first, last = reader.BLOCKS[name]
        layout = Layout(tuple(f"r{i}" for i in range(last - first + 1)), reader.WIDTHS, first)
        if can:
            assert read_series(short, layout).shape == (150, last - first + 1)
        else:
            assert problems(read_series, short, layout) == [
                f"{short}: has 1568 columns, the atlas stands in columns 1570 to 1833"
            ]


def test_a_wrong_folder_says_which_folders_there_are(release):
    assert problems(reader.series_files, release.root, "ROISignals_FunImgARglobalCWF") == [
        f"config keys cohort.root and cohort.series: {release.root}/Results/ROISignals_FunImgARglobalCWF is no folder; "
        f"found {SERIES}"
    ]
    assert problems(reader.series_files, release.root / "Results", SERIES) == [
        f"config keys cohort.root and cohort.series: {release.root}/Results/Results/{SERIES} is no folder; "
        "root should hold Results/ROISignals_..."
    ]


def test_an_empty_folder_is_told(tmp_path):
    (tmp_path / "Results" / SERIES).mkdir(parents=True)
    assert problems(reader.series_files, tmp_path, SERIES) == [
        f"{tmp_path}/Results/{SERIES}: no file ROISignals_S<site>-<1|2>-<nnnn>.mat in it"
    ]


# workbook


def test_the_workbook_is_found_in_the_root_or_a_folder_of_it(tmp_path):
    name = "REST-meta-MDD-PhenotypicData_WithHAMDSubItem_V4.xlsx"
    (tmp_path / "Phenotypes").mkdir()
    (tmp_path / "Phenotypes" / name).touch()
    (tmp_path / "Phenotypes" / f"~${name}").touch()
    assert reader.find_workbook(tmp_path, None) == tmp_path / "Phenotypes" / name
    (tmp_path / name).touch()
    (problem,) = problems(reader.find_workbook, tmp_path, None)
    assert problem.startswith(f"config key cohort.root: expected one workbook *Phenotypic*.xlsx in {tmp_path}")
    assert problem.endswith("name it in cohort.phenotypes")
    assert reader.find_workbook(tmp_path, str(tmp_path / name)) == tmp_path / name


def test_a_named_workbook_must_be_there(tmp_path):
    assert problems(reader.find_workbook, tmp_path, "absent.xlsx") == [
        "config key cohort.phenotypes: absent.xlsx: no such file"
    ]


def write_book(path, **sheets):
    book = openpyxl.Workbook()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(path)
    return path


def test_columns_are_found_by_the_start_of_their_names_and_sub_items_are_left_out(release):
    sheets = reader.read_phenotypes(release.workbook)
    assert list(sheets["MDD"]) == [
        "participant_id", "sex", "age", "education", "first_episode", "medication", "illness_months", "hamd", "hama",
    ]  # fmt: skip
    assert list(sheets["Controls"]) == ["participant_id", "sex", "age", "education"]
    assert len(MDD_COLUMNS) == 33
    row = sheets["MDD"].set_index("participant_id").loc["S9-1-0005"]
    assert row["hamd"] == str(release.rows["S9-1-0005"]["HAMD"])


def test_numbers_stored_as_decimals_and_spaces_are_the_codes_they_mean(tmp_path):
    mdd = ["S1-1-0001 ", 1.0, 31.5, 12.0, 1.0, -1.0, 20.0]
    path = write_book(
        tmp_path / "p.xlsx",
        MDD=[["ID", "Sex", "Age", "Education (years)", "If first episode?", "On medication?", "HAMD"], mdd, [None] * 7],
        Controls=[["ID", " sex ", "AGE", "Education"], ["S1-2-0001", "2", "40", "0"]],
    )
    people = reader.participants({}, reader.read_phenotypes(path), None).set_index("participant_id")
    assert people.loc["S1-1-0001", ["sex", "age", "first_episode", "medication"]].tolist() == ["M", "31.5", "yes", "no"]
    assert people.loc["S1-2-0001", ["sex", "age", "education"]].tolist() == ["F", "40", "n/a"]
    assert len(people) == 2


def test_a_missing_sheet_and_missing_columns_are_named(tmp_path):
    path = write_book(tmp_path / "p.xlsx", MDD=[["ID"]], Kontrollen=[["ID"]])
    assert problems(reader.read_phenotypes, path) == [f"{path}: sheet Controls is missing; found MDD, Kontrollen"]
    path = write_book(tmp_path / "q.xlsx", MDD=[["ID", "Sex", "Age"]], Controls=[["ID", "Sex", "Age", "School"]])
    found = problems(reader.read_phenotypes, path)
    assert found[0] == f"{path}: sheet MDD has no column for education; found ID, Sex, Age"
    assert [p.split(";")[0].rsplit(" ", 1)[-1] for p in found] == [
        "education", "first_episode", "medication", "hamd", "education",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04 broken"])
def test_a_damaged_workbook_is_told(tmp_path, content):
    (tmp_path / "p.xlsx").write_bytes(content)
    (problem,) = problems(reader.read_phenotypes, tmp_path / "p.xlsx")
    assert problem.startswith(f"{tmp_path / 'p.xlsx'}: is no readable .xlsx workbook (")


# people


def test_everybody_with_a_row_or_a_file_is_in_the_sheet_once(release, sheet):
    assert sheet.index.is_unique
    assert set(sheet.index) == {*release.rows, *release.traps["undescribed"], *release.traps["repeated"]}


def test_site_and_diagnosis_come_from_the_id(sheet):
    assert sheet.loc["S20-1-0003", ["site", "group"]].tolist() == ["S20", "MDD"]
    assert sheet.loc["S9-2-0001", ["site", "group"]].tolist() == ["S9", "HC"]


@pytest.mark.parametrize(
    ("trap", "column", "expected"),
    [
        ("age unknown", "age", "n/a"),
        ("education unknown", "education", "n/a"),
        ("education missing", "education", "-9999"),
        ("sex unspecified", "sex", "n/a"),
        ("recurrent", "first_episode", "no"),
        ("episode unknown", "first_episode", "n/a"),
        ("medicated", "medication", "yes"),
        ("mild", "hamd", "13"),
        ("severity unknown", "hamd", "[]"),
    ],
)
def test_codes_become_words_and_unknown_values_missing(release, sheet, trap, column, expected):
    found = sheet.loc[release.traps[trap], column].tolist()
    # -9999 and [] are in cohort.missing: they may stay, or be n/a already
    assert found in ([expected], ["n/a"])


def test_controls_have_no_clinical_values(sheet):
    controls = sheet[(sheet["group"] == "HC") & (sheet["excluded"] == "")]
    assert (controls[["first_episode", "medication", "hamd"]] == "n/a").all(axis=None)


def test_an_unknown_code_stays_and_is_told_later():
    people = reader.participants({}, phenotypes([["S1-1-0001", "3", "30", "9", "7", "2", "20"]]), None)
    assert people.loc[0, ["sex", "first_episode"]].tolist() == ["3", "7"]


def test_the_site_that_repeats_another_is_left_out_with_the_reason(release, sheet):
    repeated = sheet.loc[release.traps["repeated"]]
    assert (repeated["excluded"] == "site S4 repeats the subjects of S14").all()
    described = reader.participants({}, phenotypes(controls=[["S4-2-0001", "1", "30", "9"]]), None)
    assert described["excluded"].tolist() == ["site S4 repeats the subjects of S14"]


def test_a_file_without_a_row_is_left_out_with_the_reason(release, sheet):
    (participant,) = release.traps["undescribed"]
    assert sheet.loc[participant, "excluded"] == "it has no row in the phenotype workbook"
    assert sheet.loc[participant, "group"] == "HC"
    assert sheet.loc[participant, ["sex", "age", "education"]].tolist() == ["n/a"] * 3


def test_a_row_without_a_file_is_in_the_sheet_and_names_the_file_that_is_missing(release, sheet):
    (participant,) = release.traps["no file"]
    assert sheet.loc[participant, "timeseries"] == f"ROISignals_{participant}.mat"
    assert sheet.loc[participant, "excluded"] == ""


def test_a_contradiction_of_id_and_sheet_is_left_out_with_the_reason():
    people = reader.participants(
        {}, phenotypes([["S1-2-0001", "1", "30", "9", "1", "2", "20"]], [["S1-1-0007", "2", "31", "9"]]), None
    )
    assert (people["excluded"] == "its number and its sheet of the workbook name different diagnoses").all()


def test_everybody_else_is_not_left_out(release, sheet):
    out = {*release.traps["repeated"], *release.traps["undescribed"]}
    assert (sheet.loc[[p for p in sheet.index if p not in out], "excluded"] == "").all()


# motion


def test_without_a_table_of_motion_nothing_is_invented(sheet):
    assert "mean_fd" not in sheet


@pytest.mark.parametrize("suffix", [".tsv", ".csv", ".xlsx"])
def test_motion_is_taken_from_its_table_and_missing_for_others(tmp_path, release, suffix):
    table = pd.DataFrame({"participant_id": ["S8-1-0001", "S8-1-0002"], "mean_fd": ["0.11", "0.25"], "x": "1"})
    path = tmp_path / f"motion{suffix}"
    if suffix == ".xlsx":
        table.to_excel(path, index=False)
    else:
        table.to_csv(path, index=False, sep="," if suffix == ".csv" else "\t")
    files = reader.series_files(release.root, SERIES)
    people = reader.participants(files, reader.read_phenotypes(release.workbook), reader.read_motion(path))
    people = people.set_index("participant_id")
    assert people.loc[["S8-1-0001", "S8-1-0002", "S8-1-0003"], "mean_fd"].tolist() == ["0.11", "0.25", "n/a"]


def test_a_wrong_table_of_motion_is_told(tmp_path):
    assert problems(reader.read_motion, tmp_path / "absent.tsv") == [
        f"config key cohort.motion: {tmp_path / 'absent.tsv'}: no such file"
    ]
    (tmp_path / "m.tsv").write_text("id\tmean_fd\nS1-1-0001\t0.1\n")
    assert problems(reader.read_motion, tmp_path / "m.tsv") == [
        f"{tmp_path / 'm.tsv'}: column participant_id is missing; found id, mean_fd"
    ]
