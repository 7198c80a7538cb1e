"""What a strategy takes of fMRIPrep's table, against nilearn's own loader on a table that fMRIPrep wrote."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import nilearn.interfaces.fmriprep as fmriprep
import numpy as np
import pandas as pd
import pytest

from amygene.cleaning import choices
from amygene.cleaning.confounds import (
    NAMED,
    framewise_displacement,
    read_confounds,
    read_metadata,
    select_confounds,
    strategy_columns,
    unsteady_volumes,
)
from amygene.io.choices import load
from amygene.io.problems import InputError

#: files of fMRIPrep 21 and 20 that nilearn tests itself with
DATA = Path(fmriprep.__file__).parent / "data"
NEW, OLD = DATA / "test-v21_desc-confounds_timeseries.tsv", DATA / "test_desc-confounds_regressors.tsv"

STRATEGIES = {
    "24P": {"strategy": ("motion",)},
    "24P+WM/CSF": {"strategy": ("motion", "wm_csf"), "wm_csf": "basic"},
    "24P+WM/CSF+GSR": {
        "strategy": ("motion", "wm_csf", "global_signal"),
        "wm_csf": "basic",
        "global_signal": "basic",
    },
    "aCompCor": {"strategy": ("motion", "high_pass", "compcor"), "compcor": "anat_separated", "n_compcor": 5},
}


@pytest.mark.parametrize("source", [NEW, OLD], ids=["v21", "v20"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_confounds_equal_those_that_nilearn_loads(tmp_path, source, strategy):
    table = tmp_path / "sub-1_task-rest_desc-confounds_timeseries.tsv"
    shutil.copy(source, table)
    shutil.copy(source.with_suffix(".json"), table.with_suffix(".json"))
    image = tmp_path / "sub-1_task-rest_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz"
    image.touch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, _ = fmriprep.load_confounds(str(image), motion="full", demean=False, **STRATEGIES[strategy])
    found = select_confounds(strategy, read_confounds(table), read_metadata(table), str(table))
    columns = strategy_columns(strategy, read_confounds(table), read_metadata(table))
    order = [columns.index(c) for c in expected.columns]
    assert sorted(columns) == sorted(expected.columns)
    np.testing.assert_allclose(found[:, order], expected.to_numpy(), rtol=0, atol=1e-12)


def test_volumes_before_the_steady_state_are_those_of_nilearn(tmp_path):
    table = read_confounds(NEW)
    expected = [c for c in table if c.startswith("non_steady_state")]
    assert expected
    assert np.flatnonzero(unsteady_volumes(table)).tolist() == np.flatnonzero(table[expected].sum(axis=1)).tolist()


@pytest.fixture
def motion():
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(0, 0.02, (30, 6)), axis=0)
    return pd.DataFrame(values, columns=["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"])


def test_displacement_of_fmriprep_s_own_motion_is_fmriprep_s():
    table = read_confounds(NEW)
    alone = table[["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]]
    own = framewise_displacement(table, "x")
    assert own[0] == 0
    np.testing.assert_allclose(framewise_displacement(alone, "x")[1:], own[1:], atol=2e-4)


def test_six_columns_of_motion_are_enough(tmp_path, motion):
    np.savetxt(tmp_path / "rp_01.txt", motion.to_numpy())
    table = read_confounds(tmp_path / "rp_01.txt")
    found = select_confounds("24P", table, {}, "x")
    six = motion.to_numpy()
    change = np.vstack([np.diff(six, axis=0)[:1], np.diff(six, axis=0)])
    np.testing.assert_allclose(found, np.hstack([six, change, six**2, change**2]), atol=1e-12)
    arcs = np.abs(np.diff(six, axis=0)) * [1, 1, 1, 50, 50, 50]
    np.testing.assert_allclose(framewise_displacement(table, "x"), np.r_[0, arcs.sum(axis=1)], atol=1e-12)


def test_one_s_own_columns_are_a_strategy_and_none_takes_nothing(motion):
    table = motion.assign(heart=np.arange(30.0))
    np.testing.assert_array_equal(select_confounds(["heart"], table, {}, "x")[:, 0], np.arange(30))
    assert select_confounds("none", table, {}, "x").shape == (30, 0)


def test_columns_that_are_missing_are_named_with_what_to_do(motion):
    with pytest.raises(InputError) as caught:
        select_confounds("24P+WM/CSF+GSR", motion, {}, "c.tsv")
    assert caught.value.problems == [
        "c.tsv: the strategy 24P+WM/CSF+GSR needs the columns csf, white_matter, global_signal, which are missing; "
        "found trans_x, trans_y, trans_z, rot_x, rot_y, rot_z; choose another cleaning.strategy"
    ]
    with pytest.raises(InputError, match="needs the columns w_comp_cor_00, c_comp_cor_00, which are missing"):
        select_confounds("aCompCor", motion, {}, "c.tsv")


def test_values_missing_after_the_first_volume_are_a_problem(motion):
    table = motion.assign(csf=1.0, white_matter=2.0)
    table.loc[0, "csf"] = np.nan
    assert select_confounds("24P+WM/CSF", table, {}, "c.tsv").shape == (30, 26)
    table.loc[7, "csf"] = np.nan
    with pytest.raises(InputError, match=r"c.tsv: column csf has values that are missing or not finite"):
        select_confounds("24P+WM/CSF", table, {}, "c.tsv")


def test_displacement_needs_a_column_or_motion(motion):
    with pytest.raises(InputError, match="has neither framewise_displacement nor the six motion parameters"):
        framewise_displacement(motion.drop(columns="rot_z"), "c.tsv")
    broken = motion.assign(framewise_displacement=np.r_[np.nan, np.nan, np.ones(28)])
    with pytest.raises(InputError, match="framewise_displacement is missing or not finite in some volumes"):
        framewise_displacement(broken, "c.tsv")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("c.tsv", None, "no such file"),
        ("c.mat", "x", "confounds end in .tsv, .csv, .txt or .1D"),
        ("c.tsv", "csf\twhite_matter\n1\tx\n", "column white_matter holds text where numbers belong"),
        ("rp.txt", "1 2 3\n4 5 6\n", "expected the six columns of head motion, found 3"),
        ("rp.txt", "a b c\n", "is no table of numbers"),
        ("c.tsv", "", "is no table of numbers"),
    ],
)
def test_files_that_are_no_confounds(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=words):
        read_confounds(tmp_path / name)


def test_a_table_without_metadata_goes_by_the_names_of_its_components(tmp_path):
    table = pd.DataFrame(np.zeros((5, 14)), columns=[f"{t}_comp_cor_{k:02d}" for t in "wc" for k in range(7)])
    chosen = [c for c in strategy_columns("aCompCor", table, {}) if "comp_cor" in c]
    assert chosen == [f"{t}_comp_cor_{k:02d}" for t in "wc" for k in range(5)]
    assert read_metadata(tmp_path / "absent.tsv") == {}
    (tmp_path / "c.json").write_text(json.dumps({"a": 1}))
    assert read_metadata(tmp_path / "c.tsv") == {"a": 1}


def test_strategies_of_the_registry_are_those_of_this_module():
    assert list(choices.STRATEGIES) == ["none", *NAMED]
    for name, function in NAMED.items():
        assert load(choices.STRATEGIES[name].place) is function
