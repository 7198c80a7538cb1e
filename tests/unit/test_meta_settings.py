"""What the keys of the meta-analysis demand of each other."""

from pathlib import Path

import pytest

from amygene.io.problems import InputError
from amygene.settings import complete, read_schema

SCHEMA = read_schema(Path(__file__).parents[2] / "config/schemas/config.schema.yaml")


def config(atlas="DK83", **meta):
    return {"study": "s", "stages": ["meta"], "atlas": atlas, "meta": {"foci": ["a.tsv"], **meta}}


def test_foci_are_enough():
    found = complete(config(), SCHEMA)["meta"]
    assert found["comparisons"] == {"all": {}}
    assert found["mask"] == "brain"
    assert "connectome" not in found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"study": "s", "stages": ["meta"], "atlas": "DK83"}, "meta.foci is missing"),
        (config("Power264"), "Power264 has no image"),
        (config({"name": "Mine", "labels": "l.tsv"}), "Mine has no image"),
        (
            config(differences=[["all", "none"]], connectome={"matrix": "m.csv"}),
            "none is none of meta.comparisons (all)",
        ),
        (config(differences=[["all", "all"]]), "meta.differences needs meta.connectome"),
        (config(networks={"image": "n.nii", "names": ["A"]}), "meta.networks needs meta.connectome"),
        (config(connectome={}), "give either matrix or controls"),
        (config(connectome={"matrix": "m.csv", "controls": "X"}), "give either matrix or controls"),
        (config(connectome={"controls": "X"}), "X is no contrast of this study's cohort"),
        (
            config(connectome={"controls": "X"})
            | {"cohort": {"format": "bids", "root": "r"}, "contrasts": {"X": {"case": 1, "control": 2}}},
            "a cohort of format bids has no series of regions; give a matrix",
        ),
        (config(connectome={"controls": "X", "labels": "l"}), "meta.connectome.labels belongs to a matrix"),
        (
            config(connectome={"matrix": "m.csv", "atlas": {"name": "Own", "labels": "l", "image": "i"}}),
            "the networks of the regions of Own are not known",
        ),
        (
            config(connectome={"matrix": "m.csv", "atlas": {"name": "DK83", "labels": "l", "image": "i"}}),
            "DK83 is an atlas of the pipeline",
        ),
        (config(comparison={"a": {}}), "did you mean comparisons?"),
        (config(subgroups={"all": {}}), "meta.subgroups: found 'all'"),
        (config(receptors={"folder": "a", "table": "b"}), "meta.receptors"),
    ],
)
def test_problems(given, words):
    with pytest.raises(InputError) as error:
        complete(given, SCHEMA)
    assert words in str(error.value)


def test_other_stages_do_not_ask():
    given = config("Power264") | {
        "stages": ["genes"],
        "maps": {"a": {"table": "t"}},
        "expression": {"source": "table", "table": "t"},
    }
    assert complete(given, SCHEMA)["meta"]["foci"] == ["a.tsv"]
