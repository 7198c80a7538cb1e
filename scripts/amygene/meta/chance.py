"""How large do clusters become by chance? Random foci, addressed by index; a hopeless analysis ends early.

Null hypothesis: every experiment reports its number of foci anywhere in the analysed voxels, independently of the
others (Eickhoff 2012, NeuroImage 59:2349).
"""

from __future__ import annotations

import zlib

import numpy as np
from scipy import stats

from amygene.meta.ale import Experiments, Model
from amygene.meta.brain import Brain
from amygene.stats.permutation import p_value
from amygene.stats.streams import META_FOCI

#: clusters are significant at this family-wise p
LEVEL = 0.05
#: "hopeless" is wrong with this probability at most
DOUBT = 1e-4
#: draws whose foci are held at a time
_BLOCK = 100


def stream(seed: int, analysis: str, purpose: int, index: int) -> np.random.Generator:
    """The random stream of draw `index` of an analysis; analyses do not share draws."""
    key = (purpose, zlib.crc32(analysis.encode()), index)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def largest_by_chance(
    experiments: Experiments, grid: Brain, threshold: float, seed: int, analysis: str, first: int, stop: int
) -> np.ndarray:
    """Largest cluster of the draws ``first <= i < stop``.

    Parameters
    ----------
    experiments
        Whose numbers of foci and sample sizes the draws share.
    threshold
        ALE value that voxels of a cluster exceed.
    seed, analysis
        With the index they fix a draw, however draws are dealt to jobs.

    Returns
    -------
    array of int, shape (stop - first,)
        Voxels.
    """
    model = Model(experiments, grid)
    everywhere = model.places(np.argwhere(grid.mask))
    largest = np.empty(max(stop - first, 0), dtype=np.int64)
    for start in range(first, stop, _BLOCK):
        indices = range(start, min(start + _BLOCK, stop))
        draws = np.stack(
            [
                everywhere[stream(seed, analysis, META_FOCI, i).integers(len(everywhere), size=len(experiments.xyz))]
                for i in indices
            ]
        )
        largest[start - first : start - first + len(draws)] = model.largest_clusters(draws, threshold)
    return largest


def settled(sizes: np.ndarray, largest: np.ndarray) -> bool:
    """Whether more draws cannot make a cluster significant.

    So it is without clusters, and when the exact 99.99 % lower confidence limit (Clopper-Pearson) of the largest
    cluster's p is above .05. A cluster that may be significant always gets all draws.
    """
    if len(sizes) == 0:
        return True
    reached, n = int((largest >= sizes.max()).sum()), len(largest)
    return reached > 0 and float(stats.beta.ppf(DOUBT, reached, n - reached + 1)) > LEVEL


def cluster_p(sizes: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Family-wise p of clusters: ``(1 + b) / (1 + m)``, b of m draws with a cluster at least as large."""
    ordered = np.sort(largest)
    return p_value(len(ordered) - np.searchsorted(ordered, sizes, side="left"), len(ordered))
