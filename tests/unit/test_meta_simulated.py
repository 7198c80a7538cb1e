"""Simulated experiments: planted truth, two files, one reader."""

import json

import numpy as np
import pandas as pd
import pytest

from amygene.meta.brain import Brain
from amygene.meta.foci import check_foci, read_foci
from amygene.meta.simulated import FALSE, TRUE, simulate, to_nimads

SETTINGS = {"experiments": 24, "share": 0.4, "spread": 4.0, "talairach": 0.4}


@pytest.fixture(scope="module")
def grid() -> Brain:
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = (-80, -110, -70)
    ijk = np.stack(np.meshgrid(np.arange(41), np.arange(50), np.arange(40), indexing="ij"), axis=-1)
    xyz = ijk @ affine[:3, :3].T + affine[:3, 3]
    return Brain.of((((xyz - [0, -16, 8]) / [72, 92, 72]) ** 2).sum(axis=-1) < 1, affine)


def test_truth_and_traps(grid):
    foci = simulate(grid, SETTINGS, 1)
    assert foci["sample"].nunique() == 24
    assert foci["experiment"].nunique() == 25
    assert 8 <= foci[foci["space"] == "TAL"]["sample"].nunique() <= 11
    twins = foci[foci["experiment"].isin(["Study01", "Study01b"]) & (foci["contrast"] == "decrease")]
    assert len(twins) >= 24


def test_another_share_changes_no_random_focus(grid):
    few, many = (simulate(grid, SETTINGS | {"share": share}, 1) for share in (0.1, 0.6))
    columns = ["experiment", "x", "y", "z", "contrast"]
    decrease = [f[f["contrast"] == "decrease"][columns].reset_index(drop=True) for f in (few, many)]
    pd.testing.assert_frame_equal(*decrease)
    assert len(many) == len(few) + round(0.6 * 24) - round(0.1 * 24)
    pd.testing.assert_frame_equal(simulate(grid, SETTINGS, 1), simulate(grid, SETTINGS, 1))


def test_through_both_files_and_back(grid, tmp_path):
    foci = simulate(grid, SETTINGS, 2)
    in_mni = foci["space"] == "MNI"
    foci[in_mni].to_csv(tmp_path / "a.tsv", sep="\t", index=False)
    (tmp_path / "b.json").write_text(json.dumps(to_nimads(foci[~in_mni], "sim")))
    read = pd.concat([read_foci(tmp_path / "a.tsv"), read_foci(tmp_path / "b.json")], ignore_index=True)
    found, notes = check_foci(read, grid, "stop")
    assert len(found) == len(foci)
    assert set(found["contrast"]) == {"increase", "decrease"}
    assert set(found["drug"]) <= {"SSRI", "ketamine", "other"}
    assert any("were Talairach" in note for note in notes)
    assert found["sample"].nunique() == 24
    increase = found[found["contrast"] == "increase"]
    near = np.linalg.norm(increase[["x", "y", "z"]].to_numpy() - TRUE, axis=1) < 14
    assert increase[near]["sample"].nunique() >= 9
    decrease = found[found["contrast"] == "decrease"]
    near = np.linalg.norm(decrease[["x", "y", "z"]].to_numpy() - FALSE, axis=1) < 14
    assert decrease[near]["sample"].nunique() <= 4
    assert near.sum() >= 20
