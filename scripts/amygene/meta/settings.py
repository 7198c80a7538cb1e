"""What the config must say of a meta-analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amygene.cohort.choices import FORMATS
from amygene.imaging.settings import WITH_IMAGE, atlas_name, has_image, own_atlas_problems


def problems(config: Mapping[str, Any]) -> list[str]:
    """Foci, an atlas with an image, differences of known comparisons, one connectome."""
    if "meta" not in config["stages"]:
        return []
    meta, atlas = config["meta"], config["atlas"]
    found = []
    if "foci" not in meta:
        found.append("config key meta.foci is missing; stage meta needs files of foci, or simulated")
    if not has_image(atlas):
        found.append(
            f"config key atlas: {atlas_name(atlas)} has no image, and stage meta looks foci up in it; "
            "give one with an image"
        )
    for pair in meta["differences"]:
        unknown = [name for name in pair if name not in meta["comparisons"]]
        if unknown:
            known = ", ".join(meta["comparisons"])
            found.append(f"config key meta.differences: {unknown[0]} is none of meta.comparisons ({known})")
    connectome = meta.get("connectome")
    if connectome is None:
        found += [
            f"config key meta.{key} needs meta.connectome" for key in ("differences", "networks") if meta.get(key)
        ]
        return found
    if ("matrix" in connectome) == ("controls" in connectome):
        found.append("config key meta.connectome: give either matrix or controls")
    if "controls" in connectome:
        found += [
            f"config key meta.connectome.{key} belongs to a matrix, not to controls"
            for key in ("labels", "atlas")
            if key in connectome
        ]
        cohort = FORMATS[config["cohort"]["format"]]
        if not cohort.has_participants or connectome["controls"] not in config["contrasts"]:
            found.append(
                f"config key meta.connectome.controls: {connectome['controls']} is no contrast of this study's cohort"
            )
        elif not cohort.series:
            found.append(
                f"config key meta.connectome.controls: a cohort of format {cohort.name} has no series of regions; "
                "give a matrix"
            )
    own = connectome.get("atlas", atlas)
    found += own_atlas_problems("meta.connectome.atlas", own)
    if "networks" not in meta and atlas_name(own) not in WITH_IMAGE:
        found.append(
            f"config key meta.networks is missing; the networks of the regions of {atlas_name(own)} are not known, "
            "give an image"
        )
    return found
