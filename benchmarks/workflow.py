"""A copy of the workflow in a folder of its own, run and measured as a whole."""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parent.parent
#: rules' prefixes and the stages that they belong to, where the two differ
_STAGES = {"atlas": "cohort", "unpack": "resources", "fetch": "resources"}


@dataclass(frozen=True)
class Cost:
    """Of one run of Snakemake with all its jobs: seconds, CPU seconds, largest process in MB."""

    wall: float
    cpu: float
    memory: float


@contextmanager
def copied(config: dict[str, Any], keep: bool = False) -> Iterator[Path]:
    """A folder with the workflow and the config ``study.yaml``; downloads are shared."""
    (ROOT / "results").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="benchmark-", dir=ROOT / "results"))
    try:
        for name in ("Snakefile", "rules", "scripts", "config", "envs", "profiles"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
        (ROOT / "resources").mkdir(exist_ok=True)
        (folder / "resources").symlink_to(ROOT / "resources")
        (folder / "study.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder)


def snakemake(folder: Path, *arguments: str) -> Cost:
    """Run it on the config of `copied`."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "snakemake", "--configfile", "study.yaml", "--quiet", "all", *arguments]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.monotonic() - start, cpu, after.ru_maxrss / 1024)


def stages(folder: Path, study: str) -> pd.DataFrame:
    """Cost of every stage, summed over its jobs.

    Returns
    -------
    DataFrame
        By stage: jobs; seconds; start and work (CPU seconds that jobs took to start and to work, as their logs
        say); memory (largest job, MB).
    """
    rows = []
    for file in sorted((folder / "results" / study / "benchmarks").glob("*.tsv")):
        prefix = re.split("[_-]", file.stem)[0]
        measured = pd.read_csv(file, sep="\t", na_values=["NA", "-"]).iloc[-1]
        log = (folder / "results" / study / "logs" / f"{file.stem}.log").read_text(encoding="utf-8")
        cpu = re.search(r"^CPU: ([0-9.]+) s to start, ([0-9.]+) s of work$", log, flags=re.MULTILINE)
        start, work = (float(cpu[1]), float(cpu[2])) if cpu else (0.0, 0.0)
        stage = _STAGES.get(prefix, prefix)
        rows.append((stage, measured["s"], start, work, measured["max_rss"]))
    frame = pd.DataFrame(rows, columns=["stage", "seconds", "start", "work", "memory"])
    by_stage = frame.groupby("stage", sort=False)
    table = by_stage[["seconds", "start", "work"]].sum()
    table.insert(0, "jobs", by_stage.size())
    table["memory"] = by_stage["memory"].max()
    return table
