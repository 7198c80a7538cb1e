"""The table of quality has a row per scan, and says why maps are missing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from amygene.connectivity.qc import qc_table

PEOPLE = pd.DataFrame({"participant_id": ["a", "b", "c"], "site": ["X", "X", "Y"], "age": [1, 2, 3]})
MEASURED = {"n_timepoints": 100.0, "n_kept": 90.0, "scrubbed": 0.1, "df_left": 20.0, "mean_fd": 0.1, "max_fd": 1.0}


def entry(*seeds, **others):
    return {
        "maps": {s: {"file": s} for s in seeds},
        "coverage": {"L": 1.0, "R": 0.2},
        "tsnr": {"L": 40.0, "R": None},
        "n_voxels": 900,
    } | others


def z(*participants):
    return pd.DataFrame([[0.1, np.nan, 0.3]] * len(participants), index=list(participants), columns=["p", "q", "r"])


def make(sessions, made):
    described = {p: dict.fromkeys(by, MEASURED) for p, by in made.items()}
    return qc_table(PEOPLE, sessions, described, made, {"L": z("a", "b", "c"), "R": z("a")})


def test_one_row_per_participant_with_everything_known():
    table, meanings = make([""], {"a": {"": entry("L", "R")}, "b": {"": entry("L")}, "c": {"": entry(problem="gone")}})
    assert table["participant_id"].tolist() == ["a", "b", "c"]
    assert "session" not in table
    assert "age" not in table
    assert table["df_left"].tolist() == [20, 20, 20]
    assert table["n_missing_L"].tolist()[:2] == [1, 1]
    assert table["mean_z_L"].tolist()[:2] == [0.2, 0.2]
    assert np.isnan(table["mean_z_R"].iloc[1])
    assert np.isnan(table["tsnr_R"]).all()
    assert table["note"].tolist() == [None, "too little signal in R", "gone"]
    assert {c for c in table if c.endswith(("_L", "_R"))} <= set(meanings)


def test_sessions_have_rows_of_their_own_and_regions_are_those_of_the_first():
    made = {"a": {"2": entry("L"), "1": entry("L")}, "b": {"1": entry("L")}, "c": {"2": entry("L")}}
    table, _ = make(["1", "2"], made)
    assert table[["participant_id", "session"]].to_numpy().tolist() == [["a", "1"], ["a", "2"], ["b", "1"], ["c", "2"]]
    assert table["mean_z_L"].notna().tolist() == [True, False, True, False]
