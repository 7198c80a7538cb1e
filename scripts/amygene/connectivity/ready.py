"""Connectivity that was computed elsewhere: a table of participants x regions per seed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from amygene.connectivity.regions import fisher_z
from amygene.io.files import sha256
from amygene.io.problems import InputError, raise_if_any, some
from amygene.io.tables import read_given, read_matrix


def read_ready(
    files: Mapping[str, str],
    seeds: Mapping[str, Sequence[str]],
    labels: Sequence[str],
    members: Collection[str],
    scale: str,
) -> tuple[dict[str, pd.DataFrame], list[dict[str, Any]]]:
    """Read the table of every seed.

    Parameters
    ----------
    files
        Seed -> table (tsv, csv or parquet): the first column names the participants, the others the regions. Empty
        cells and ``n/a`` are missing.
    seeds
        Seed -> its own regions; they may be among the columns and are not read.
    labels
        Regions of the atlas.
    members
        participant_ids of the sheet.
    scale
        ``fisher-z``, or ``r``: correlations, which are transformed.

    Returns
    -------
    z : dict
        Seed -> Fisher z of participants x regions, in the order of the atlas; of participants who stand in all tables.
    findings : list of dict
        One per participant: files with their hashes, the hash of the values, or the problem: tables without a row.

    Raises
    ------
    InputError
        With everything that is wrong with the tables: seeds without a table and tables of no seed, files that are
        absent or no tables of numbers, unknown or missing regions, unknown participants, participants who stand twice,
        correlations beyond 1.
    """
    problems = [f"config key cohort.maps: no table of {seed}, which seeds names" for seed in seeds if seed not in files]
    problems += [
        f"config key cohort.maps: a table of {seed}, which is none of seeds" for seed in files if seed not in seeds
    ]
    tables = {}
    for seed in files:
        if seed in seeds:
            try:
                tables[seed] = _read_one(files[seed], seeds[seed], labels, members, scale)
            except InputError as error:
                problems += error.problems
    raise_if_any(problems)
    hashes = {seed: sha256(files[seed]) for seed in tables}
    findings = []
    for participant in members:
        absent = [files[seed] for seed, table in tables.items() if participant not in table.index]
        finding: dict[str, Any] = {"participant_id": participant}
        if absent:
            finding["problem"] = f"{participant}: has no row in {some(absent)}"
        else:
            values = np.concatenate([table.loc[participant].to_numpy() for table in tables.values()])
            finding["values_sha256"] = hashlib.sha256(values.tobytes()).hexdigest()
            finding["files"] = [{"file": files[seed], "sha256": hashes[seed]} for seed in tables]
        findings.append(finding)
    known = [f["participant_id"] for f in findings if "problem" not in f]
    return {seed: table.loc[known] for seed, table in tables.items()}, findings


def _read_one(
    file: str, own: Collection[str], labels: Sequence[str], members: Collection[str], scale: str
) -> pd.DataFrame:
    table = read_matrix(file)
    if not file.endswith(".parquet"):
        # names that look like numbers are names
        table.index = pd.Index(read_given(file, usecols=[0], dtype=str, keep_default_na=False).iloc[:, 0])
    regions = [label for label in labels if label not in own]
    problems = [
        f"{file}: {what} {some(found)}"
        for what, found in (
            ("the atlas has no region", [c for c in table if c not in labels]),
            ("it lacks the regions (empty cells are missing)", [r for r in regions if r not in table]),
            ("the participants sheet does not know", [p for p in table.index if p not in members]),
            ("it has more than one row of", table.index[table.index.duplicated()].unique()),
        )
        if len(found)
    ]
    raise_if_any(problems)
    table = table[regions]
    if scale == "fisher-z":
        return table
    beyond = table.abs() > 1
    cells = {region: table.loc[beyond[region], region].items() for region in table.columns[beyond.any()]}
    raise_if_any(
        [
            f"{file}: column {region!r}: found {some(f'{r:g} ({p})' for p, r in found)} where a correlation belongs "
            "(config key cohort.scale is r)"
            for region, found in cells.items()
        ]
    )
    return pd.DataFrame(fisher_z(table.to_numpy()), table.index, table.columns)
