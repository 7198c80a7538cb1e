"""Snakemake that asks for the state of its cluster jobs every two seconds.

The SLURM plugin asks ever more seldom, up to every three minutes, as is right for jobs that last hours. Jobs of these
tests last seconds, and a run would be mostly waiting. Everything else is the plugin's own.
"""

from __future__ import annotations

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

SECONDS = 2

plugins_own = RemoteExecutor.next_seconds_between_status_checks
RemoteExecutor.next_seconds_between_status_checks = property(lambda self: SECONDS, plugins_own.fset)

if __name__ == "__main__":
    main()
