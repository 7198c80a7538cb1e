"""What the keys of treatment response demand of each other."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from amygene import settings
from amygene.cohort.settings import numbers_of_sessions, timepoints_of
from amygene.io.problems import InputError

SCHEMA = settings.read_schema(Path(__file__).parents[2] / "config/schemas/config.schema.yaml")
CONFIG = {
    "study": "x",
    "stages": ["response"],
    "cohort": {
        "format": "table",
        "participants": "p.tsv",
        "session_table": "s.tsv",
        "outcome_table": "o.tsv",
        "timepoints": ["pre", "week2", "week6"],
    },
    "response": {
        "outcomes": {"HAMD": {"responder": 0.5}},
        "changes": {"arms": {"groups": {"variable": "arm", "levels": ["a", "b"]}}},
    },
}


def problems(**changed):
    config = copy.deepcopy(CONFIG)
    for path, value in changed.items():
        holder, *keys = config, *path.split("__")
        for key in keys[:-1]:
            holder = holder.setdefault(key, {})
        if value is None:
            del holder[keys[-1]]
        else:
            holder[keys[-1]] = value
    try:
        settings.complete(config, SCHEMA)
    except InputError as error:
        return error.problems
    return []


def test_a_sound_config_has_no_problems():
    assert problems() == []
    assert timepoints_of(CONFIG["cohort"]) == ["pre", "week2", "week6"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"cohort__session_table": None}, "cohort.session_table is missing; outcome_table, timepoints need it"),
        ({"cohort__timepoints": None}, "cohort.timepoints is missing"),
        ({"cohort__outcome_table": None}, "cohort.outcome_table is missing; response.outcomes needs it"),
        ({"cohort": {"format": "simulated"}, "atlas": "DK83"}, "stage response needs sessions"),
        ({"cohort__format": "rest-meta-mdd", "cohort__root": "x"}, "cohort.session_table belongs to format table"),
        ({"response__changes": {}}, "none of changes, associations, normalisation, predictions is asked for"),
        ({"response__changes__x": {"timepoints": ["pre", "week3"]}}, "changes.x: timepoint 'week3' is none"),
        ({"response__changes__x": {"timepoints": ["week6", "pre"]}}, "changes.x.timepoints are not in the order"),
        ({"response__changes__x": {"groups": {"outcome": "Y", "timepoint": "week2"}}}, "outcome Y is none of"),
        (
            {"response__changes__x": {"groups": {"outcome": "HAMD", "timepoint": "week2", "measure": "remission"}}},
            "response.outcomes.HAMD.remission is missing; response.changes.x needs it",
        ),
        (
            {"response__changes__x": {"groups": {"outcome": "HAMD", "timepoint": "pre"}}},
            "pre is the baseline; an outcome is that of a later timepoint",
        ),
        ({"response__associations__x": {"outcome": "HAMD", "timepoints": ["pre"]}}, "pre is the baseline"),
        ({"response__associations__x": {"outcome": "BPRS"}}, "outcome BPRS is none of response.outcomes (HAMD)"),
        (
            {"response__predictions__x": {"outcome": "HAMD", "timepoint": "week2", "measure": "remission"}},
            "HAMD.remission is missing",
        ),
        (
            {"response__normalisation__x": {"case": "A", "control": "A", "margin": 0.5}},
            "normalisation.x: case and control are both 'A'",
        ),
        (
            {
                "response__normalisation__x": {
                    "case": "A",
                    "control": "B",
                    "margin": 0.5,
                    "timepoints": ["week2", "week6"],
                }
            },
            "normalisation.x.timepoints begin with the baseline, pre",
        ),
    ],
)
def test_what_is_wrong_is_told(changed, words):
    assert words in "\n".join(problems(**changed))


def test_everything_is_told_at_once():
    found = problems(
        response__associations__x={"outcome": "BPRS"}, response__changes__y={"timepoints": ["pre", "never"]}
    )
    assert len(found) == 2


def test_a_cohort_of_sessions_needs_no_stage_response():
    assert problems(stages=["cohort"], response={}) == []


def test_numbers_of_sessions():
    config = settings.complete(
        CONFIG
        | {
            "response": CONFIG["response"]
            | {"normalisation": {"x": {"case": "A", "control": "B", "margin": 1, "covariates": ["mean_fd", "sex"]}}},
            "cohort": CONFIG["cohort"] | {"select": {"age": [18, 60], "hand": {"in": ["R"]}}},
        },
        SCHEMA,
    )
    assert numbers_of_sessions(config) == ["mean_fd", "age"]


def test_of_images_sessions_are_timepoints():
    images = {"format": "bids", "root": "x", "sessions": ["ses-pre", "week6"], "outcome_table": "o.tsv"}
    assert timepoints_of(images) == ["pre", "week6"]
    assert timepoints_of(images | {"timepoints": ["pre", "week2", "week6"]}) == ["pre", "week2", "week6"]
    assert problems(cohort=images) == []
    assert problems(cohort=images | {"session_table": "s.tsv"}) == []
    without = {k: v for k, v in images.items() if k != "outcome_table"}
    assert "cohort.outcome_table is missing" in problems(cohort=without)[0]
    assert "stage response needs sessions" in problems(cohort=images | {"sessions": ["pre"]})[0]


def test_simulated_images_are_rated_at_the_sessions_they_have():
    def found(*sessions):
        return problems(
            cohort={"format": "simulated-bids", "simulated_scans": {"sessions": list(sessions)}}, atlas="DK83"
        )

    assert found("baseline", "day13") == []
    assert found("pre", "mid", "post") == []
