"""What the config must say of gene sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def problems(config: Mapping[str, Any]) -> list[str]:
    """A collection of one's own is one thing, no name stands twice, and those of gsea are among them."""
    limits = config["enrichment"]
    names = [c["name"] if isinstance(c, dict) else c for c in limits["collections"]]
    key = "config key enrichment.collections"
    found = [
        f"{key}: {name} stands {names.count(name)} times" for name in dict.fromkeys(names) if names.count(name) > 1
    ]
    for entry in limits["collections"]:
        if isinstance(entry, str):
            continue
        kinds = [kind for kind in ("gmt", "specificity", "brainspan") if kind in entry]
        if len(kinds) != 1:
            listed = ", ".join(kinds) or "none"
            found.append(f"{key}: {entry['name']}: give one of gmt, specificity and brainspan; found {listed}")
        elif kinds == ["gmt"]:
            found += [
                f"{key}: {entry['name']}: {setting} belongs to specificity and brainspan, not to gmt"
                for setting in ("thresholds", "min_expression", "draws")
                if setting in entry
            ]
    found += [
        f"config key enrichment.gsea: {name} is none of enrichment.collections ({', '.join(names)})"
        for name in limits["gsea"]
        if name not in names
    ]
    if limits["min_size"] > limits["max_size"]:
        found.append("config key enrichment.min_size is above enrichment.max_size")
    return found
