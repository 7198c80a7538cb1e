"""Python environments for jobs whose packages the main environment cannot hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

from amygene.io.problems import InputError


def make_environment(requirements: str | Path, folder: str | Path) -> None:
    """Make an environment with exactly the pinned packages, for the Python that runs this.

    Parameters
    ----------
    requirements
        Pinned packages with their hashes, as ``uv pip compile --generate-hashes`` writes them.
    folder
        Where the environment goes; one that is there is replaced.

    Raises
    ------
    InputError
        Packages cannot be had, or are not what they should be.
    """
    uv = find_uv_bin()
    python = Path(folder) / "bin" / "python"
    # compiled once, or every job of the first run compiles its imports again
    sync = ["pip", "sync", "--require-hashes", "--compile-bytecode", "--python", str(python), str(requirements)]
    for command in (["venv", "--clear", "--python", sys.executable, str(folder)], sync):
        done = subprocess.run([uv, "--quiet", *command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise InputError(
                f"{requirements}: the environment {folder} could not be made; it needs the package index once. "
                f"uv says:\n{done.stderr}"
            )
