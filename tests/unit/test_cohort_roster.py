"""What is known of a cohort before any job runs, and how what is wrong is told."""

from __future__ import annotations

import pytest

from amygene.cohort import abide, roster
from amygene.io.problems import InputError

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


@pytest.mark.parametrize("name", ["p.tsv", "p.xlsx"])
def test_what_is_no_text_is_told_before_any_job(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\xff\x00")
    with pytest.raises(InputError, match="save it as such"):
        table(tmp_path / name)


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
    assert found.source == f"{release}/REST-meta-MDD-PhenotypicData_WithHAMDSubItem_V4.xlsx"


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


def test_a_table_with_a_column_bold_is_a_cohort_of_images(tmp_path):
    (tmp_path / "p.tsv").write_text(
        "participant_id\tsite\tbold\tmask\tconfounds\ttr\n"
        "a\tS1\timg/a.nii.gz\tm.nii.gz\trp_a.txt\t2.5\nb\tS2\t/x/b.nii\t\tn/a\t\nc\tS2\t\t\t\t\n"
    )
    found = table(tmp_path / "p.tsv", tr=2.0)
    assert found.images
    assert found.sessions == ("",)
    assert found.files == {"a": f"{tmp_path}/img/a.nii.gz", "b": "/x/b.nii", "c": ""}
    (a,), (b,) = found.scans["a"], found.scans["b"]
    assert (a.mask, a.confounds, a.tr) == (f"{tmp_path}/m.nii.gz", f"{tmp_path}/rp_a.txt", "2.5")
    assert (b.mask, b.confounds, b.tr) == ("", "", "2")
    assert not table_of_series(tmp_path).images


def table_of_series(folder):
    (folder / "s.tsv").write_text("participant_id\ttimeseries\na\ta.mat\n")
    return table(folder / "s.tsv")


def test_a_sheet_of_scans_holds_several_per_participant(tmp_path):
    (tmp_path / "p.tsv").write_text("participant_id\tgroup\na\tX\nb\tY\nc\tY\n")
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "scans.csv").write_text(
        "participant_id,session,run,bold\na,2,,a2.nii\na,1,1,a11.nii\na,1,2,a12.nii\nb,1,,b.nii\nd,1,,d.nii\n"
    )
    found = table(tmp_path / "p.tsv", scans=str(tmp_path / "img" / "scans.csv"), sessions=["1", "2"])
    assert found.sessions == ("1", "2")
    assert found.files == {"a": f"{tmp_path}/img/a11.nii", "b": f"{tmp_path}/img/b.nii", "c": ""}
    assert [s.bold.split("/")[-1] for s in found.scans["a"]] == ["a2.nii", "a11.nii", "a12.nii"]
    assert table(tmp_path / "p.tsv", scans=str(tmp_path / "img" / "scans.csv"), sessions=["2"]).files["b"] == ""
    for sessions, words in (
        (None, "is missing: participants were scanned in 1, 2"),
        (["3"], "nobody was scanned in 3"),
    ):
        others = {} if sessions is None else {"sessions": sessions}
        with pytest.raises(InputError, match=f"config key cohort.sessions.*{words}"):
            table(tmp_path / "p.tsv", scans=str(tmp_path / "img" / "scans.csv"), **others)
    with pytest.raises(InputError, match=r"config key cohort.scans: .*absent.tsv: no such file"):
        table(tmp_path / "p.tsv", scans=str(tmp_path / "absent.tsv"))


def test_series_and_images_at_once_are_refused(tmp_path):
    (tmp_path / "p.tsv").write_text("participant_id\ttimeseries\tbold\na\ta.mat\ta.nii\n")
    with pytest.raises(InputError, match="leave one out"):
        table(tmp_path / "p.tsv")


def test_a_bids_dataset_is_known_by_its_sheet_and_its_files(tmp_path):
    (tmp_path / "participants.tsv").write_text("participant_id\tsite\nsub-1\tA\n2\tB\nsub-9\tB\n")
    for subject in ("1", "2", "4"):
        func = tmp_path / "derivatives/fmriprep" / f"sub-{subject}" / "func"
        func.mkdir(parents=True)
        (func / f"sub-{subject}_task-rest_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz").touch()
    found = roster.read(BASE | {"format": "bids", "root": str(tmp_path)}, "r")
    assert found.images
    assert list(found.files) == ["sub-1", "sub-2", "sub-4", "sub-9"]
    assert found.files["sub-9"] == ""
    assert found.files["sub-4"].endswith("sub-4_task-rest_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz")
    assert found.sites == {"A", "B"}


def test_scans_of_other_sessions_are_not_known(tmp_path):
    """Nor is who has no others and stands in no sheet."""
    (tmp_path / "participants.tsv").write_text("participant_id\nsub-1\nsub-2\n")
    for subject, session in (("1", "01"), ("1", "02"), ("2", "02"), ("3", "02"), ("4", "01")):
        func = tmp_path / f"sub-{subject}/ses-{session}/func"
        func.mkdir(parents=True)
        (func / f"sub-{subject}_ses-{session}_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz").touch()
    found = roster.read(BASE | {"format": "bids", "root": str(tmp_path), "sessions": ["01"]}, "r")
    assert {p: [scan.session for scan in own] for p, own in found.scans.items()} == {
        "sub-1": ["01"], "sub-2": [], "sub-4": ["01"],
    }  # fmt: skip
    assert list(found.files) == ["sub-1", "sub-2", "sub-4"]
    assert found.source == str(tmp_path / "participants.tsv")


def test_simulated_scans_have_the_files_that_will_be_made():
    settings = {"sites": {"A": [1, 1]}, "sessions": ["1", "2"], "voxel_size": 4, "effect": 1}
    found = roster.read(BASE | {"format": "simulated-bids", "simulated_scans": settings}, "results/x/cohort")
    assert found.sessions == ("1", "2")
    assert [len(found.scans[p]) for p in ("sub-001", "sub-002")] == [2, 1]
    assert found.files["sub-001"] == (
        "results/x/cohort/simulated-bids/derivatives/fmriprep/sub-001/ses-1/func/"
        "sub-001_ses-1_task-rest_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz"
    )


def sheet_of_images(folder, *rows, columns="participant_id\tsession\tbold\tmask"):
    (folder / "p.tsv").write_text("participant_id\tsite\na\tX\nb\tX\n")
    (folder / "s.tsv").write_text("\n".join([columns, *rows]) + "\n")
    return {"session_table": str(folder / "s.tsv"), "timepoints": ["pre", "week1", "post"]}


def test_a_sheet_of_sessions_may_name_images(tmp_path):
    rows = ["a\tses-post\ta2.nii.gz\t", "a\tpre\ta1.nii.gz\tm.nii.gz", "b\tpre\tb1.nii.gz\t", "c\tpre\tc.nii.gz\t"]
    found = table(tmp_path / "p.tsv", **sheet_of_images(tmp_path, *rows))
    assert found.images
    # in the order of the timepoints, those that somebody was scanned at
    assert found.sessions == found.scanned == ("pre", "post")
    assert found.files == {"a": f"{tmp_path}/a1.nii.gz", "b": f"{tmp_path}/b1.nii.gz"}
    assert {(s.session, s.bold) for s in found.scans["a"]} == {
        ("pre", f"{tmp_path}/a1.nii.gz"),
        ("post", f"{tmp_path}/a2.nii.gz"),
    }
    assert found.units == {}


def test_images_are_named_once(tmp_path):
    more = sheet_of_images(tmp_path, "a\tpre\ta1.nii.gz\t")
    (tmp_path / "p.tsv").write_text("participant_id\tbold\na\tx.nii.gz\n")
    with pytest.raises(InputError, match=r"has a column bold, and config key cohort\.session_table names images too"):
        table(tmp_path / "p.tsv", **more)


def test_one_session_of_images_is_no_cohort_of_sessions(tmp_path):
    found = table(tmp_path / "p.tsv", **sheet_of_images(tmp_path, "a\tpre\ta1.nii.gz\t"))
    assert found.sessions == ("pre",)
    assert found.scanned == ()
