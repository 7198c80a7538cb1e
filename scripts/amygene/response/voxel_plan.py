"""Which maps of treatment are tested: what the workflow names files by, known before any job runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise, product
from typing import Any

from amygene.response.levels import level_names, people_of

_TITLES = {"interaction": "group x time", "group": "groups", "time": "change"}
#: what is asked about a change; time is asked within every group
INTERACTION, GROUP, TIME = "interaction", "group", "time"
#: the linear trend over more than two sessions, in names of files
COURSE = "course"


def analyses(
    changes: Mapping[str, Mapping[str, Any]],
    associations: Mapping[str, Mapping[str, Any]],
    normalisation: Mapping[str, Mapping[str, Any]],
    timepoints: Sequence[str],
    scanned: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """Every test of maps of one seed, by what stands in the names of its files.

    A test has one regressor on one map per participant. So a change is asked of every two sessions and, of more than
    two, of their linear trend (the participant's slope); groups are compared two by two; the main effect of group is
    that of the mean of all sessions. The slope over three sessions equally far apart is the change from the first to
    the last, and is not asked twice. Patients are compared with controls at every time.

    Parameters
    ----------
    changes, associations, normalisation
        From the config's section response.
    timepoints
        Of the cohort, the baseline first.
    scanned
        Sessions with images, in the same order.

    Returns
    -------
    dict
        ``change-{change}_effect-{effect}``, ``association-{association}_timepoint-{timepoint}`` and
        ``normalisation-{normalisation}_timepoint-{timepoint}`` -> kind, name (of the config's entry), effect, levels
        and weights (of a change: the groups, and what a participant's maps are summed with), timepoint (of the
        others), sessions that its maps are made of, family (names of the tests
        that its family-wise p are over), and words: what is tested, what positive means, what the report says
        (`report.sections.group_voxels`). Of several pairs of groups or tests over time the names go on with
        ``_groups-{B}vs{A}`` and ``_times-{first}To{last}`` or ``_times-course``.
    """
    found = dict(test for name, one in changes.items() for test in _of_change(name, one, scanned))
    for name, one in associations.items():
        for time in one.get("timepoints", timepoints[1:]):
            found[f"association-{name}_timepoint-{time}"] = {
                "kind": "association",
                "name": name,
                "timepoint": time,
                "sessions": correlated_sessions(one["connectivity"], time, timepoints, scanned),
                "family": [f"association-{name}_timepoint-{time}"],
                "words": {"title": f"{name} at {time}"} | _association_words(one, time),
            }
    for name, one in normalisation.items():
        times = compared_times(one, scanned)
        for time in times:
            found[f"normalisation-{name}_timepoint-{time}"] = {
                "kind": "normalisation",
                "name": name,
                "timepoint": time,
                "sessions": list(dict.fromkeys([time, times[0]])),
                "family": [f"normalisation-{name}_timepoint-{time}"],
                "words": {"title": f"{name}, patients at {time}"} | _controls_words(one, time),
            }
    return found


def compared_times(normalisation: Mapping[str, Any], scanned: Sequence[str]) -> list[str]:
    """When patients are compared with controls, the baseline first."""
    return list(normalisation.get("timepoints", scanned))


def _of_change(name: str, one: Mapping[str, Any], scanned: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """Names and settings of the tests of one model of change, family by family."""
    sessions, levels = list(one.get("timepoints", scanned)), level_names(one["groups"])
    pairs: list[tuple[str, ...]] = list(combinations(levels, 2))
    asked = [(INTERACTION, INTERACTION, pairs), (GROUP, GROUP, pairs)]
    asked += [(TIME + _label(level) if len(levels) > 1 else TIME, TIME, [(level,)]) for level in levels]
    tests = []
    for label, effect, groups in asked:
        mean = dict.fromkeys(sessions, 1 / len(sessions))
        over = [("", mean)] if effect == GROUP else _over_time(sessions, one.get("days"))
        family = []
        for compared, (times, weights) in product(groups, over):
            key = f"change-{name}_effect-{label}"
            title = f"{name}, {_TITLES[effect]}"
            if effect != TIME and len(pairs) > 1:
                key += f"_groups-{_label(compared[1])}vs{_label(compared[0])}"
                title += f", {compared[1]} against {compared[0]}"
            elif compared[0] != "all" and effect == TIME:
                title += f" in {people_of(compared[0])}"
            if len(over) > 1:
                key += f"_times-{times}"
                title += ", trend over the sessions" if times == COURSE else ", " + " to ".join(weights)
            family.append(key)
            test = {
                "kind": "change",
                "name": name,
                "effect": effect,
                "levels": list(compared),
                "weights": weights,
                "sessions": list(weights),
                "family": family,
                "words": {"title": title} | _change_words(effect, compared, weights),
            }
            tests.append((key, test))
    return tests


def _over_time(sessions: Sequence[str], days: Sequence[float] | None) -> list[tuple[str, dict[str, float]]]:
    """Names and weights of the tests of change: every two sessions, and the slope over more than two."""
    tests = [(f"{a}To{b}", {a: -1.0, b: 1.0}) for a, b in combinations(sessions, 2)]
    times = range(len(sessions)) if days is None else days
    middle = sum(times) / len(times)
    slope = [(time - middle) / sum((t - middle) ** 2 for t in times) for time in times]
    if sum(abs(weight) > 1e-9 * slope[-1] for weight in slope) > 2:
        tests.append((COURSE, dict(zip(sessions, slope, strict=False))))
    return tests


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
        key = f"config key response.changes.{name}"
        unscanned = [t for t in one.get("timepoints", scanned) if t not in scanned]
        if unscanned:
            found.append(f"{key}.timepoints: nobody has images at {unscanned[0]}; found {', '.join(scanned)}")
        days, n_sessions = one.get("days"), len(one.get("timepoints", scanned))
        if days is not None and (len(days) != n_sessions or any(b <= a for a, b in pairwise(days))):
            found.append(f"{key}.days: found {days}; name when each of its {n_sessions} sessions is, ascending")
            continue
        named = [test for test, _ in _of_change(name, one, scanned)]
        if len(set(named)) < len(named):
            found.append(
                f"{key}: levels {', '.join(level_names(one['groups']))} or timepoints differ by more than letters and "
                "digits only, which files are named by; rename one"
            )
    for name, one in response["normalisation"].items():
        unscanned = [t for t in compared_times(one, scanned) if t not in scanned]
        if unscanned:
            found.append(
                f"config key response.normalisation.{name}.timepoints: nobody has images at {unscanned[0]}; found "
                f"{', '.join(scanned)}"
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
    """Letters and digits of a group's name, for names of files."""
    return "".join(part[0].upper() + part[1:] for part in re.findall("[A-Za-z0-9]+", level))


def _change_words(effect: str, levels: Sequence[str], weights: Mapping[str, float]) -> dict[str, str]:
    first, last = people_of(levels[0]), people_of(levels[-1])
    *others, end = weights
    start = others[0]
    together = f"{', '.join(others)} and {end}"
    # a slope, or a change
    span = f"from session to session ({together})" if len(weights) > 2 else f"from {start} to {end}"
    if effect == INTERACTION:
        what = f"slope over {together}" if len(weights) > 2 else f"change {span}"
        return {
            "tested": f"{what} in {last} minus that in {first}",
            "positive": f"a larger rise (or smaller fall) {span} in {last} than in {first}",
            "lead": "'s connectivity",
            "more": f"rises more, or falls less, in {last} than in {first} with",
            "less": f"falls more, or rises less, in {last} than in {first} with",
            "none": f"no cluster changes differently {span} in {last} and {first}",
            "colours": f"red: rises more in {last}, blue: falls more",
            "absent": "no difference",
        }
    if effect == GROUP:
        return {
            "tested": f"mean of {together} in {last} minus that in {first}",
            "positive": f"more in {last}, mean of {together}",
            "lead": " is",
            "more": f"more connected in {last} than in {first} (mean of {together}) with",
            "less": f"less connected in {last} than in {first} (mean of {together}) with",
            "none": f"no cluster differs between {last} and {first} in the mean of {together}",
            "colours": f"red: more in {last}, blue: less",
            "absent": "no difference",
        }
    who = "" if first == "all" else f" in {first}"
    return {
        "tested": f"{f'slope over {together}' if len(weights) > 2 else f'{end} minus {start}'}{who}",
        "positive": f"more at {end} than at {start}{who}" if len(weights) == 2 else f"a rise {span}{who}",
        "lead": "'s connectivity",
        "more": f"rises {span}{who} with",
        "less": f"falls {span}{who} with",
        "none": f"no cluster changes {span}{who}",
        "colours": "red: rises, blue: falls",
        "absent": "no change",
    }


def _controls_words(one: Mapping[str, Any], time: str) -> dict[str, str]:
    case, control = one["case"], one["control"]
    return {
        "tested": f"{case} at {time} minus {control}",
        "positive": f"more in {case} at {time} than in {control}",
        "lead": " is",
        "more": f"more connected in {case} at {time} than in {control} with",
        "less": f"less connected in {case} at {time} than in {control} with",
        "none": f"no cluster differs between {case} at {time} and {control}",
        "colours": f"red: more in {case}, blue: less",
        "absent": "no difference",
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
