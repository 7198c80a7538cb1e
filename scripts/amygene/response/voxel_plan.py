"""Which maps of treatment are tested: what the workflow names files by, known before any job runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from amygene.response.levels import level_names

_TITLES = {"interaction": "group x time", "group": "groups", "time": "change"}
#: what is asked about a change between two timepoints; time is asked within every group
INTERACTION, GROUP, TIME = "interaction", "group", "time"


def analyses(
    changes: Mapping[str, Mapping[str, Any]],
    associations: Mapping[str, Mapping[str, Any]],
    timepoints: Sequence[str],
    scanned: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """Every test of maps of one seed, by what stands in the names of its files.

    Parameters
    ----------
    changes, associations
        From the config's section response.
    timepoints
        Of the cohort, the baseline first.
    scanned
        Sessions with images, in the same order.

    Returns
    -------
    dict
        ``change-{change}_effect-{effect}`` and ``association-{association}_timepoint-{timepoint}`` -> kind, name (of
        the config's entry), effect and level (of a change), timepoint (of an association), sessions that its maps are
        made of, and words: what is tested, what positive means, what the report says (`report.sections.group_voxel`).
    """
    found: dict[str, dict[str, Any]] = {}
    for name, one in changes.items():
        sessions = list(one.get("timepoints", scanned))
        levels = level_names(one["groups"])
        asked: list[tuple[str, str, str | None]] = []
        if len(levels) == 2:
            asked += [(INTERACTION, INTERACTION, None), (GROUP, GROUP, None)]
        asked += [(_label(level) if len(levels) > 1 else TIME, TIME, level) for level in levels]
        for label, effect, level in asked:
            found[f"change-{name}_effect-{label}"] = {
                "kind": "change",
                "name": name,
                "effect": effect,
                "level": level,
                "sessions": sessions,
                "words": {
                    "title": f"{name}, {_TITLES[effect]}" + (f" in {level}" if level not in (None, "all") else "")
                }
                | _change_words(effect, levels, level, sessions),
            }
    for name, one in associations.items():
        for time in one.get("timepoints", timepoints[1:]):
            found[f"association-{name}_timepoint-{time}"] = {
                "kind": "association",
                "name": name,
                "timepoint": time,
                "sessions": correlated_sessions(one["connectivity"], time, timepoints, scanned),
                "words": {"title": f"{name} at {time}"} | _association_words(one, time),
            }
    return found


def correlated_sessions(connectivity: str, time: str, timepoints: Sequence[str], scanned: Sequence[str]) -> list[str]:
    """Sessions of an association's maps: the baseline, and for a change the last scans up to the outcome's time.

    Only the baseline if nobody was scanned after it.
    """
    before = [t for t in timepoints[1 : list(timepoints).index(time) + 1] if t in scanned]
    return [timepoints[0], *(before[-1:] if connectivity == "change" else [])]


def problems(response: Mapping[str, Any], timepoints: Sequence[str], scanned: Sequence[str]) -> list[str]:
    """What the analyses of treatment demand of a cohort of images."""
    if len(scanned) < 2:
        return ["config key cohort.sessions: stage response needs images of several sessions, found one"]
    if list(scanned) != [t for t in timepoints if t in scanned] or list(scanned[:1]) != list(timepoints[:1]):
        return [
            f"config key cohort.timepoints: {', '.join(timepoints)} do not hold the sessions with images "
            f"({', '.join(scanned)}) in their order, the baseline first; timepoints of images are labels of sessions"
        ]
    found = [
        f"config key cohort.timepoints: {time!r} becomes part of file names; use letters and digits"
        for time in timepoints
        if not re.fullmatch("[A-Za-z0-9]+", time)
    ]
    for name, one in response["changes"].items():
        times, levels = list(one.get("timepoints", scanned)), level_names(one["groups"])
        key = f"config key response.changes.{name}"
        if len(times) != 2:
            found.append(
                f"{key}: maps are compared between two timepoints, found {len(times)} ({', '.join(times)}); name two "
                f"of them as its timepoints, such as [{times[0]}, {times[-1]}], in a model for each pair"
            )
        unscanned = [t for t in times if t not in scanned]
        if unscanned:
            found.append(f"{key}.timepoints: nobody has images at {unscanned[0]}; found {', '.join(scanned)}")
        if len(levels) > 2:
            found.append(
                f"{key}: maps of two groups are compared, found {len(levels)} ({', '.join(levels)}); name two levels, "
                "in a model for each pair"
            )
        if len({_label(level) for level in levels}) < len(levels):
            found.append(
                f"{key}: levels {', '.join(levels)} differ by more than letters and digits only, which files are named "
                "by; rename one"
            )
    for name, one in response["associations"].items():
        for time in one.get("timepoints", timepoints[1:]):
            if one["connectivity"] == "change" and len(correlated_sessions("change", time, timepoints, scanned)) < 2:
                found.append(
                    f"config key response.associations.{name}: nobody has images after the baseline up to {time}, so "
                    "there is no change of connectivity"
                )
    return found


def _label(level: str) -> str:
    """``time`` and the letters and digits of a group's name, for names of files."""
    return TIME + "".join(part[0].upper() + part[1:] for part in re.findall("[A-Za-z0-9]+", level))


def _change_words(effect: str, levels: Sequence[str], level: str | None, sessions: Sequence[str]) -> dict[str, str]:
    first, last = levels[0], levels[-1]
    start, end = sessions[0], sessions[-1]
    if effect == INTERACTION:
        return {
            "tested": f"change from {start} to {end} in {last} minus that in {first}",
            "positive": f"a larger rise (or smaller fall) from {start} to {end} in {last} than in {first}",
            "lead": "'s connectivity",
            "more": f"rises more, or falls less, in {last} than in {first} with",
            "less": f"falls more, or rises less, in {last} than in {first} with",
            "none": f"no cluster changes differently from {start} to {end} in {last} and {first}",
            "colours": f"red: rises more in {last}, blue: falls more",
            "absent": "no difference",
        }
    if effect == GROUP:
        return {
            "tested": f"mean of {start} and {end} in {last} minus that in {first}",
            "positive": f"more in {last}, mean of {start} and {end}",
            "lead": " is",
            "more": f"more connected in {last} than in {first} (mean of {start} and {end}) with",
            "less": f"less connected in {last} than in {first} (mean of {start} and {end}) with",
            "none": f"no cluster differs between {last} and {first} in the mean of {start} and {end}",
            "colours": f"red: more in {last}, blue: less",
            "absent": "no difference",
        }
    who = "" if level == "all" else f" in {level}"
    return {
        "tested": f"{end} minus {start}{who}",
        "positive": f"more at {end} than at {start}{who}",
        "lead": "'s connectivity",
        "more": f"rises from {start} to {end}{who} with",
        "less": f"falls from {start} to {end}{who} with",
        "none": f"no cluster changes from {start} to {end}{who}",
        "colours": "red: rises, blue: falls",
        "absent": "no change",
    }


def _association_words(one: Mapping[str, Any], time: str) -> dict[str, str]:
    outcome = f"{one['outcome']} ({one['measure']}) at {time}"
    what = "connectivity at baseline" if one["connectivity"] == "baseline" else "change of connectivity"
    return {
        "tested": f"{what} per standard deviation of {outcome}",
        "positive": f"{what} is larger where {outcome} is larger",
        "lead": ":",
        "more": f"{what} is larger where {outcome} is larger, with",
        "less": f"{what} is smaller where {outcome} is larger, with",
        "none": f"{what} goes with {outcome} in no cluster",
        "colours": f"red: larger where {outcome} is larger, blue: smaller",
        "absent": "no association",
    }
