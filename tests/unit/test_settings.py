"""The study's settings: every message, all of them at once, and the defaults that are filled in."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from amygene.cohort import rest_meta_mdd, simulated_scans
from amygene.cohort.choices import COMMON, FORMATS
from amygene.io.choices import Choice, Registry, load
from amygene.io.problems import InputError
from amygene.settings import complete, read_schema

CONFIG = Path(__file__).parents[2] / "config"
SCRIPTS = CONFIG.parent / "scripts"
SCHEMA = read_schema(CONFIG / "schemas/config.schema.yaml")
COHORT = {
    "study": "s",
    "stages": ["cohort", "connectivity", "group", "sites"],
    "cohort": {"format": "table", "participants": "p.tsv"},
    "contrasts": {"A": {"case": "PAT", "control": "HC", "covariates": ["site"]}},
}
MAPS = {
    "study": "s",
    "stages": ["genes", "enrichment"],
    "atlas": "DK83",
    "maps": {"own": {"table": "m.tsv"}},
    "expression": {"source": "DK83"},
}


def changed(config: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The config with other values; ``cohort__root`` is the key root of cohort, a value None takes the key away."""
    config = copy.deepcopy(config)
    for path, value in changes.items():
        *above, last = path.split("__")
        holder = config
        for part in above:
            holder = holder.setdefault(part, {})
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    return config


def problems(config: dict[str, Any]) -> list[str]:
    with pytest.raises(InputError) as caught:
        complete(config, SCHEMA)
    return caught.value.problems


@pytest.mark.parametrize("config", [COHORT, MAPS])
def test_the_configs_that_the_messages_below_are_about_are_right(config):
    assert complete(config, SCHEMA)["study"] == "s"


@pytest.mark.parametrize("file", sorted(CONFIG.glob("*.yaml")), ids=lambda file: file.name)
def test_every_config_of_the_repository_is_right(file):
    if file.name != "resources.yaml":
        complete(yaml.safe_load(file.read_text()), SCHEMA)


# defaults


def test_defaults_are_filled_in_and_what_is_given_stays():
    given = changed(COHORT, permutations__group=500)
    before = copy.deepcopy(given)
    filled = complete(given, SCHEMA)
    assert given == before
    assert filled["permutations"]["group"] == 500
    assert filled["permutations"]["null_maps"] == 10000
    assert filled["contrasts"]["A"]["variable"] == "group"
    assert filled["contrasts"]["A"]["exchange_within"] == "site"
    assert filled["cohort"]["simulated"]["effect"] == 0.6
    assert "site_effects" not in filled["contrasts"]["A"]
    assert "url" not in filled["cohort"]


def test_defaults_of_one_study_are_not_those_of_the_next():
    complete(COHORT, SCHEMA)["cohort"]["missing"].append("a word")
    assert "a word" not in complete(COHORT, SCHEMA)["cohort"]["missing"]


def test_a_filled_config_is_filled_already():
    filled = complete(COHORT, SCHEMA)
    own = (*COMMON, *FORMATS["table"].keys)
    # defaults of other formats would be refused where a user writes them
    given = filled | {"cohort": {key: value for key, value in filled["cohort"].items() if key in own}}
    assert complete(given, SCHEMA) == filled


def test_null_is_a_value_where_the_schema_allows_it():
    given = changed(MAPS, expression__sample_norm="srs")
    given["expression"]["sample_norm"] = None
    assert complete(given, SCHEMA)["expression"]["sample_norm"] is None


def test_keys_that_yaml_takes_for_numbers_are_texts():
    filled = complete(changed(COHORT, cohort__codes={"sex": {1: "M", 2: "F"}}), SCHEMA)
    assert filled["cohort"]["codes"] == {"sex": {"1": "M", "2": "F"}}


# the schema's messages


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        # keys that are not there
        ({"contrast": {}}, "config key contrast is unknown; did you mean contrasts?"),
        ({"cohort__particpants": "p"}, "config key cohort.particpants is unknown; did you mean participants?"),
        ({"group__xyz": 1}, "config key group.xyz is unknown; known keys: family"),
        ({"contrasts__A__covariate": []}, "config key contrasts.A.covariate is unknown; did you mean covariates?"),
        ({"cohort__simulated__site": {}}, "config key cohort.simulated.site is unknown; did you mean sites?"),
        ({"jobs__subject_per_job": 1}, "config key jobs.subject_per_job is unknown; did you mean subjects_per_job?"),
        ({"atlas": {"name": "A", "labels": "l", "imag": "i"}}, "config key atlas.imag is unknown; did you mean image?"),
        ({"seeds": [{"name": "A", "regions": ["x"], "nam": 1}]},
         "config key seeds.0.nam is unknown; did you mean name?"),
        ({"cohort__select": {"age": {"mn": 1}}}, "config key cohort.select.age.mn is unknown; did you mean min?"),
        # keys that are missing
        ({"study": None}, "config key study is missing"),
        ({"contrasts__A__case": None}, "config key contrasts.A.case is missing"),
        ({"atlas": {"name": "A"}}, "config key atlas.labels is missing"),
        # choices
        ({"group__family": "seeds"}, "config key group.family: found 'seeds'; did you mean seed?"),
        ({"group__family": "xyz"}, "config key group.family: found 'xyz'; choose one of seed, contrast"),
        ({"stages": ["genez"]}, "config key stages.0: found 'genez'; did you mean genes?"),
        ({"atlas": "AAL"}, "config key atlas: found 'AAL'; did you mean AAL116?"),
        ({"cohort__format": "csv"}, "config key cohort.format: found 'csv'; choose one of"),
        ({"enrichment__collections": ["KEG"]}, "config key enrichment.collections.0: found 'KEG'; did you mean KEGG?"),
        # forms
        ({"seeds": [3]}, "config key seeds.0: found 3, none of the allowed forms (see config/README.md)"),
        ({"cohort__select": {"age": 18}}, "config key cohort.select.age: found 18, none of the allowed forms"),
        # values
        ({"study": "a/b"}, "config key study: found 'a/b'; use letters and digits (regular expression ^["),
        ({"study": "s\n"}, "config key study: found 's\\n'; use letters and digits"),
        ({"contrasts": {"A B": {"case": 1, "control": 2}}},
         "config key contrasts: found 'A B'; use letters and digits"),
        ({"seed": "one"}, "config key seed: found 'one'; give a whole number"),
        ({"cohort": []}, "config key cohort: found []; give a mapping"),
        ({"contrasts__A__exchange_within": 3}, "config key contrasts.A.exchange_within: found 3; give a text or null"),
        ({"permutations__group": 99}, "config key permutations.group: found 99; it is at least 100"),
        ({"genes__pls_components": 11}, "config key genes.pls_components: found 11; it is at most 10"),
        ({"cohort__select": {"age": [18]}}, "config key cohort.select.age: found [18]; it has at least 2 entries"),
        ({"cohort__select": {"age": [1, 2, 3]}},
         "config key cohort.select.age: found [1, 2, 3]; it has at most 2 entries"),
        ({"cohort__select": {"age": {}}}, "config key cohort.select.age: found {}; it has at least 1 entries"),
        ({"seeds": ["LAMY", "LAMY"]}, "config key seeds: found ['LAMY', 'LAMY']; each entry stands there once"),
    ],
)  # fmt: skip
def test_what_the_schema_refuses(changes, message):
    found = problems(changed(COHORT, **changes))
    assert [text[: len(message)] for text in found] == [message]


# what one key demands of another


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cohort__participants": None}, "config key cohort.participants is missing; format table needs it"),
        ({"cohort": {"format": "rest-meta-mdd"}}, "config key cohort.root is missing; format rest-meta-mdd needs it"),
        ({"cohort": {"format": "abide"}}, "config key cohort.root is missing; format abide needs it"),
        (
            {"cohort": None, "contrasts": None, "stages": ["cohort"]},
            "config keys cohort and maps are both empty; nothing to study",
        ),
        ({"contrasts": None}, "config key contrasts is empty; stages group, sites and prediction need one"),
        (
            {"contrasts": {"A": {"case": 1, "control": 2, "site_effects": "covariate"}}},
            "config key contrasts.A.site_effects is covariate, but site is not among covariates",
        ),
        ({"contrasts__A__case": "HC"}, "config key contrasts.A: case and control are both 'HC'"),
        (
            {"prediction": {"models": ["ridge", "logistic"], "tested": ["rbf-svm"]}},
            "config key prediction.tested: rbf-svm is not among prediction.models (ridge, logistic); name one of them, "
            "or give [] for no permutation p",
        ),
        (
            {"prediction__external": {"study": "s"}},
            "config key prediction.external.study: s is this study; name another one",
        ),
        ({"maps": {"m": {}}}, "config key maps.m: give either table or image"),
        ({"maps": {"m": {"table": "a", "image": "b"}}}, "config key maps.m: give either table or image"),
        (
            {"atlas": {"name": "DK83", "labels": "l.tsv"}},
            "config key atlas.name: DK83 is an atlas of the pipeline; give your own another name",
        ),
        (
            {"cohort": {"format": "simulated"}},
            "config key atlas: a simulated cohort is made in DK83, found AAL116",
        ),
        (
            {"cohort": {"format": "abide", "root": "r"}, "atlas": "DK83"},
            "config key atlas: format abide has series of AAL116 only, found DK83",
        ),
        (
            {"cohort": {"format": "rest-meta-mdd", "root": "r"}, "atlas": "DK83"},
            "config key atlas: the files of REST-meta-MDD hold AAL116, HarvardOxford96, HarvardOxford16, Craddock200, "
            "Zalesky980, Dosenbach160, Power264; found DK83",
        ),
        (
            {"enrichment__collections": ["KEGG", {"name": "MINE", "gmt": "m.gmt"}], "enrichment__gsea": ["GOBP"]},
            "config key enrichment.gsea: GOBP is none of enrichment.collections (KEGG, MINE)",
        ),
        (
            {"enrichment__min_size": 30, "enrichment__max_size": 20},
            "config key enrichment.min_size is above enrichment.max_size",
        ),
    ],
)
def test_keys_of_a_cohort_that_do_not_go_together(changes, message):
    assert problems(changed(COHORT, **changes)) == [message]


ABAGEN = {"expression": {"source": "abagen"}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"expression": None},
            "config key expression.source is missing; stages genes and enrichment need it (DK83, abagen or table); "
            "or leave these out of stages",
        ),
        ({"atlas": "AAL116"}, "config key expression.source is DK83, but the atlas is AAL116; use abagen or table"),
        ({"expression": {"source": "table"}}, "config key expression.table is missing; source table needs it"),
        ({"expression__multiverse": True}, "config key expression.multiverse needs source abagen"),
        (
            {**ABAGEN, "atlas": {"name": "A", "labels": "l.tsv"}},
            "config key atlas: A has no image, and expression.source abagen assigns samples by it; give {name, labels, "
            "image}, use source table, or leave expression, genes and enrichment out of stages",
        ),
        (
            {"expression": {"source": "abagen", "donors": [9861, 10021], "multiverse": True}},
            "config key expression.donors: 2 given; multiverse leaves one out and compares the others, so it needs at "
            "least 3",
        ),
        (
            {"expression": {"source": "abagen", "donors": [9861]}},
            "config key expression.donors: 1 given; probe_selection diff_stability and stability compare donors",
        ),
        (
            {"expression": {"source": "abagen", "donors": [9861], "probe_selection": "average", "stability": 0.1}},
            "config key expression.donors: 1 given; probe_selection diff_stability and stability compare donors",
        ),
    ],
)
def test_keys_of_expression_that_do_not_go_together(changes, message):
    assert problems(changed(MAPS, **changes)) == [message]


@pytest.mark.parametrize(
    "changes",
    [
        {**ABAGEN, "atlas": "AAL116"},
        {**ABAGEN, "atlas": {"name": "A", "labels": "l.tsv", "image": "a.nii"}},
        # no stage asks for expression
        {**ABAGEN, "atlas": {"name": "A", "labels": "l.tsv"}, "stages": ["report"]},
        {"expression": {"source": "abagen", "donors": [9861], "probe_selection": "average"}},
        {"expression": {"source": "abagen", "donors": [9861, 10021, 12876], "multiverse": True}},
        {"maps": {"m": {"image": "b.nii"}}},
    ],
)
def test_keys_that_do_go_together(changes):
    complete(changed(MAPS, **changes), SCHEMA)


def test_all_problems_are_told_at_once():
    found = problems(changed(COHORT, contrast={}, seed=-1, stages=["genez"], group__family="x"))
    assert len(found) == 4
    found = problems(changed(COHORT, cohort__participants=None, contrasts__A__case="HC", enrichment__min_size=9999))
    assert len(found) == 3


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "A"}, "A: give one of gmt, specificity and brainspan; found none"),
        ({"name": "A", "gmt": "x", "brainspan": "y"},
         "A: give one of gmt, specificity and brainspan; found gmt, brainspan"),
        ({"name": "A", "gmt": "x", "draws": 9}, "A: draws belongs to specificity and brainspan, not to gmt"),
        ({"name": "LAKE", "gmt": "x"}, "LAKE stands 2 times"),
    ],
)  # fmt: skip
def test_a_collection_is_one_thing(entry, message):
    given = changed(MAPS, enrichment={"collections": ["LAKE", entry]})
    assert problems(given) == [f"config key enrichment.collections: {message}"]


def test_collections_made_from_expression_are_allowed():
    made = {"name": "A", "specificity": "cells.tsv", "thresholds": [0.05, 0.01], "min_expression": 1, "draws": 50}
    given = changed(MAPS, enrichment={"collections": [made, {"name": "B", "brainspan": "x.zip"}]})
    assert complete(given, SCHEMA)["enrichment"]["collections"][0] == made


def test_contrasts_that_findings_are_held_against_are_those_of_the_study():
    given = changed(COHORT, stages=["evidence"], evidence={"contrasts": {"A": "nonresistant", "B": "controls"}})
    assert problems(given) == ["config key evidence.contrasts: B is no contrast of this study (A)"]


def test_a_schema_takes_names_and_meanings_from_registries(tmp_path, monkeypatch):
    roots = Registry(
        "root", Choice("square", "", "", "", meaning="of a number"), Choice("cube", "", "", "", meaning="of a box")
    )
    monkeypatch.setitem(sys.modules, "amygene.roots", SimpleNamespace(ROOTS=roots))
    (tmp_path / "schema.yaml").write_text(
        "properties:\n"
        "  root:\n"
        "    description: 'a root; {amygene.roots:ROOTS}; not {name: root}'\n"
        "    oneOf: [{type: array, items: {registry: 'amygene.roots:ROOTS'}}, {registry: 'amygene.roots:ROOTS'}]\n"
    )
    rule = read_schema(tmp_path / "schema.yaml")["properties"]["root"]
    names = {"enum": ["square", "cube"]}
    assert rule["oneOf"] == [{"type": "array", "items": names}, names]
    assert rule["description"] == "a root; square: of a number; cube: of a box; not {name: root}"


# keys of a cohort's format


#: a value of every key that some format knows and not all
GIVEN = {
    "participants": "p.tsv", "root": "r", "derivatives": "d", "space": "MNI", "task": "rest", "resolution": "2",
    "sessions": ["1"], "scans": "s.tsv", "session_table": "t.tsv", "outcome_table": "o.tsv", "timepoints": ["a", "b"],
    "mask": "m.nii", "tr": 2, "phenotypes": "p.xlsx", "series": "S", "motion": "m.tsv", "pipeline": "dparsf",
    "global_signal_regression": False, "url": "u", "first_column": 1, "n_columns": 9, "simulated": {},
    "simulated_scans": {}, "maps": {"LAMY": "z.tsv"}, "scale": "fisher-z",
}  # fmt: skip
ATLAS = {"simulated": "DK83", "abide": "AAL116", "rest-meta-mdd": "AAL116"}


def test_every_key_of_the_cohort_is_known_to_a_format():
    known = set(COMMON).union(*(one.keys for one in FORMATS.values()))
    assert set(SCHEMA["properties"]["cohort"]["properties"]) == known
    assert set(GIVEN) == known - set(COMMON)


@pytest.mark.parametrize("name", FORMATS)
def test_keys_that_only_other_formats_know_are_refused_by_name(name):
    own = FORMATS[name].keys
    cohort = {"format": name} | GIVEN
    config = changed(MAPS | {"stages": ["connectivity"]}, cohort=cohort, atlas=ATLAS.get(name, "DK83"))
    foreign = [key for key in GIVEN if key not in own]
    found = problems(config)
    assert [text.split(" belongs to ")[0] for text in found] == [f"config key cohort.{key}" for key in foreign]
    for text, key in zip(found, foreign, strict=True):
        formats = [other for other in FORMATS if key in FORMATS[other].keys]
        assert text.endswith(f" belongs to format {' or '.join(formats)}, found {name}")
    complete(changed(config, cohort={k: v for k, v in cohort.items() if k not in foreign}), SCHEMA)


def test_a_table_with_keys_of_other_formats():
    """What every format with images takes is no other format's; a value that is the default is given all the same."""
    given = {"root": "r", "pipeline": "dparsf", "phenotypes": "p.xlsx", "mask": "m.nii", "space": "MNI", "tr": 2}
    assert problems(changed(COHORT, **{f"cohort__{key}": value for key, value in given.items()})) == [
        "config key cohort.root belongs to format rest-meta-mdd or abide or bids, found table",
        "config key cohort.pipeline belongs to format abide, found table",
        "config key cohort.phenotypes belongs to format rest-meta-mdd, found table",
    ]


def test_a_cohort_without_a_format_has_no_keys_of_one():
    assert problems(changed(MAPS, cohort={"participants": "p.tsv"})) == [
        "config key cohort.participants belongs to format table or bids or ready, found none"
    ]


# what the plan of every cluster job imports


def test_the_settings_are_read_without_a_scientific_library():
    code = "import sys, amygene.settings; print({'numpy', 'pandas', 'scipy', 'sklearn', 'nilearn'} & set(sys.modules))"
    told = subprocess.check_output([sys.executable, "-c", code], text=True, env={"PYTHONPATH": str(SCRIPTS)})
    assert told.strip() == "set()"


def test_what_formats_say_is_what_their_readers_hold():
    assert FORMATS["rest-meta-mdd"].atlases == tuple(rest_meta_mdd.BLOCKS)
    assert FORMATS["simulated-bids"].space == FORMATS["bids"].space == simulated_scans.SPACE
    for one in FORMATS.values():
        assert not one.place or callable(load(one.place))
