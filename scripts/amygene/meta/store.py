"""One analysis of convergence as arrays, handed from job to job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from amygene.meta.ale import Convergence, Experiments
from amygene.meta.chance import settled


@dataclass(frozen=True)
class Stored:
    """An analysis and its pilot of random foci.

    Attributes
    ----------
    found
        None where the analysis was refused.
    pilot : array of int
        Largest cluster of each draw of the pilot.
    refused
        The reason, or "".
    """

    experiments: Experiments
    found: Convergence | None
    pilot: np.ndarray
    refused: str

    @property
    def labels(self) -> np.ndarray:
        """Numbers of the clusters; of an analysis that was refused there are none."""
        assert self.found is not None
        return self.found.labels

    @property
    def settled(self) -> bool:
        """Whether the pilot was enough."""
        return self.found is None or settled(self.found.sizes, self.pilot)


def pack(
    experiments: Experiments, found: Convergence | None, pilot: np.ndarray, refused: str | None
) -> dict[str, np.ndarray]:
    """To be written with `files.write_arrays`."""
    arrays = {
        "names": np.array(experiments.names, dtype=str),
        "n_subjects": experiments.n_subjects,
        "starts": experiments.starts,
        "xyz": experiments.xyz,
        "pilot": pilot,
        "refused": np.array(refused or ""),
    }
    if found is not None:
        arrays |= {
            "ale": found.ale,
            "z": found.z,
            "threshold": np.array(found.threshold),
            "labels": found.labels,
            "sizes": found.sizes,
        }
    return arrays


def unpack(arrays: Mapping[str, np.ndarray]) -> Stored:
    """From what `pack` gave."""
    experiments = Experiments(tuple(arrays["names"].tolist()), arrays["n_subjects"], arrays["starts"], arrays["xyz"])
    found = None
    if "ale" in arrays:
        found = Convergence(arrays["ale"], arrays["z"], float(arrays["threshold"]), arrays["labels"], arrays["sizes"])
    return Stored(experiments, found, arrays["pilot"], str(arrays["refused"]))
