"""Which files belong together, and what their maps are called."""

from __future__ import annotations

import pytest

from amygene.imaging.scans import Scan, by_session, check_labels, from_rows, map_name


def test_maps_are_named_as_bids_would():
    assert map_name("sub-01", "", "LCMA", "MNI") == "sub-01/sub-01_seed-LCMA_space-MNI_stat-fisherz_boldmap"
    assert map_name("S1-1-0001", "pre", "L", "M") == (
        "sub-S1-1-0001/sub-S1-1-0001_ses-pre_seed-L_space-M_stat-fisherz_boldmap"
    )


def test_rows_become_scans_with_files_relative_to_the_sheet():
    rows = [
        {"participant_id": "a", "session": "ses-1", "run": "2", "bold": "x/a.nii.gz", "mask": "/m.nii", "tr": "2.0"},
        {"participant_id": "a", "session": "2", "bold": "b.nii", "confounds": "n/a"},
        {"participant_id": "b", "bold": "n/a"},
        {"participant_id": "c", "bold": ""},
    ]
    assert from_rows(rows, "data/") == {
        "a": [Scan("1", "2", "data/x/a.nii.gz", "/m.nii", "", "2.0"), Scan("2", "", "data/b.nii")]
    }


def test_sessions_come_in_the_order_wanted_and_runs_stay_together():
    scans = [Scan("2", "1", "c"), Scan("1", "1", "a"), Scan("1", "2", "b"), Scan("3", "", "d")]
    assert {s: [r.bold for r in runs] for s, runs in by_session(scans, ["1", "4", "2"]).items()} == {
        "1": ["a", "b"],
        "2": ["c"],
    }
    assert list(by_session(scans, ["2", "1"])) == ["2", "1"]


@pytest.mark.parametrize("bad", ["a/b", "../x", "a b", "ü", "a\nb", "$(x)", "", "sub-", ".x", "a_b"])
def test_ids_that_cannot_be_file_names_are_named(bad):
    problems = check_labels(["sub-01", "S1-1-0001", bad, "x.y+z"])
    assert list(problems) == [bad]
    assert problems[bad].startswith(f"participant_id {bad!r} becomes part of file names")


def test_ids_that_share_their_files_are_named():
    assert check_labels(["sub-a1", "A1", "a2"]) == {
        "A1": "participant_id 'A1' and 'sub-a1' would share their files; rename one"
    }
