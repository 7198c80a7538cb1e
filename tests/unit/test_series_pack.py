"""A bucket's series are packed once; what is wrong with a file is written down with its participant."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from scipy.io import savemat

from amygene.imaging.series import Layout
from amygene.imaging.series_pack import FINDING, check_members, read_labels, read_pack, write_findings, write_pack

LABELS = ("Amygdala_L", "Amygdala_R", "Insula_L")
LAYOUT = Layout(LABELS)


@pytest.fixture
def members(tmp_path):
    """Files of three lengths; the second has two regions without signal, the third is damaged, the fourth absent."""
    rng = np.random.default_rng(1)
    files = {f"sub-{i}": tmp_path / f"{i}.npy" for i in (1, 2, 3, 4)}
    np.save(files["sub-1"], rng.standard_normal((25, 3)))
    silent = rng.standard_normal((31, 3))
    silent[:, :2] = 7
    np.save(files["sub-2"], silent)
    files["sub-3"].write_bytes(b"\x93NUMPY")
    return {participant: str(file) for participant, file in files.items()} | {"sub-5": ""}


def test_readable_members_are_packed_and_every_member_has_a_finding(members):
    series, findings = check_members(members, LAYOUT)
    assert list(series) == ["sub-1", "sub-2"]
    assert [finding["participant_id"] for finding in findings] == list(members)
    assert all(set(finding) <= set(FINDING) for finding in findings)
    first, second = findings[:2]
    assert (first["n_timepoints"], first["n_constant"]) == (25, 0)
    assert (second["n_timepoints"], second["n_constant"]) == (31, 2)
    with open(members["sub-1"], "rb") as stream:
        assert first["sha256"] == hashlib.sha256(stream.read()).hexdigest()


def test_a_problem_names_the_participant_and_the_file_and_nothing_is_raised(members):
    _, findings = check_members(members, LAYOUT)
    problems = {finding["participant_id"]: finding.get("problem") for finding in findings}
    assert problems["sub-1"] is problems["sub-2"] is None
    assert problems["sub-3"].startswith(f"sub-3: {members['sub-3']}: cannot be read as .npy (")
    assert problems["sub-4"] == f"sub-4: {members['sub-4']}: no such file"
    assert problems["sub-5"] == "sub-5: no file of series is named (column timeseries is empty)"


def test_the_same_values_have_the_same_hash_in_any_format_and_other_values_another(tmp_path):
    values = np.random.default_rng(2).standard_normal((25, 3)).astype(np.float32)
    np.save(tmp_path / "a.npy", values)
    savemat(tmp_path / "b.mat", {"ROISignals": values})
    savemat(tmp_path / "c.mat", {"ROISignals": values, "saved": "later"})
    np.save(tmp_path / "d.npy", values + np.float32(1))
    files = {f.stem: str(f) for f in sorted(tmp_path.iterdir())}
    _, findings = check_members(files, LAYOUT)
    content = {finding["participant_id"]: finding["values_sha256"] for finding in findings}
    assert content["a"] == content["b"] == content["c"] != content["d"]
    assert len({finding["sha256"] for finding in findings}) == 4


def test_a_pack_gives_back_what_was_put_in(tmp_path, members):
    series, _ = check_members(members, LAYOUT)
    write_pack(tmp_path / "b.npz", series, LABELS)
    found, labels = read_pack(tmp_path / "b.npz")
    assert labels == LABELS
    assert list(found) == list(series)
    for participant, values in series.items():
        np.testing.assert_array_equal(found[participant], values)


def test_a_pack_of_nobody_can_be_read(tmp_path):
    write_pack(tmp_path / "b.npz", {}, LABELS)
    assert read_pack(tmp_path / "b.npz") == ({}, LABELS)


def test_findings_are_json(tmp_path, members):
    _, findings = check_members(members, LAYOUT)
    write_findings(tmp_path / "b_findings.json", findings)
    assert json.loads((tmp_path / "b_findings.json").read_text()) == findings


def test_labels_come_from_the_atlas_table_in_its_order(tmp_path):
    (tmp_path / "dseg.tsv").write_text("index\tregion\tstructure\n2\tÖ_L\tcortex\n1\tA_R\tcortex\n", encoding="utf-8")
    assert read_labels(tmp_path / "dseg.tsv") == ("Ö_L", "A_R")
