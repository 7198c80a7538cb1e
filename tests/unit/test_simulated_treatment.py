"""The treated cohort: attendance, planted reduction, sheets, and series that carry the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from amygene.cohort import simulated, simulated_treatment
from amygene.io.problems import InputError

SETTINGS = {
    "sites": {"A": [40, 10], "B": [20, 10]},
    "sessions": 2,
    "attendance": 0.8,
    "change": 3.0,
    "change_regions": ["L_x"],
    "outcome_region": "R_y",
    "outcome_correlation": 0.8,
}


def regions():
    names = ["R_amygdala", "L_x", "R_y", *simulated.UNCOVERED, "L_z"]
    xyz = np.random.default_rng(1).normal(0, 40, (len(names), 3))
    return pd.DataFrame({"region": names, "x": xyz[:, 0], "y": xyz[:, 1], "z": xyz[:, 2]})


def test_one_session_is_no_treatment():
    assert simulated_treatment.attendance(SETTINGS | {"sessions": 1}) == {}


def test_attendance_is_a_share_of_the_cases():
    came = simulated_treatment.attendance(SETTINGS)
    groups = {p: g for p, _, g in simulated.people(SETTINGS["sites"])}
    assert {s for p, s in came.items() if groups[p] == "HC"} == {("pre",)}
    again = [s == ("pre", "post") for p, s in came.items() if groups[p] == "MDD"]
    assert abs(np.mean(again) - 0.8) < 0.03


def test_reduction_goes_with_the_trait():
    drawn = np.array([simulated_treatment.treated(i, 0.8, 3) for i in range(3000)])
    kept = drawn[(drawn[:, 1] > -0.3) & (drawn[:, 1] < 1)]
    assert abs(np.corrcoef(kept.T)[0, 1] - 0.8) < 0.04
    assert abs(drawn[:, 1].mean() - 0.5) < 0.02
    none = np.array([simulated_treatment.treated(i, 0, 3) for i in range(3000)])
    assert abs(np.corrcoef(none.T)[0, 1]) < 0.06


def test_sheets_and_series_tell_the_same_story():
    brain = simulated.Brain(regions())
    truth = simulated.planted(regions(), [], 0, None, 0)
    people = simulated.phenotypes(SETTINGS["sites"], 3)
    came = simulated_treatment.attendance(SETTINGS)
    sessions, outcomes = simulated_treatment.sheets(people, 0.8, came, 3)
    assert sessions.groupby("participant_id").size().to_dict() == {p: len(s) for p, s in came.items()}
    values = outcomes.pivot(index="participant_id", columns="timepoint", values="hamd").astype(float)
    rises, traits = {True: [], False: []}, []
    for index, row in enumerate(people.to_dict("records")):
        p = row["participant_id"]
        made = simulated_treatment.session_series(brain, truth, row, ["A", "B"], index, SETTINGS, came[p], 3)
        assert tuple(made) == came[p]
        if row["group"] != "MDD":
            continue
        z = {s: np.arctanh(np.corrcoef(v[:, :3].T) * (1 - 1e-9)) for s, v in made.items()}
        traits.append((z["pre"][0, 2], 1 - values.loc[p, "post"] / values.loc[p, "pre"]))
        if "post" in z:
            responder = 1 - values.loc[p, "post"] / values.loc[p, "pre"] >= 0.5
            rises[bool(responder)].append(z["post"][0, 1] - z["pre"][0, 1])
    # planted: 3 standard deviations of .18
    assert abs(np.mean(rises[True]) - np.mean(rises[False]) - 0.54) < 0.2
    assert np.corrcoef(np.array(traits).T)[0, 1] > 0.3


def test_baseline_does_not_depend_on_coming_again():
    brain = simulated.Brain(regions())
    truth = simulated.planted(regions(), [], 0, None, 0)
    row = simulated.phenotypes(SETTINGS["sites"], 3).to_dict("records")[0]
    once, twice = (
        simulated_treatment.session_series(brain, truth, row, ["A", "B"], 0, SETTINGS, came, 3)["pre"]
        for came in (("pre",), ("pre", "post"))
    )
    assert np.array_equal(once, twice)


def test_series_come_scan_by_scan_as_they_are_alone():
    brain, truth = simulated.Brain(regions()), simulated.planted(regions(), [], 0, None, 0)
    settings = SETTINGS | {"sites": {"A": [2, 1]}, "attendance": 1.0}
    people = simulated.phenotypes(settings["sites"], 3)
    rows, names = people.to_dict("records"), people["participant_id"].tolist()
    came = simulated_treatment.attendance(settings)
    found = list(simulated_treatment.all_series(brain, truth, people, settings, came, 3))
    assert [f[:2] for f in found] == [
        (names[0], "pre"), (names[0], "post"), (names[1], "pre"), (names[1], "post"), (names[2], "pre"),
    ]  # fmt: skip
    alone = simulated_treatment.session_series(brain, truth, rows[1], ["A"], 1, settings, came[names[1]], 3)
    assert np.array_equal(found[3][2], alone["post"])
    once = list(simulated_treatment.all_series(brain, truth, people, settings, {}, 3))
    assert [f[:2] for f in once] == [(name, "pre") for name in names]
    assert np.array_equal(once[2][2], simulated.series(brain, truth, rows[2], ["A"], 2, 3))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"category": "no such process"}, "category: 'no such process' is no set of GO BP"),
        ({"regions": ["L_x", "L_q"]}, r"simulated.regions: \['L_q'\] are no regions of DK83"),
        ({"change_regions": ["L_q"]}, r"simulated.change_regions: \['L_q'\] are no regions of DK83"),
        ({"outcome_region": "R_q"}, "outcome_region: R_q is no region of DK83"),
    ],
)
def test_names_that_are_not_there_are_refused(changed, message):
    settings = SETTINGS | {"category": "synapse", "regions": ["L_x"]}
    names = set(regions()["region"])
    simulated.check_settings(settings, names, {"synapse": ["G1"]})
    with pytest.raises(InputError, match=message):
        simulated.check_settings(settings | changed, names, {"synapse": ["G1"]})
