"""What the config must say of treatment response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amygene.cohort.choices import FORMATS
from amygene.cohort.settings import timepoints_of


def problems(config: Mapping[str, Any]) -> list[str]:
    """Sessions, and analyses at timepoints and of outcomes that the cohort has."""
    if "response" not in config["stages"]:
        return []
    cohort, response = config["cohort"], config["response"]
    times = timepoints_of(cohort)
    if not times:
        return [
            "config key cohort.session_table is missing; stage response needs sessions (format table with a sheet of "
            "sessions; images with several of them in cohort.sessions; format simulated with simulated.sessions: 2)"
        ]
    kinds = ("changes", "associations", "normalisation", "predictions")
    found = []
    if not any(response[kind] for kind in kinds):
        found.append(
            f"config key response: none of {', '.join(kinds)} is asked for; name one, or leave response out of stages"
        )
    if response["outcomes"] and "outcome_table" in FORMATS[cohort["format"]].keys and "outcome_table" not in cohort:
        found.append("config key cohort.outcome_table is missing; response.outcomes needs it")
    for kind in kinds:
        for name, one in response[kind].items():
            key = f"config key response.{kind}.{name}"
            asked = one.get("groups") if kind == "changes" else one
            named = [*one.get("timepoints", []), *([asked["timepoint"]] if asked and "timepoint" in asked else [])]
            unknown = [t for t in named if t not in times]
            if unknown:
                found.append(f"{key}: timepoint {unknown[0]!r} is none of the cohort's ({', '.join(times)})")
            elif (
                kind in ("changes", "normalisation")
                and named
                and sorted(one.get("timepoints", []), key=times.index) != one.get("timepoints", [])
            ):
                found.append(f"{key}.timepoints are not in the order of cohort.timepoints ({', '.join(times)})")
            if kind == "normalisation" and one.get("timepoints", times)[0] != times[0]:
                found.append(f"{key}.timepoints begin with the baseline, {times[0]}")
            later = (
                named
                if kind in ("associations", "predictions")
                else [asked["timepoint"]]
                if asked and "timepoint" in asked
                else []
            )
            if times[0] in later:
                found.append(f"{key}: {times[0]} is the baseline; an outcome is that of a later timepoint")
            if asked and "outcome" in asked:
                found += _outcome_problems(key, asked, response["outcomes"])
            if kind == "normalisation" and one["case"] == one["control"]:
                found.append(f"{key}: case and control are both {one['case']!r}")
    return found


def _outcome_problems(key: str, asked: Mapping[str, Any], outcomes: Mapping[str, Any]) -> list[str]:
    """An outcome that is asked for is derived, and has the threshold that its measure needs."""
    name, measure = asked["outcome"], asked.get("measure", "responder")
    if name not in outcomes:
        return [f"{key}: outcome {name} is none of response.outcomes ({', '.join(outcomes) or 'there are none'})"]
    if measure in ("responder", "remission") and measure not in outcomes[name]:
        return [f"config key response.outcomes.{name}.{measure} is missing; {key.removeprefix('config key ')} needs it"]
    return []
