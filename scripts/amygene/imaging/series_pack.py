"""The checked series of a bucket of participants in one file: read once, used by every seed."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from amygene.imaging.series import Layout, constant, read_series
from amygene.io.files import read_arrays, read_json, replacing, sha256, write_arrays
from amygene.io.problems import InputError

#: what is known of a participant's file; see `check_members`
FINDING = ["participant_id", "file", "n_timepoints", "n_constant", "sha256", "values_sha256", "problem"]


def read_labels(path: str | Path) -> tuple[str, ...]:
    """Names of the atlas's regions, from its table; without pandas, whose import costs more than the job."""
    with open(path, newline="", encoding="utf-8") as stream:
        return tuple(row["region"] for row in csv.DictReader(stream, delimiter="\t"))


def check_members(members: Mapping[str, str], layout: Layout) -> tuple[dict[str, np.ndarray], list[dict[str, object]]]:
    """Read the series of every participant; collect what is wrong instead of raising it.

    Parameters
    ----------
    members
        participant_id -> file.
    layout
        Which columns of a file hold the atlas.

    Returns
    -------
    series : dict
        participant_id -> array of shape (n_timepoints, n_regions), of those that can be read.
    findings : list of dict
        One per participant: its file and hash, numbers of time points and of regions without signal, the hash
        of its values (the same series saved twice have the same), and the problem if there is one.
    """
    series, findings = {}, []
    for participant, file in members.items():
        finding: dict[str, object] = {"participant_id": participant, "file": file}
        try:
            if not file:
                raise InputError(f"{participant}: no file of series is named (column timeseries is empty)")
            values = read_series(file, layout)
        except InputError as error:
            finding["problem"] = f"{participant}: " + "; ".join(
                p.removeprefix(f"{participant}: ") for p in error.problems
            )
        else:
            series[participant] = values
            finding |= {
                "n_timepoints": float(len(values)),
                "n_constant": float(constant(values).sum()),
                "sha256": sha256(file),
                "values_sha256": hashlib.sha256(values.tobytes()).hexdigest(),
            }
        findings.append(finding)
    return series, findings


def write_findings(path: str | Path, findings: list[dict[str, object]]) -> None:
    """Write the findings of a bucket as JSON."""
    with replacing(path) as beside:
        beside.write_text(json.dumps(findings, indent=1), encoding="utf-8")


def read_findings(paths: Iterable[str | Path]) -> list[dict[str, object]]:
    """Read the findings of all buckets: one per participant, in the order of the first; problems add up."""
    merged: dict[object, dict[str, object]] = {}
    for finding in (finding for path in paths for finding in read_json(path)):
        own = merged.setdefault(finding["participant_id"], {})
        problems = [str(f["problem"]) for f in (own, finding) if f.get("problem")]
        own |= finding
        if problems:
            own["problem"] = "; ".join(dict.fromkeys(problems))
    return list(merged.values())


def write_pack(path: str | Path, series: Mapping[str, np.ndarray], labels: tuple[str, ...]) -> None:
    """Write series one below the other, with the participants' names and numbers of time points."""
    write_arrays(
        path,
        participant_id=np.array(list(series), dtype=str),
        n_timepoints=np.array([len(values) for values in series.values()], dtype=int),
        region=np.array(labels),
        values=np.concatenate(list(series.values())) if series else np.empty((0, len(labels))),
    )


def read_pack(path: str | Path) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Read a pack.

    Returns
    -------
    series : dict
        participant_id -> array of shape (n_timepoints, n_regions).
    labels : tuple of str
    """
    pack = read_arrays(path)
    stops = np.cumsum(pack["n_timepoints"])
    starts = stops - pack["n_timepoints"]
    names = pack["participant_id"].tolist()
    series = {name: pack["values"][a:b] for name, a, b in zip(names, starts, stops, strict=True)}
    return series, tuple(pack["region"].tolist())
