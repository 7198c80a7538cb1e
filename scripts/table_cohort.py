"""Make a `table` cohort of series as they are shared with papers, with outcomes.

    uv run python scripts/table_cohort.py cohort --regions 332 \\
        --session baseline=ses-1.npz --session month3=ses-2.npz --outcome bprs=bprs_change_scores.txt \\
        --timepoint month6=4 --group drug=drug.txt --group placebo=placebo.txt

A session is an .npz with names of the participants (`ids`) and their series (`ts`, participants x regions x time), or
a folder of text files, one per participant, with sub-... in their names. An outcome is a table with columns of
participant, timepoint and value; --timepoint names a timepoint that the table has as a code. A group is a table whose
first column names its participants. Writes participants.tsv, sessions.tsv, outcomes.tsv and series/*.npy.
"""

import argparse
import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd

from amygene.cohort.arrays import table_cohort
from amygene.io.files import replacing
from amygene.io.problems import InputError
from amygene.io.tables import write_text_table


def pair(text):
    """``name=value``."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r}: give name=value")
    return name, value


def pair_of_file(text):
    """``name=file``."""
    name, file = pair(text)
    if not Path(file).exists():
        raise argparse.ArgumentTypeError(f"{text!r}: give name=file, of a file that is there")
    return name, file


def rows(file):
    """Cells of a table without its header; separated by tabs, commas in a .csv."""
    with open(file, newline="", encoding="utf-8-sig") as stream:
        return list(csv.reader(stream, delimiter="," if file.endswith(".csv") else "\t"))[1:]


def session(source, names, series):
    """Names and series of a session."""
    return folder(source) if Path(source).is_dir() else arrays(source, names, series)


def folder(source):
    """Those of text files, whose names begin with or hold the participant's (sub-001)."""
    found = ((re.search(r"sub-[A-Za-z0-9]+", file.name), file) for file in sorted(Path(source).iterdir()))
    read = [(name[0], np.loadtxt(file, dtype=np.float32, ndmin=2)) for name, file in found if name]
    shapes = sorted({values.shape for _, values in read})
    if len(shapes) != 1:
        raise InputError(
            f"{source}: expected files sub-... of one shape; found {', '.join(map(str, shapes)) or 'none'}"
        )
    return [name for name, _ in read], np.stack([values for _, values in read])


def arrays(file, names, series):
    """Those of an archive."""
    with np.load(file, allow_pickle=False) as archive:
        if names not in archive.files or series not in archive.files:
            raise InputError(f"{file}: no arrays {names} and {series}; found {', '.join(archive.files)}")
        return [str(name) for name in archive[names]], archive[series]


def outcome(file, timepoints):
    """participant_id, timepoint, value; `timepoints` are names of codes."""
    found = [(row[0], timepoints.get(row[1], row[1]), float(row[2])) for row in rows(file)]
    return pd.DataFrame(found, columns=["participant_id", "timepoint", "value"])


def main(arguments=None):
    """Read, take apart, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the cohort goes")
    parser.add_argument(
        "--session", type=pair_of_file, action="append", required=True, help="timepoint=file.npz, or a folder"
    )
    parser.add_argument("--outcome", type=pair_of_file, action="append", default=[], help="instrument=table")
    parser.add_argument("--timepoint", type=pair, action="append", default=[], help="name=code in outcomes")
    parser.add_argument("--group", type=pair_of_file, action="append", default=[], help="group=table")
    parser.add_argument("--regions", type=int, required=True, help="number of regions")
    parser.add_argument("--leave-out", type=int, nargs="*", default=[], help="numbers of regions, from 1, to leave out")
    parser.add_argument("--ids", default="ids", help="array of names in the .npz")
    parser.add_argument("--series", default="ts", help="array of series in the .npz")
    given = parser.parse_args(arguments)
    try:
        made = table_cohort(
            {time: session(file, given.ids, given.series) for time, file in given.session},
            given.regions,
            {name: outcome(file, {code: time for time, code in given.timepoint}) for name, file in given.outcome},
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
