"""Seeds: what is connected with the rest of the brain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from amygene.io.problems import some


def seed_definition(
    seed: str,
    atlas: str,
    table: Iterable[Mapping[str, str]],
    own: Mapping[str, Mapping[str, Any]],
    weighting: str = "maximum",
    threshold: float = 0.0,
) -> dict[str, Any]:
    """What a seed is made of.

    Parameters
    ----------
    seed
        Name of the seed. One that neither the config nor the table of seeds knows is taken for the name
        of a region.
    atlas
        Name of the atlas.
    table
        Rows of config/seeds.tsv: seed, atlas (empty: any), kind, and by kind regions (separated by ``;``), image and
        volumes, or xyz and radius.
    own
        Seeds that the config defines itself: name -> its entry.
    weighting, threshold
        How a seed is made of probabilities.

    Returns
    -------
    dict
        ``kind`` and what `amygene.imaging.seed_maps.read_source` needs for it; regions by name.
    """
    probability = {"kind": "probability", "weighting": weighting, "threshold": threshold}
    if seed in own:
        entry = own[seed]
        if "sphere" in entry:
            *xyz, radius = entry["sphere"]
            return {"kind": "sphere", "xyz": [float(x) for x in xyz], "radius": float(radius)}
        if "mask" in entry:
            return {"kind": "mask", "image": entry["mask"]}
        if "image" in entry:
            return probability | {"image": entry["image"], "volumes": list(entry["volumes"])}
        return {"kind": "regions", "regions": list(entry["regions"])}
    for row in table:
        if row["seed"] == seed and row["atlas"] in (atlas, ""):
            if row["kind"] == "probability":
                volumes = [int(v) for v in row["volumes"].split(";")]
                return probability | {"image": row["image"], "volumes": volumes}
            if row["kind"] == "mask":
                return {"kind": "mask", "image": row["image"]}
            if row["kind"] == "sphere":
                xyz = [float(x) for x in row["xyz"].split(",")]
                return {"kind": "sphere", "xyz": xyz, "radius": float(row["radius"])}
            return {"kind": "regions", "regions": [region.strip() for region in row["regions"].split(";")]}
    return {"kind": "regions", "regions": [seed]}


def need_images(definitions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Problems of seeds that series of regions know nothing of."""
    return [
        f"config key seeds: {seed} is a {definition['kind']} seed, which needs images; the cohort has series of "
        "regions, so name regions of the atlas"
        for seed, definition in definitions.items()
        if definition["kind"] != "regions"
    ]


def check_seeds(seeds: Mapping[str, list[str]], labels: Iterable[str], atlas: str) -> list[str]:
    """Problems of seeds whose regions the atlas does not have."""
    known = set(labels)
    problems = []
    for seed, regions in seeds.items():
        absent = [r for r in regions if r not in known]
        if absent:
            problems.append(
                f"config key seeds: {seed} stands for {some(absent)}, which the atlas {atlas} does not have; "
                f"add a row to config/seeds.tsv or name regions of the atlas (such as {some(sorted(known), 3)})"
            )
    return problems


def known_sets(folder: str | Path) -> dict[str, dict[str, Any]]:
    """Sets of seeds that earlier runs wrote down: name -> seeds. A damaged file is as good as none."""
    found = {}
    for file in sorted(Path(folder).glob("seeds-*.json")):
        name = file.stem.removeprefix("seeds-")
        if "_" not in name:  # else the maps of a bucket
            with suppress(ValueError):
                found[name] = json.loads(file.read_text(encoding="utf-8"))
    return found


def seed_sets(
    definitions: Mapping[str, Mapping[str, Any]], known: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Deal seeds to sets that are computed together, an image being read once per set.

    Seeds that a known set holds, with the same definition, stay there; all others make one new set. So the seeds of
    a first run are one set, and a seed that is added or redefined later leaves the others alone.

    Parameters
    ----------
    definitions
        Seeds of the config.
    known
        Name of a set -> its seeds, from earlier runs.

    Returns
    -------
    dict
        Name of every set that is needed -> its seeds, also those that the config does not name any more.
    """
    needed: dict[str, dict[str, dict[str, Any]]] = {}
    new: dict[str, dict[str, Any]] = {}
    for seed, definition in definitions.items():
        holders = [name for name in sorted(known) if known[name].get(seed) == definition]
        if holders:
            needed[holders[0]] = {s: dict(d) for s, d in known[holders[0]].items()}
        else:
            new[seed] = dict(definition)
    if new:
        content = json.dumps(new, sort_keys=True)
        needed[hashlib.sha256(content.encode()).hexdigest()[:10]] = new
    return needed
