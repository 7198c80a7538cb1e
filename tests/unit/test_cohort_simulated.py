"""The simulated cohort: planted truth is there, and nobody's data depend on anybody else's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from amygene.cohort import simulated
from amygene.cohort.mat import write_mat
from amygene.connectivity.regions import seed_connectivity
from amygene.imaging.series import Layout, constant, read_series

SITES = {"S1": [3, 2], "S2": [2, 4]}


@pytest.fixture(scope="module")
def regions():
    rng = np.random.default_rng(6)
    bare = ["amygdala", "temporalpole", "frontalpole", "entorhinal", *(f"region{i}" for i in range(11))]
    names = [f"{side}_{name}" for name in bare for side in "LR"] + ["brainstem"]
    xyz = rng.uniform(-60, 60, (len(names), 3))
    return pd.DataFrame({"region": names, "x": xyz[:, 0], "y": xyz[:, 1], "z": xyz[:, 2]})


def test_people_come_by_site_cases_first():
    people = simulated.people(SITES)
    assert people[:4] == [
        ("sub-0001", "S1", "MDD"),
        ("sub-0002", "S1", "MDD"),
        ("sub-0003", "S1", "MDD"),
        ("sub-0004", "S1", "HC"),
    ]
    counts = pd.DataFrame(people).value_counts([1, 2])
    assert counts.to_dict() == {("S1", "MDD"): 3, ("S1", "HC"): 2, ("S2", "MDD"): 2, ("S2", "HC"): 4}


def test_the_sheet_depends_on_the_seed_alone():
    first, second = simulated.phenotypes(SITES, 1), simulated.phenotypes(SITES, 1)
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(simulated.phenotypes(SITES, 2))


def test_more_people_leave_those_before_them_as_they_are():
    few, many = simulated.phenotypes({"S1": [3, 0]}, 1), simulated.phenotypes({"S1": [9, 5]}, 1)
    pd.testing.assert_frame_equal(few, many.iloc[:3])


def test_a_large_sheet_has_the_flaws_of_a_real_one_and_plausible_numbers():
    sheet = simulated.phenotypes({"S1": [2000, 2000]}, 1)
    assert 0.002 < (sheet["education"] == "-9999").mean() < 0.02
    assert 0.001 < (sheet["mean_fd"] == "n/a").mean() < 0.01
    assert (sheet.loc[sheet["group"] == "HC", "hamd"] == "n/a").all()
    age = sheet["age"].astype(float)
    assert age.between(14, 72).all()
    assert abs((sheet["sex"] == "F").mean() - 0.6) < 3 * np.sqrt(0.24 / 4000)
    fd = pd.to_numeric(sheet["mean_fd"], errors="coerce")
    assert fd[sheet["group"] == "MDD"].median() > fd[sheet["group"] == "HC"].median()


def test_what_is_planted_is_a_shift_of_named_regions_and_a_standardised_profile(regions):
    profile = np.arange(len(regions), dtype=float)
    lowered = ["L_region1", "R_region1"]
    truth = simulated.planted(regions, lowered, 0.5, profile, 0.2)
    expected = 0.2 * simulated.Z_SD * (profile - profile.mean()) / profile.std()
    expected[regions["region"].isin(lowered)] -= 0.5 * simulated.Z_SD
    np.testing.assert_allclose(truth.difference, expected)
    assert truth.seed == "R_amygdala"


def test_nothing_is_planted_when_both_effects_are_zero(regions):
    assert not simulated.planted(regions, ["L_region1"], 0.0, np.arange(len(regions)), 0.0).difference.any()
    assert not simulated.planted(regions, [], 0.6, None, 0.2).difference.any()


def row(site="S1", group="HC", age="35.0", mean_fd="0.1"):
    return {"site": site, "group": group, "age": age, "mean_fd": mean_fd}


def test_a_participant_s_series_depend_on_its_own_number_alone(regions):
    brain = simulated.Brain(regions)
    truth = simulated.planted(regions, [], 0, None, 0)
    first = simulated.series(brain, truth, row(), ["S1", "S2"], 4, 1)
    np.testing.assert_array_equal(first, simulated.series(brain, truth, row(), ["S1", "S2", "S3"], 4, 1))
    assert not np.array_equal(first, simulated.series(brain, truth, row(), ["S1", "S2"], 5, 1))


def test_sites_have_lengths_of_their_own(regions):
    brain = simulated.Brain(regions)
    truth = simulated.planted(regions, [], 0, None, 0)
    lengths = {s: len(simulated.series(brain, truth, row(s), ["S1", "S2"], 0, 1)) for s in ("S1", "S2")}
    assert 140 <= lengths["S1"] <= 150
    assert 170 <= lengths["S2"] <= 180


def test_the_planted_difference_is_found_in_the_connectivity_of_the_right_amygdala(regions):
    brain = simulated.Brain(regions)
    lowered = ["L_region1", "R_region4"]
    truth = simulated.planted(regions, lowered, 3.0, None, 0)
    seed = np.array([regions["region"].tolist().index("R_amygdala")])
    found = {"MDD": [], "HC": []}
    for group, zs in found.items():
        for index in range(40):
            # the same people twice, as case and as control
            values = simulated.series(brain, truth, row(group=group), ["S1"], index, 1)
            zs.append(seed_connectivity(values.astype(float), seed))
    others = regions["region"] != "R_amygdala"
    difference = np.nanmean((np.array(found["MDD"]) - np.array(found["HC"]))[:, others], axis=0)
    hit = regions.loc[others, "region"].isin(lowered).to_numpy()
    assert difference[hit].max() < -0.2
    assert np.abs(difference[~hit]).max() < 0.12


def test_the_pass_band_of_white_noise_is_kept_and_scaled():
    rng = np.random.default_rng(7)
    kept = simulated.band_passed(rng.standard_normal((240, 3)))
    power = np.abs(np.fft.rfft(kept, axis=0)) ** 2
    frequency = np.fft.rfftfreq(240, simulated.TR)
    outside = (frequency < simulated.BAND[0]) | (frequency > simulated.BAND[1])
    assert power[outside].max() < 1e-20 * power.max()
    np.testing.assert_allclose(kept.std(axis=0), 1)


def test_a_file_as_dpabi_writes_it_is_the_same_whenever_it_is_written(tmp_path, monkeypatch):
    values = np.random.default_rng(8).standard_normal((25, 3)).astype(np.float32)
    write_mat(tmp_path / "a.mat", values)
    monkeypatch.setattr("time.asctime", lambda *_: "another time")
    write_mat(tmp_path / "b.mat", values)
    assert (tmp_path / "a.mat").read_bytes() == (tmp_path / "b.mat").read_bytes()
    np.testing.assert_array_equal(read_series(tmp_path / "a.mat", Layout(("x", "y", "z"))), values)


def test_some_participants_lack_regions_at_the_rim_and_their_files_hold_zeros_there(regions):
    brain = simulated.Brain(regions)
    truth = simulated.planted(regions, [], 0, None, 0)
    n = 60
    silent = [constant(simulated.series(brain, truth, row(), ["S1"], i, 1)) for i in range(n)]
    touched = [set(regions["region"][s]) for s in silent if s.any()]
    # 8 % of 60, with more than 99.9 % of a binomial distribution inside these bounds
    assert 0 < len(touched) < 15
    assert all(lost <= set(simulated.UNCOVERED) and len(lost) <= 3 for lost in touched)
