"""Foci of published experiments: read from any of the usual files, checked, and brought to MNI space."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from amygene.io.problems import InputError, raise_if_any, some
from amygene.io.tables import read_given
from amygene.meta.brain import Brain

#: columns of a table of foci; any others annotate
COLUMNS = ("experiment", "n_subjects", "x", "y", "z", "space")
#: what files call the two spaces
SPACES = {
    **dict.fromkeys(("mni", "mni152", "icbm", "mni152nlin6asym", "mni152nlin2009casym"), "MNI"),
    **dict.fromkeys(("tal", "talairach", "t88"), "TAL"),
}
#: a focus this far (mm) from the brain is a mistake; nearer ones are rounding and the edge of a mask
FAR = 10.0
_MISSING = ["", "n/a", "NA", "N/A", "nan", "NaN"]

# Lancaster et al. 2007, Hum Brain Mapp 28:1194, icbm_other: MNI to Talairach
_MNI_TO_TAL = np.array(
    [
        [0.9357, 0.0029, -0.0072, -1.0423],
        [-0.0065, 0.9396, -0.0726, -1.3940],
        [0.0103, 0.0752, 0.8967, 3.6475],
        [0.0, 0.0, 0.0, 1.0],
    ]
)


def talairach_to_mni(xyz: np.ndarray) -> np.ndarray:
    """MNI coordinates of Talairach coordinates (mm), shape (n, 3): the inverse of Lancaster's transform."""
    inverse = np.linalg.inv(_MNI_TO_TAL)
    return np.asarray(xyz, dtype=float) @ inverse[:3, :3].T + inverse[:3, 3]


def mni_to_talairach(xyz: np.ndarray) -> np.ndarray:
    """Talairach coordinates of MNI coordinates (mm), shape (n, 3)."""
    return np.asarray(xyz, dtype=float) @ _MNI_TO_TAL[:3, :3].T + _MNI_TO_TAL[:3, 3]


def read_foci(path: str | Path) -> pd.DataFrame:
    """Read a file of foci; what is in the cells is checked by `check_foci`.

    Parameters
    ----------
    path
        ``.tsv`` or ``.csv`` with the columns `COLUMNS`, maybe ``sample``, and annotations; ``.txt`` as Sleuth and
        GingerALE have it; ``.json`` as NIMADS (NeuroStore) or NiMARE have it.

    Returns
    -------
    DataFrame
        A row per focus: file, row, experiment, sample, n_subjects, x, y, z, space, and annotations, all as text.
        ``sample`` is whose brains these are: experiments of one study share it, unless the table says otherwise.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    readers = {".tsv": _read_table, ".csv": _read_table, ".txt": _read_sleuth, ".json": _read_json}
    if path.suffix not in readers:
        raise InputError(
            f"{path}: its ending is {path.suffix!r}; foci come as .tsv, .csv, Sleuth's .txt or NIMADS .json"
        )
    table = readers[path.suffix](path)
    table.insert(0, "file", str(path))
    return table


def _read_table(path: Path) -> pd.DataFrame:
    table = read_given(path, dtype=str, na_values=_MISSING, keep_default_na=False)
    table.columns = [str(c).strip() for c in table.columns]
    absent = [c for c in COLUMNS if c not in table]
    if absent:
        raise InputError(f"{path}: column {some(absent)} is missing; found {some(table.columns, 12)}")
    reserved = [c for c in ("file", "row", "used", "reason") if c in table]
    if reserved:
        raise InputError(f"{path}: column {some(reserved)} is a name that amygene uses itself; give it another")
    table = table.apply(lambda column: column.str.strip())
    table.insert(0, "row", [f"row {i + 2}" for i in range(len(table))])
    if "sample" not in table:
        table["sample"] = table["experiment"]
    table["sample"] = table["sample"].fillna(table["experiment"])
    return table


def _read_sleuth(path: Path) -> pd.DataFrame:
    """Sleuth text: ``//Reference=MNI``, then per experiment ``//Study: contrast``, ``//Subjects=18``, coordinates."""
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    space: str | None = None
    title: list[str] = []
    experiment, sample, n_subjects = None, None, None
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        if line.startswith("//"):
            text = line.removeprefix("//").strip()
            key, _, value = text.partition("=")
            if key.strip().lower() == "reference":
                space = value.strip()
            elif key.strip().lower() == "subjects":
                experiment, sample = _study_and_experiment(" ".join(title))
                n_subjects, title = value.strip(), []
            else:
                title.append(text)
            continue
        fields = line.split()
        if len(fields) != 3:
            problems.append(f"{path}, line {number}: found {len(fields)} numbers where x, y and z belong")
        elif title or experiment is None:
            problems.append(f"{path}, line {number}: coordinates without a line //Subjects= before them")
            title, experiment, sample, n_subjects = [], "unknown", "unknown", "1"
        else:
            rows.append(
                {
                    "row": f"line {number}",
                    "experiment": experiment,
                    "n_subjects": n_subjects,
                    **dict(zip("xyz", fields, strict=True)),
                    "space": space,
                    "sample": sample,
                }
            )
    if space is None:
        problems.append(f"{path}: no line //Reference= says whether coordinates are MNI or Talairach")
    raise_if_any(problems)
    return pd.DataFrame(rows, columns=["row", *COLUMNS, "sample"])


def _study_and_experiment(title: str) -> tuple[str, str]:
    """``Mayberg, 2000: week 6`` is an experiment of the study ``Mayberg, 2000``."""
    year = re.search(r"(19|20)\d{2}", title)
    after = re.search(r"[:;]", title[year.end() :]) if year else re.search(r"[:;]", title)
    if after is None:
        return title or "unnamed", title or "unnamed"
    return title, title[: (year.end() if year else 0) + after.start()].strip()


def _read_json(path: Path) -> pd.DataFrame:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is no JSON ({error})") from None
    if isinstance(content, dict) and isinstance(content.get("studies"), list):
        rows = list(_nimads(content))
    elif isinstance(content, dict) and all(isinstance(s, dict) and "contrasts" in s for s in content.values()):
        rows = list(_nimare(content))
    else:
        raise InputError(f"{path}: is neither a NIMADS studyset (key 'studies') nor a NiMARE dataset (key 'contrasts')")
    table = pd.DataFrame(rows)
    if table.empty:
        raise InputError(f"{path}: holds no focus")
    order = ["row", *COLUMNS, "sample"]
    return table[[*order, *(c for c in table if c not in order)]]


def _nimads(content: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Foci of a NIMADS studyset; notes of its annotations become columns."""
    notes: dict[str, dict[str, Any]] = {}
    for annotation in content.get("annotations") or []:
        for note in annotation.get("notes") or []:
            analysis = note.get("analysis")
            name = analysis.get("id") if isinstance(analysis, dict) else analysis
            notes.setdefault(str(name), {}).update(note.get("note") or {})
    for study in content["studies"]:
        for analysis in study.get("analyses") or []:
            n = _sample_size(analysis.get("metadata")) or _sample_size(study.get("metadata"))
            name = f"{study['id']}: {analysis.get('name') or analysis.get('id')}"
            marks = {k: str(v) for k, v in notes.get(str(analysis.get("id")), {}).items() if k not in _TAKEN}
            for i, point in enumerate(analysis.get("points") or [], 1):
                xyz = [str(v) for v in point["coordinates"]]
                yield (
                    {"row": f"{name}, point {i}", "experiment": name, "n_subjects": n}
                    | dict(zip("xyz", xyz, strict=True))
                    | {"space": point.get("space"), "sample": str(study["id"])}
                    | marks
                )


def _nimare(content: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Foci of a NiMARE dataset as JSON; labels are left out, they are thousands."""
    for study, entry in content.items():
        for contrast, what in entry["contrasts"].items():
            coords = what.get("coords") or {}
            name, n = f"{study}: {contrast}", _sample_size(what.get("metadata"))
            points = zip(coords.get("x", []), coords.get("y", []), coords.get("z", []), strict=True)
            for i, point in enumerate(points, 1):
                yield (
                    {"row": f"{name}, point {i}", "experiment": name, "n_subjects": n}
                    | {k: str(v) for k, v in zip("xyz", point, strict=True)}
                    | {"space": coords.get("space"), "sample": study}
                )


_TAKEN = {"file", "row", "sample", "used", "reason", *COLUMNS}


def _sample_size(metadata: Any) -> str | None:
    """Sample size in the metadata of a study or an analysis; the mean of several groups, rounded down."""
    metadata = metadata if isinstance(metadata, dict) else {}
    for key in ("sample_sizes", "sample_size", "n_subjects"):
        found = metadata.get(key)
        sizes = [s for s in (found if isinstance(found, list) else [found]) if isinstance(s, int | float)]
        if sizes:
            return str(int(np.mean(sizes)))
    return None


def check_foci(table: pd.DataFrame, grid: Brain, faulty: str) -> tuple[pd.DataFrame, list[str]]:
    """Check foci of all files at once and bring them to MNI space.

    Parameters
    ----------
    table
        Of `read_foci`, one below the other.
    grid
        With the mask of the whole brain: foci more than `FAR` mm outside are mistakes.
    faulty
        ``stop``: a faulty focus stops the run. ``exclude``: it is left out with the reason. An experiment with two
        sample sizes always stops it.

    Returns
    -------
    foci : DataFrame
        file, experiment, sample, n_subjects, x, y, z (MNI), x_reported, y_reported, z_reported, space (MNI, TAL),
        used, reason, and annotations.
    notes : list of str
        What a reader has to know: what was transformed, merged, or left out.

    Raises
    ------
    InputError
        With all problems.
    """
    table = table.reset_index(drop=True)
    where = table["file"] + ", " + table["row"]
    reasons = pd.Series([None] * len(table), dtype=object)

    def fault(rows: pd.Series, words: Iterable[str]) -> None:
        for i, text in zip(table.index[rows], words, strict=True):
            reasons[i] = text if reasons[i] is None else f"{reasons[i]}; {text}"

    unnamed = table["experiment"].isna()
    fault(unnamed, ["experiment has no name" for _ in range(unnamed.sum())])
    numbers = table[["x", "y", "z", "n_subjects"]].apply(pd.to_numeric, errors="coerce")
    for column in ("x", "y", "z"):
        bad = ~np.isfinite(numbers[column])
        fault(bad, [f"{column} is {_shown(v)}, a number belongs there" for v in table.loc[bad, column]])
    n = numbers["n_subjects"]
    bad = ~((n >= 1) & (n == np.floor(n)))
    fault(
        bad,
        [f"n_subjects is {_shown(v)}, a whole number of people belongs there" for v in table.loc[bad, "n_subjects"]],
    )
    space = table["space"].map(lambda s: SPACES.get(str(s).lower().replace(" ", "")))
    bad = space.isna()
    fault(bad, [f"space {_shown(s)} is unknown, use MNI or TAL" for s in table.loc[bad, "space"]])
    reported = numbers[["x", "y", "z"]].to_numpy()
    xyz = np.where((space == "TAL").to_numpy()[:, None], talairach_to_mni(reported), reported)
    sound = np.flatnonzero(reasons.isna())
    distance = np.zeros(len(table))
    distance[sound] = _distance_to(grid, xyz[sound])
    far = pd.Series(distance > FAR)
    fault(
        far, [f"lies {d:.0f} mm outside the brain ({_point(p)})" for d, p in zip(distance[far], xyz[far], strict=True)]
    )

    problems = []
    sizes = pd.DataFrame({"experiment": table["experiment"], "n": n}).dropna().groupby("experiment")["n"].unique()
    for experiment, found in sizes.items():
        if len(found) > 1:
            problems.append(
                f"experiment {experiment!r} has {len(found)} sample sizes ({some(int(v) for v in sorted(found))}); "
                "give one, or name the experiments apart and put them into one sample"
            )
    samples = table.groupby("experiment")["sample"].unique()
    for experiment, names in samples.items():
        if len(names) > 1:
            problems.append(
                f"experiment {experiment!r} belongs to {len(names)} samples ({some(names)}); it can to one only"
            )
    if faulty == "stop":
        problems += [f"{place}: {text}" for place, text in zip(where[reasons.notna()], reasons.dropna(), strict=True)]
        if reasons.notna().any():
            problems.append("mend these foci, or set meta.faulty: exclude to leave them out with the reason")
    if reasons.notna().all():
        problems.append(f"{some(table['file'].unique())}: no focus is left")
    raise_if_any(problems)

    foci = table.drop(columns=["row", "space", "x", "y", "z", "n_subjects"])
    foci.insert(3, "n_subjects", n)
    for axis, values, given in zip("xyz", xyz.T, reported.T, strict=True):
        foci[axis], foci[f"{axis}_reported"] = values, given
    foci["space"], foci["used"], foci["reason"] = space, reasons.isna(), reasons
    first = ["file", "experiment", "sample", "n_subjects", "x", "y", "z", "x_reported", "y_reported", "z_reported"]
    first += ["space", "used", "reason"]
    foci = foci[[*first, *(c for c in foci if c not in first)]]
    return foci, _notes(foci, distance)


def from_text(table: pd.DataFrame) -> pd.DataFrame:
    """Foci as `check_foci` gave them, from a table read as text: an annotation like ``01`` stays what it is."""
    numbers = ["n_subjects", *"xyz", *(f"{axis}_reported" for axis in "xyz")]
    typed = {c: table[c].astype(float) for c in numbers} | {"used": table["used"] == "True"}
    return table.assign(**typed)


def _notes(foci: pd.DataFrame, distance: np.ndarray) -> list[str]:
    used = foci[foci["used"]]
    notes = []
    n_tal = int((used["space"] == "TAL").sum())
    if n_tal:
        notes.append(
            f"{n_tal} of {len(used)} foci were Talairach coordinates; Lancaster's transform brought them to MNI."
        )
    merged = used.groupby("sample")["experiment"].unique()
    merged = merged[merged.map(len) > 1]
    if len(merged):
        listed_samples = some((f"{sample} ({' + '.join(sorted(names))})" for sample, names in merged.items()), 5)
        notes.append(f"Experiments of the same people count as one, in {len(merged)} samples: {listed_samples}.")
    near = int(((distance > 0) & foci["used"].to_numpy()).sum())
    if near:
        notes.append(f"{near} foci lie up to {FAR:g} mm outside the brain mask and were kept.")
    if not foci["used"].all():
        notes.append(f"{int((~foci['used']).sum())} faulty foci were left out.")
    listed: dict[tuple[tuple[float, ...], ...], str] = {}
    for sample, rows in used.groupby("sample", sort=False):
        key = tuple(sorted(map(tuple, rows[["x", "y", "z"]].round(3).to_numpy().tolist())))
        if key in listed:
            notes.append(
                f"Samples {listed[key]} and {sample} report the same foci; if they are the same people, "
                "give one sample."
            )
        listed.setdefault(key, str(sample))
    return notes


def _distance_to(grid: Brain, xyz: np.ndarray) -> np.ndarray:
    """Distance (mm) of points to the nearest voxel of the mask, shape (n,)."""
    if len(xyz) == 0:
        return np.zeros(0)
    outside = ndimage.distance_transform_edt(~grid.mask, sampling=grid.size)
    ijk = grid.voxels_of_foci(xyz)
    inside = np.clip(ijk, 0, np.array(grid.mask.shape) - 1)
    # beyond the grid: at least as far as from the grid's edge
    return outside[tuple(inside.T)] + grid.size * np.linalg.norm(ijk - inside, axis=1)


def _shown(value: Any) -> str:
    return "missing" if pd.isna(value) else repr(value)


def _point(xyz: np.ndarray) -> str:
    return ", ".join(f"{v:.0f}" for v in xyz)
