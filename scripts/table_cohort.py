"""Make a `table` cohort of arrays that hold all participants (participants x regions x time), with outcomes.

    uv run python scripts/table_cohort.py cohort --regions 332 \\
        --session baseline=ses-1.npz --session month3=ses-2.npz \\
        --outcome bprs=bprs_change_scores.txt --group drug=drug.txt --group placebo=placebo.txt

A session is an .npz with names of the participants (`ids`) and their series (`ts`). An outcome is a table with columns
of participant, timepoint and value; a timepoint gets the prefix of --prefix. A group is a table whose first column
names its participants. Writes participants.tsv, sessions.tsv, outcomes.tsv and series/*.npy into the folder.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import pandas as pd

from amygene.cohort.arrays import table_cohort
from amygene.files import replacing
from amygene.problems import InputError
from amygene.tables import write_text_table


def pair(text):
    """``name=file``."""
    name, equals, file = text.partition("=")
    if not equals or not Path(file).is_file():
        raise argparse.ArgumentTypeError(f"{text!r}: give name=file, of a file that is there")
    return name, file


def rows(file):
    """Cells of a table without its header; separated by tabs, commas in a .csv."""
    with open(file, newline="", encoding="utf-8-sig") as stream:
        return list(csv.reader(stream, delimiter="," if file.endswith(".csv") else "\t"))[1:]


def arrays(file, names, series):
    """Names and series of a session."""
    with np.load(file, allow_pickle=False) as archive:
        if names not in archive.files or series not in archive.files:
            raise InputError(f"{file}: no arrays {names} and {series}; found {', '.join(archive.files)}")
        return [str(name) for name in archive[names]], archive[series]


def outcome(file, prefix):
    """participant_id, timepoint, value."""
    found = [(row[0], prefix + row[1], float(row[2])) for row in rows(file)]
    return pd.DataFrame(found, columns=["participant_id", "timepoint", "value"])


def main(arguments=None):
    """Read, take apart, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the cohort goes")
    parser.add_argument("--session", type=pair, action="append", required=True, help="timepoint=file.npz")
    parser.add_argument("--outcome", type=pair, action="append", default=[], help="instrument=table")
    parser.add_argument("--group", type=pair, action="append", default=[], help="group=table")
    parser.add_argument("--regions", type=int, required=True, help="number of regions")
    parser.add_argument("--leave-out", type=int, nargs="*", default=[], help="numbers of regions, from 1, to leave out")
    parser.add_argument("--ids", default="ids", help="array of names in the .npz")
    parser.add_argument("--series", default="ts", help="array of series in the .npz")
    parser.add_argument("--prefix", default="", help="put before the timepoints of outcomes")
    given = parser.parse_args(arguments)
    try:
        made = table_cohort(
            {time: arrays(file, given.ids, given.series) for time, file in given.session},
            given.regions,
            {name: outcome(file, given.prefix) for name, file in given.outcome},
            {name: [row[0] for row in rows(file)] for name, file in given.group},
            given.leave_out,
        )
    except InputError as error:
        parser.exit(1, f"{error}\n")
    for name, values in made.series.items():
        with replacing(given.folder / name) as beside, open(beside, "wb") as stream:
            np.save(stream, values)
    for name in ("participants", "sessions", "outcomes"):
        table = getattr(made, name)
        if table is not None:
            write_text_table(given.folder / f"{name}.tsv", table)
    print(f"{len(made.participants)} participants, {len(made.sessions)} sessions in {given.folder}")


if __name__ == "__main__":
    main()
