"""The study's settings: checked against the schema, all problems at once, defaults filled in."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from amygene.expression.ahba import chosen_donors
from amygene.io.choices import load
from amygene.io.problems import raise_if_any
from amygene.models.choices import SITE_EFFECTS

#: atlases that need no files of the user's
_BUILT_IN = (
    "AAL116", "DK83", "HarvardOxford96", "HarvardOxford16", "Craddock200", "Zalesky980", "Dosenbach160", "Power264",
)  # fmt: skip


def _whole_text(validator: Any, pattern: str, text: Any, rule: Any) -> Iterator[jsonschema.ValidationError]:
    """A pattern of the schema holds for all of a text: ``$`` alone would let a line break at its end pass."""
    if isinstance(text, str) and not re.fullmatch(pattern, text):
        yield jsonschema.ValidationError(f"{text!r} does not match {pattern!r}")


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": _whole_text})


def read_schema(file: str | Path) -> dict[str, Any]:
    """A schema, with what registries offer (`io.choices`).

    ``registry: amygene.room.choices:NAME`` in a rule becomes its ``enum``; ``{amygene.room.choices:NAME}`` in a
    description becomes what each choice means.
    """
    offered: dict[str, Any] = _offered(yaml.safe_load(Path(file).read_text(encoding="utf-8")))
    return offered


def _offered(rule: Any) -> Any:
    if isinstance(rule, list):
        return [_offered(inner) for inner in rule]
    if isinstance(rule, str):
        return re.sub(r"\{(amygene\.[\w.]+:\w+)\}", _meanings, rule)
    if not isinstance(rule, dict):
        return rule
    filled = {key: _offered(inner) for key, inner in rule.items() if key != "registry"}
    return {"enum": list(load(rule["registry"])), **filled} if "registry" in rule else filled


def _meanings(place: re.Match[str]) -> str:
    return "; ".join(f"{choice.name}: {choice.meaning}" for choice in load(place[1]).values())


def complete(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Check a config and fill in the defaults of the keys it leaves out.

    Raises
    ------
    InputError
        One message with every problem: unknown keys with the known key that was probably meant, values that
        do not fit with what was found and what is allowed.
    """
    given: dict[str, Any] = _keys_as_text(config)
    validator = _Validator(schema)
    problems = []
    for error in sorted(validator.iter_errors(given), key=lambda e: [str(p) for p in e.absolute_path]):
        problems += _explain(error)
    raise_if_any(problems)
    filled = copy.deepcopy(given)
    _fill(filled, schema)
    problems = _cross_checks(filled)
    raise_if_any(problems)
    return filled


def _keys_as_text(value: Any) -> Any:
    """The same with every key as text: YAML takes the 1 of ``{1: M}`` for a number, a sheet does not."""
    if isinstance(value, Mapping):
        return {str(key): _keys_as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_keys_as_text(inner) for inner in value]
    return value


def _fill(value: Any, schema: Mapping[str, Any]) -> None:
    """Put the schema's defaults where the config says nothing, in place."""
    if not isinstance(value, dict):
        return
    for key, rule in schema.get("properties", {}).items():
        if key not in value and "default" in rule:
            value[key] = copy.deepcopy(rule["default"])
        if key in value:
            _fill(value[key], rule)
    for choice in schema.get("oneOf", []):
        if choice.get("type") == "object":
            _fill(value, choice)
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        for key in value:
            if key not in schema.get("properties", {}):
                _fill(value[key], others)


def _explain(error: jsonschema.ValidationError) -> list[str]:
    where = ".".join(str(p) for p in error.absolute_path)
    found = f"config key {where}: found {error.instance!r}"
    limit = error.validator_value
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        return [_unknown_key(where, key, known) for key in error.instance if key not in known]
    if error.validator == "required":
        return [f"config key {_inside(where, key)} is missing" for key in limit if key not in error.instance]
    if error.validator == "oneOf":
        return _explain_choice(error, found)
    if error.validator == "enum":
        allowed = [str(v) for v in limit]
        near = difflib.get_close_matches(str(error.instance), allowed, 1)
        return [found + (f"; did you mean {near[0]}?" if near else f"; choose one of {', '.join(allowed)}")]
    if error.validator == "type":
        kinds = [limit] if isinstance(limit, str) else limit
        return [f"{found}; give {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}"]
    if error.validator in _LIMITS:
        return [f"{found}; {_LIMITS[error.validator].format(limit)}"]
    return [f"config key {where}: {error.message}"]


#: types of JSON in plain words
_KINDS = {
    "array": "a list", "boolean": "true or false", "integer": "a whole number", "number": "a number",
    "object": "a mapping", "string": "a text",
}  # fmt: skip
_LIMITS = {
    "minimum": "it is at least {}",
    "maximum": "it is at most {}",
    "minItems": "it has at least {} entries",
    "maxItems": "it has at most {} entries",
    "minProperties": "it has at least {} entries",
    "uniqueItems": "each entry stands there once",
    # of names that become parts of file names
    "pattern": "use letters and digits (regular expression {})",
}


def _explain_choice(error: jsonschema.ValidationError, found: str) -> list[str]:
    """Of several allowed forms, the problems of the one that was meant."""
    forms = error.validator_value
    kind = "object" if isinstance(error.instance, dict) else "array" if isinstance(error.instance, list) else None
    meant = [i for i, form in enumerate(forms) if (form.get("type") == kind if kind else "enum" in form)]
    inner = [e for e in error.context or [] if e.schema_path[0] in meant]
    if inner:
        return [line for e in inner for line in _explain(e)]
    return [f"{found}, none of the allowed forms (see config/README.md)"]


def _inside(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _unknown_key(where: str, key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
    return f"config key {_inside(where, key)} is unknown; {hint}"


def _cross_checks(config: Mapping[str, Any]) -> list[str]:
    """What one key demands of another."""
    problems = []
    cohort, stages = config["cohort"], set(config["stages"])
    fmt = cohort["format"]
    demands = {"table": ["participants"], "rest-meta-mdd": ["root"], "abide": ["root"], "bids": ["root"]}
    for key in demands.get(fmt, []):
        if key not in cohort:
            problems.append(f"config key cohort.{key} is missing; format {fmt} needs it")
    if fmt == "none" and not config["maps"] and not stages & {"meta", "preclinical"}:
        problems.append("config keys cohort and maps are both empty; nothing to study")
    if fmt != "none" and not config["contrasts"] and stages & {"group", "sites", "prediction"}:
        problems.append("config key contrasts is empty; stages group, sites and prediction need one")
    if config["group"]["voxel"]["draws"] == "sequential" and config["group"]["family"] == "contrast":
        problems.append(
            "config key group.voxel.draws: sequential draws stop for each seed at its own time, so p cannot be taken "
            "over all seeds; use family seed, or draws plain or tail"
        )
    for name, contrast in config["contrasts"].items():
        way = contrast.get("site_effects")
        if way and SITE_EFFECTS[way].in_model and "site" not in contrast["covariates"]:
            problems.append(f"config key contrasts.{name}.site_effects is {way}, but site is not among covariates")
        if contrast["case"] == contrast["control"]:
            problems.append(f"config key contrasts.{name}: case and control are both {contrast['case']!r}")
    for name, entry in config["maps"].items():
        if ("table" in entry) == ("image" in entry):
            problems.append(f"config key maps.{name}: give either table or image")
    atlas = config["atlas"]
    atlas_name = atlas if isinstance(atlas, str) else atlas["name"]
    asks_genes = bool(stages & {"expression", "genes", "enrichment"})
    if asks_genes:
        source = config["expression"].get("source")
        if source is None:
            problems.append(
                "config key expression.source is missing; stages genes and enrichment need it (DK83, abagen or table); "
                "or leave these out of stages"
            )
        elif source == "DK83" and atlas_name != "DK83":
            problems.append(f"config key expression.source is DK83, but the atlas is {atlas_name}; use abagen or table")
        elif source == "table" and "table" not in config["expression"]:
            problems.append("config key expression.table is missing; source table needs it")
    tested, models = config["prediction"]["tested"], config["prediction"]["models"]
    if tested and not set(tested) & set(models):
        problems.append(
            f"config key prediction.tested: {', '.join(tested)} is not among prediction.models ({', '.join(models)}); "
            "name one of them, or give [] for no permutation p"
        )
    if config["prediction"].get("external", {}).get("study") == config["study"]:
        problems.append(f"config key prediction.external.study: {config['study']} is this study; name another one")
    problems += _abagen_problems(config["expression"], atlas if asks_genes else None)
    problems += _meta_problems(config) if "meta" in stages else []
    problems += _preclinical_problems(config) if "preclinical" in stages else []
    problems += _evidence_problems(config) if "evidence" in stages else []
    problems += _longitudinal_problems(cohort)
    problems += _response_problems(config) if "response" in stages else []
    problems += _seed_problems(config["seeds"])
    problems += _cleaning_problems(config["cleaning"])
    if isinstance(atlas, dict) and atlas_name in _BUILT_IN:
        problems.append(f"config key atlas.name: {atlas_name} is an atlas of the pipeline; give your own another name")
    elif fmt == "simulated" and atlas_name != "DK83":
        problems.append(f"config key atlas: a simulated cohort is made in DK83, found {atlas_name}")
    elif fmt == "abide" and atlas_name != "AAL116":
        problems.append(f"config key atlas: format abide has series of AAL116 only, found {atlas_name}")
    elif fmt == "rest-meta-mdd" and (isinstance(atlas, dict) or atlas_name == "DK83"):
        blocks = ", ".join(name for name in _BUILT_IN if name != "DK83")
        problems.append(f"config key atlas: the files of REST-meta-MDD hold {blocks}; found {atlas_name}")
    limits = config["enrichment"]
    collections = [c["name"] if isinstance(c, dict) else c for c in limits["collections"]]
    problems += _collection_problems(limits["collections"], collections)
    for name in limits["gsea"]:
        if name not in collections:
            problems.append(
                f"config key enrichment.gsea: {name} is none of enrichment.collections ({', '.join(collections)})"
            )
    if limits["min_size"] > limits["max_size"]:
        problems.append("config key enrichment.min_size is above enrichment.max_size")
    return problems


def _collection_problems(entries: list[Any], names: list[str]) -> list[str]:
    """A collection of one's own is one thing, and no name stands twice."""
    key = "config key enrichment.collections"
    problems = [
        f"{key}: {name} stands {names.count(name)} times" for name in dict.fromkeys(names) if names.count(name) > 1
    ]
    for entry in entries:
        if isinstance(entry, str):
            continue
        kinds = [kind for kind in ("gmt", "specificity", "brainspan") if kind in entry]
        if len(kinds) != 1:
            found = ", ".join(kinds) or "none"
            problems.append(f"{key}: {entry['name']}: give one of gmt, specificity and brainspan; found {found}")
        elif kinds == ["gmt"]:
            problems += [
                f"{key}: {entry['name']}: {setting} belongs to specificity and brainspan, not to gmt"
                for setting in ("thresholds", "min_expression", "draws")
                if setting in entry
            ]
    return problems


def _evidence_problems(config: Mapping[str, Any]) -> list[str]:
    """What published findings are held against."""
    known = config["contrasts"]
    listed = ", ".join(known) or "there are none"
    return [
        f"config key evidence.contrasts: {name} is no contrast of this study ({listed})"
        for name in config["evidence"]["contrasts"]
        if name not in known
    ]


def _meta_problems(config: Mapping[str, Any]) -> list[str]:
    """What the keys of the meta-analysis demand of each other and of the atlas."""
    meta, atlas = config["meta"], config["atlas"]
    problems = []
    if "foci" not in meta:
        problems.append("config key meta.foci is missing; stage meta needs files of foci, or simulated")
    if "image" not in atlas if isinstance(atlas, Mapping) else atlas not in ("AAL116", "DK83"):
        name = atlas["name"] if isinstance(atlas, Mapping) else atlas
        problems.append(
            f"config key atlas: {name} has no image, and stage meta looks foci up in it; give one with an image"
        )
    for pair in meta["differences"]:
        unknown = [name for name in pair if name not in meta["comparisons"]]
        if unknown:
            known = ", ".join(meta["comparisons"])
            problems.append(f"config key meta.differences: {unknown[0]} is none of meta.comparisons ({known})")
    connectome = meta.get("connectome")
    if connectome is None:
        problems += [
            f"config key meta.{key} needs meta.connectome" for key in ("differences", "networks") if meta.get(key)
        ]
        return problems
    if ("matrix" in connectome) == ("controls" in connectome):
        problems.append("config key meta.connectome: give either matrix or controls")
    if "controls" in connectome:
        problems += [
            f"config key meta.connectome.{key} belongs to a matrix, not to controls"
            for key in ("labels", "atlas")
            if key in connectome
        ]
        if config["cohort"]["format"] == "none" or connectome["controls"] not in config["contrasts"]:
            problems.append(
                f"config key meta.connectome.controls: {connectome['controls']} is no contrast of this study's cohort"
            )
    own = connectome.get("atlas", atlas)
    name = own["name"] if isinstance(own, Mapping) else own
    if isinstance(own, Mapping) and name in _BUILT_IN:
        problems.append(
            f"config key meta.connectome.atlas.name: {name} is an atlas of the pipeline; give your own another name"
        )
    if "networks" not in meta and name not in ("AAL116", "DK83"):
        problems.append(
            f"config key meta.networks is missing; the networks of the regions of {name} are not known, give an image"
        )
    return problems


def _preclinical_problems(config: Mapping[str, Any]) -> list[str]:
    """What the keys of animal signatures demand of each other and of expression."""
    one, enrichment = config["preclinical"], config["enrichment"]
    problems = []
    if "tissues" not in one and not one["signatures"]:
        problems.append(
            "config keys preclinical.tissues and preclinical.signatures are both missing; stage preclinical needs "
            "counts, ready signatures, or tissues: simulated"
        )
    if "tissues" in one and not one["contrasts"]:
        problems.append("config key preclinical.contrasts is empty; name groups to compare")
    for name, contrast in one["contrasts"].items():
        if contrast["case"] == contrast["control"]:
            problems.append(f"config key preclinical.contrasts.{name}: case and control are both {contrast['case']!r}")
        if name in one["signatures"]:
            problems.append(f"config key preclinical.signatures.{name}: a contrast has that name; choose another")
    simulated = one.get("tissues") == "simulated"
    if simulated and config["expression"].get("source") is None:
        problems.append(
            "config key expression.source is missing; simulated tissues need it (the map follows its genes)"
        )
    if one.get("responders", {}).get("tests") == "simulated" and not simulated:
        problems.append("config key preclinical.responders.tests is simulated, but preclinical.tissues is not")
    known = ["GOBP", "KEGG", "LAKE", "CELLS", *(c["name"] for c in enrichment["collections"] if isinstance(c, dict))]
    if one["collection"] not in known:
        problems.append(f"config key preclinical.collection: {one['collection']} is none of {', '.join(known)}")
    return problems


def timepoints_of(cohort: Mapping[str, Any]) -> list[str]:
    """Timepoints of a cohort, the baseline first; none of a cohort that was seen once."""
    if cohort["format"] == "simulated":
        return ["pre", "post"] if cohort["simulated"]["sessions"] == 2 else []
    if "timepoints" in cohort:
        return list(cohort["timepoints"])
    # of images the session's label is its timepoint
    labels = cohort.get("sessions", [])
    if cohort["format"] == "simulated-bids":
        labels = cohort.get("sessions", cohort["simulated_scans"]["sessions"])
    return [label.removeprefix("ses-") for label in labels] if len(labels) > 1 else []


def numbers_of_sessions(config: Mapping[str, Any]) -> list[str]:
    """Columns that hold numbers where the sheet of sessions has them: covariates, and what limits are set to."""
    response = config["response"]
    used = [c for kind in ("changes", "normalisation") for one in response[kind].values() for c in one["covariates"]]
    limited = [
        c for c, rule in config["cohort"]["select"].items() if isinstance(rule, list) or "min" in rule or "max" in rule
    ]
    return [c for c in dict.fromkeys([*used, *limited]) if c not in (*config["cohort"]["categorical"], "site")]


def _longitudinal_problems(cohort: Mapping[str, Any]) -> list[str]:
    """What sheets of sessions and outcomes demand."""
    given = [key for key in ("session_table", "outcome_table", "timepoints") if key in cohort]
    if not given:
        return []
    if cohort["format"] not in ("table", "bids"):
        return [f"config key cohort.{given[0]} belongs to format table or bids, found {cohort['format']}"]
    if cohort["format"] == "bids" or "scans" in cohort:
        return []
    return [
        f"config key cohort.{key} is missing; {', '.join(given)} need it"
        for key in ("session_table", "timepoints")
        if key not in cohort
    ]


def _response_problems(config: Mapping[str, Any]) -> list[str]:
    """What the analyses of treatment demand of the cohort and of each other."""
    cohort, response = config["cohort"], config["response"]
    times = timepoints_of(cohort)
    if not times:
        return [
            "config key cohort.session_table is missing; stage response needs sessions (format table with a sheet of "
            "sessions; images with several of them in cohort.sessions; format simulated with simulated.sessions: 2)"
        ]
    kinds = ("changes", "associations", "normalisation", "predictions")
    problems = []
    if not any(response[kind] for kind in kinds):
        problems.append(
            f"config key response: none of {', '.join(kinds)} is asked for; name one, or leave response out of stages"
        )
    if response["outcomes"] and cohort["format"] in ("table", "bids") and "outcome_table" not in cohort:
        problems.append("config key cohort.outcome_table is missing; response.outcomes needs it")
    for kind in kinds:
        for name, one in response[kind].items():
            key = f"config key response.{kind}.{name}"
            asked = one.get("groups") if kind == "changes" else one
            named = [*one.get("timepoints", []), *([asked["timepoint"]] if asked and "timepoint" in asked else [])]
            unknown = [t for t in named if t not in times]
            if unknown:
                problems.append(f"{key}: timepoint {unknown[0]!r} is none of the cohort's ({', '.join(times)})")
            elif (
                kind in ("changes", "normalisation")
                and named
                and sorted(one.get("timepoints", []), key=times.index) != one.get("timepoints", [])
            ):
                problems.append(f"{key}.timepoints are not in the order of cohort.timepoints ({', '.join(times)})")
            if kind == "normalisation" and one.get("timepoints", times)[0] != times[0]:
                problems.append(f"{key}.timepoints begin with the baseline, {times[0]}")
            later = (
                named
                if kind in ("associations", "predictions")
                else [asked["timepoint"]]
                if asked and "timepoint" in asked
                else []
            )
            if times[0] in later:
                problems.append(f"{key}: {times[0]} is the baseline; an outcome is that of a later timepoint")
            if asked and "outcome" in asked:
                problems += _outcome_problems(key, asked, response["outcomes"])
            if kind == "normalisation" and one["case"] == one["control"]:
                problems.append(f"{key}: case and control are both {one['case']!r}")
    return problems


def _outcome_problems(key: str, asked: Mapping[str, Any], outcomes: Mapping[str, Any]) -> list[str]:
    """An outcome that is asked for is derived, and has the threshold that its measure needs."""
    name, measure = asked["outcome"], asked.get("measure", "responder")
    if name not in outcomes:
        return [f"{key}: outcome {name} is none of response.outcomes ({', '.join(outcomes) or 'there are none'})"]
    if measure in ("responder", "remission") and measure not in outcomes[name]:
        return [f"config key response.outcomes.{name}.{measure} is missing; {key.removeprefix('config key ')} needs it"]
    return []


def _seed_problems(seeds: list[Any]) -> list[str]:
    """One's own seed is one thing, and no name stands twice."""
    problems = []
    names = [seed if isinstance(seed, str) else seed["name"] for seed in seeds]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            problems.append(f"config key seeds: {name} stands {names.count(name)} times")
    for seed in seeds:
        if isinstance(seed, str):
            continue
        kinds = [k for k in ("regions", "sphere", "mask", "image") if k in seed]
        if len(kinds) != 1:
            found = ", ".join(kinds) or "none"
            problems.append(
                f"config key seeds: {seed['name']}: give one of regions, sphere, mask and image; found {found}"
            )
        elif ("image" in seed) != ("volumes" in seed):
            problems.append(f"config key seeds: {seed['name']}: image and volumes (numbers from 0) belong together")
        elif "sphere" in seed and seed["sphere"][3] <= 0:
            problems.append(f"config key seeds: {seed['name']}: sphere is [x, y, z, radius] with a radius above 0")
    return problems


def _cleaning_problems(cleaning: Mapping[str, Any]) -> list[str]:
    """What cannot be right in any cleaning of images."""
    problems = []
    band = cleaning["band_pass"]
    if band is not None and None not in band and band[0] >= band[1]:
        problems.append(f"config key cleaning.band_pass: {band}: give [lowest, highest] in Hz")
    if cleaning["filtered"] and cleaning["strategy"] != "none":
        problems.append(
            f"config key cleaning.strategy is {cleaning['strategy']}, but the images are filtered already: confounds "
            "that are not filtered alike would bring back what the filter took away (Lindquist 2019); use none, or "
            "images before the filter"
        )
    return problems


def image_problems(config: Mapping[str, Any]) -> list[str]:
    """What a cohort of images demands of the other keys."""
    atlas = config["atlas"]
    name = atlas if isinstance(atlas, str) else atlas["name"]
    with_image = "image" in atlas if isinstance(atlas, Mapping) else atlas in ("AAL116", "DK83")
    if with_image:
        return []
    return [
        f"config key atlas: {name} has no image, and maps are averaged over its regions; use AAL116, DK83 or your own"
    ]


def _abagen_problems(expression: Mapping[str, Any], atlas: str | Mapping[str, Any] | None) -> list[str]:
    """What making expression from AHBA's samples demands; no atlas: no stage asks for it."""
    if expression.get("source") != "abagen":
        return ["config key expression.multiverse needs source abagen"] if expression["multiverse"] else []
    problems = []
    if "image" not in atlas if isinstance(atlas, Mapping) else atlas not in (None, "AAL116", "DK83"):
        name = atlas["name"] if isinstance(atlas, Mapping) else atlas
        problems.append(
            f"config key atlas: {name} has no image, and expression.source abagen assigns samples by it; "
            "give {name, labels, image}, use source table, or leave expression, genes and enrichment out of stages"
        )
    n_donors = len(chosen_donors(expression["donors"]))
    compared = expression["probe_selection"] == "diff_stability" or expression["stability"] > -1
    if expression["multiverse"] and n_donors < 3:
        problems.append(
            f"config key expression.donors: {n_donors} given; multiverse leaves one out and compares the others, "
            "so it needs at least 3"
        )
    elif compared and n_donors < 2:
        problems.append(
            "config key expression.donors: 1 given; probe_selection diff_stability and stability compare donors"
        )
    return problems
