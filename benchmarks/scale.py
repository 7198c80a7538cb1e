"""A very large simulated study through cohort, connectivity, group and sites: time and memory of every stage.

Run with ``uv run python benchmarks/scale.py --subjects 50000``; ``--plan-only`` only measures planning. The study
lives in a folder that is removed at the end. The stage `simulate` makes the input; a user with data does not pay it.
"""

from __future__ import annotations

import argparse
import datetime
import os
from typing import Any

from readme import machine

from workflow import copied, snakemake, stages

N_SITES = 20


def config(subjects: int) -> dict[str, Any]:
    """A study of 20 sites, two fifths of the participants cases."""
    cases, controls = subjects * 2 // 5 // N_SITES, subjects * 3 // 5 // N_SITES
    sites = {f"S{i:02d}": [cases, controls] for i in range(1, N_SITES + 1)}
    return {
        "study": "scale",
        "stages": ["cohort", "connectivity", "group", "sites"],
        "cohort": {"format": "simulated", "simulated": {"sites": sites}},
        "atlas": "DK83",
        "seeds": ["LAMY", "RAMY"],
        "contrasts": {
            "MDDvsHC": {"case": "MDD", "control": "HC", "covariates": ["age", "sex", "education", "mean_fd", "site"]}
        },
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=50_000)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--plan-only", action="store_true")
    options = parser.parse_args()
    with copied(config(options.subjects)) as folder:
        plan = snakemake(folder, "--dry-run")
        print(f"{datetime.date.today()}, {machine()}, {options.cores} cores, {options.subjects} participants")
        print(f"planning: {plan.wall:.0f} s ({plan.cpu:.0f} s CPU), {plan.memory:.0f} MB", flush=True)
        if not options.plan_only:
            run = snakemake(folder, "--cores", str(options.cores))
            print(f"run: {run.wall / 60:.1f} min ({run.cpu / 60:.1f} min CPU), making the input included")
            print(stages(folder, "scale").round(0).astype(int).to_markdown())


if __name__ == "__main__":
    main()
