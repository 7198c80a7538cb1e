"""The study's settings: checked against the schema, all problems at once, defaults filled in."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping
from typing import Any

import jsonschema

from amygene.problems import raise_if_any


def complete(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Check a config and fill in the defaults of the keys it leaves out.

    Raises
    ------
    InputError
        One message with every problem: unknown keys with the known key that was probably meant, values that
        do not fit with what was found and what is allowed.
    """
    validator = jsonschema.Draft202012Validator(schema)
    problems = []
    for error in sorted(validator.iter_errors(dict(config)), key=lambda e: [str(p) for p in e.absolute_path]):
        problems += _explain(error)
    raise_if_any(problems)
    filled = copy.deepcopy(dict(config))
    _fill(filled, schema)
    problems = _cross_checks(filled)
    raise_if_any(problems)
    return filled


def _fill(value: Any, schema: Mapping[str, Any]) -> None:
    """Put the schema's defaults where the config says nothing, in place."""
    if not isinstance(value, dict):
        return
    for key, rule in schema.get("properties", {}).items():
        if key not in value and "default" in rule:
            value[key] = copy.deepcopy(rule["default"])
        if key in value:
            _fill(value[key], rule)
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        for key in value:
            if key not in schema.get("properties", {}):
                _fill(value[key], others)


def _explain(error: jsonschema.ValidationError) -> list[str]:
    where = ".".join(str(p) for p in error.absolute_path) or "the config"
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = [key for key in error.instance if key not in known]
        return [_unknown_key(where, key, known) for key in unknown]
    if error.validator == "required":
        absent = [key for key in error.validator_value if key not in error.instance]
        return [f"config key {where}: {key!r} is missing" for key in absent]
    if error.validator in {"oneOf", "anyOf"}:
        return _explain_choice(error, where)
    if error.validator == "enum":
        allowed = [str(v) for v in error.validator_value]
        near = difflib.get_close_matches(str(error.instance), allowed, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; choose one of {', '.join(allowed)}"
        return [f"config key {where}: found {error.instance!r}{hint}"]
    return [f"config key {where}: {error.message}"]


def _explain_choice(error: jsonschema.ValidationError, where: str) -> list[str]:
    """Of several allowed forms, the problems of the one that was meant."""
    by_form: dict[Any, list[jsonschema.ValidationError]] = {}
    for inner in error.context or []:
        by_form.setdefault(inner.schema_path[0], []).append(inner)
    wanted = "object" if isinstance(error.instance, dict) else None
    for errors in by_form.values():
        if (wanted == "object") == all(e.validator != "type" for e in errors) and wanted:
            return [line for e in errors for line in _explain(e)]
    enums = [e for errors in by_form.values() for e in errors if e.validator == "enum"]
    if enums and not isinstance(error.instance, dict):
        return [line for e in enums[:1] for line in _explain(e)]
    return [f"config key {where}: {error.instance!r} has none of the allowed forms (see config/README.md)"]


def _unknown_key(where: str, key: str, known: list[str]) -> str:
    prefix = "" if where == "the config" else f"{where}."
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
    return f"config key {prefix}{key} is unknown; {hint}"


def _cross_checks(config: Mapping[str, Any]) -> list[str]:
    """What one key demands of another."""
    problems = []
    cohort, stages = config["cohort"], set(config["stages"])
    fmt = cohort["format"]
    demands = {"table": ["participants"], "rest-meta-mdd": ["root"], "abide": ["root"]}
    for key in demands.get(fmt, []):
        if key not in cohort:
            problems.append(f"config key cohort.{key} is missing; format {fmt} needs it")
    if fmt == "none" and not config["maps"]:
        problems.append("config keys cohort and maps are both empty; nothing to study")
    if fmt != "none" and not config["contrasts"] and stages & {"group", "sites"}:
        problems.append("config key contrasts is empty; stages group and sites need one")
    for name, contrast in config["contrasts"].items():
        way = contrast.get("site_effects")
        if way == "covariate" and "site" not in contrast["covariates"]:
            problems.append(f"config key contrasts.{name}.site_effects is covariate, but site is not among covariates")
        if contrast["case"] == contrast["control"]:
            problems.append(f"config key contrasts.{name}: case and control are both {contrast['case']!r}")
    for name, entry in config["maps"].items():
        if ("table" in entry) == ("image" in entry):
            problems.append(f"config key maps.{name}: give either table or image")
    atlas = config["atlas"]
    atlas_name = atlas if isinstance(atlas, str) else atlas["name"]
    if stages & {"expression", "genes", "enrichment"}:
        source = config["expression"].get("source")
        if source is None:
            problems.append(
                "config key expression.source is missing; stages genes and enrichment need it (DK83, abagen or table)"
            )
        elif source == "DK83" and atlas_name != "DK83":
            problems.append(f"config key expression.source is DK83, but the atlas is {atlas_name}; use abagen or table")
        elif source == "table" and "table" not in config["expression"]:
            problems.append("config key expression.table is missing; source table needs it")
    if fmt == "simulated" and atlas_name != "DK83":
        problems.append(f"config key atlas: a simulated cohort is made in DK83, found {atlas_name}")
    limits = config["enrichment"]
    if limits["min_size"] > limits["max_size"]:
        problems.append("config key enrichment.min_size is above enrichment.max_size")
    return problems
