"""Arrays of a whole cohort become sheets and series; the command reads and writes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import table_cohort as command
from amygene.cohort.arrays import table_cohort
from amygene.io.problems import InputError

RNG = np.random.default_rng(1)
FIRST, SECOND = RNG.normal(size=(3, 5, 40)), RNG.normal(size=(2, 5, 40))
SESSIONS = {"pre": (["a", "b", "c"], FIRST), "post": (["a", "c"], SECOND)}


def test_every_scan_is_a_file_and_a_row():
    made = table_cohort(SESSIONS, 5)
    assert made.sessions[["participant_id", "session"]].values.tolist() == [
        ["a", "pre"], ["b", "pre"], ["c", "pre"], ["a", "post"], ["c", "post"],
    ]  # fmt: skip
    assert np.array_equal(made.series["series/c_ses-post.npy"], SECOND[1].T)
    assert set(made.sessions["timeseries"]) == set(made.series)
    assert made.participants["participant_id"].tolist() == ["a", "b", "c"]
    assert made.outcomes is None


def test_regions_can_be_left_out():
    made = table_cohort(SESSIONS, 5, left_out=[2, 5])
    assert np.array_equal(made.series["series/a_ses-pre.npy"], FIRST[0].T[:, [0, 2, 3]])


def test_time_may_come_before_regions():
    turned = {time: (ids, np.swapaxes(values, 1, 2)) for time, (ids, values) in SESSIONS.items()}
    again = table_cohort(turned, 5).series
    assert all(np.array_equal(values, again[name]) for name, values in table_cohort(SESSIONS, 5).series.items())


def test_groups_and_outcomes():
    values = pd.DataFrame({"participant_id": ["a", "a", "z"], "timepoint": ["t4", "t5", "t4"], "value": [1.0, 2, 3]})
    made = table_cohort(SESSIONS, 5, {"bprs": values, "sofas": values[:1]}, {"drug": ["a", "z"], "placebo": ["c"]})
    assert made.participants["group"].tolist() == ["drug", None, "placebo"]
    assert made.outcomes.columns.tolist() == ["participant_id", "timepoint", "bprs", "sofas"]
    assert made.outcomes["bprs"].tolist() == [1, 2]
    assert np.isnan(made.outcomes["sofas"][1])


def test_what_does_not_fit_is_told_at_once():
    with pytest.raises(InputError) as error:
        table_cohort({"pre": (["a", "a", "c"], FIRST), "post": (["a"], SECOND)}, 5, groups={"x": ["a"], "y": ["a"]})
    assert [text.split(";")[0] for text in error.value.problems] == [
        "session pre: a stands more than once",
        "session post: 1 names and an array of shape (2, 5, 40)",
        "group y: a is in group x too",
    ]
    with pytest.raises(InputError, match="7 regions; one axis must have as many"):
        table_cohort(SESSIONS, 7)


def test_command(tmp_path, capsys):
    for name, (ids, values) in SESSIONS.items():
        np.savez(tmp_path / f"{name}.npz", ids=np.array(ids), ts=values.astype(np.float32))
    (tmp_path / "bprs.txt").write_text("BIDS_ID\ttimepoint\toutcome\na\t4\t-0.2\nc\t4\t1.5\n")
    (tmp_path / "drug.txt").write_text("BIDS_ID\ttimepoint\toutcome\na\t4\t-0.2\n")
    out = tmp_path / "cohort"
    sessions = [f"--session={name}={tmp_path / name}.npz" for name in SESSIONS]
    others = [
        f"--outcome=bprs={tmp_path / 'bprs.txt'}",
        f"--group=drug={tmp_path / 'drug.txt'}",
        "--timepoint=month6=4",
    ]
    command.main([str(out), "--regions=5", *sessions, *others])
    assert "3 participants, 5 sessions" in capsys.readouterr().out
    sheet = pd.read_csv(out / "sessions.tsv", sep="\t")
    assert all((out / file).is_file() for file in sheet["timeseries"])
    assert np.load(out / sheet["timeseries"][1]).shape == (40, 5)
    assert (out / "participants.tsv").read_text().splitlines() == [
        "participant_id\tgroup",
        "a\tdrug",
        "b\tn/a",
        "c\tn/a",
    ]
    assert (out / "outcomes.tsv").read_text().splitlines()[1:] == ["a\tmonth6\t-0.2", "c\tmonth6\t1.5"]


def test_a_session_may_be_a_folder_of_text_files(tmp_path, capsys):
    folder = tmp_path / "ses-1"
    folder.mkdir()
    for person, values in zip(("sub-02", "sub-01"), FIRST, strict=False):
        np.savetxt(folder / f"ts_{person}_ses-1.txt", values)
    (folder / "notes.txt").write_text("no series\n")
    arguments = [str(tmp_path / "out"), "--regions=5", f"--session=pre={folder}"]
    command.main(arguments)
    assert "2 participants, 2 sessions" in capsys.readouterr().out
    read = np.load(tmp_path / "out/series/sub-02_ses-pre.npy")
    expected = FIRST[0] if FIRST[0].shape[1] == 5 else FIRST[0].T
    assert read == pytest.approx(expected, rel=1e-6)
    np.savetxt(folder / "ts_sub-03_ses-1.txt", FIRST[0][:2])
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert "expected files sub-... of one shape; found (2, " in capsys.readouterr().err


def test_command_tells_what_is_wrong(tmp_path, capsys):
    np.savez(tmp_path / "pre.npz", names=np.array(["a"]))
    with pytest.raises(SystemExit):
        command.main([str(tmp_path), "--regions=5", f"--session=pre={tmp_path / 'pre.npz'}"])
    assert "no arrays ids and ts; found names" in capsys.readouterr().err
