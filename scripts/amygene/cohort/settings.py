"""What the config must say of a cohort, and what follows from it for other stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amygene.cohort.choices import COMMON, FORMATS, SESSIONS, CohortFormat
from amygene.imaging.settings import BUILT_IN, atlas_name


def foreign_keys(cohort: Mapping[str, Any]) -> list[str]:
    """Keys that only other formats take.

    Parameters
    ----------
    cohort
        As the user gave it: defaults belong to every format.
    """
    own = FORMATS[cohort.get("format", "none")]
    return [
        f"config key cohort.{key} belongs to format "
        f"{' or '.join(name for name, other in FORMATS.items() if key in other.keys)}, found {own.name}"
        for key in cohort
        if key not in (*COMMON, *own.keys)
    ]


def problems(config: Mapping[str, Any]) -> list[str]:
    """What the format demands: keys, an atlas, sheets that belong together."""
    cohort, atlas, stages = config["cohort"], config["atlas"], set(config["stages"])
    own = FORMATS[cohort["format"]]
    found = [
        f"config key cohort.{key} is missing; format {own.name} needs it" for key in own.needs if key not in cohort
    ]
    if not own.has_participants and not config["maps"] and not stages & {"meta", "preclinical"}:
        found.append("config keys cohort and maps are both empty; nothing to study")
    if own.has_participants and not config["contrasts"] and stages & {"group", "sites", "prediction"}:
        found.append("config key contrasts is empty; stages group, sites and prediction need one")
    found += _sheets_of_sessions(cohort, own)
    name = atlas_name(atlas)
    # an atlas of one's own that is called like one of the pipeline's is told about as such
    taken = isinstance(atlas, Mapping) and name in BUILT_IN
    if own.atlases and name not in own.atlases and not taken:
        found.append(f"config key atlas: {own.holds} found {name}")
    return found


def _sheets_of_sessions(cohort: Mapping[str, Any], own: CohortFormat) -> list[str]:
    """Series of several sessions need the sheet and its order; images know their sessions."""
    given = [key for key in SESSIONS if key in cohort and key in own.keys]
    if not given or "scans" in cohort or own.sheet:
        return []
    return [
        f"config key cohort.{key} is missing; {', '.join(given)} need it"
        for key in ("session_table", "timepoints")
        if key not in cohort
    ]


def timepoints_of(cohort: Mapping[str, Any]) -> list[str]:
    """Timepoints of a cohort, the baseline first; none of a cohort that was seen once."""
    if "timepoints" in cohort:
        return list(cohort["timepoints"])
    # of images the session's label is its timepoint
    labels = cohort.get("sessions") or FORMATS[cohort["format"]].simulated_sessions(cohort)
    return [label.removeprefix("ses-") for label in labels] if len(labels) > 1 else []


def numbers_of_sessions(config: Mapping[str, Any]) -> list[str]:
    """Columns that hold numbers where the sheet of sessions has them: covariates, and what limits are set to."""
    response = config["response"]
    used = [c for kind in ("changes", "normalisation") for one in response[kind].values() for c in one["covariates"]]
    limited = [
        c for c, rule in config["cohort"]["select"].items() if isinstance(rule, list) or "min" in rule or "max" in rule
    ]
    return [c for c in dict.fromkeys([*used, *limited]) if c not in (*config["cohort"]["categorical"], "site")]
