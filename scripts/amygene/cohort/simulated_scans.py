"""Simulated scans of patients and controls at several sites, with planted truth, as fMRIPrep would write them.

The design is that of the ketamine study: patients (responders and others) and controls, six subregions of the
amygdala. Every scan has networks, smooth noise and what makes denoising necessary: head motion that leaks into the
images, more in patients, a global signal that rises with it, slow drift, and physiology seen in white matter and
cerebrospinal fluid. Every participant draws from streams of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from amygene.cleaning.confounds import COMPONENTS, HEAD_RADIUS, MOTION, expand_motion
from amygene.imaging.grid import Grid
from amygene.imaging.scans import Scan
from amygene.imaging.seed_maps import Weights

SPACE = "MNI152NLin2009cAsym"
TASK = "rest"
#: seconds and volumes, site by site in turn
REPETITION_TIMES = (2.0, 2.0, 2.2)
LENGTHS = (160, 150, 155)
#: full width at half maximum of the noise, mm
SMOOTHNESS = 8.0
#: image units: level of the brain, standard deviation of the noise
LEVEL, NOISE = 1000.0, 10.0
#: between two values that a file tells apart
STEP = 4.0
#: standard deviation over participants of a planted connection, in units of the seed's signal
SPREAD = 0.25
#: share of participants whose field of view ends above the lower cerebellum, and where it ends (MNI mm)
CUT_SHARE, CUT_BELOW = 0.06, -52.0


@dataclass(frozen=True)
class Person:
    """A simulated participant."""

    participant: str
    site: str
    group: str
    number: int


@dataclass(frozen=True)
class Planted:
    """A connection that differs.

    Attributes
    ----------
    seeds
        Subregions that it starts from.
    xyz, radius
        Sphere that it ends in, MNI mm.
    differs
        In whom: ``patients`` from controls, ``responders`` from other patients, patients at the first session from
        themselves later and from controls (``untreated``: it normalises), or how the responders ``change`` after the
        first session.
    """

    seeds: tuple[str, ...]
    xyz: tuple[float, float, float]
    radius: float
    differs: str


#: what can be planted; the first three after Table 2 of the ketamine study (doi 10.1192/j.eurpsy.2024.1744)
PLANTED = {
    "precuneus": Planted(("LLBA",), (-6.0, -60.0, 36.0), 14.0, "patients"),
    "temporal": Planted(("LLBA",), (58.0, -20.0, 0.0), 14.0, "responders"),
    "orbital": Planted(("LCMA", "RCMA"), (-18.0, 42.0, -12.0), 14.0, "change"),
    "cingulate": Planted(("LLBA",), (4.0, 14.0, 36.0), 14.0, "untreated"),
    "frontal": Planted(("LLBA",), (-40.0, 36.0, 24.0), 14.0, "patients"),
}
SUBREGIONS = ("LCMA", "RCMA", "LLBA", "RLBA", "LSFA", "RSFA")


def people(settings: Mapping[str, Any]) -> list[Person]:
    """Everybody, patients of a site before its controls."""
    listed: list[Person] = []
    for site, (patients, controls) in settings["sites"].items():
        for group, n in (("MDD", patients), ("HC", controls)):
            listed += [Person(f"sub-{len(listed) + i + 1:03d}", site, group, len(listed) + i) for i in range(n)]
    return listed


def sessions_of(person: Person, settings: Mapping[str, Any]) -> list[str]:
    """Sessions of a participant: controls come once."""
    sessions = list(settings["sessions"])
    return sessions if person.group == "MDD" else sessions[:1]


def scans_of(person: Person, settings: Mapping[str, Any], folder: str) -> list[Scan]:
    """Files of a participant below the dataset's folder."""
    return [files_of(person.participant, session, folder) for session in sessions_of(person, settings)]


def files_of(participant: str, session: str, folder: str) -> Scan:
    """Files of a scan under fMRIPrep's names."""
    place = f"{folder}/derivatives/fmriprep/{participant}" + (f"/ses-{session}" if session else "") + "/func"
    stem = participant + (f"_ses-{session}" if session else "") + f"_task-{TASK}"
    return Scan(
        session=session,
        run="",
        bold=f"{place}/{stem}_space-{SPACE}_desc-preproc_bold.nii.gz",
        mask=f"{place}/{stem}_space-{SPACE}_desc-brain_mask.nii.gz",
        confounds=f"{place}/{stem}_desc-confounds_timeseries.tsv",
    )


def phenotypes(settings: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """``participants.tsv``: who they are, and how the patients' depression changed and then stayed.

    Rated at every session; of scans of one session before treatment and after.
    """
    first, *later = settings["sessions"] if len(settings["sessions"]) > 1 else ("baseline", "day13")
    rows = []
    for person in people(settings):
        rng = _stream(seed, person.number, 0)
        responds = responder(person, seed)
        before = float(np.clip(rng.normal(24, 4), 17, 40))
        reduction = rng.uniform(0.52, 0.9) if responds else rng.uniform(-0.1, 0.48)
        patient = person.group == "MDD"
        row = {
            "participant_id": person.participant,
            "site": person.site,
            "group": person.group,
            "age": f"{np.clip(rng.normal(34, 10), 18, 65):.0f}",
            "sex": "F" if rng.random() < 0.55 else "M",
            "education": f"{np.clip(rng.normal(12 if patient else 13, 3), 6, 20):.0f}",
            "responder": ("yes" if responds else "no") if patient else "n/a",
        }
        for time, value in ((first, before), *((time, before * (1 - reduction)) for time in later)):
            row[f"hamd_{time}"] = f"{value:.0f}" if patient else "n/a"
        rows.append(row)
    return pd.DataFrame(rows)


def responder(person: Person, seed: int) -> bool:
    """Whether a patient responds; about half do."""
    return person.group == "MDD" and bool(_stream(seed, person.number, 1).random() < 0.5)


@dataclass
class Anatomy:
    """What all participants share.

    Attributes
    ----------
    grid : Grid
    brain : array of bool, in the shape of the grid
    gray, white : arrays of shape (n_brain,)
        Shares of the tissues.
    fluid : array of bool, shape (n_brain,)
    seeds : dict
        Subregion -> weights over the brain's voxels, largest 1; shape (n_brain,).
    targets : dict
        Planted connection -> which of the brain's voxels it reaches; bool, shape (n_brain,).
    fields : array of shape (n_fields, n_brain)
        Smooth random maps with unit variance: where networks lie, where motion leaks.
    textures : array of shape (n_textures, n_brain), float32
        Smooth random maps with unit variance that the noise of every volume is mixed of.
    """

    grid: Grid
    brain: np.ndarray
    gray: np.ndarray
    white: np.ndarray
    fluid: np.ndarray
    seeds: dict[str, np.ndarray] = field(default_factory=dict)
    targets: dict[str, np.ndarray] = field(default_factory=dict)
    fields: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    textures: np.ndarray = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))

    def arrays(self) -> dict[str, np.ndarray]:
        """For a file."""
        return {
            "affine": self.grid.affine,
            "brain": self.brain,
            "gray": self.gray,
            "white": self.white,
            "fluid": self.fluid,
            "fields": self.fields,
            "textures": self.textures,
            "seed_names": np.array(list(self.seeds)),
            "seeds": np.array(list(self.seeds.values())),
            "target_names": np.array(list(self.targets)),
            "targets": np.array(list(self.targets.values())),
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, np.ndarray]) -> Anatomy:
        """From a file."""
        x, y, z = arrays["brain"].shape
        return Anatomy(
            Grid((x, y, z), arrays["affine"]),
            brain=arrays["brain"],
            gray=arrays["gray"],
            white=arrays["white"],
            fluid=arrays["fluid"],
            seeds=dict(zip(arrays["seed_names"].tolist(), arrays["seeds"], strict=True)),
            targets=dict(zip(arrays["target_names"].tolist(), arrays["targets"], strict=True)),
            fields=arrays["fields"],
            textures=arrays["textures"],
        )


N_NETWORKS, N_ARTEFACTS, N_TEXTURES = 10, 8, 400


def make_anatomy(
    grid: Grid, brain: np.ndarray, gray: np.ndarray, white: np.ndarray, seeds: Mapping[str, Weights], seed: int
) -> Anatomy:
    """Put everything that participants share on the grid.

    Parameters
    ----------
    brain, gray, white
        Mask and shares of the tissues, in the shape of the grid.
    seeds
        The subregions on the grid.
    """
    from scipy.ndimage import gaussian_filter

    inside = np.argwhere(brain)
    xyz = inside @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    made = Anatomy(grid, brain, gray[brain], white[brain], (gray[brain] < 0.3) & (white[brain] < 0.2))
    for name, weights in seeds.items():
        flat = np.zeros(brain.size)
        flat[weights.voxels] = weights.values
        made.seeds[name] = flat.reshape(brain.shape, order="F")[brain] / weights.values.max()
    for name, planted in PLANTED.items():
        made.targets[name] = np.linalg.norm(xyz - planted.xyz, axis=1) <= planted.radius
    rng = _stream(seed, 0, 2)
    voxel = abs(grid.affine[0, 0])

    def smooth(width: float) -> np.ndarray:
        rough = rng.standard_normal(brain.shape, dtype=np.float32)
        values = gaussian_filter(rough, width / voxel / 2.355, truncate=3.0)[brain]
        return (values - values.mean()) / values.std()

    made.fields = np.array([smooth(width) for width in [24.0] * N_NETWORKS + [40.0] * N_ARTEFACTS])
    made.textures = np.array([smooth(SMOOTHNESS) for _ in range(N_TEXTURES)], dtype=np.float32)
    return made


@dataclass(frozen=True)
class SimulatedScan:
    """One session of one participant.

    Attributes
    ----------
    values : array of shape (x, y, z, n_volumes), float32
    mask : array of bool, in the shape of the grid
    confounds : DataFrame
        fMRIPrep's columns.
    metadata : dict
        fMRIPrep's JSON of the components.
    repetition_time
        Seconds.
    """

    values: np.ndarray
    mask: np.ndarray
    confounds: pd.DataFrame
    metadata: dict[str, Any]
    repetition_time: float


def simulate(
    anatomy: Anatomy, person: Person, session: int, settings: Mapping[str, Any], sites: Sequence[str], seed: int
) -> SimulatedScan:
    """Simulate one session of one participant.

    Parameters
    ----------
    session
        Number of the session, from 0.
    settings
        The config's ``cohort.simulated_scans``.
    """
    site = list(sites).index(person.site)
    n, seconds = LENGTHS[site % len(LENGTHS)], REPETITION_TIMES[site % len(REPETITION_TIMES)]
    rng = _stream(seed, person.number, 3 + session)
    patient = person.group == "MDD"
    motion, jumps = _motion(n, rng, restless=1.5 if patient else 1.0)

    slow = _in_band(rng.standard_normal((n, N_NETWORKS + len(SUBREGIONS) + 3)), seconds)
    networks, subregions, physiology = np.split(slow, [N_NETWORKS, N_NETWORKS + len(SUBREGIONS)], axis=1)
    # the subregions of one participant are related, as one amygdala is
    subregions = 0.85 * subregions + 0.5 * slow[:, :1]
    subregions /= subregions.std(axis=0)
    weight = np.zeros((len(SUBREGIONS), len(anatomy.gray)))
    for j, name in enumerate(SUBREGIONS):
        weight[j] = 1.5 * anatomy.seeds[name]
    strength = connections(person, session, settings, seed)
    for name, one in strength.items():
        for subregion in PLANTED[name].seeds:
            weight[SUBREGIONS.index(subregion)] += one * anatomy.targets[name]
    signal = subregions @ weight
    signal += 0.5 * networks @ (anatomy.fields[:N_NETWORKS] * anatomy.gray)
    signal += rng.standard_normal((n, N_TEXTURES), dtype=np.float32) @ anatomy.textures / np.sqrt(N_TEXTURES)

    # what denoising has to take away
    artefacts = anatomy.fields[N_NETWORKS:]
    moved = np.abs(np.diff(motion, axis=0, prepend=motion[:1])).sum(axis=1)
    trace = (motion - motion.mean(axis=0)) * [2.5, 2.5, 2.5, 120, 120, 120]
    signal += trace @ artefacts[:6]
    breathing = physiology[:, 0] * (0.5 + 6 * moved.mean())
    signal += breathing[:, None] * (1 + 0.2 * artefacts[6])
    signal += 0.8 * physiology[:, 1:] @ np.stack([anatomy.white, anatomy.fluid + 0.1 * artefacts[7]])
    signal[jumps] -= 6.0 * moved[jumps, None] * (1 + 0.3 * artefacts[7])
    signal += np.linspace(-1, 1, n)[:, None] * rng.normal(0, 1.5)

    values = np.zeros((*anatomy.brain.shape, n), dtype=np.float32)
    values[anatomy.brain] = (LEVEL * (1 + 0.1 * artefacts[0])[:, None] + NOISE * signal.T).astype(np.float32)
    mask = anatomy.brain.copy()
    if _stream(seed, person.number, 9).random() < CUT_SHARE:
        height = anatomy.grid.affine[2, 2] * np.arange(mask.shape[2]) + anatomy.grid.affine[2, 3]
        mask[:, :, height < CUT_BELOW] = False
    values[~mask] = 0
    inside = values[anatomy.brain] * mask[anatomy.brain][:, None]
    table, metadata = _confounds(anatomy, inside, motion)
    return SimulatedScan(values, mask, table, metadata, seconds)


def connections(person: Person, session: int, settings: Mapping[str, Any], seed: int) -> dict[str, float]:
    """Strength of every planted connection in a session, in units of the seed's signal.

    The same participant has the same strength in every session but for what changes; 0.5 on average in those that do
    not differ, with the standard deviation `SPREAD`; the effect is in those standard deviations.
    """
    own = 0.5 + SPREAD * _stream(seed, person.number, 10).standard_normal(len(PLANTED))
    responds = responder(person, seed)
    found = {}
    for j, (name, planted) in enumerate(PLANTED.items()):
        if name not in settings["planted"]:
            continue
        differs = {
            "patients": person.group == "MDD",
            "responders": responds,
            "change": responds and session > 0,
            "untreated": person.group == "MDD" and session == 0,
        }[planted.differs]
        effect = settings["planted"][name] * settings["effect"]
        found[name] = float(own[j] + (effect * SPREAD if differs else 0.0))
    return found


def _motion(n: int, rng: np.random.Generator, restless: float) -> tuple[np.ndarray, np.ndarray]:
    """Six parameters (mm, radians) over time, and the volumes at which the head jumps."""
    scale = np.array([1, 1, 1, 1 / HEAD_RADIUS, 1 / HEAD_RADIUS, 1 / HEAD_RADIUS])
    calm = restless * np.exp(rng.normal(np.log(0.012), 0.35))
    steps = rng.normal(0, calm, (n, 6)) * scale
    jumps = np.flatnonzero(rng.random(n) < 0.02 * restless)
    jumps = jumps[jumps > 0]
    steps[jumps] += rng.normal(0, 0.25, (len(jumps), 6)) * scale
    position = np.cumsum(steps, axis=0)
    # the head comes back: a leak keeps it near where it was
    drift = np.zeros((n, 6))
    for t in range(1, n):
        drift[t] = 0.98 * drift[t - 1] + (position[t] - position[t - 1])
    return drift, jumps


def _in_band(noise: np.ndarray, seconds: float, band: tuple[float, float] = (0.01, 0.08)) -> np.ndarray:
    """White noise (time first) with most of its power in the band; unit variance."""
    spectrum = np.fft.rfft(noise, axis=0)
    frequency = np.fft.rfftfreq(len(noise), seconds)
    spectrum[(frequency < band[0]) | (frequency > band[1])] *= 0.1
    spectrum[0] = 0
    kept = np.fft.irfft(spectrum, len(noise), axis=0)
    return kept / kept.std(axis=0)


def _confounds(anatomy: Anatomy, inside: np.ndarray, motion: np.ndarray) -> tuple[pd.DataFrame, dict[str, Any]]:
    """fMRIPrep's table from the image itself.

    Parameters
    ----------
    inside : array of shape (n_brain, n_volumes)
    """
    table = expand_motion(pd.DataFrame(motion, columns=list(MOTION)))
    change = np.abs(np.diff(motion, axis=0, prepend=np.nan))
    white, fluid = inside[anatomy.white > 0.9], inside[anatomy.fluid]
    signals = {"csf": fluid, "white_matter": white, "global_signal": inside}
    table = table.assign(
        framewise_displacement=change[:, :3].sum(axis=1) + HEAD_RADIUS * change[:, 3:].sum(axis=1),
        **{name: values.mean(axis=0, dtype=np.float64) for name, values in signals.items()},
    )
    n = len(table)
    cosines = np.cos(np.pi * np.outer(np.arange(n) + 0.5, np.arange(1, 4)) / n)
    columns = {f"cosine{k:02d}": cosines[:, k] for k in range(3)}
    metadata: dict[str, Any] = {}
    for letter, tissue, values in (("w", "WM", white), ("c", "CSF", fluid)):
        centred = values.astype(np.float64) - values.mean(axis=1, keepdims=True)
        centred -= centred @ cosines @ np.linalg.pinv(cosines)
        # components over time, from the small matrix of volumes
        strength, vectors = np.linalg.eigh(centred.T @ centred)
        for k in range(COMPONENTS + 1):
            name = f"{letter}_comp_cor_{k:02d}"
            vector = vectors[:, -1 - k]
            columns[name] = vector * np.sign(vector[np.abs(vector).argmax()])
            metadata[name] = {
                "Mask": tissue,
                "Method": "aCompCor",
                "Retained": True,
                "VarianceExplained": float(strength[-1 - k] / strength.sum()),
            }
    return pd.concat([table, pd.DataFrame(columns)], axis=1), metadata


def truth(settings: Mapping[str, Any]) -> pd.DataFrame:
    """What is planted, connection by connection."""
    chosen = {name: planted for name, planted in PLANTED.items() if name in settings["planted"]}
    return pd.DataFrame(
        [
            {
                "connection": name,
                "seed": seed,
                "x": planted.xyz[0],
                "y": planted.xyz[1],
                "z": planted.xyz[2],
                "radius": planted.radius,
                "differs": planted.differs,
                "effect": settings["planted"][name] * settings["effect"],
            }
            for name, planted in chosen.items()
            for seed in planted.seeds
        ]
    )


def _stream(seed: int, index: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(100 + purpose, index)))
