"""The checked series of a bucket of participants in one file: read once, used by every seed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from amygene.problems import InputError
from amygene.series import Layout, constant, read_series
from amygene.tables import replacing, sha256

_FINDINGS = pa.schema(
    [
        ("participant_id", pa.string()),
        ("file", pa.string()),
        ("n_timepoints", pa.float64()),
        ("n_constant", pa.float64()),
        ("sha256", pa.string()),
        ("values_sha256", pa.string()),
        ("problem", pa.string()),
    ]
)


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
            finding["problem"] = f"{participant}: " + "; ".join(p.removeprefix(f"{participant}: ") for p in error.problems)
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
    """Write the findings of a bucket."""
    with replacing(path) as beside:
        pq.write_table(pa.Table.from_pylist(findings, schema=_FINDINGS), beside)


def write_pack(path: str | Path, series: Mapping[str, np.ndarray], labels: tuple[str, ...]) -> None:
    """Write series one below the other: a column participant_id and one float64 column per region."""
    lengths = [len(values) for values in series.values()]
    ids = pa.array(np.repeat(np.array(list(series), dtype=object), lengths), pa.string()).dictionary_encode()
    values = np.concatenate(list(series.values())) if series else np.empty((0, len(labels)))
    columns = [ids, *(pa.array(values[:, j]) for j in range(len(labels)))]
    with replacing(path) as beside:
        pq.write_table(pa.table(columns, names=["participant_id", *labels]), beside, compression="none")


def read_pack(path: str | Path) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Read a pack.

    Returns
    -------
    series : dict
        participant_id -> array of shape (n_timepoints, n_regions).
    labels : tuple of str
    """
    table = pq.read_table(path)
    labels = tuple(table.column_names[1:])
    values = np.column_stack([table.column(j + 1).to_numpy() for j in range(len(labels))])
    codes = table.column(0).combine_chunks()
    if isinstance(codes, pa.ChunkedArray):
        codes = pa.concat_arrays(codes.chunks) if codes.num_chunks else pa.array([], pa.dictionary(pa.int32(), pa.string()))
    names = codes.dictionary.to_pylist()
    index = codes.indices.to_numpy(zero_copy_only=False)
    # participants stand in blocks; where the name changes a new one begins
    starts = np.flatnonzero(np.r_[True, index[1:] != index[:-1]]) if len(index) else np.array([], dtype=int)
    stops = np.r_[starts[1:], len(index)]
    return {names[index[a]]: values[a:b] for a, b in zip(starts, stops, strict=True)}, labels
