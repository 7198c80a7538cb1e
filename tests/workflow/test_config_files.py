"""Config files as Snakemake reads them, and files that the config does not use."""

from __future__ import annotations

import json

import pytest

from fixtures.project import Project

pytestmark = pytest.mark.slow

TEXT = """\
study: s
stages: [cohort]
cohort:
  format: none
maps: {own: {table: m.tsv}}
seeds: [Insula_L]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project.make(tmp_path_factory.mktemp("config"))


def refused(project, *files):
    done = project.run("--dry-run", "cohort", "--configfile", *files)
    assert done.returncode == 1
    assert "Traceback" not in done.text
    return done.text


def test_keys_that_stand_twice_are_refused_in_every_config_file(project):
    (project.folder / "first.yaml").write_text(TEXT + "seeds: [Insula_R]\n")
    (project.folder / "second.yaml").write_text("jobs:\n  subjects_per_job: 3\n  subjects_per_job: 4\n")
    (project.folder / "third.json").write_text('{"permutations":\n{"group": 100,\n"group": 200}}')
    told = refused(project, "first.yaml", "second.yaml", "third.json")
    assert "3 problems in the input" in told
    for words in (
        "first.yaml: config key seeds stands in lines 6 and 7; keep one of them",
        "second.yaml: config key jobs.subjects_per_job stands in lines 2 and 3; keep one of them",
        "third.json: config key permutations.group stands in lines 2 and 3; keep one of them",
    ):
        assert words in told


def test_one_file_may_replace_keys_of_another_and_mappings_may_be_merged(project):
    (project.folder / "base.yaml").write_text(TEXT)
    (project.folder / "own.yaml").write_text(
        "seeds: [Insula_R]\nmaps:\n  own: &own {table: m.tsv, region: name}\n  more: {<<: *own, region: other}\n"
    )
    assert len(project.plan("cohort", "--configfile", "base.yaml", "own.yaml")) == 1


def test_keys_of_another_format_are_refused(project):
    (project.folder / "table.yaml").write_text(
        TEXT.replace(
            "\n  format: none", " {format: table, participants: p.tsv, root: r, pipeline: dparsf, phenotypes: p}"
        )
    )
    told = refused(project, "table.yaml")
    for words in (
        "cohort.root belongs to format rest-meta-mdd or abide or bids, found table",
        "cohort.pipeline belongs to format abide, found table",
        "cohort.phenotypes belongs to format rest-meta-mdd, found table",
    ):
        assert f"  - config key {words}\n" in told


BOLD = "task-rest_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz"


def scan(subject, session):
    return f"data/derivatives/fmriprep/sub-{subject}/ses-{session}/func/sub-{subject}_ses-{session}_{BOLD}"


def test_scans_of_sessions_that_are_not_used_are_no_inputs(tmp_path):
    project = Project.make(tmp_path / "sessions")
    subjects = ("1", "2", "3", "4")
    for file in (
        *(scan(subject, session) for subject in subjects for session in ("01", "02")),
        *(f"data/{name}" for name in ("labels.tsv", "atlas.nii", "mask.nii")),
    ):
        (project.folder / file).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / file).touch()
    (project.folder / "data/participants.tsv").write_text(
        "participant_id\tgroup\n" + "".join(f"sub-{s}\t{('HC', 'PAT')[int(s) % 2]}\n" for s in subjects)
    )
    config = {
        "study": "s",
        "stages": ["cohort", "connectivity", "group"],
        "cohort": {"format": "bids", "root": "data", "sessions": ["01"], "mask": "data/mask.nii"},
        "atlas": {"name": "Mine", "labels": "data/labels.tsv", "image": "data/atlas.nii"},
        "seeds": [{"name": "BALL", "sphere": [0, 0, 0, 8]}],
        "contrasts": {"PATvsHC": {"case": "PAT", "control": "HC"}},
    }
    name = project.write_config(config)
    project.pretend(name)
    assert project.plan("--configfile", name) == []
    for subject in subjects:
        (project.folder / scan(subject, "02")).write_text("another scan")
    # one that is new, and one of somebody whom the sheet does not know
    for new in ("5", "1"):
        file = project.folder / scan(new, "03")
        file.parent.mkdir(parents=True)
        file.touch()
    assert project.plan("--configfile", name) == []
    (project.folder / scan("1", "01")).write_text("another scan")
    assert "cohort_images" in {job.rule for job in project.plan("--configfile", name)}
    config["cohort"]["sessions"] = ["01", "02"]
    both = project.plan("--configfile", project.write_config(config))
    assert {scan(s, "02") for s in subjects} <= {f for job in both if job.rule == "cohort_images" for f in job.input}


def test_json_is_a_config_too(project):
    (project.folder / "study.json").write_text(
        json.dumps({"study": "s", "stages": ["cohort"], "maps": {"own": {"table": "m.tsv"}}}, indent="\t")
    )
    assert len(project.plan("cohort", "--configfile", "study.json")) == 1
