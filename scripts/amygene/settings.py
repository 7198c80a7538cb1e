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

from amygene.cleaning import settings as cleaning
from amygene.cohort import settings as cohort
from amygene.enrichment import settings as enrichment
from amygene.evidence import settings as evidence
from amygene.expression import settings as expression
from amygene.genes import settings as genes
from amygene.group import settings as group
from amygene.imaging import settings as imaging
from amygene.io.choices import load
from amygene.io.problems import raise_if_any
from amygene.meta import settings as meta
from amygene.preclinical import settings as preclinical
from amygene.prediction import settings as prediction
from amygene.response import settings as response

#: rooms that check what their stage demands, in the order of the messages
_ROOMS = (
    cohort,
    group,
    genes,
    expression,
    prediction,
    meta,
    preclinical,
    evidence,
    response,
    imaging,
    cleaning,
    enrichment,
)


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
    # defaults belong to every format of cohorts: only what was given can belong to another one
    problems = cohort.foreign_keys(given.get("cohort", {}))
    for room in _ROOMS:
        problems += room.problems(filled)
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
