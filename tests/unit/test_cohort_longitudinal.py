"""Sheets of sessions and outcomes: what is wrong with them is told all at once; who is left out, and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from amygene.cohort import roster
from amygene.cohort.longitudinal import Sheets, assemble, image_findings, image_sessions, read_sheets
from amygene.io.problems import InputError

SCHEMA = yaml.safe_load((Path(__file__).parents[2] / "config/schemas/participants.schema.yaml").read_text())
PEOPLE = pd.DataFrame({"participant_id": ["a", "b", "c"], "group": ["X", "Y", "X"]})
SESSIONS = pd.DataFrame(
    [
        ("a", "1", "pre", "a1.npy", "0.1"),
        ("a", "2", "post", "a2.npy", "0.4"),
        ("b", "1", "pre", "b1.npy", "0.2"),
        ("c", "1", "pre", "c1.npy", "n/a"),
        ("c", "2", "post", "c2.npy", "0.1"),
    ],
    columns=["participant_id", "session", "timepoint", "timeseries", "mean_fd"],
)
OUTCOMES = pd.DataFrame(
    [("a", "pre", "20"), ("a", "post", "8"), ("b", "pre", "18"), ("c", "pre", "22"), ("c", "post", "n/a")],
    columns=["participant_id", "timepoint", "hamd"],
)


def read(folder, sessions=SESSIONS, outcomes=OUTCOMES, **changed):
    for name, table in (("participants", PEOPLE), ("sessions", sessions), ("outcomes", outcomes)):
        if table is not None:
            table.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    how = {"timepoints": ["pre", "post"], "instruments": ["hamd"], "numeric": ["mean_fd"]}
    how |= {"missing": ["", "n/a"], "codes": {}} | changed
    files = [str(folder / f"{name}.tsv") for name in ("participants", "sessions", "outcomes")]
    return read_sheets(*files, SCHEMA, **how)


def findings(**problems):
    units = [f"{p}_ses-{s}" for p, s in zip(SESSIONS["participant_id"], SESSIONS["session"], strict=True)]
    return pd.DataFrame(
        {
            "participant_id": units,
            "n_timepoints": 200.0,
            "n_constant": 0.0,
            "values_sha256": units,
            "problem": [problems.get(u.replace("_ses-", "")) for u in units],
        }
    )


def put_together(sheets, people=("a", "b", "c"), found=None, **changed):
    how = {
        "timepoints": ["pre", "post"],
        "outcomes": {"HAMD": {"instrument": "hamd", "responder": 0.5}},
        "select": {},
        "faulty": "stop",
    } | changed
    return assemble(sheets.sessions, sheets.instruments, people, findings() if found is None else found, **how)


def test_good_sheets_have_no_problems(tmp_path):
    sheets = read(tmp_path)
    assert sheets.problems == []
    made = put_together(sheets)
    assert made.sessions["unit"].tolist() == ["a_ses-1", "a_ses-2", "b_ses-1", "c_ses-1", "c_ses-2"]
    assert made.sessions["timepoint"].tolist() == ["pre", "post", "pre", "pre", "post"]
    assert np.isnan(made.sessions["mean_fd"][3])
    assert made.excluded.empty
    assert made.outcomes.set_index("participant_id").loc["a", ["reduction", "responder"]].tolist() == [0.6, 1]


def test_all_problems_of_both_sheets_come_together(tmp_path):
    sessions = SESSIONS.copy()
    sessions.loc[0, "mean_fd"] = "high"
    sessions.loc[1, "timepoint"] = "pots"
    sessions.loc[2, "participant_id"] = "z"
    sessions.loc[4, "timepoint"] = "pre"
    sessions = pd.concat([sessions, sessions.iloc[[3]]])
    outcomes = pd.concat([OUTCOMES.assign(hamd=["x", *OUTCOMES["hamd"][1:]]), OUTCOMES.iloc[[2]]])
    outcomes.iloc[1, 1] = ""
    text = "\n".join(read(tmp_path, sessions, outcomes).problems)
    for words in (
        "'high' (a_ses-1)",
        "timepoint 'pots' is none of config key cohort.timepoints (pre, post)",
        "z stand in no row of the participants sheet",
        "more than one session of c at pre",
        "c_ses-1 stands more than once",
        "'x' (a at pre)",
        "timepoint is empty in row 3",
        "b at pre stands more than once",
    ):
        assert words in text, words


def test_absent_columns_and_files_are_named(tmp_path):
    problems = read(tmp_path, SESSIONS.drop(columns="session"), OUTCOMES.rename(columns={"hamd": "madrs"})).problems
    text = "\n".join(problems)
    assert "column session is missing" in text
    assert (
        "column hamd is missing, which config key response.outcomes uses; found participant_id, timepoint, madrs"
        in text
    )
    (tmp_path / "sessions.tsv").unlink()
    assert "no such file (config key cohort.session_table)" in "\n".join(read(tmp_path, None).problems)


def test_one_row_per_participant(tmp_path):
    wide = pd.DataFrame({"participant_id": ["a", "b"], "hamd_pre": ["20", "18"], "hamd_post": ["8", "n/a"]})
    made = put_together(read(tmp_path, outcomes=wide))
    assert made.outcomes["participant_id"].tolist() == ["a"]
    assert made.outcomes["reduction"].tolist() == [0.6]


def test_timepoint_left_out_is_the_label_of_the_session(tmp_path):
    sessions = SESSIONS.assign(session="ses-" + SESSIONS["timepoint"]).drop(columns="timepoint")
    sheets = read(tmp_path, sessions)
    assert sheets.problems == []
    assert sheets.sessions["timepoint"].tolist() == SESSIONS["timepoint"].tolist()
    assert sheets.sessions["unit"][0] == "a_ses-pre"


def test_faulty_sessions_stop_or_are_left_out(tmp_path):
    sheets = read(tmp_path)
    found = findings(a2="a_ses-2: a2.npy: no such file")
    with pytest.raises(InputError, match=r"a_ses-2: a2\.npy: no such file"):
        put_together(sheets, found=found)
    made = put_together(sheets, found=found, faulty="exclude")
    assert made.excluded[["participant_id", "timepoint", "reason"]].values.tolist() == [
        ["a", "post", "a_ses-2: a2.npy: no such file"]
    ]
    assert "a_ses-2" not in set(made.sessions["unit"])


def test_selection_holds_for_every_session_that_it_knows(tmp_path):
    made = put_together(read(tmp_path), select={"mean_fd": [0, 0.3], "age": [18, 65]})
    assert made.excluded[["unit", "reason"]].values.tolist() == [
        ["a_ses-2", "mean_fd 0.4 is above 0.3"],
        ["c_ses-1", "mean_fd is missing"],
    ]


def test_who_is_out_has_no_sessions_and_needs_no_files(tmp_path):
    made = put_together(read(tmp_path), people=("b",), found=findings(a1="faulty", c2="faulty"))
    assert made.sessions["participant_id"].tolist() == ["b"]
    assert made.outcomes.empty


def test_identical_scans_are_a_problem(tmp_path):
    found = findings().assign(values_sha256=["same", "same", "b", "c", "d"])
    with pytest.raises(InputError, match="scans a_ses-1, a_ses-2 are identical"):
        put_together(read(tmp_path), found=found)


def test_roster_takes_the_baseline_for_the_other_stages(tmp_path):
    for name, table in (("participants", PEOPLE), ("sessions", SESSIONS)):
        table.to_csv(tmp_path / f"{name}.tsv", sep="\t", index=False)
    cohort = {
        "format": "table",
        "participants": str(tmp_path / "participants.tsv"),
        "session_table": str(tmp_path / "sessions.tsv"),
        "timepoints": ["pre", "week1", "post"],
        "missing": [],
        "codes": {},
    }
    found = roster.read(cohort, "")
    assert found.files == {p: str(tmp_path / f"{p}1.npy") for p in "abc"}
    assert found.units["a"] == {"a_ses-1": str(tmp_path / "a1.npy"), "a_ses-2": str(tmp_path / "a2.npy")}
    assert found.scanned == ("pre", "post")
    PEOPLE.assign(timeseries="x.npy").to_csv(tmp_path / "participants.tsv", sep="\t", index=False)
    with pytest.raises(InputError, match=r"has a column timeseries, and config key cohort\.session_table"):
        roster.read(cohort, "")


IMAGES = SESSIONS.drop(columns="timeseries").assign(session=SESSIONS["timepoint"], bold="x.nii.gz", dose="5")
SCANS = {"a": ["pre", "post"], "b": ["pre"], "c": ["pre", "post"]}
#: of images and confounds together, one per participant
FOUND = [
    {
        "participant_id": p,
        "values_sha256": " ".join(f"{p}{s}" for s in sessions),
        "files": [{"session": s} for s in sessions],
        "sessions": {s: {"n_timepoints": 200.0, "mean_fd": 0.1 + 0.3 * (s == "post"), "df_left": 40} for s in sessions},
    }
    for p, sessions in SCANS.items()
]


def test_of_images_the_label_is_the_timepoint(tmp_path):
    assert read(tmp_path, IMAGES, images=True).problems == []
    assert read(tmp_path, IMAGES.drop(columns="timepoint"), images=True).problems == []
    other = IMAGES.assign(session=["1", "2", "1", "1", "2"])
    problem = " ".join(read(tmp_path, other, images=True).problems)
    assert "of images the session's label is its timepoint, found 1 at pre, 2 at post" in problem
    # a cohort of images needs no sheet of sessions
    IMAGES.to_csv(tmp_path / "participants.tsv", sep="\t", index=False)
    how = {"timepoints": ["pre", "post"], "instruments": [], "numeric": [], "missing": [""], "codes": {}}
    assert read_sheets(str(tmp_path / "participants.tsv"), None, None, SCHEMA, images=True, **how).problems == []


def test_sessions_of_images_are_their_scans_with_what_was_measured_and_the_sheets_columns(tmp_path):
    sheet = read(tmp_path, IMAGES.drop(columns="mean_fd").iloc[:4], images=True, numeric=["dose"]).sessions
    scans = image_sessions(SCANS, sheet)
    found = put_together(Sheets(scans, None, []), found=image_findings(FOUND)).sessions
    assert found["unit"].tolist() == ["a_ses-pre", "a_ses-post", "b_ses-pre", "c_ses-pre", "c_ses-post"]
    assert (found["timepoint"] == found["session"]).all()
    assert found["mean_fd"].tolist() == pytest.approx([0.1, 0.4, 0.1, 0.1, 0.4])
    assert found["dose"].tolist()[:4] == [5.0] * 4
    assert np.isnan(found["dose"].iloc[4])
    assert not {"bold", "mask", "n_constant"} & set(found)


def test_limits_hold_for_later_scans_of_images_too():
    few = [f | {"sessions": {s: n | {"df_left": 3} for s, n in f["sessions"].items()}} for f in FOUND[:1]] + FOUND[1:]
    select = {"df_left": {"min": 15}, "mean_fd": [0, 0.3]}
    found = put_together(Sheets(image_sessions(SCANS, None), None, []), found=image_findings(few), select=select)
    assert found.sessions["unit"].tolist() == ["b_ses-pre", "c_ses-pre"]
    reasons = found.excluded.groupby("unit")["reason"].agg(" and ".join)
    assert "df_left 3" in reasons["a_ses-pre"]
    assert "mean_fd 0.4" in reasons["c_ses-post"]


def test_the_same_image_twice_is_a_problem():
    twice = [FOUND[0] | {"values_sha256": "same same"}, *FOUND[1:]]
    with pytest.raises(InputError, match="scans a_ses-pre, a_ses-post are identical"):
        put_together(Sheets(image_sessions(SCANS, None), None, []), found=image_findings(twice))
