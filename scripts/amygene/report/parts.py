"""Parts of the report on disk: what one job has to show, to be joined into the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amygene.io.files import read_json, sha256
from amygene.io.tables import read_table, write_json
from amygene.report.page import Shown

#: columns of names, whatever they look like
_TEXT = dict.fromkeys(("site", "participant_id", "group", "reason", "note"), str)


class Files:
    """Reads what a part shows; files are named from the study's folder on."""

    def __init__(self, study: str):
        self._root = f"results/{study}/"

    def table(self, file: str) -> Shown:
        """A TSV."""
        return Shown(read_table(file, dtype=_TEXT), self._name(file))

    def picture(self, file: str) -> Shown:
        """An SVG or PNG."""
        return Shown(Path(file).read_bytes(), self._name(file))

    def text(self, file: str) -> Shown:
        """An HTML page."""
        return Shown(Path(file).read_text(encoding="utf-8"), self._name(file))

    def json(self, file: str) -> Shown:
        """A JSON file."""
        return Shown(read_json(file), self._name(file))

    def _name(self, file: str) -> str:
        return file.removeprefix(self._root)


@dataclass(frozen=True)
class Part:
    """What one job has to show.

    Attributes
    ----------
    section
        One of `amygene.report.sections.SECTIONS`.
    blocks
        Made by the functions of `amygene.report.page`.
    findings
        Sentences for the summary, or `amygene.report.page.finding`.
    sources
        Files it was made from -> their hashes.
    """

    section: str
    blocks: list[dict[str, Any]]
    findings: list[str | dict[str, str]]
    sources: dict[str, str]


def write_part(
    path: str | Path,
    section: str,
    shown: tuple[Sequence[dict[str, Any]], Sequence[str | dict[str, str]]],
    sources: Iterable[str],
) -> None:
    """Write blocks and findings of a section."""
    blocks, findings = shown
    content = {"section": section, "findings": list(findings), "blocks": list(blocks)}
    write_json(path, content | {"sources": {file: sha256(file) for file in sources}})


def read_part(path: str | Path) -> Part:
    """Read what `write_part` wrote."""
    return Part(**read_json(path))
