"""fMRIPrep's files are found by their names; what is ambiguous or absent is named."""

from __future__ import annotations

import pandas as pd
import pytest

from amygene.cohort import bids
from amygene.io.problems import InputError

SPACE = "MNI152NLin2009cAsym"


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def bold(stem, space=SPACE, ending=".nii.gz"):
    return f"{stem}_space-{space}_desc-preproc_bold{ending}"


def find(folder, space=SPACE, task=None, resolution=None):
    found = bids.find_scans(folder, space, task, resolution)
    return {p: [(s.session, s.run, s.bold.removeprefix(f"{folder}/")) for s in scans] for p, scans in found.items()}


def test_a_scan_comes_with_its_mask_and_confounds(tmp_path):
    touch(
        tmp_path,
        bold("sub-01/func/sub-01_task-rest_run-2_res-2"),
        "sub-01/func/sub-01_task-rest_run-2_desc-confounds_timeseries.tsv",
        bold("sub-02/func/sub-02_task-rest_res-2", ending=".nii"),
        "sub-02/func/sub-02_task-rest_desc-confounds_regressors.tsv",
    )
    scans = bids.find_scans(tmp_path, SPACE, None, None)
    (first,), (second,) = scans["sub-01"], scans["sub-02"]
    func = f"{tmp_path}/sub-01/func/sub-01_task-rest_run-2"
    assert first.mask == f"{func}_res-2_space-{SPACE}_desc-brain_mask.nii.gz"
    assert first.confounds == f"{func}_desc-confounds_timeseries.tsv"
    assert (first.session, first.run) == ("", "run-2")
    assert second.mask.endswith("_desc-brain_mask.nii")
    assert second.confounds == f"{tmp_path}/sub-02/func/sub-02_task-rest_desc-confounds_regressors.tsv"


def test_sessions_and_runs_are_sorted_and_other_files_left_alone(tmp_path):
    touch(
        tmp_path,
        bold("sub-1/ses-b/func/sub-1_ses-b_task-rest_dir-PA_run-1"),
        bold("sub-1/ses-a/func/sub-1_ses-a_task-rest_run-2"),
        bold("sub-1/ses-a/func/sub-1_ses-a_task-rest_run-1"),
        bold("sub-1/ses-a/func/sub-1_ses-a_task-rest_run-1_echo-2"),
        bold("sub-1/ses-a/func/sub-1_ses-a_task-rest_run-1", space="T1w"),
        "sub-1/ses-a/anat/sub-1_ses-a_desc-preproc_T1w.nii.gz",
        "sub-1/figures/x.svg",
        "sub-2/anat/sub-2_desc-preproc_T1w.nii.gz",
        "sub-1.html",
        "logs/x",
    )
    name = f"_space-{SPACE}_desc-preproc_bold.nii.gz"
    assert find(tmp_path) == {
        "sub-1": [
            ("a", "run-1", f"sub-1/ses-a/func/sub-1_ses-a_task-rest_run-1{name}"),
            ("a", "run-2", f"sub-1/ses-a/func/sub-1_ses-a_task-rest_run-2{name}"),
            ("b", "dir-PA_run-1", f"sub-1/ses-b/func/sub-1_ses-b_task-rest_dir-PA_run-1{name}"),
        ],
        "sub-2": [],
    }


def test_several_tasks_and_resolutions_must_be_chosen_from(tmp_path):
    touch(
        tmp_path,
        bold("sub-1/func/sub-1_task-rest_res-2"),
        bold("sub-1/func/sub-1_task-nback_res-2"),
        bold("sub-1/func/sub-1_task-rest_res-3"),
    )
    with pytest.raises(InputError) as caught:
        find(tmp_path)
    assert caught.value.problems == [
        f"config key cohort.task is missing: {tmp_path} holds nback, rest; choose one",
        f"config key cohort.resolution is missing: {tmp_path} holds 2, 3; choose one",
    ]
    assert len(find(tmp_path, task="rest", resolution="3")["sub-1"]) == 1
    with pytest.raises(InputError, match=r"config key cohort.task: found nback, rest in .*, not Rest"):
        find(tmp_path, task="Rest", resolution="2")


def test_a_space_that_is_not_there_is_named_with_those_that_are(tmp_path):
    touch(tmp_path, bold("sub-1/func/sub-1_task-rest", space="T1w"), bold("sub-1/func/sub-1_task-rest", space="MNI6"))
    with pytest.raises(InputError, match=r"found the spaces MNI6, T1w; choose one of MNI space in cohort.space"):
        find(tmp_path)


def test_the_folder_of_derivatives_is_the_usual_one_or_the_root_or_named(tmp_path):
    touch(tmp_path, "sub-1/anat/x")
    assert bids.find_derivatives(tmp_path, None) == tmp_path
    touch(tmp_path, "derivatives/fmriprep/sub-1/func/x", "elsewhere/sub-1/x")
    assert bids.find_derivatives(tmp_path, None) == tmp_path / "derivatives" / "fmriprep"
    assert bids.find_derivatives(tmp_path, str(tmp_path / "elsewhere")) == tmp_path / "elsewhere"
    with pytest.raises(InputError, match=r"no folder sub-\* in .*/nothing"):
        bids.find_derivatives(tmp_path, str(tmp_path / "nothing"))


def test_who_lacks_a_scan_or_a_row_is_out_with_the_reason():
    sheet = pd.DataFrame({"participant_id": ["sub-1", "2", "sub-3"], "age": ["30", "40", "50"]})
    sessions = {"sub-1": ["a", "b"], "sub-2": ["b"], "sub-3": [], "sub-4": ["a"], "sub-5": []}
    people = bids.participants(sheet, "x/participants.tsv", sessions, "a")
    assert people["participant_id"].tolist() == ["sub-1", "sub-2", "sub-3", "sub-4"]
    assert people["excluded"].tolist() == [
        "",
        "no preprocessed scan of session a",
        "no preprocessed scan of session a",
        "no row in participants.tsv",
    ]
    assert people["age"].tolist() == ["30", "40", "50", "n/a"]
    with pytest.raises(InputError, match="column 'participant_id' is missing; found id"):
        bids.participants(pd.DataFrame({"id": []}), "p.tsv", {}, "")


def test_the_sheet_stands_at_the_root_or_where_the_config_says():
    assert bids.sheet_of({"root": "/data/ds1"}) == "/data/ds1/participants.tsv"
    assert bids.sheet_of({"root": "/data/ds1", "participants": "mine.tsv"}) == "mine.tsv"
