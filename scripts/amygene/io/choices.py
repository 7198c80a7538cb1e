"""Registries: what may be chosen in the config, one object per choice.

A registry names, for every choice, where its function lives, what figures and text call it and who published it. The
config's schema, its reference, the plan, the report and the methods text all read it there, so that a method is added
in one place. Nothing is imported before `load`: the plan of a run, which every cluster job makes anew, needs names and
texts only.

A script that computes is given the place of its function by a rule and loads it with `load`; it does not import the
registry. So an edited label reruns the report, and an edited method what uses it (`code` in rules/common.smk).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, TypeVar

from amygene.io.problems import InputError


@dataclass(frozen=True)
class Choice:
    """One way of doing something.

    Attributes
    ----------
    name
        In the config.
    place
        Where its function lives, ``amygene.room.module:function``; empty if there is nothing to compute.
    label
        In figures and tables of the report.
    sentence
        In the methods text; may hold fields that the text fills in.
    reference
        Key of `report.references`, if it was published.
    meaning
        In the config reference, after the name.
    """

    name: str
    place: str
    label: str
    sentence: str
    reference: str | None = None
    meaning: str = ""

    @property
    def module(self) -> str:
        """Where the function lives, as a file below ``scripts``; empty without one."""
        return self.place.split(":")[0].replace(".", "/") + ".py" if self.place else ""


C = TypeVar("C", bound=Choice)


class Registry(Mapping[str, C], Generic[C]):
    """Choices by name, in the order in which they are offered.

    Parameters
    ----------
    key
        Of the config, for messages.
    choices
        All there are.
    """

    def __init__(self, key: str, *choices: C):
        self.key = key
        self._choices = {choice.name: choice for choice in choices}
        if len(self._choices) < len(choices):
            raise ValueError(f"{key}: a name stands twice among {[choice.name for choice in choices]}")

    def __getitem__(self, name: str) -> C:
        """The choice of a name.

        Raises
        ------
        InputError
            There is none of that name.
        """
        try:
            return self._choices[name]
        except KeyError:
            near = difflib.get_close_matches(str(name), self._choices, 1)
            hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(self._choices)}"
            raise InputError([f"config key {self.key}: found {name!r}; {hint}"]) from None

    def __contains__(self, name: object) -> bool:
        return name in self._choices

    def __iter__(self) -> Iterator[str]:
        return iter(self._choices)

    def __len__(self) -> int:
        return len(self._choices)


def load(place: str) -> Any:
    """What stands at ``amygene.room.module:name``: the function of a choice, or a registry that a schema names."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
