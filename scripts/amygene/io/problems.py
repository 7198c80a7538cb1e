"""Problems in a user's input: collected, then told all at once."""

from __future__ import annotations

from collections.abc import Iterable


class InputError(ValueError):
    """Input that the user has to mend. Every problem says where, what was found and what to do."""

    def __init__(self, problems: Iterable[str] | str):
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        count = len(self.problems)
        head = "1 problem" if count == 1 else f"{count} problems"
        super().__init__("\n".join([f"{head} in the input:", *(f"  - {p}" for p in self.problems)]))


def raise_if_any(problems: list[str]) -> None:
    """Raise one `InputError` with all problems, if there are any."""
    if problems:
        raise InputError(problems)


def some(values: Iterable[object], limit: int = 8) -> str:
    """List values for a message, the first `limit` of them and how many more there are."""
    shown = [str(v) for v in values]
    rest = len(shown) - limit
    return ", ".join(shown[:limit]) + (f" and {rest} more" if rest > 0 else "")
