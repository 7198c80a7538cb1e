"""A very large simulated study through cohort, connectivity, group and sites: time and memory of every stage.

Run with ``uv run python benchmarks/scale.py --subjects 50000``; ``--plan-only`` only measures planning. The study
and its results go to a folder that is removed at the end, unless ``--keep``. `simulate` makes the input and is not
part of what a user pays. Times are of the machine that runs it; memory is the largest job's.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parent.parent
#: prefixes of the rules of a stage
STAGES = {"simulate": "making the input", "cohort": "cohort", "connectivity": "connectivity", "group": "group"}
STAGES |= {"sites": "sites"}
N_SITES = 20


def config(subjects: int) -> dict[str, object]:
    """A study of 20 sites, two fifths of the participants cases."""
    cases, controls = subjects * 2 // 5 // N_SITES, subjects * 3 // 5 // N_SITES
    return {
        "study": "scale",
        "stages": ["cohort", "connectivity", "group", "sites"],
        "cohort": {
            "format": "simulated",
            "simulated": {"sites": {f"S{i:02d}": [cases, controls] for i in range(1, N_SITES + 1)}},
        },
        "atlas": "DK83",
        "seeds": ["LAMY", "RAMY"],
        "contrasts": {
            "MDDvsHC": {"case": "MDD", "control": "HC", "covariates": ["age", "sex", "education", "mean_fd", "site"]}
        },
    }


def snakemake(folder: Path, *arguments: str) -> tuple[float, float, float]:
    """Run it; wall seconds, CPU seconds and the largest process in MB."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "snakemake", "--configfile", "scale.yaml", "--quiet", "all", *arguments]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, cpu, after.ru_maxrss / 1024


def copy_workflow(folder: Path) -> None:
    """The workflow in a folder of its own; downloads are shared."""
    for name in ("Snakefile", "rules", "scripts", "config", "envs", "profiles"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
    (ROOT / "resources").mkdir(exist_ok=True)
    (folder / "resources").symlink_to(ROOT / "resources")


def stages(folder: Path) -> pd.DataFrame:
    """Jobs, seconds and largest memory of every stage, from the benchmark file of every job."""
    rows = []
    for file in sorted((folder / "results/scale/benchmarks").glob("*.tsv")):
        stage = next((words for prefix, words in STAGES.items() if file.name.startswith(prefix)), "other")
        measured = pd.read_csv(file, sep="\t", na_values=["NA", "-"]).iloc[-1]
        rows.append({"stage": stage, "seconds": measured["s"], "memory": measured["max_rss"]})
    found = pd.DataFrame(rows).groupby("stage", sort=False)
    order = [words for words in [*STAGES.values(), "other"] if words in found.groups]
    return pd.DataFrame(
        {"jobs": found.size(), "seconds": found["seconds"].sum(), "largest job, MB": found["memory"].max()}
    ).loc[order]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=50_000)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--plan-only", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="scale-", dir=ROOT / "results"))
    try:
        copy_workflow(folder)
        (folder / "scale.yaml").write_text(yaml.safe_dump(config(options.subjects), sort_keys=False))
        wall, cpu, memory = snakemake(folder, "--dry-run")
        print(f"{options.subjects} participants, {platform.machine()}, {options.cores} cores")
        print(f"planning: {wall:.0f} s ({cpu:.0f} s CPU), {memory:.0f} MB")
        if not options.plan_only:
            wall, cpu, _ = snakemake(folder, "--cores", str(options.cores))
            print(f"run: {wall / 60:.1f} min ({cpu / 60:.1f} min CPU), its input included")
            print(stages(folder).round(0).astype(int).to_markdown())
    finally:
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
