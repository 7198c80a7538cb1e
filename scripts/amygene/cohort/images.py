"""The scans of a bucket of participants, looked at to the last value before any work starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from amygene.cleaning.denoising import describe, plan_cleaning
from amygene.imaging.grid import Grid
from amygene.imaging.images import Header, examine, file_order, read_header, read_mask
from amygene.imaging.overlap import half_filled
from amygene.imaging.scans import Scan, by_session, check_labels
from amygene.io.files import read_arrays, sha256, write_arrays
from amygene.io.problems import InputError, raise_if_any

_DESCRIBED = ("n_kept", "scrubbed", "df_left", "mean_fd", "max_fd")


class DefaultMask:
    """The mask of scans that have none of their own, put on each grid once."""

    def __init__(self, path: str | Path):
        self.grid, self.inside = read_mask(path)
        self._known: list[tuple[Grid, np.ndarray]] = []

    def on(self, grid: Grid) -> np.ndarray:
        """In the shape of a grid."""
        for known, inside in self._known:
            if known.same_as(grid):
                return inside
        inside = half_filled(self.inside, self.grid.affine, grid)
        self._known.append((grid, inside))
        return inside


def check_participant(
    scans: Sequence[Scan], sessions: Sequence[str], default: DefaultMask
) -> tuple[Grid, dict[str, np.ndarray], dict[str, Any]]:
    """Look at every scan of a participant.

    Parameters
    ----------
    scans
        Of the participant.
    sessions
        That are used, the first one first.
    default
        The mask of scans without one.

    Returns
    -------
    grid : Grid
        Of all scans.
    has_signal : dict
        Session -> bool over all voxels in the order of a file: finite and varying in every run of the session.
    finding : dict
        file, n_timepoints and n_constant (of the first session), sha256, values_sha256 and the files.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    problems: list[str] = []
    grid: Grid | None = None
    has_signal: dict[str, np.ndarray] = {}
    files: list[dict[str, Any]] = []
    hashes: list[str] = []
    n_constant = 0
    sought = by_session(scans, sessions)
    for session, runs in sought.items():
        for scan in runs:
            try:
                header = read_header(scan.bold)
                inside = _mask(scan, header, default)
                if grid is not None and not header.grid.same_as(grid):
                    raise InputError(f"{scan.bold}: its grid is {header.grid}, that of the other scans is {grid}")
                grid = header.grid
                voxels = file_order(inside)
                contents = examine(header, voxels)
            except InputError as error:
                problems += error.problems
                continue
            signal = np.zeros(inside.size, dtype=bool)
            signal[voxels] = contents.has_signal
            has_signal[session] = has_signal[session] & signal if session in has_signal else signal
            if session == sessions[0]:
                n_constant += int(np.count_nonzero(~contents.has_signal))
            hashes.append(contents.values_sha256)
            files.append(
                {
                    "session": session or None,
                    "run": scan.run or None,
                    "file": scan.bold,
                    "n_timepoints": float(header.n_volumes),
                    "sha256": sha256(scan.bold),
                }
            )
    problems += [
        f"{sought[session][0].bold}: no voxel of its mask has signal"
        for session, signal in has_signal.items()
        if not signal.any()
    ]
    raise_if_any(problems)
    if grid is None or sessions[0] not in sought:
        raise InputError("has no scan" + (f" of session {sessions[0]}" if sessions[0] else ""))
    first = [f for f in files if f["session"] == (sessions[0] or None)]
    finding = {
        "file": first[0]["file"],
        "n_timepoints": sum(f["n_timepoints"] for f in first),
        "n_constant": float(n_constant),
        "sha256": first[0]["sha256"],
        "values_sha256": " ".join(hashes),
        "grid": str(grid),
        "files": files,
    }
    return grid, has_signal, finding


def _mask(scan: Scan, header: Header, default: DefaultMask) -> np.ndarray:
    if not scan.mask:
        inside = default.on(header.grid)
        if not inside.any():
            raise InputError(f"{scan.bold}: lies outside the MNI brain ({header.grid}); is it in MNI space?")
        return inside
    grid, inside = read_mask(scan.mask)
    if not grid.same_as(header.grid):
        raise InputError(f"{scan.mask}: its grid is {grid}, that of its image {scan.bold} is {header.grid}")
    return inside


def check_images(
    members: Mapping[str, Sequence[Scan]], sessions: Sequence[str], default: DefaultMask
) -> tuple[dict[str, tuple[Grid, dict[str, np.ndarray]]], list[dict[str, Any]]]:
    """Look at the scans of every participant; collect what is wrong instead of raising it.

    Returns
    -------
    signal : dict
        participant_id -> grid, and which voxels have signal in each session; of those without problems.
    findings : list of dict
        One per participant.
    """
    signal, findings = {}, []
    labels = check_labels(members)
    for participant, scans in members.items():
        finding: dict[str, Any] = {"participant_id": participant}
        try:
            if participant in labels:
                raise InputError(labels[participant])
            grid, has_signal, found = check_participant(scans, sessions, default)
        except InputError as error:
            finding["problem"] = f"{participant}: " + "; ".join(error.problems)
        else:
            signal[participant] = (grid, has_signal)
            finding |= found
        findings.append(finding)
    return signal, findings


def check_confounds(
    members: Mapping[str, Sequence[Scan]], sessions: Sequence[str], cleaning: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What the cleaning will leave of every participant; collect what is wrong instead of raising it.

    Returns
    -------
    list of dict
        One per participant: n_kept, scrubbed, df_left, mean_fd and max_fd of the first session, the same of every
        session under ``sessions``, and the problem if there is one. Scans whose header cannot be read are told about
        by `check_images`.
    """
    findings = []
    for participant, scans in members.items():
        problems: list[str] = []
        described: dict[str, dict[str, float]] = {}
        for session, runs in by_session(scans, sessions).items():
            parts = []
            for scan in runs:
                try:
                    header = read_header(scan.bold)
                except InputError:
                    continue
                try:
                    plan = plan_cleaning(scan, header, cleaning)
                except InputError as error:
                    problems += error.problems
                    continue
                parts.append((header.n_volumes, describe(plan, cleaning)))
            if parts:
                described[session] = _together(parts)
        finding: dict[str, Any] = {"participant_id": participant, "sessions": described}
        # what is not known is said, too
        finding |= dict.fromkeys(_DESCRIBED) | described.get(sessions[0], {})
        if problems:
            finding["problem"] = f"{participant}: " + "; ".join(problems)
        findings.append(finding)
    return findings


def _together(parts: Sequence[tuple[int, Mapping[str, float]]]) -> dict[str, float]:
    """Runs of a session as one: sums, shares and means by length, the largest displacement."""
    n = np.array([length for length, _ in parts], dtype=float)
    found = [described for _, described in parts]
    together = {"n_timepoints": float(n.sum())}
    together |= {name: sum(d[name] for d in found) for name in ("n_kept", "df_left")}
    together["scrubbed"] = float(np.average([d["scrubbed"] for d in found], weights=n))
    if all("mean_fd" in d for d in found):
        together["mean_fd"] = float(np.average([d["mean_fd"] for d in found], weights=n - 1))
        together["max_fd"] = max(d["max_fd"] for d in found)
    return together


def write_signal(path: str | Path, signal: Mapping[str, tuple[Grid, Mapping[str, np.ndarray]]]) -> None:
    """Write which voxels have signal, as bits, participant by participant and session by session."""
    rows = [(p, session, grid, bits) for p, (grid, by) in signal.items() for session, bits in by.items()]
    packed = [np.packbits(bits) for *_, bits in rows]
    write_arrays(
        path,
        participant_id=np.array([r[0] for r in rows], dtype=str),
        session=np.array([r[1] for r in rows], dtype=str),
        shape=np.array([r[2].shape for r in rows], dtype=np.int64).reshape(-1, 3),
        affine=np.array([r[2].affine for r in rows], dtype=float).reshape(-1, 4, 4),
        length=np.array([len(p) for p in packed], dtype=np.int64),
        bits=np.concatenate(packed) if packed else np.empty(0, dtype=np.uint8),
    )


def read_signal(path: str | Path) -> dict[tuple[str, str], tuple[Grid, np.ndarray]]:
    """Read what `write_signal` wrote: (participant_id, session) -> grid, bool over all voxels in file order."""
    pack = read_arrays(path)
    stops = np.cumsum(pack["length"])
    found = {}
    for i, (participant, session) in enumerate(zip(pack["participant_id"], pack["session"], strict=True)):
        x, y, z = pack["shape"][i].tolist()
        bits = pack["bits"][stops[i] - pack["length"][i] : stops[i]]
        has_signal = np.unpackbits(bits, count=x * y * z).astype(bool)
        found[str(participant), str(session)] = (Grid((x, y, z), pack["affine"][i]), has_signal)
    return found
