"""Derived outcomes: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from amygene.cohort import outcomes

LONG = pd.DataFrame(
    {
        "participant_id": ["a", "a", "a", "b", "b", "c", "d", "d"],
        "timepoint": ["pre", "week2", "week6", "pre", "week2", "week2", "pre", "week2"],
        "hamd": [24.0, 12, 7, 20, np.nan, 9, 0, 3],
        "sofas": [50.0, 60, 75, 40, 40, 80, 0, 10],
    }
)
RULES = {
    "HAMD": {"instrument": "hamd", "better": "lower", "responder": 0.5, "remission": 7},
    "sofas": {"better": "higher", "responder": 0.25, "remission": 70},
}


def derived(rules=RULES, table=LONG):
    long = outcomes.to_long(table, ["hamd", "sofas"], ["pre", "week2", "week6"])
    return outcomes.derive(long, rules, "pre", ["week2", "week6"]).set_index(["participant_id", "outcome", "timepoint"])


def test_rates_response_and_remission():
    found = derived()
    a = found.loc[("a", "HAMD", "week2")]
    assert (a["baseline"], a["value"], a["change"], a["reduction"]) == (24, 12, -12, 0.5)
    assert (a["responder"], a["remission"]) == (1, 0)
    assert found.loc[("a", "HAMD", "week6"), "remission"] == 1
    assert found.loc[("a", "sofas", "week2"), "reduction"] == pytest.approx(0.2)
    assert found.loc[("a", "sofas", "week2"), "responder"] == 0
    assert found.loc[("a", "sofas", "week6"), ["responder", "remission"]].tolist() == [1, 1]


def test_a_threshold_reached_but_for_rounding_counts():
    table = pd.DataFrame({"participant_id": ["a", "a"], "timepoint": ["pre", "week2"], "hamd": [0.3, 0.1 * 3 / 2]})
    long = outcomes.to_long(table, ["hamd"], [])
    rate = outcomes.derive(long, {"hamd": {"responder": 0.5}}, "pre", ["week2"])
    assert rate["responder"].tolist() == [1]


def test_what_cannot_be_derived_is_missing():
    found = derived()
    # no value, no row; no baseline, no rate but a remission
    assert ("b", "HAMD", "week2") not in found.index
    c = found.loc[("c", "HAMD", "week2")]
    assert np.isnan(c[["baseline", "change", "reduction", "responder"]].to_numpy(dtype=float)).all()
    assert c["remission"] == 0
    # nothing can be reduced where nothing was there
    assert np.isnan(found.loc[("d", "HAMD", "week2"), "reduction"])
    assert np.isnan(found.loc[("d", "HAMD", "week2"), "responder"])


def test_floor_is_taken_off_before():
    table = pd.DataFrame({"participant_id": ["a", "a"], "timepoint": ["pre", "week2"], "bprs": [48.0, 33.0]})
    long = outcomes.to_long(table, ["bprs"], [])
    rates = [
        outcomes.derive(long, {"bprs": rule | {"responder": 0.5}}, "pre", ["week2"]).iloc[0]
        for rule in ({}, {"floor": 18})
    ]
    assert rates[0]["reduction"] == pytest.approx(15 / 48)
    assert rates[1]["reduction"] == pytest.approx(0.5)
    assert [r["responder"] for r in rates] == [0, 1]


def test_one_row_per_participant_is_the_same():
    table = LONG.pivot(index="participant_id", columns="timepoint", values=["hamd", "sofas"])
    table.columns = [f"{instrument}_{time}" for instrument, time in table.columns]
    pd.testing.assert_frame_equal(derived(table=table.reset_index()).sort_index(), derived().sort_index())


def test_one_measure_by_participant():
    long = outcomes.to_long(LONG, ["hamd", "sofas"], [])
    table = outcomes.derive(long, RULES, "pre", ["week2"])
    assert outcomes.wide(table, "HAMD", "responder", "week2").to_dict() == {"a": 1.0}
