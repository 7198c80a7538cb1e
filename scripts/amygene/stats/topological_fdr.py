"""False discovery rate of clusters and of peaks, as SPM12 computes it.

Chumbley et al. 2010, NeuroImage 49:3057: what is discovered is a topological feature, not a voxel. p of a feature
from random field theory, then Benjamini and Hochberg over the features of the map above the threshold.
"""

from __future__ import annotations

import numpy as np

from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.random_field import TField, expected_clusters, extent_p


def cluster_q(size: np.ndarray, threshold: float, field: TField) -> np.ndarray:
    """q of every cluster of one sign; parameters as in `random_field.extent_p`."""
    return benjamini_hochberg(extent_p(size, threshold, field))


def peak_q(t: np.ndarray, threshold: float, field: TField) -> np.ndarray:
    """q of every local maximum of one sign above the threshold.

    p of a peak is the share of peaks that are as high: the ratio of expected Euler characteristics at its height and
    at the threshold.
    """
    return benjamini_hochberg(np.array([expected_clusters(x, field) for x in t]) / expected_clusters(threshold, field))
