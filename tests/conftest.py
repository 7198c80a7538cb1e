"""What several test files share: tables of other programs, a made-up brain, and the check of an error rate."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import linalg  # brings a BLAS of its own, which must be there to be limited
from threadpoolctl import threadpool_limits

REFERENCE = Path(__file__).parent / "reference"


# a shell that starts pytest in the background makes it, and what it starts, deaf to Ctrl-C
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Products of matrices in one thread, as in a job: their last bits depend on the number of threads."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def reference() -> Callable[[str], pd.DataFrame]:
    """Read a table that another program made ; the script make_*.* beside it says which."""
    return lambda name: pd.read_csv(REFERENCE / f"{name}.csv")


@dataclass(frozen=True)
class Brain:
    """Regions of three structures: cortex around subcortex, cerebellum behind and below."""

    xyz: np.ndarray
    structure: np.ndarray

    def smooth(self, n: int, rng: np.random.Generator, shift: float = 0.0) -> np.ndarray:
        """Gaussian fields, correlation exp(-distance / 40 mm) within a structure and none between structures,
        whose means have the standard deviation `shift`; shape (n, n_regions)."""
        maps = np.empty((n, len(self.xyz)))
        for name in np.unique(self.structure):
            here = np.flatnonzero(self.structure == name)
            distance = np.linalg.norm(self.xyz[here][:, None] - self.xyz[here][None], axis=-1)
            root = linalg.cholesky(np.exp(-distance / 40) + 1e-9 * np.eye(len(here)), lower=True)
            maps[:, here] = rng.standard_normal((n, len(here))) @ root.T + shift * rng.standard_normal((n, 1))
        return maps


@pytest.fixture(scope="session")
def brain() -> Brain:
    """60 regions: 34 of cortex, 12 of subcortex, 14 of cerebellum."""
    rng = np.random.default_rng(1)

    def shell(n: int, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
        direction = rng.standard_normal((n, 3))
        return np.array(centre) + np.array(radii) * direction / np.linalg.norm(direction, axis=1, keepdims=True)

    xyz = np.vstack(
        [
            shell(34, (0, -15, 20), (65, 80, 50)),
            shell(12, (0, -10, 5), (28, 25, 12)),
            shell(14, (0, -65, -35), (45, 20, 15)),
        ]
    )
    return Brain(xyz.round(1), np.repeat(["cortex", "subcortex", "cerebellum"], [34, 12, 14]))


@pytest.fixture(scope="session")
def assert_level() -> Callable[..., None]:
    """Check that the share of independent p-values at or below a level is the level, within Monte-Carlo error."""

    def check(p: np.ndarray, level: float = 0.05) -> None:
        p = np.asarray(p)
        assert not np.isnan(p).any()
        rate, error = np.mean(p <= level), np.sqrt(level * (1 - level) / p.size)
        assert abs(rate - level) < 3 * error, f"rate {rate:.4f} at level {level}, expected within {3 * error:.4f}"

    return check


@pytest.fixture(scope="session")
def pooled_by_statsmodels() -> Callable[[np.ndarray, np.ndarray], tuple[float, float, float]]:
    """Pool estimates and their variances: difference, its Hartung-Knapp error, variance between sites.

    statsmodels lets DerSimonian and Laird's variance fall below 0; there it is 0, which is its fixed-effect result.
    """
    from statsmodels.stats.meta_analysis import combine_effects

    def pooled(beta: np.ndarray, variance: np.ndarray) -> tuple[float, float, float]:
        with np.errstate(invalid="ignore"):
            found = combine_effects(beta, variance, method_re="dl", use_t=True)
        if found.tau2 > 0:
            return found.mean_effect_re, np.sqrt(found.var_hksj_re), found.tau2
        return found.mean_effect_fe, np.sqrt(found.var_hksj_fe), 0.0

    return pooled
