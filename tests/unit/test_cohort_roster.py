"""What is known of a cohort before any job runs, and how what is wrong is told."""

from __future__ import annotations

import pytest

from amygene.cohort import abide, roster
from amygene.problems import InputError

BASE = {"codes": {}, "missing": ["", "n/a", "-9999"]}


def table(path, **others):
    return roster.read(BASE | {"format": "table", "participants": str(path)} | others, "results/x/cohort")


def test_files_are_relative_to_the_sheet_and_may_be_absent(tmp_path):
    (tmp_path / "p.tsv").write_text(
        "participant_id\tsite\ttimeseries\n a \tS1\tseries/a.mat\nb\tS2\t/elsewhere/b.npy\nc\tS1\t\n\t S3\tx\n"
    )
    found = table(tmp_path / "p.tsv")
    assert found.known
    assert found.files == {"a": f"{tmp_path}/series/a.mat", "b": "/elsewhere/b.npy", "c": ""}
    assert found.sites == {"S1", "S2", "S3"}


def test_a_csv_may_quote_its_cells(tmp_path):
    (tmp_path / "p.csv").write_text('\ufeffparticipant_id,note,timeseries\n"a","x, y","a.mat"\n', encoding="utf-8")
    assert table(tmp_path / "p.csv").files == {"a": f"{tmp_path}/a.mat"}


def test_quotes_are_ordinary_characters_in_a_tsv(tmp_path):
    (tmp_path / "p.tsv").write_text('participant_id\tnote\na\t"open\nb\tclose"\n')
    assert list(table(tmp_path / "p.tsv").files) == ["a", "b"]


def test_rows_that_are_too_long_or_too_short_are_read_leniently(tmp_path):
    (tmp_path / "p.tsv").write_text("participant_id\ttimeseries\na\ta.mat\textra\nb\n")
    assert table(tmp_path / "p.tsv").files == {"a": f"{tmp_path}/a.mat", "b": ""}


def test_a_cohort_without_sites_is_one_site(tmp_path):
    (tmp_path / "p.tsv").write_text("participant_id\tsite\na\tn/a\nb\t-9999\n")
    assert table(tmp_path / "p.tsv").sites == {"1"}


def test_sites_are_named_as_the_config_translates_them(tmp_path):
    # the jobs of the stage sites are dealt by these names, the cohort's table has them too
    (tmp_path / "p.tsv").write_text("participant_id\tsite\na\t1\nb\t2\nc\t3\n")
    assert table(tmp_path / "p.tsv", codes={"site": {"1": "NYU", "2": "PITT"}}).sites == {"NYU", "PITT", "3"}


def test_a_missing_sheet_names_the_key(tmp_path):
    with pytest.raises(InputError) as caught:
        table(tmp_path / "absent.tsv")
    assert caught.value.problems == [f"config key cohort.participants: {tmp_path / 'absent.tsv'}: no such file"]


def test_simulated_people_have_the_files_that_will_be_made():
    found = roster.read(
        BASE | {"format": "simulated", "simulated": {"sites": {"S1": [1, 1], "S2": [0, 1]}}}, "results/x/cohort"
    )
    assert found.files == {
        f"sub-000{i}": f"results/x/cohort/simulated/ROISignals/ROISignals_sub-000{i}.mat" for i in (1, 2, 3)
    }
    assert found.sites == {"S1", "S2"}


def test_who_is_in_abide_is_not_known_before_its_download():
    found = roster.read(BASE | {"format": "abide", "root": "r"}, "results/x/cohort")
    assert not found.known
    assert (found.expected, found.expected_sites) == (abide.EXPECTED, abide.EXPECTED_SITES)


def test_no_cohort_has_nobody():
    found = roster.read(BASE | {"format": "none"}, "results/x/cohort")
    assert (found.known, found.files) == (True, {})


def rest_meta_mdd(root, **others):
    return roster.read(
        BASE | {"format": "rest-meta-mdd", "root": str(root), "series": "ROISignals_FunImgARCWF"} | others, "r"
    )


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "Results" / "ROISignals_FunImgARCWF"
    folder.mkdir(parents=True)
    for name in ("ROISignals_S1-1-0001.mat", "ROISignals_S20-2-0107.mat", "readme.txt", "ROISignals_S1-1-0002.txt"):
        (folder / name).touch()
    (tmp_path / "REST-meta-MDD-PhenotypicData_WithHAMDSubItem_V4.xlsx").touch()
    return tmp_path


def test_rest_meta_mdd_is_known_by_its_file_names(release):
    found = rest_meta_mdd(release)
    folder = release / "Results" / "ROISignals_FunImgARCWF"
    assert found.files == {
        "S1-1-0001": f"{folder}/ROISignals_S1-1-0001.mat",
        "S20-2-0107": f"{folder}/ROISignals_S20-2-0107.mat",
    }
    assert found.sites == {"S1", "S20"}
    assert found.workbook == f"{release}/REST-meta-MDD-PhenotypicData_WithHAMDSubItem_V4.xlsx"


def test_all_that_is_wrong_with_a_copy_of_rest_meta_mdd_is_told_at_once(release):
    (release / "REST-meta-MDD-PhenotypicData_WithHAMDSubItem_V4.xlsx").unlink()
    with pytest.raises(InputError) as caught:
        rest_meta_mdd(release, series="ROISignals_FunImgARglobalCWF", motion=str(release / "motion.tsv"))
    assert caught.value.problems == [
        f"config keys cohort.root and cohort.series: {release}/Results/ROISignals_FunImgARglobalCWF is no folder; "
        "found ROISignals_FunImgARCWF",
        f"config key cohort.root: expected one workbook *Phenotypic*.xlsx in {release} or a folder of it, found none; "
        "name it in cohort.phenotypes",
        f"config key cohort.motion: {release}/motion.tsv: no such file",
    ]
