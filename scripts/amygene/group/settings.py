"""What the config must say of contrasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amygene.models.choices import SITE_EFFECTS


def problems(config: Mapping[str, Any]) -> list[str]:
    """Contrasts of two groups, with a way to deal with sites that their covariates allow."""
    found = []
    if config["group"]["voxel"]["draws"] == "sequential" and config["group"]["family"] == "contrast":
        found.append(
            "config key group.voxel.draws: sequential draws stop for each seed at its own time, so p cannot be taken "
            "over all seeds; use family seed, or draws plain or tail"
        )
    for name, contrast in config["contrasts"].items():
        way = contrast.get("site_effects")
        if way and SITE_EFFECTS[way].in_model and "site" not in contrast["covariates"]:
            found.append(f"config key contrasts.{name}.site_effects is {way}, but site is not among covariates")
        if contrast["case"] == contrast["control"]:
            found.append(f"config key contrasts.{name}: case and control are both {contrast['case']!r}")
    return found
