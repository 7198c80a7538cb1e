"""Every fault of a participant's scans is found before work starts, and told with its file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from amygene.cohort.images import DefaultMask, check_confounds, check_images, read_signal, write_signal
from amygene.imaging.grid import Grid
from amygene.imaging.scans import Scan
from fixtures import scans

CLEANING = {key: value for key, value in scans.CLEANING.items() if key != "smoothing"}


def as_scan(files, session="", run="", tr=""):
    return Scan(session, run, str(files["bold"]), str(files["mask"]), str(files["confounds"]), tr)


@pytest.fixture
def default(tmp_path):
    """A mask in other voxels than the scans', as a template has."""
    shape = (48, 56, 44)
    affine = np.array([[4.0, 0, 0, -88], [0, 4, 0, -120], [0, 0, 4, -70], [0, 0, 0, 1]])
    nib.save(nib.Nifti1Image(scans.brain(shape).astype(np.uint8), affine), tmp_path / "default.nii.gz")
    return DefaultMask(tmp_path / "default.nii.gz")


@pytest.fixture
def files(tmp_path):
    return scans.write_scan(tmp_path / "sub-1", "sub-1_task-rest", 1)


def problem(members, default, sessions=("",)):
    """What `check_images` says about the only participant."""
    _, (finding,) = check_images(members, sessions, default)
    return finding.get("problem")


def test_a_sound_participant_is_described(files, default):
    signal, (finding,) = check_images({"sub-1": [as_scan(files)]}, ("",), default)
    grid, by_session = signal["sub-1"]
    assert grid.same_as(Grid(scans.SHAPE, scans.AFFINE))
    np.testing.assert_array_equal(by_session[""], scans.brain().ravel(order="F"))
    assert finding["n_timepoints"] == 80
    assert finding["n_constant"] == 0
    assert finding["file"] == str(files["bold"])
    assert [f["file"] for f in finding["files"]] == [str(files["bold"])]
    assert finding["grid"] == "12 x 14 x 11 voxels of 16 x 16 x 16 mm from (88, -120, -70)"


def test_sessions_and_runs_are_taken_together(tmp_path, default):
    made = {
        key: scans.write_scan(tmp_path, f"sub-1_ses-{key[0]}_task-rest_run-{key[1]}", i, n_volumes=40 + i)
        for i, key in enumerate([("1", "1"), ("1", "2"), ("2", "1")])
    }
    image = nib.load(made["1", "2"]["bold"])
    values = image.get_fdata(dtype=np.float32)
    values[5, 6, 5] = 7
    scans.write_image(made["1", "2"]["bold"], values, scans.AFFINE)
    members = {"sub-1": [as_scan(f, session=s, run=r) for (s, r), f in made.items()]}
    signal, (finding,) = check_images(members, ("2", "1"), default)
    assert finding["n_timepoints"] == 42
    assert len(finding["files"]) == 3
    by_session = signal["sub-1"][1]
    assert list(by_session) == ["2", "1"]
    assert by_session["2"].sum() - by_session["1"].sum() == 1
    _, (finding,) = check_images(members, ("1",), default)
    assert (finding["n_timepoints"], finding["n_constant"]) == (81, 1)


def test_without_a_mask_the_default_is_put_on_the_scan_s_grid(files, default):
    scan = Scan("", "", str(files["bold"]))
    signal, _ = check_images({"sub-1": [scan]}, ("",), default)
    found = signal["sub-1"][1][""].reshape(scans.SHAPE, order="F")
    inside = scans.brain()
    # the same brain, but for the voxels that its edge cuts; outside the scan is 0 throughout
    assert not found[~inside].any()
    assert found.sum() > 0.85 * inside.sum()


def test_a_mask_of_another_grid_is_a_fault(files, default):
    shifted = scans.AFFINE.copy()
    shifted[0, 3] += 2
    nib.save(nib.Nifti1Image(scans.brain().astype(np.uint8), shifted), files["mask"])
    assert problem({"sub-1": [as_scan(files)]}, default) == (
        f"sub-1: {files['mask']}: its grid is 12 x 14 x 11 voxels of 16 x 16 x 16 mm from (90, -120, -70), "
        f"that of its image {files['bold']} is 12 x 14 x 11 voxels of 16 x 16 x 16 mm from (88, -120, -70)"
    )


def test_volumes_that_are_not_finite_and_truncated_files_are_faults(tmp_path, default):
    broken = scans.write_scan(tmp_path, "sub-1_task-rest", 1)
    values = nib.load(broken["bold"]).get_fdata(dtype=np.float32)
    values[..., 11] = np.nan
    scans.write_image(broken["bold"], values, scans.AFFINE)
    cut = scans.write_scan(tmp_path, "sub-2_task-rest", 2)
    cut["bold"].write_bytes(cut["bold"].read_bytes()[:-500])
    members = {"sub-1": [as_scan(broken)], "sub-2": [as_scan(cut)]}
    signal, findings = check_images(members, ("",), default)
    assert signal == {}
    first, second = (f["problem"] for f in findings)
    assert first.startswith(f"sub-1: {broken['bold']}: ")
    assert "are not finite (NaN or infinite) in some volumes: 12;" in first
    assert second.startswith(f"sub-2: {cut['bold']}: cannot be read to its end")


def test_scans_of_one_participant_on_two_grids_are_a_fault(tmp_path, default):
    shifted = scans.AFFINE.copy()
    shifted[2, 3] += 8
    runs = [
        scans.write_scan(tmp_path, f"sub-1_task-rest_run-{i}", i, affine=affine)
        for i, affine in ((1, scans.AFFINE), (2, shifted))
    ]
    words = problem({"sub-1": [as_scan(f, run=f"{i}") for i, f in enumerate(runs)]}, default)
    assert words.startswith(f"sub-1: {runs[1]['bold']}: its grid is ")
    assert "that of the other scans is" in words


def test_a_participant_without_a_scan_of_the_session_is_named(files, default):
    assert problem({"sub-1": [as_scan(files, session="2")]}, default, ("1", "2")) == "sub-1: has no scan of session 1"
    assert problem({"sub-1": []}, default) == "sub-1: has no scan"
    assert "becomes part of file names" in problem({"a/b": [as_scan(files)]}, default)
    absent = Scan("", "", str(Path(files["bold"]).with_name("x.nii.gz")))
    assert problem({"sub-1": [absent]}, default) == f"sub-1: {absent.bold}: no such file"


def test_a_scan_without_any_signal_is_a_fault(tmp_path, files, default):
    scans.write_image(files["bold"], np.full((*scans.SHAPE, 30), 5, dtype=np.float32), scans.AFFINE)
    assert problem({"sub-1": [as_scan(files)]}, default) == f"sub-1: {files['bold']}: no voxel of its mask has signal"


def test_which_voxels_have_signal_is_kept_bit_by_bit(tmp_path, files, default):
    signal, _ = check_images({"sub-1": [as_scan(files, session="1")], "ü": []}, ("1",), default)
    write_signal(tmp_path / "s.npz", signal)
    found = read_signal(tmp_path / "s.npz")
    assert list(found) == [("sub-1", "1")]
    grid, bits = found["sub-1", "1"]
    assert grid.same_as(signal["sub-1"][0])
    np.testing.assert_array_equal(bits, signal["sub-1"][1]["1"])
    write_signal(tmp_path / "none.npz", {})
    assert read_signal(tmp_path / "none.npz") == {}


# confounds


def confounds_of(scan, cleaning=CLEANING, sessions=("",)):
    (finding,) = check_confounds({"sub-1": [scan]}, sessions, cleaning)
    return finding


def test_what_cleaning_leaves_is_counted(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 1, spikes=[20, 43, 44])
    found = confounds_of(as_scan(files))
    table = pd.read_csv(files["confounds"], sep="\t", na_values="n/a")
    fd = table["framewise_displacement"]
    assert "problem" not in found
    assert found["n_kept"] == 80 - 3 - 4
    assert found["scrubbed"] == pytest.approx(7 / 80)
    assert found["mean_fd"] == pytest.approx(fd[1:].mean())
    assert found["max_fd"] == pytest.approx(fd.max())
    assert 3 < found["df_left"] < 73 * 0.36
    alone = confounds_of(as_scan(files), CLEANING | {"strategy": "none", "scrub": None, "band_pass": None})
    assert alone["df_left"] == pytest.approx(78)
    assert alone["n_kept"] == 80


def test_a_filter_that_the_input_went_through_counts_for_the_degrees_of_freedom(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 1)
    plain = CLEANING | {"strategy": "none", "scrub": None}
    before = confounds_of(as_scan(files), plain | {"filtered": True})["df_left"]
    now = confounds_of(as_scan(files), plain)["df_left"]
    unfiltered = confounds_of(as_scan(files), plain | {"band_pass": None})["df_left"]
    # not the same: the trend is taken away once more after the filter
    assert before == pytest.approx(now, rel=0.25)
    assert before < 0.5 * unfiltered


def test_a_scan_that_scrubbing_leaves_nothing_of_has_no_degrees_of_freedom(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 1, spikes=list(range(1, 80, 2)))
    found = confounds_of(as_scan(files))
    assert "problem" not in found
    assert (found["n_kept"], found["df_left"], found["scrubbed"]) == (0, 0, 1)


def test_runs_add_up_and_sessions_stay_apart(tmp_path):
    made = {
        (s, r): scans.write_scan(tmp_path, f"sub-1_ses-{s}_task-rest_run-{r}", 7 + r, n_volumes=60 + 10 * r)
        for s, r in ((1, 1), (1, 2), (2, 1))
    }
    members = {"sub-1": [as_scan(f, session=f"{s}", run=f"{r}") for (s, r), f in made.items()]}
    (found,) = check_confounds(members, ("1", "2"), CLEANING)
    apart = [confounds_of(as_scan(made[1, r])) for r in (1, 2)]
    assert found["n_kept"] == 150
    assert found["df_left"] == pytest.approx(sum(f["df_left"] for f in apart))
    assert found["mean_fd"] == pytest.approx((69 * apart[0]["mean_fd"] + 79 * apart[1]["mean_fd"]) / 148)
    assert list(found["sessions"]) == ["1", "2"]
    assert found["sessions"]["2"]["n_timepoints"] == 70


@pytest.fixture
def told(files):
    """The problem after the confounds were changed."""

    def tell(change, cleaning=CLEANING, **options):
        table = pd.read_csv(files["confounds"], sep="\t", na_values="n/a")
        change(table).to_csv(files["confounds"], sep="\t", index=False, na_rep="n/a")
        return confounds_of(as_scan(files, **options), cleaning).get("problem")

    return tell


def test_faults_of_confounds_are_named_with_their_file(files, told):
    name = f"sub-1: {files['confounds']}: "
    assert told(lambda t: t) is None
    assert told(lambda t: t.drop(columns=["csf", "rot_x"])).startswith(
        name + "the strategy 24P+WM/CSF needs the columns rot_x, csf, which are missing; found trans_x,"
    )


def test_a_table_of_another_length_is_a_fault(files, told):
    assert told(lambda t: t.iloc[:-1]) == (
        f"sub-1: {files['confounds']}: has 79 rows, its image {files['bold']} has 80 volumes"
    )


def test_a_table_that_is_absent_or_not_named_is_a_fault(files):
    files["confounds"].unlink()
    assert confounds_of(as_scan(files))["problem"] == f"sub-1: {files['confounds']}: no such file"
    without = Scan("", "", str(files["bold"]))
    assert confounds_of(without)["problem"] == (
        f"sub-1: {files['bold']}: the strategy 24P+WM/CSF needs confounds, and no file is named (column confounds); "
        "name one, or set cleaning.strategy: none and cleaning.scrub: null"
    )
    assert "scrubbing needs confounds" in confounds_of(without, CLEANING | {"strategy": "none"})["problem"]
    assert "problem" not in confounds_of(without, CLEANING | {"strategy": "none", "scrub": None})


def test_a_repetition_time_that_is_nowhere_is_a_fault_unless_nothing_is_filtered(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 1, tr=0.0)
    files["bold"].with_name(files["bold"].name.replace(".nii.gz", ".json")).write_text("{}")
    words = confounds_of(as_scan(files))["problem"]
    assert words == (
        f"sub-1: {files['bold']}: its repetition time is in neither its JSON file nor its header, and the band-pass "
        "needs it; give cohort.tr or a column tr, in seconds"
    )
    assert "problem" not in confounds_of(as_scan(files), CLEANING | {"band_pass": None})
    assert "problem" not in confounds_of(as_scan(files, tr="2.0"))
    for wrong in ("2000", "two", "-1"):
        assert f"its repetition time is given as {wrong!r}" in confounds_of(as_scan(files, tr=wrong))["problem"]


def test_the_json_file_goes_before_the_header_and_the_sheet_before_both(tmp_path):
    from amygene.cleaning.denoising import repetition_time
    from amygene.imaging.images import read_header

    files = scans.write_scan(tmp_path, "sub-1_task-rest", 1, tr=2.5)
    header = read_header(files["bold"])
    sidecar = files["bold"].with_name(files["bold"].name.replace(".nii.gz", ".json"))
    sidecar.write_text(json.dumps({"RepetitionTime": 1.5}))
    assert repetition_time(as_scan(files), header) == 1.5
    assert repetition_time(as_scan(files, tr="3"), header) == 3
    sidecar.unlink()
    assert repetition_time(as_scan(files), header) == pytest.approx(2.5)


def test_a_band_above_the_highest_frequency_is_a_fault(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 1, tr=6.0)
    assert "with a repetition time of 6 s the highest frequency is 0.0833 Hz" in confounds_of(as_scan(files))["problem"]
    assert "problem" not in confounds_of(as_scan(files), CLEANING | {"band_pass": [0.01, None]})


def test_everything_that_is_wrong_with_a_scan_is_told_at_once(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 1, tr=0.0)
    files["bold"].with_name(files["bold"].name.replace(".nii.gz", ".json")).unlink()
    table = pd.read_csv(files["confounds"], sep="\t", na_values="n/a")
    table.drop(columns="white_matter").to_csv(files["confounds"], sep="\t", index=False, na_rep="n/a")
    words = confounds_of(as_scan(files))["problem"]
    assert "its repetition time is in neither" in words
    assert "needs the columns white_matter" in words


def test_a_compressed_file_that_is_none_is_a_fault(files, default):
    files["bold"].write_bytes(gzip.compress(b"hello"))
    assert problem({"sub-1": [as_scan(files)]}, default).startswith(f"sub-1: {files['bold']}: is no readable NIfTI")
