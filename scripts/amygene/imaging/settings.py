"""What the config must say of the atlas and of seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: atlases that need no files of the user's, and those of them that have an image
BUILT_IN = (
    "AAL116", "DK83", "HarvardOxford96", "HarvardOxford16", "Craddock200", "Zalesky980", "Dosenbach160", "Power264",
)  # fmt: skip
WITH_IMAGE = ("AAL116", "DK83")


def atlas_name(atlas: str | Mapping[str, Any]) -> str:
    """Name of an atlas of the pipeline or of one's own."""
    name: str = atlas if isinstance(atlas, str) else atlas["name"]
    return name


def has_image(atlas: str | Mapping[str, Any]) -> bool:
    """Whether an image says where the regions lie."""
    return atlas in WITH_IMAGE if isinstance(atlas, str) else "image" in atlas


def problems(config: Mapping[str, Any]) -> list[str]:
    """One's own seed is one thing, no name stands twice, and one's own atlas has a name of its own."""
    found = []
    seeds, atlas = config["seeds"], config["atlas"]
    names = [seed if isinstance(seed, str) else seed["name"] for seed in seeds]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            found.append(f"config key seeds: {name} stands {names.count(name)} times")
    for seed in seeds:
        if isinstance(seed, str):
            continue
        kinds = [k for k in ("regions", "sphere", "mask", "image") if k in seed]
        if len(kinds) != 1:
            listed = ", ".join(kinds) or "none"
            found.append(
                f"config key seeds: {seed['name']}: give one of regions, sphere, mask and image; found {listed}"
            )
        elif ("image" in seed) != ("volumes" in seed):
            found.append(f"config key seeds: {seed['name']}: image and volumes (numbers from 0) belong together")
        elif "sphere" in seed and seed["sphere"][3] <= 0:
            found.append(f"config key seeds: {seed['name']}: sphere is [x, y, z, radius] with a radius above 0")
    return found + own_atlas_problems("atlas", atlas)


def own_atlas_problems(key: str, atlas: str | Mapping[str, Any]) -> list[str]:
    """An atlas of one's own is not called like one of the pipeline's."""
    if isinstance(atlas, str) or atlas["name"] not in BUILT_IN:
        return []
    return [f"config key {key}.name: {atlas['name']} is an atlas of the pipeline; give your own another name"]


def image_problems(config: Mapping[str, Any]) -> list[str]:
    """What a cohort of images demands of the atlas."""
    if has_image(config["atlas"]):
        return []
    return [
        f"config key atlas: {atlas_name(config['atlas'])} has no image, and maps are averaged over its regions; "
        "use AAL116, DK83 or your own"
    ]
