"""A cohort with everything wrong at once: one message with all of it, on the terminal, before any work.

What had been computed stays, and is not computed again when the cohort is mended.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from fixtures.project import Project
from fixtures.small_study import STUDY, config, make_data, write_sheet

pytestmark = pytest.mark.slow

GROUPS = f"results/{STUDY}/group/contrast-PATvsHC_seed-LEFT_atlas-Small30_stat-t_roi.tsv"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project.make(tmp_path_factory.mktemp("bad") / "project")


@pytest.fixture(scope="module")
def rows(project) -> list[dict[str, str]]:
    """Rows of the sheet of a sound cohort, which is there."""
    rows = make_data(project.folder / "data")
    for row in rows:
        row["scanner"] = "new" if row["site"] == "south" else "old"
        row["iq"] = "100"
    return rows


def bad_config() -> dict:
    """The study with contrasts that cannot be, and a seed that the atlas does not have."""
    study = config()
    study["seeds"] = [*study["seeds"], "Nowhere"]
    study["cohort"]["select"] = {"age": [18, 60], "education": [1, None]}
    study["contrasts"] |= {
        "nobody": {"case": "BIP", "control": "HC"},
        "scanner": {"case": "PAT", "control": "HC", "covariates": ["site", "scanner"]},
        "same": {"case": "PAT", "control": "HC", "covariates": ["iq"]},
        "lacking": {"case": "PAT", "control": "HC", "covariates": ["handednes"]},
    }
    return study


def spoil(folder: Path, rows: list[dict[str, str]]) -> dict[str, str]:
    """Put faults into the cohort below `folder`; give for each, by its name, words that the message must have."""
    series = {row["participant_id"]: folder / row["timeseries"] for row in rows}
    told = {}
    for row in rows:
        row["timeseries"] = row["timeseries"].replace("sub-01.tsv", "sub-01.mat")  # named, but not there
    told["missing file"] = "sub-01: data/series/sub-01.mat: no such file"
    series["sub-06"].write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    told["unreadable file"] = f"sub-06: data/series/{series['sub-06'].name}: cannot be read as .mat"
    np.save(series["sub-04"], np.random.default_rng(0).standard_normal((40, 29)))
    told["wrong shape"] = "sub-04: data/series/sub-04.npy: expected [time x 30] values, found (40, 29)"
    values = np.random.default_rng(1).standard_normal((40, 30))
    values[3, 7] = np.nan
    np.save(series["sub-10"], values)
    told["NaN"] = "sub-10: data/series/sub-10.npy: 1 values are not finite (NaN or infinite), in Cor07"
    rows[7]["timeseries"] = ""
    told["no file named"] = "sub-07: no file of series is named"
    shutil.copy(series["sub-08"], folder / "series/again.csv")
    rows[14]["timeseries"] = "series/again.csv"
    shutil.copy(series["sub-08"], series["sub-14"])
    told["one person twice"] = "participants sub-08, sub-14 have identical series"
    rows[9]["sex"] = "X"
    told["unknown code"] = "column 'sex': found the unknown code 'X' (sub-09)"
    rows[11]["age"] = "thirty"
    told["text for a number"] = "column 'age': found 'thirty' (sub-11) where a number belongs"
    rows[12]["education"] = "99"
    told["out of range"] = "column 'education': found 99 (sub-12), outside 0 to 40"
    rows.append(dict(rows[0]))
    told["duplicate id"] = "participant_id sub-00 stands more than once"
    told["empty group"] = "contrasts.nobody: group 'BIP' (case) has 0 participants after selection"
    told["collinear with site"] = "contrasts.scanner: covariate scanner is determined by site"
    told["constant covariate"] = "contrasts.same: covariate iq is 100.0 in everybody"
    told["missing column"] = "column 'handednes' is missing, which the config uses"
    told["no such region"] = "seeds: Nowhere stands for Nowhere, which the atlas"
    return told


def state(project: Project, *stages: str) -> dict[str, str]:
    """Hash of every file of some stages."""
    files = [f for stage in stages for f in sorted((project.results(STUDY) / stage).rglob("*")) if f.is_file()]
    return {str(f.relative_to(project.folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_everything_is_told_at_once_and_nothing_is_lost(project, rows):
    data = project.folder / "data"
    write_sheet(data, rows)
    sound = project.write_config(config())
    project.make_targets(GROUPS, "--configfile", sound)
    before = state(project, "connectivity", "group")
    assert GROUPS in before

    backup = project.folder / "sound"
    shutil.copytree(data, backup)
    spoiled = [dict(row) for row in rows]
    told = spoil(data, spoiled)
    write_sheet(data, spoiled)
    done = project.run("group", "--configfile", project.write_config(bad_config(), "bad.yaml"))
    assert done.returncode != 0
    # on the terminal, once, whole
    assert done.text.count("in the input:") == 1
    assert f"{len(told)} problems in the input:" in done.text, done.text[-5000:]
    for fault, words in told.items():
        assert words in done.text, (fault, done.text[-5000:])
    message = done.text[done.text.index("problems in the input:") :]
    assert message.count("\n  - ") == len(told)
    assert "Traceback" not in done.text
    # nothing was computed after the check, and what had been computed is there
    assert "rule connectivity_seed" not in done.text
    assert state(project, "connectivity", "group") == before

    # mended, it goes on: only who was read anew is computed anew
    shutil.rmtree(data)
    backup.rename(data)
    project.make_targets(GROUPS, "--configfile", sound)
    assert state(project, "group") == {name: sha for name, sha in before.items() if "/group/" in name}


def test_a_damaged_sheet_is_told_about(project, rows):
    sheet = project.folder / "data/participants.tsv"
    kept = sheet.read_bytes()
    arguments = ("cohort", "--configfile", project.write_config(config()))
    try:
        sheet.write_bytes(kept.replace(b"north", "Köln".encode("latin-1")))
        done = project.run(*arguments)
        assert done.returncode != 0
        assert "data/participants.tsv: is no text in UTF-8" in done.text
        assert "Traceback" not in done.text
        sheet.unlink()
        done = project.run(*arguments)
        assert done.returncode != 0
        assert "config key cohort.participants: data/participants.tsv: no such file" in done.text
    finally:
        sheet.write_bytes(kept)
