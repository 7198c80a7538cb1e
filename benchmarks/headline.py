"""The whole chain of Liu 2024 at its size, from series to report: how long, and where does the time go?

Run with ``uv run python benchmarks/headline.py``. It is the study `demo` (573 participants and more, two seeds, 10,000
relabelings, 15,633 genes x 10,000 null maps, 5,727 gene sets, report) in a fresh folder; installation and downloads
are not counted. "Start" is what jobs take to start Python and import packages; what Snakemake itself takes is what
the jobs do not account for. ``--write`` puts the table into README.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
from pathlib import Path

import yaml
from readme import machine, show

from workflow import ROOT, copied, snakemake, stages


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    with copied(config) as folder:
        snakemake(folder, "--cores", str(options.cores), "expression")  # downloads, if they are not there
        for made in ("results", ".snakemake"):
            Path(folder / made).rename(folder / f"before-{made.strip('.')}")
        run = snakemake(folder, "--cores", str(options.cores))
        table = stages(folder, config["study"])
    jobs = table[["start", "work"]].to_numpy().sum()
    share = 1 - table["work"].sum() / run.cpu
    head = (
        f"{datetime.date.today()}, {machine()}, {options.cores} cores: {run.wall:.0f} s from series to report "
        f"({run.cpu:.0f} s CPU: {table['work'].sum():.0f} work, {table['start'].sum():.0f} starting jobs, "
        f"{run.cpu - jobs:.0f} Snakemake; {100 * share:.0f} % is not work)."
    )
    shown = table[["jobs", "work", "start", "memory"]].rename(
        columns={"work": "work, s CPU", "start": "start, s CPU", "memory": "largest job, MB"}
    )
    text = f"{head}\n\n{shown.round(1).to_markdown()}"
    print(text)
    if options.write:
        show("headline", text)


if __name__ == "__main__":
    main()
