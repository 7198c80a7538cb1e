"""What the config must say of animal signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def problems(config: Mapping[str, Any]) -> list[str]:
    """Counts or ready signatures, contrasts of groups, expression to simulate from, a collection that is there."""
    if "preclinical" not in config["stages"]:
        return []
    one, enrichment = config["preclinical"], config["enrichment"]
    found = []
    if "tissues" not in one and not one["signatures"]:
        found.append(
            "config keys preclinical.tissues and preclinical.signatures are both missing; stage preclinical needs "
            "counts, ready signatures, or tissues: simulated"
        )
    if "tissues" in one and not one["contrasts"]:
        found.append("config key preclinical.contrasts is empty; name groups to compare")
    for name, contrast in one["contrasts"].items():
        if contrast["case"] == contrast["control"]:
            found.append(f"config key preclinical.contrasts.{name}: case and control are both {contrast['case']!r}")
        if name in one["signatures"]:
            found.append(f"config key preclinical.signatures.{name}: a contrast has that name; choose another")
    simulated = one.get("tissues") == "simulated"
    if simulated and config["expression"].get("source") is None:
        found.append("config key expression.source is missing; simulated tissues need it (the map follows its genes)")
    if one.get("responders", {}).get("tests") == "simulated" and not simulated:
        found.append("config key preclinical.responders.tests is simulated, but preclinical.tissues is not")
    known = ["GOBP", "KEGG", "LAKE", "CELLS", *(c["name"] for c in enrichment["collections"] if isinstance(c, dict))]
    if one["collection"] not in known:
        found.append(f"config key preclinical.collection: {one['collection']} is none of {', '.join(known)}")
    return found
