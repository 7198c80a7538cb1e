"""The report page: blocks of words, figures and tables in one self-contained HTML file."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from amygene.io.columns import known as known_columns

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Shown:
    """Something to show, with the name of the file it came from.

    ``content`` is a table (DataFrame), a picture (bytes), a viewer (str) or JSON (dict).
    """

    content: Any
    file: str


def render(study: str, sections: Sequence[Mapping[str, Any]]) -> str:
    """The page. Every text is escaped; no request leaves the machine that shows it.

    Parameters
    ----------
    study
        Its name.
    sections
        Each with ``id``, ``title``, ``question`` and ``blocks``, which the functions of this module make.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    style, script = ((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    page = environment.get_template("page.html.j2")
    return page.render(study=study, sections=sections, css=jinja2_safe(style), js=jinja2_safe(script))


def jinja2_safe(text: str) -> Any:
    """Our own style and script, which must not be escaped."""
    from markupsafe import Markup

    return Markup(text)


def words(*sentences: str) -> dict[str, Any]:
    """Paragraphs."""
    return {"kind": "words", "sentences": [s for s in sentences if s]}


def points(sentences: Sequence[str]) -> dict[str, Any]:
    """A list."""
    return {"kind": "points", "sentences": [s for s in sentences if s]}


def finding(of: str, seed: str, text: str) -> dict[str, str]:
    """A sentence for the summary about one seed of an analysis."""
    return {"of": of, "seed": seed, "text": text}


def gathered(findings: Sequence[str | Mapping[str, str]]) -> list[str]:
    """Sentences of the summary; what is the same of several seeds is said once, where it comes first."""
    seeds: dict[tuple[str, str], list[str]] = {}
    for one in findings:
        if isinstance(one, str):
            seeds[("", one)] = []
        else:
            seeds.setdefault((one["of"], one["text"]), []).append(one["seed"])
    return [f"{', '.join([of, *names])}. {text}" if of else text for (of, text), names in seeds.items()]


def warning(text: str) -> dict[str, Any]:
    """Something a reader must not overlook."""
    return {"kind": "warning", "text": text}


def heading(text: str, level: int = 1) -> dict[str, Any]:
    """A heading inside a section."""
    return {"kind": "heading" if level == 1 else "subheading", "text": text}


def picture(shown: Shown, caption: str) -> dict[str, Any]:
    """A figure, PNG or SVG by the ending of its file, carried inside the page."""
    kind = "image/svg+xml" if shown.file.endswith(".svg") else "image/png"
    data = f"data:{kind};base64,{base64.b64encode(shown.content).decode()}"
    return {"kind": "figure", "data": data, "file": shown.file, "caption": caption, "alt": caption}


def viewer(shown: Shown, summary: str = "look through the brain") -> list[dict[str, Any]]:
    """An interactive page inside the page, folded; nothing if it is empty."""
    return [{"kind": "viewer", "html": shown.content, "summary": summary}] if shown.content else []


def code(text: str, summary: str) -> dict[str, Any]:
    """Text as it stands in a file, folded."""
    return {"kind": "code", "text": text, "summary": summary}


def table(
    frame: pd.DataFrame,
    file: str,
    caption: str = "",
    *,
    marked: Callable[[pd.Series], bool] | None = None,
    folded: str | None = None,
    meanings: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A table that can be searched and sorted.

    Parameters
    ----------
    frame
        Rows to show.
    file
        The file with all of it.
    marked
        Rows to point out.
    folded
        Text of the line behind which the table is folded away.
    meanings
        Of columns that `io.columns.known` does not know.
    """
    known = known_columns() | dict(meanings or {})
    rows = []
    for _, row in frame.iterrows():
        cells = [_cell(column, row[column]) for column in frame.columns]
        rows.append({"cells": cells, "marked": bool(marked and marked(row))})
    columns = [{"name": c, "meaning": known.get(c, "")} for c in frame.columns]
    return {
        "kind": "table",
        "columns": columns,
        "rows": rows,
        "file": file,
        "caption": caption,
        "folded": folded,
    }


def _cell(column: str, value: Any) -> dict[str, Any]:
    if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return {"text": "–", "number": None}
    if isinstance(value, bool | np.bool_):
        return {"text": "yes" if value else "no", "number": int(value)}
    if isinstance(value, int | np.integer):
        return {"text": f"{value}", "number": int(value)}
    if isinstance(value, float | np.floating):
        return {
            "text": number(float(value), column.startswith(("p_", "q_")) or column in {"p", "q"}),
            "number": float(value),
        }
    return {"text": str(value), "number": None}


def map_name(name: str) -> str:
    """A map as a person calls it: ``contrast-MDDvsHC_seed-RAMY`` is "MDDvsHC, RAMY", ``map-thickness`` "thickness"."""
    if name.startswith("map-"):
        return name.removeprefix("map-")
    if name.startswith("meta-"):
        kind, _, comparison = name.removeprefix("meta-").partition("_comparison-")
        return f"{comparison}, {'convergence' if kind == 'ale' else 'networks'}"
    contrast, _, seed = name.removeprefix("contrast-").partition("_seed-")
    return f"{contrast}, {seed}"


def number(value: float, is_p: bool = False) -> str:
    """A number as a person reads it: three significant digits, counts without decimals."""
    if is_p:
        return p_words(value)[2:] if p_words(value).startswith("= ") else p_words(value)
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value)}"
    return f"{value:.3g}"


def p_words(p: float) -> str:
    """``= .031``, ``< .0001`` or ``> .999``."""
    if p < 0.001:
        return "< .0001" if p < 0.0001 else f"= {p:.1e}" if p < 0.00095 else "= .001"
    if p >= 0.9995:
        return "= 1" if p == 1 else "> .999"
    return "= " + f"{p:.3f}".lstrip("0")
