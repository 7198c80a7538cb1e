"""A SLURM cluster on this machine, for as long as the tests of this folder run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.cluster import Cluster

HERE = Path(__file__).parent
#: exit codes of start.sh
NOT_HERE, NOT_TO_BE_HAD = 77, 78


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster of its own; skipped with the reason where there can be none, but not in .ci/run."""
    # not below pytest's folder, which is closed to others: munge wants its socket to be reached by everybody
    folder = Path(tempfile.mkdtemp(prefix="amygene-slurm-"))
    started = subprocess.run(
        [HERE / "start.sh", folder], capture_output=True, text=True, check=False, timeout=600, stdin=subprocess.DEVNULL
    )
    try:
        reason = started.stderr.strip()
        if started.returncode == NOT_TO_BE_HAD or (started.returncode == NOT_HERE and "AMYGENE_CI" not in os.environ):
            pytest.skip(f"no SLURM on this machine: {reason}")
        assert started.returncode == 0, f"SLURM does not start: {reason}\n{started.stdout}"
        yield Cluster(folder)
    finally:
        subprocess.run([HERE / "stop.sh", folder], check=True, timeout=120)
        shutil.rmtree(folder)
