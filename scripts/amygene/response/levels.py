"""Names of the groups of a model of change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: what a group of an outcome is called
_WORDS = {"responder": ("non-responder", "responder"), "remission": ("no remission", "remission")}


#: what its members are called
_PEOPLE = {
    "responder": "responders",
    "non-responder": "non-responders",
    "remission": "patients in remission",
    "no remission": "patients not in remission",
}


def people_of(level: str) -> str:
    """Who the members of a group are, for sentences: of a column of the participants its value."""
    return _PEOPLE.get(level, level)


def level_names(groups: Mapping[str, Any] | None) -> list[str]:
    """Names of the groups, the first the one that is subtracted."""
    if groups is None:
        return ["all"]
    if "outcome" in groups:
        return list(_WORDS[groups["measure"]])
    # 2.0 is 2, as in tables that are read (`cohort.selection.as_text`)
    return [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in groups["levels"]]
