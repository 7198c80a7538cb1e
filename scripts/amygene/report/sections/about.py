"""What closes the page: the methods text, settings, versions, data with their licences, and the list of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from amygene.report import page


def methods(paragraphs: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """The methods text."""
    return {
        "id": "methods",
        "title": "Methods",
        "question": "How was it done? (text for a paper, from the settings used)",
        "blocks": [
            page.words(*paragraphs),
            page.heading("References", 2),
            page.points([f"{i}. {text}" for i, text in enumerate(references, 1)]),
        ],
    }


def settings(
    config: str, versions: Mapping[str, str], resources: Mapping[str, Any], files: Mapping[str, str]
) -> dict[str, Any]:
    """Settings, versions, data that came with packages, and every file with its hash."""
    blocks = [
        page.code(config, "settings"),
        page.table(
            pd.DataFrame({"package": list(versions), "version": list(versions.values())}),
            "report/provenance.json",
            "Versions.",
        ),
    ]
    if resources:
        blocks.append(page.heading("Data that came with packages", 2))
        blocks += [
            page.words(f"{name} {r['version']}: {r['what']}. Licence: {r['licence']}. {r['citation']}.")
            for name, r in resources.items()
        ]
    blocks += [
        page.heading("Files", 2),
        page.table(
            pd.DataFrame({"file": list(files), "sha256": list(files.values())}),
            "report/provenance.json",
            "Every file this page was made from, with its hash.",
            folded="files",
        ),
    ]
    return {"id": "about", "title": "Settings and files", "question": "", "blocks": blocks}
