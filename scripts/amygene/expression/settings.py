"""What the config must say of expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amygene.imaging.settings import atlas_name, has_image

_N_DONORS = 6


def problems(config: Mapping[str, Any]) -> list[str]:
    """A source that fits the atlas, if a stage needs one, and what that source needs."""
    expression, atlas = config["expression"], config["atlas"]
    source = expression.get("source")
    needed = bool({"expression", "genes", "enrichment"} & set(config["stages"]))
    found = []
    if needed and source is None:
        found.append(
            "config key expression.source is missing; stages genes and enrichment need it (DK83, abagen or table); "
            "or leave these out of stages"
        )
    elif needed and source == "DK83" and atlas_name(atlas) != "DK83":
        found.append(f"config key expression.source is DK83, but the atlas is {atlas_name(atlas)}; use abagen or table")
    elif needed and source == "table" and "table" not in expression:
        found.append("config key expression.table is missing; source table needs it")
    if source == "abagen":
        found += _abagen_problems(expression, atlas if needed else None)
    elif expression["multiverse"]:
        found.append("config key expression.multiverse needs source abagen")
    return found


def _abagen_problems(expression: Mapping[str, Any], atlas: str | Mapping[str, Any] | None) -> list[str]:
    """What making expression from AHBA's samples demands; no atlas: no stage asks for it."""
    found = []
    if atlas is not None and not has_image(atlas):
        found.append(
            f"config key atlas: {atlas_name(atlas)} has no image, and expression.source abagen assigns samples by it; "
            "give {name, labels, image}, use source table, or leave expression, genes and enrichment out of stages"
        )
    donors = expression["donors"]
    n_donors = _N_DONORS if "all" in donors else len(donors)
    compared = expression["probe_selection"] == "diff_stability" or expression["stability"] > -1
    if expression["multiverse"] and n_donors < 3:
        found.append(
            f"config key expression.donors: {n_donors} given; multiverse leaves one out and compares the others, "
            "so it needs at least 3"
        )
    elif compared and n_donors < 2:
        found.append(
            "config key expression.donors: 1 given; probe_selection diff_stability and stability compare donors"
        )
    return found
