"""ABIDE as its project serves it: a sheet is made of its phenotypes, and what the server lacks is told."""

from __future__ import annotations

import socket

import pandas as pd
import pytest

from amygene.cohort import abide
from amygene.io.problems import InputError
from fixtures.abide import PHENOTYPES, make_copy, served

PIPELINE = "dparsf"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return make_copy(tmp_path_factory.mktemp("abide"))


@pytest.fixture(scope="module")
def address(copy):
    with served(copy.folder) as (url, asked):
        yield url, asked


@pytest.fixture(scope="module")
def phenotypes(address, tmp_path_factory):
    return abide.download_phenotypes(tmp_path_factory.mktemp("download"), PIPELINE, address[0])


def people(phenotypes, folder="data", global_signal_regression=False):
    sheet = abide.participants(phenotypes, folder, PIPELINE, global_signal_regression)
    return sheet.set_index("participant_id")


def file_of(folder, row):
    return folder / "ABIDE_pcp/dparsf/filt_noglobal" / f"{row['FILE_ID']}_rois_aal.1D"


# the sheet


def test_everybody_of_the_release_is_in_the_sheet_with_words_for_codes(copy, phenotypes):
    sheet = people(phenotypes)
    assert list(sheet.index) == [f"sub-{row['SUB_ID']}" for row in copy.rows]
    for row in copy.rows:
        person = sheet.loc[f"sub-{row['SUB_ID']}"]
        assert person["group"] == {"1": "ASD", "2": "HC"}[row["DX_GROUP"]]
        assert person["sex"] == {"1": "M", "2": "F"}[row["SEX"]]
        assert person[["site", "age", "fiq", "mean_fd"]].tolist() == [
            row["SITE_ID"], row["AGE_AT_SCAN"], row["FIQ"], row["func_mean_fd"],
        ]  # fmt: skip


def test_commas_and_quotes_inside_a_cell_do_not_shift_the_others(copy, phenotypes):
    quoted = [row for row in copy.rows if "," in row["MEDICATION_NAME"]]
    assert quoted
    sheet = people(phenotypes)
    assert all(sheet.loc[f"sub-{row['SUB_ID']}", "mean_fd"] == row["func_mean_fd"] for row in quoted)


def test_whoever_has_no_preprocessed_series_is_left_out_with_the_reason(copy, phenotypes):
    excluded = people(phenotypes)["excluded"]
    assert excluded[excluded != ""].to_dict() == {copy.traps["no file name"]: "the release has no preprocessed series"}


@pytest.mark.parametrize(("regressed", "strategy"), [(True, "filt_global"), (False, "filt_noglobal")])
def test_files_are_where_nilearn_puts_them(tmp_path, phenotypes, regressed, strategy):
    sheet = people(phenotypes, tmp_path, regressed)
    assert sheet["timeseries"].iloc[0] == f"{tmp_path}/ABIDE_pcp/dparsf/{strategy}/Pitt_0050003_rois_aal.1D"


def test_an_unknown_code_stays_and_is_told_later(phenotypes):
    sheet = people(phenotypes.assign(SEX="9", DX_GROUP="3"))
    assert set(sheet["sex"]) == {"9"}
    assert set(sheet["group"]) == {"3"}


def test_another_table_is_refused(tmp_path, phenotypes):
    with pytest.raises(InputError) as caught:
        abide.participants(phenotypes.drop(columns=["FIQ", "SEX"]), tmp_path, PIPELINE, False)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{tmp_path}/ABIDE_pcp/{PHENOTYPES}: column SEX, FIQ is missing; found ")
    assert problem.endswith("delete the file and run again")


# downloads


def test_phenotypes_are_read_as_the_text_they_are(copy, phenotypes):
    expected = pd.read_csv(copy.folder / PHENOTYPES, dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(phenotypes, expected)


def test_series_are_downloaded_once_and_only_of_those_asked_for(tmp_path, copy, address):
    url, asked = address
    wanted = list(copy.rows[:2])
    members = [f"sub-{row['SUB_ID']}" for row in wanted]
    assert abide.download_series(members, tmp_path, PIPELINE, False, url) == []
    found = sorted(tmp_path.rglob("*.1D"))
    assert found == sorted(file_of(tmp_path, row) for row in wanted)
    assert file_of(tmp_path, wanted[0]).read_bytes() == copy.file(wanted[0]).read_bytes()
    n_asked = len(asked)
    abide.download_series(members, tmp_path, PIPELINE, False, url)
    assert len(asked) == n_asked


def test_a_file_that_the_server_lacks_is_told_and_the_others_come_down(tmp_path, copy, address):
    members = [f"sub-{row['SUB_ID']}" for row in copy.rows[4:7]]
    absent = abide.download_series(members, tmp_path, PIPELINE, False, address[0])
    assert absent == [copy.traps["not on the server"]]
    assert len(list(tmp_path.rglob("*.1D"))) == 2


def test_a_damaged_file_comes_down_and_is_left_to_the_check_of_series(tmp_path, copy, address):
    member = copy.traps["damaged"]
    assert abide.download_series([member], tmp_path, PIPELINE, False, address[0]) == []
    assert len(list(tmp_path.rglob("*.1D"))) == 1


def test_nobody_needs_no_server(tmp_path):
    assert abide.download_series([], tmp_path, PIPELINE, False, "http://127.0.0.1:1") == []


@pytest.fixture
def nowhere():
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_server_that_cannot_be_reached_says_what_to_do(tmp_path, nowhere, phenotypes, copy):
    with pytest.raises(InputError) as caught:
        abide.download_phenotypes(tmp_path, PIPELINE, nowhere)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{PHENOTYPES} of ABIDE could not be downloaded (")
    assert problem.endswith(
        "run again, name another address of the same files in cohort.url, "
        f"or put the files below {tmp_path}/ABIDE_pcp by hand"
    )
    # the table is there, the series are not
    (tmp_path / "ABIDE_pcp").mkdir(exist_ok=True)
    (tmp_path / "ABIDE_pcp" / PHENOTYPES).write_bytes((copy.folder / PHENOTYPES).read_bytes())
    with pytest.raises(InputError, match="sub-50003 of ABIDE could not be downloaded"):
        abide.download_series(["sub-50003"], tmp_path, PIPELINE, False, nowhere)


def test_a_page_in_place_of_the_table_is_refused(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / PHENOTYPES).write_text("<html><body>Sign in</body></html>\n")
    with served(tmp_path / "served") as (url, _):
        table = abide.download_phenotypes(tmp_path, PIPELINE, url)
    with pytest.raises(InputError, match="delete the file and run again"):
        abide.participants(table, tmp_path, PIPELINE, False)
