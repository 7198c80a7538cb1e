"""A simulated multi-site cohort with planted truth, in the shape of real data.

Every participant draws from a stream of its own, so a participant's data do not depend on the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from amygene.io.problems import InputError

#: seconds per volume, and the pass band of the series as DPABI leaves them
TR = 2.0
BAND = (0.01, 0.1)
#: between-subject standard deviation of one Fisher z, and its sampling error at the usual length
Z_SD = 0.18
#: share of participants with regions outside the field of view, and the regions it hits
UNCOVERED_SHARE = 0.08
UNCOVERED = (
    "L_temporalpole",
    "R_temporalpole",
    "L_frontalpole",
    "R_frontalpole",
    "L_entorhinal",
    "R_entorhinal",
    "brainstem",
)
_LENGTHS = (150, 180, 200, 230, 240)


@dataclass(frozen=True)
class Truth:
    """What is planted: the case-control difference in Fisher z of every region with the right amygdala."""

    seed: str
    difference: np.ndarray


def people(sites: Mapping[str, list[int]]) -> list[tuple[str, str, str]]:
    """participant_id, site and group of everybody, cases of a site before its controls."""
    listed: list[tuple[str, str, str]] = []
    for site, (cases, controls) in sites.items():
        for group, n in (("MDD", cases), ("HC", controls)):
            for _ in range(n):
                listed.append((f"sub-{len(listed) + 1:04d}", site, group))
    return listed


def file_name(participant: str, session: str = "pre") -> str:
    """File of a participant's series, relative to the sheet; later sessions have their name in it."""
    return f"ROISignals/ROISignals_{participant}{'' if session == 'pre' else f'_ses-{session}'}.mat"


def check_settings(settings: Mapping[str, Any], regions: Collection[str], sets: Collection[str]) -> None:
    """Refuse a name that is no region of DK83, or no gene set of GO BP.

    Parameters
    ----------
    settings
        The config's ``cohort.simulated``.
    regions, sets
        Names that there are.
    """
    if settings["category"] not in sets:
        raise InputError(f"config key cohort.simulated.category: {settings['category']!r} is no set of GO BP")
    for key in ("regions", "change_regions"):
        absent = [r for r in settings[key] if r not in regions]
        if absent:
            raise InputError(f"config key cohort.simulated.{key}: {absent} are no regions of DK83")
    if settings["outcome_region"] not in regions:
        raise InputError(
            f"config key cohort.simulated.outcome_region: {settings['outcome_region']} is no region of DK83"
        )


def planted(
    regions: pd.DataFrame,
    lowered: list[str],
    effect: float,
    profile: np.ndarray | None,
    profile_effect: float,
) -> Truth:
    """The planted difference of the right amygdala's connectivity.

    Parameters
    ----------
    regions
        The atlas's table.
    lowered
        Regions whose connectivity is lowered by `effect` subject standard deviations.
    profile : array of shape (n_regions,), or None
        Spatial component (the mean expression of a gene set); its standardised form enters with
        `profile_effect` subject standard deviations.
    """
    names = regions["region"].tolist()
    difference = np.zeros(len(names))
    if profile is not None and profile_effect:
        difference += profile_effect * Z_SD * (profile - profile.mean()) / profile.std()
    for region in lowered:
        difference[names.index(region)] -= effect * Z_SD
    return Truth("R_amygdala", difference)


def phenotypes(sites: Mapping[str, list[int]], seed: int) -> pd.DataFrame:
    """The participants sheet, as text with the flaws of real sheets (missing values, codes)."""
    rows = []
    for index, (participant, site, group) in enumerate(people(sites)):
        rng = stream(seed, index, 0)
        is_case = group == "MDD"
        centre = 34 + 4 * (sum(site.encode()) % 3)
        age = float(np.clip(rng.normal(centre, 10), 14, 72))
        sex = "F" if rng.random() < 0.6 else "M"
        education = float(np.clip(round(rng.normal(12.5 if is_case else 13.5, 3)), 4, 22))
        mean_fd = float(np.exp(rng.normal(np.log(0.09) + (0.08 if is_case else 0.0), 0.5)))
        lost = rng.random()
        rows.append(
            {
                "participant_id": participant,
                "site": site,
                "group": group,
                "age": f"{age:.1f}",
                "sex": sex,
                "education": "-9999" if lost < 0.01 else f"{education:g}",
                "mean_fd": "n/a" if 0.01 < lost < 0.015 else f"{mean_fd:.4f}",
                "hamd": f"{int(np.clip(rng.normal(22, 5), 8, 40))}" if is_case else "n/a",
                "timeseries": file_name(participant),
            }
        )
    return pd.DataFrame(rows)


class Brain:
    """What all simulated participants share: the connectivity of a healthy brain."""

    def __init__(self, regions: pd.DataFrame):
        self.names = regions["region"].tolist()
        xyz = regions[["x", "y", "z"]].to_numpy(dtype=float)
        self.distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
        base = 0.15 + 0.7 * np.exp(-self.distance / 35)
        bare = [name[2:] if name[:2] in ("L_", "R_") else name for name in self.names]
        same = np.array([[a == b for b in bare] for a in bare])
        base[same] += 0.3
        self.base = base
        self.smooth = np.linalg.cholesky(np.exp(-self.distance / 40) + 1e-6 * np.eye(len(base)))


@dataclass(frozen=True)
class Expected:
    """One participant's true connectivity, and what is needed to make series of it.

    Attributes
    ----------
    z : array of shape (n_regions, n_regions)
        Fisher z of every connection.
    rng
        Where the stream of the participant has come to.
    """

    z: np.ndarray
    n_timepoints: int
    gain: np.ndarray
    fd: float
    rng: np.random.Generator


def expected(
    brain: Brain, truth: Truth, sheet_row: Mapping[str, str], sites: list[str], index: int, seed: int
) -> Expected:
    """True connectivity of one participant; parameters as of `series`."""
    n = len(brain.names)
    site = sites.index(sheet_row["site"])
    rng_site = stream(seed, site, 2)
    site_z = 0.06 * _symmetric(brain.smooth @ rng_site.standard_normal((n, n)) @ brain.smooth.T / 2)
    n_timepoints = _LENGTHS[site % len(_LENGTHS)]
    gain = np.exp(rng_site.normal(0, 0.2, n))
    n_timepoints -= int(rng_site.integers(0, 10))

    rng = stream(seed, index, 1)
    fd = float(sheet_row["mean_fd"]) if sheet_row["mean_fd"] != "n/a" else 0.1
    z = brain.base + site_z
    z = z + 0.12 * _symmetric(brain.smooth @ rng.standard_normal((n, n)) @ brain.smooth.T / 2)
    z = z + rng.normal(0, 0.08)
    z = z - 0.002 * (float(sheet_row["age"]) - 35)
    # motion raises short connections and lowers long ones (Power 2012)
    z = z + 0.4 * (fd - 0.1) * (1 - brain.distance / 70)
    if sheet_row["group"] == "MDD":
        j = brain.names.index(truth.seed)
        z[j] += truth.difference
        z[:, j] += truth.difference
    return Expected(z, n_timepoints, gain, fd, rng)


def series(
    brain: Brain, truth: Truth, sheet_row: Mapping[str, str], sites: list[str], index: int, seed: int
) -> np.ndarray:
    """Regional series of one participant.

    Parameters
    ----------
    brain, truth
        Shared connectivity and planted difference.
    sheet_row
        The participant's row of the sheet.
    sites
        Names of all sites: each has its own shift of connectivity, length and gain.
    index
        Number of the participant.
    seed
        Of the simulation.

    Returns
    -------
    array of shape (n_timepoints, n_regions), float32
        Band-passed signal with motion spikes; regions outside the field of view are 0 throughout.
    """
    person = expected(brain, truth, sheet_row, sites, index, seed)
    return signal(brain, person, person.z, person.rng)


def signal(brain: Brain, person: Expected, z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Series of one session with true connectivity `z`, shape (n_timepoints, n_regions)."""
    n = len(brain.names)
    values, vectors = np.linalg.eigh(_correlation(z))
    root = vectors * np.sqrt(np.clip(values, 1e-3, None))
    made = band_passed(rng.standard_normal((person.n_timepoints, n))) @ root.T
    spikes = np.flatnonzero(rng.random(person.n_timepoints) < min(0.15, person.fd / 4))
    made[spikes] += rng.normal(0, 1.5, (len(spikes), 1)) * (1 + 0.3 * rng.standard_normal(n))
    made = 1000 + 10 * person.gain * made
    if rng.random() < UNCOVERED_SHARE:
        lost = rng.choice(len(UNCOVERED), size=rng.integers(1, 4), replace=False)
        made[:, [brain.names.index(UNCOVERED[k]) for k in lost]] = 0
    return made.astype(np.float32)


def band_passed(noise: np.ndarray) -> np.ndarray:
    """Keep the pass band of white noise (time first) and scale it to unit variance."""
    spectrum = np.fft.rfft(noise, axis=0)
    frequency = np.fft.rfftfreq(len(noise), TR)
    spectrum[(frequency < BAND[0]) | (frequency > BAND[1])] = 0
    kept = np.fft.irfft(spectrum, len(noise), axis=0)
    return kept / kept.std(axis=0)


def _correlation(z: np.ndarray) -> np.ndarray:
    r = np.tanh(z)
    np.fill_diagonal(r, 1)
    return r


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    return (matrix + matrix.T) / np.sqrt(2)


def stream(seed: int, index: int, purpose: int) -> np.random.Generator:
    """Stream of one participant (or site): 0 phenotype, 1 series, 2 site, 3 and 4 the second session, 5 outcome."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(purpose, index)))
