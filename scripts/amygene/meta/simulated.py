"""Experiments with planted truth: a place where effects converge, and a place where they only seem to.

Everything that the readers must deal with is in: Talairach coordinates, overlapping samples, several files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from amygene.meta.brain import Brain
from amygene.meta.foci import mni_to_talairach
from amygene.stats.streams import META_SIMULATED, stream

#: the truth, MNI mm: one left prefrontal place in the direction "increase"; and one place where a single sample
#: reports many foci, twice over, which is no convergence
TRUE, FALSE = (-38.0, 30.0, 28.0), (30.0, -60.0, -20.0)
MODALITIES = ("fMRI", "PET")
DRUGS = ("SSRI", "ketamine", "other")


def simulate(grid: Brain, settings: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """Foci of experiments that report increases and decreases.

    Parameters
    ----------
    grid
        Random foci lie anywhere in its mask.
    settings
        ``experiments``: how many; ``share``: of the experiments that report an increase at the true place;
        ``spread``: standard deviation (mm) of their foci around it; ``talairach``: share of experiments that report
        Talairach coordinates.

    Returns
    -------
    DataFrame
        A row per focus as a table of foci has it: experiment, sample, n_subjects, x, y, z, space, contrast, modality,
        drug, response (%).
    """
    rng = stream(seed, META_SIMULATED, 0)
    everywhere = grid.xyz(np.argwhere(grid.mask))
    rows: list[dict[str, Any]] = []

    def report(experiment: dict[str, Any], direction: str, places: np.ndarray) -> None:
        if experiment["space"] == "TAL":
            places = mni_to_talairach(places)
        for place in np.round(places):
            rows.append(experiment | dict(zip("xyz", place, strict=True)) | {"contrast": direction})

    n = settings["experiments"]
    at_truth = set(rng.permutation(n)[: round(settings["share"] * n)].tolist())
    talairach = set(rng.permutation(n)[: round(settings["talairach"] * n)].tolist())
    for e in range(n):
        # an experiment has a stream of its own, so that another share or number changes no other experiment
        rng = stream(seed, META_SIMULATED, e + 1)
        name = f"Study{e + 1:02d}"
        experiment = {
            "experiment": name,
            "sample": name,
            "n_subjects": int(rng.integers(10, 40)),
            "space": "TAL" if e in talairach else "MNI",
            "modality": MODALITIES[int(rng.integers(2))],
            "drug": DRUGS[int(rng.integers(3))],
            "response": int(rng.integers(20, 100)),
        }
        increases = everywhere[rng.integers(len(everywhere), size=rng.integers(3, 9))]
        decreases = everywhere[rng.integers(len(everywhere), size=rng.integers(2, 7))]
        if e in at_truth:
            increases = np.vstack([np.array(TRUE) + settings["spread"] * rng.standard_normal(3), increases])
        report(experiment, "increase", increases)
        report(experiment, "decrease", decreases)
        if e == 0:
            # the same people in two papers, with a dozen foci at one place each
            rng = stream(seed, META_SIMULATED, n + 1)
            for twin in (experiment, experiment | {"experiment": f"{name}b"}):
                report(twin, "decrease", np.array(FALSE) + 4 * rng.standard_normal((12, 3)))
    columns = ["experiment", "sample", "n_subjects", "x", "y", "z", "space", "contrast", "modality", "drug", "response"]
    return pd.DataFrame(rows)[columns]


def to_nimads(foci: pd.DataFrame, name: str) -> dict[str, Any]:
    """Foci as a NIMADS studyset with its annotations, as NeuroStore gives it."""
    studies, notes = [], []
    for sample, own in foci.groupby("sample", sort=False):
        analyses = []
        for (experiment, contrast), points in own.groupby(["experiment", "contrast"], sort=False):
            first = points.iloc[0]
            identifier = f"{experiment}-{contrast}"
            analyses.append(
                {
                    "id": identifier,
                    "name": f"{experiment} {contrast}",
                    "metadata": {"sample_size": int(first["n_subjects"])},
                    "points": [
                        {"space": p["space"], "coordinates": [float(p[a]) for a in "xyz"]} for _, p in points.iterrows()
                    ],
                }
            )
            note = {
                k: first[k].item() if hasattr(first[k], "item") else first[k]
                for k in ("contrast", "modality", "drug", "response")
            }
            notes.append({"analysis": identifier, "note": note})
        studies.append({"id": str(sample), "name": str(sample), "metadata": {}, "analyses": analyses})
    return {"id": name, "name": name, "studies": studies, "annotations": [{"id": f"{name}-notes", "notes": notes}]}
