"""Maps of a bucket of participants on disk, and all maps of a seed in one array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from amygene.connectivity.voxels import resample, session_maps
from amygene.imaging.grid import Grid
from amygene.imaging.images import as_volume, read_volume, write_image
from amygene.imaging.parcels import region_means
from amygene.imaging.scans import Scan, by_session, map_name
from amygene.imaging.seed_maps import SeedsOnGrids, Source, Weights
from amygene.io.files import replacing, sha256
from amygene.io.problems import InputError, raise_if_any
from amygene.io.tables import versions, write_json

#: participants whose maps are held at a time
_AT_A_TIME = 64


def make_maps(
    members: Mapping[str, Sequence[Scan]],
    sessions: Sequence[str],
    signal: Mapping[tuple[str, str], tuple[Grid, np.ndarray]],
    sources: Mapping[str, Source],
    cleaning: Mapping[str, Any],
    *,
    min_coverage: float,
    grid: Grid | None,
    space: str,
    folder: str,
    stop: bool,
) -> dict[str, dict[str, Any]]:
    """Make and write the maps of all seeds in every session of some participants.

    Parameters
    ----------
    members
        participant_id -> scans.
    sessions
        That are used.
    signal
        (participant_id, session) -> grid, and which voxels have signal.
    sources
        The seeds.
    cleaning
        The config's section.
    grid
        Grid of the maps; None leaves them on the images' own.
    folder
        Where maps go: ``sub-{subject}/..._boldmap.nii.gz`` with a JSON file each.
    stop
        Whether a participant who fails now, after all checks, stops the job (when all others are done) or is
        written down and left out.

    Returns
    -------
    dict
        participant_id -> session -> ``maps``: seed -> file and hash; ``coverage`` and ``tsnr``: seed -> value;
        ``n_voxels`` with signal; or the ``problem``.
    """
    made: dict[str, dict[str, Any]] = {}
    problems = []
    seeds, used = SeedsOnGrids(sources), versions()
    for participant, scans in members.items():
        made[participant] = {}
        for session, runs in by_session(scans, sessions).items():
            own_grid, has_signal = signal[participant, session]
            entry: dict[str, Any] = {"maps": {}, "coverage": {}, "tsnr": {}, "n_voxels": int(has_signal.sum())}
            made[participant][session] = entry
            try:
                _, maps = session_maps(runs, has_signal, seeds, cleaning, min_coverage)
            except InputError as error:
                entry["problem"] = "; ".join(error.problems)
                # a later session that scrubbing leaves nothing of is a missing map, no fault
                if session == sessions[0] and stop:
                    problems.append(f"{participant}: {entry['problem']}")
                continue
            for seed, found in maps.items():
                entry["coverage"][seed], entry["tsnr"][seed] = found.coverage, found.tsnr
                if found.z is None:
                    continue
                volume, target = (found.z, own_grid) if grid is None else (resample(found.z, own_grid, grid), grid)
                base = f"{folder}/{map_name(participant, session, seed, space)}"
                write_image(f"{base}.nii.gz", volume, target)
                digest = sha256(f"{base}.nii.gz")
                sidecar = _sidecar(seed, sources[seed], runs, cleaning, found.coverage, space)
                write_json(f"{base}.json", sidecar | {"Versions": used})
                entry["maps"][seed] = {"file": f"{base}.nii.gz", "sha256": digest}
    raise_if_any(problems)
    return made


def _sidecar(
    seed: str, source: Source, runs: Sequence[Scan], cleaning: Mapping[str, Any], covered: float, space: str
) -> dict[str, Any]:
    """What a map is, and where it comes from."""
    return {
        "Description": f"Fisher z of the correlation of the seed {seed} with every voxel; NaN where there is no signal",
        "SpatialReference": space,
        "Seed": dict(source.definition),
        "SeedCoverage": covered,
        "Cleaning": dict(cleaning),
        "Sources": [file for scan in runs for file in (scan.bold, scan.confounds) if file],
    }


def pack(
    path: str | Path,
    files: Sequence[Mapping[str, str] | None],
    grid: Grid,
    mask: np.ndarray,
) -> int:
    """Put the maps of one seed into one array, so that a job over some voxels reads only those.

    Parameters
    ----------
    path
        float32 of shape (n_participants, n_voxels) in Fortran order; voxels as ``np.flatnonzero(mask)`` numbers them.
    files
        Per participant the map's file and hash, or None: a row of missing values.
    grid, mask
        The group's mask, bool in the shape of the grid.

    Returns
    -------
    int
        Participants with a map.

    Raises
    ------
    InputError
        A map is gone or is not what was written.
    """
    n_voxels = int(mask.sum())
    with replacing(path) as beside:
        array = np.lib.format.open_memmap(
            beside, mode="w+", dtype=np.float32, shape=(len(files), n_voxels), fortran_order=True
        )
        for start in range(0, len(files), _AT_A_TIME):
            rows = files[start : start + _AT_A_TIME]
            values = np.full((len(rows), n_voxels), np.nan, dtype=np.float32)
            for row, entry in zip(values, rows, strict=True):
                if entry is not None:
                    row[:] = read_map(entry, grid)[mask]
            array[start : start + len(rows)] = values
        array.flush()
        del array
    return sum(entry is not None for entry in files)


def read_map(entry: Mapping[str, str], grid: Grid) -> np.ndarray:
    """A participant's map, if it is the one that was written."""
    path = Path(entry["file"])
    if not path.is_file() or sha256(path) != entry["sha256"]:
        raise InputError(
            f"{path}: is {'gone' if not path.is_file() else 'not what was written'}; make the maps again: "
            "snakemake --forcerun connectivity_voxel"
        )
    own, volume = read_volume(path)
    if not own.same_as(grid):
        raise InputError(f"{path}: its grid is {own}, that of the mask is {grid}")
    return volume


def region_table(
    scans: Sequence[tuple[str, str, str]],
    made: Mapping[str, Mapping[str, Mapping[str, Any]]],
    seed: str,
    own: Weights,
    grid: Grid,
    weights: sparse.csr_array,
    regions: Sequence[str],
) -> pd.DataFrame:
    """Maps of one seed averaged over regions.

    Parameters
    ----------
    scans
        Name of the row, participant and session of each.
    made
        participant_id -> session -> entry, from `make_maps`.
    seed
        Its name.
    own
        Its voxels: they correlate with themselves and do not count.
    grid
        Of the maps.
    weights
        Of the regions' voxels on it, from `parcels.region_weights`.
    regions
        Their names.

    Returns
    -------
    DataFrame
        Scans x regions; missing without a map, and where too little of a region has signal.
    """
    z = pd.DataFrame(np.nan, index=[name for name, *_ in scans], columns=list(regions))
    for name, participant, session in scans:
        entry = made.get(participant, {}).get(session, {}).get("maps", {}).get(seed)
        if entry is not None:
            values = read_map(entry, grid).ravel(order="F").copy()
            values[own.voxels] = np.nan
            z.loc[name] = region_means(values, weights)
    return z


def common_mask(
    signal: Mapping[tuple[str, str], tuple[Grid, np.ndarray]], participants: Sequence[str], grid: Grid | None
) -> tuple[Grid, np.ndarray, int]:
    """How many scans of some participants have signal in each voxel.

    Parameters
    ----------
    signal
        (participant_id, session) -> grid, and which voxels have signal, in the order of a file.
    participants
        Who counts.
    grid
        Put everything on this grid first, as maps are; None if all lie on one.

    Returns
    -------
    grid : Grid
    count : array of int, in the shape of the grid
    n_scans : int
    """
    wanted = set(participants)
    count: np.ndarray | None = None
    n_scans = 0
    for (participant, _), (own, has_signal) in signal.items():
        if participant not in wanted:
            continue
        voxels = np.flatnonzero(has_signal)
        volume = as_volume(np.ones(len(voxels), dtype=np.float32), voxels, own)
        if grid is None:
            grid = own
        covered = np.isfinite(resample(volume, own, grid))
        count = covered.astype(np.int64) if count is None else count + covered
        n_scans += 1
    if grid is None or count is None:
        raise InputError("nobody has a scan")
    return grid, count, n_scans
