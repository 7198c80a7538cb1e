"""A repair of Snakemake itself, until it is mended there: issue 4166, jobs below ``ancient()`` files.

Snakemake 9 looks for no reasons of its own in a job that stands below one that is rerun, not even across ancient(),
where those are all it can have. Without this an edited seed would rerun the look-up of its regions and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from snakemake import __version__, api  # noqa: F401  (the DAG alone would import itself in a circle)
from snakemake.dag import DAG

#: versions of Snakemake for which tests/workflow/test_snakemake_patch.py passed: with the fault, and mended by this
CHECKED = ("9.27.1",)


class NotAncient(dict):
    """Jobs that depend on others, without those that depend on them through ancient() only."""

    def __init__(self, depending: Any):
        super().__init__()
        self.depending = depending

    def __missing__(self, job: Any) -> dict:
        return {
            other: files
            for other, files in self.depending[job].items()
            if not all(f.is_ancient and os.path.exists(f) for f in files)
        }


def bfs(dag: DAG, direction: Any, *jobs: Any, plain: Any = DAG.bfs, **options: Any) -> Iterator[Any]:
    """Snakemake's walk through the jobs, which ends at ancient() files on its way down."""
    return plain(dag, NotAncient(dag.depending) if direction is dag.depending else direction, *jobs, **options)


def apply(logger: Any, version: str = __version__) -> None:
    """Repair Snakemake, and warn of a version for which nobody has looked whether this is right."""
    if version not in CHECKED:
        logger.warning(
            f"Snakemake {version} is not among those for which the repair of its issue 4166 was checked "
            f"({', '.join(CHECKED)}). Run tests/workflow/test_snakemake_patch.py: if it passes, add the version to "
            "CHECKED in scripts/snakemake_patch.py; if not, an edited seed or contrast may rerun too few jobs."
        )
    DAG.bfs = bfs
