"""Keys that stand twice in a config file: readers of YAML and of JSON let the last one win without a word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

_MERGE = "tag:yaml.org,2002:merge"


def repeated_keys(files: Iterable[str | Path]) -> list[str]:
    """Keys that stand more than once in one mapping.

    Parameters
    ----------
    files
        YAML or JSON. One that is neither is left to whoever reads it.

    Returns
    -------
    list of str
        A message per key, with its file and lines. A key of a mapping that is merged in (``<<``) may be given again;
        keys are compared as texts, since the config's keys are texts (``1`` and ``"1"`` are one key).
    """
    problems = []
    for file in files:
        text = Path(file).read_text(encoding="utf-8-sig")
        try:
            root = yaml.compose(_as_yaml(text), Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            continue
        for key, lines in _repeated(root, "", set()):
            listed = f"{', '.join(lines[:-1])} and {lines[-1]}"
            problems.append(f"{file}: config key {key} stands in lines {listed}; keep one of them")
    return problems


def _as_yaml(text: str) -> str:
    """JSON may be indented by tabs, which YAML does not take; inside of its texts there are none."""
    try:
        json.loads(text)
    except ValueError:
        return text
    return text.replace("\t", " ")


def _repeated(node: yaml.Node | None, above: str, seen: set[int]) -> Iterator[tuple[str, list[str]]]:
    """Repeated keys with their lines, in a node and below it; what an alias stands for is looked at once."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, inner in enumerate(node.value):
            yield from _repeated(inner, f"{above}{number}.", seen)
    if not isinstance(node, yaml.MappingNode):
        return
    places: dict[str, list[str]] = {}
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            places.setdefault(key.value, []).append(str(key.start_mark.line + 1))
    yield from ((f"{above}{key}", lines) for key, lines in places.items() if len(lines) > 1)
    for key, inner in node.value:
        yield from _repeated(inner, f"{above}{key.value}.", seen)
