"""Where findings lie in an atlas, and which connections of a run they are about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from amygene.io.problems import InputError, raise_if_any, some

_COLUMNS = ["name", "kind", "atlas", "left", "right", "midline", "note"]
_SIDES = {"left": ("left",), "right": ("right",), "both": ("left", "right", "midline")}


@dataclass(frozen=True)
class Place:
    """A region or network of the literature in one atlas.

    Attributes
    ----------
    kind
        region, network, tract or other.
    left, right, midline
        Regions of the atlas.
    note
        What the mapping leaves open.
    """

    kind: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    midline: tuple[str, ...]
    note: str

    def on(self, side: str | None) -> tuple[str, ...]:
        """Regions of a side; of both if the side is not known."""
        return tuple(region for part in _SIDES[side or "both"] for region in getattr(self, part))


def read_places(table: pd.DataFrame, atlas: str, regions: Collection[str], path: object) -> dict[str, Place]:
    """The mapping of one atlas, by the name of the region or network.

    Parameters
    ----------
    table
        As config/evidence/regions.tsv: name, kind, atlas, left, right, midline (regions, separated by ``;``), note.
    atlas
        Its name; rows of other atlases are not looked at.
    regions
        Of the atlas.

    Raises
    ------
    InputError
        A column is missing, a name stands twice, or a region is none of the atlas's.
    """
    absent = [c for c in _COLUMNS if c not in table]
    if absent:
        raise InputError(f"{path}: column {some(absent)} is missing; found {some(table.columns)}")
    own = table[table["atlas"] == atlas]
    twice = own["name"][own["name"].duplicated()].unique()
    problems = [f"{path}: {some(twice)} stands twice for atlas {atlas}"] if len(twice) else []
    found = {}
    for _, row in own.iterrows():
        left, right, midline = (_listed(row[side]) for side in ("left", "right", "midline"))
        unknown = [r for r in left + right + midline if r not in regions]
        if unknown:
            problems.append(f"{path}: {row['name']}: {some(unknown)} is no region of atlas {atlas}")
        note = str(row["note"]) if pd.notna(row["note"]) else ""
        found[str(row["name"])] = Place(str(row["kind"]), left, right, midline, note)
    raise_if_any(problems)
    return found


def _listed(cell: object) -> tuple[str, ...]:
    """Names separated by semicolons."""
    return tuple(name.strip() for name in str(cell).split(";") if name.strip()) if pd.notna(cell) else ()


#: what findings are against or go with, in words for the reason why a map cannot test them
ABOUT = {
    "nonresistant": "patients with and without resistance to treatment",
    "controls": "patients and controls",
    "remitted": "patients now and in remission",
    "first episode": "patients with several and with one episode",
    "before treatment": "change with treatment",
    "response": "connectivity before treatment and response",
    "nonresponders": "responders and nonresponders before treatment",
    "symptoms": "symptoms",
    "other": "something else",
}


@dataclass(frozen=True)
class Claim:
    """A finding of connectivity and the connections of this run that it is about.

    Attributes
    ----------
    edges
        (seed, region) pairs; none if it cannot be tested.
    seed_is
        ``named`` if an end of the finding is a region that the seed is (a side of), ``part of network`` if it is a
        network or circuit that holds the seed, else empty.
    reason
        Why it cannot be tested, else empty.
    """

    edges: tuple[tuple[str, str], ...]
    seed_is: str
    reason: str


def connections(
    finding: pd.Series,
    places: Mapping[str, Place],
    seeds: Mapping[str, Sequence[str]],
    measured: Mapping[str, Collection[str]],
    comparisons: Collection[str],
    atlas: str,
) -> Claim:
    """The connections of a run that a finding of connectivity is about, or the reason why it has none.

    Parameters
    ----------
    finding
        Row of `claims.read_findings` with measure connectivity.
    places
        From `read_places`.
    seeds
        Seed -> the regions that it consists of.
    measured
        Seed -> regions with a value in the map.
    comparisons
        What the map compares, in the words of the column comparison.
    atlas
        Its name, for the reason.
    """

    def no(reason: str) -> Claim:
        return Claim((), "", reason)

    if finding["modality"] != "rs-fMRI":
        return no(f"{finding['modality']}, not at rest")
    if finding["comparison"] not in comparisons:
        return no(f"is about {ABOUT[finding['comparison']]}")
    if finding["direction"] not in ("higher", "lower"):
        return no("no direction is given" if finding["direction"] == "altered" else "finds no difference")
    if finding["target"] is None:
        return no("names one end only")
    ends = []
    for name, side in (("region", "side"), ("target", "target_side")):
        place = places.get(finding[name])
        if place is None:
            return no(f"{finding[name]} is not in the table of regions for {atlas}")
        if not place.on(finding[side]):
            return no(f"{finding[name]} has no region in {atlas}" + (f": {place.note}" if place.note else ""))
        ends.append((place, place.on(finding[side])))
    # a connection of two seeds is in the maps of both, and counts once
    edges: dict[frozenset[frozenset[str]], list[tuple[str, str]]] = {}
    kinds = set()
    for (place, own), (_, other) in (ends, ends[::-1]):
        for seed, parts in seeds.items():
            if not parts or not set(parts) <= set(own):
                continue
            kinds.add(place.kind)
            for region in other:
                if region not in parts:
                    edges.setdefault(frozenset((frozenset(parts), frozenset((region,)))), []).append((seed, region))
    if not kinds:
        return no("no end is a seed of this run")
    if not edges:
        return no("both ends are the seed")
    known = [[edge for edge in one if edge[1] in measured[edge[0]]] for one in edges.values()]
    found = tuple(one[0] for one in known if one)
    if not found:
        return no("the map has no value in its regions")
    return Claim(found, "named" if "region" in kinds else "part of network", "")
