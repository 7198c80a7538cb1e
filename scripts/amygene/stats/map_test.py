"""Scores of a map against the same scores of its null maps.

A score here is linear in the standardised map: the correlation with a gene, the mean correlation with a set of
genes. So one matrix product gives a score for all null maps, and the mean and spread of a score over null maps
follow from those of the maps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amygene.stats.permutation import TIE, p_value

#: null maps and scores that are multiplied together: a tile stays in the processor's cache, and its fixed
#: shape keeps every last bit the same however many null maps there are. Rows are counted in bytes: < 256.
#: Narrower tiles come in steps
ROWS, COLUMNS, STEP = 125, 1024, 64


@dataclass(frozen=True)
class MapTest:
    """Result of `NullMaps.test`.

    Attributes
    ----------
    score, null_mean : arrays of shape (n_scores,)
    exceedances : array of int, shape (n_scores,)
        Null maps whose score lies at least as far from the null mean as the map's.
    maxima : array of shape (n_maps,)
        Of each null map the largest distance of a score from its null mean.
    """

    score: np.ndarray
    null_mean: np.ndarray
    exceedances: np.ndarray
    maxima: np.ndarray

    @property
    def p(self) -> np.ndarray:
        """Two-sided p around the null mean."""
        return p_value(self.exceedances, len(self.maxima))


def unit(values: np.ndarray, axis: int) -> np.ndarray:
    """Centred and scaled to length 1 along an axis, so that a product of two is their Pearson correlation.

    Constant values become NaN: they correlate with nothing.
    """
    mean = values.mean(axis=axis, keepdims=True)
    centred = values - mean
    length = np.sqrt(
        np.einsum("ij,ij->i" if axis == 1 else "ij,ij->j", centred, centred) if values.ndim == 2 else centred @ centred
    )
    length = np.expand_dims(length, axis)
    # what is left of constant values is rounding
    with np.errstate(invalid="ignore", divide="ignore"):
        centred /= np.where(length > 1e-10 * np.sqrt(values.shape[axis]) * np.abs(mean), length, np.nan)
    return centred


def within_structures(maps: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Maps without the means of structures, so that differences between structures count for nothing.

    Parameters
    ----------
    maps : array of shape (n_regions,) or (n_maps, n_regions)
    strata : array of shape (n_regions,)
        Structure of each region.
    """
    centred = maps.copy()
    for structure in dict.fromkeys(strata.tolist()):
        here = strata == structure
        centred[..., here] -= maps[..., here].mean(axis=-1, keepdims=True)
    return centred


def null_sd(null_maps: np.ndarray, profiles: np.ndarray) -> np.ndarray:
    """Standard deviation of every score over the null maps, shape (n_scores,)."""
    centred = null_maps - null_maps.mean(axis=0)
    covariance = centred.T @ centred / len(null_maps)
    return np.sqrt(np.maximum(np.einsum("ij,ij->j", profiles, covariance @ profiles), 0))


class NullMaps:
    """A map and its null maps, ready to be tested against any number of scores."""

    def __init__(self, observed: np.ndarray, null_maps: np.ndarray):
        """Prepare.

        Parameters
        ----------
        observed : array of shape (n_regions,)
            The map, from `unit`.
        null_maps : array of shape (n_maps, n_regions)
            From `unit`.
        """
        self.n_maps = len(null_maps)
        mean_map = null_maps.mean(axis=0)
        self._pair = np.stack([observed, mean_map])
        self._centred = np.zeros((-(-self.n_maps // ROWS) * ROWS, null_maps.shape[1]))
        np.subtract(null_maps, mean_map, out=self._centred[: self.n_maps])
        # asking the system for memory anew for every block would take as long as the comparisons
        self._tile, self._threshold = np.empty(ROWS * COLUMNS), np.empty(ROWS * COLUMNS)
        self._reached = np.empty(ROWS * COLUMNS, dtype=bool)

    def test(self, profiles: np.ndarray) -> MapTest:
        """Scores ``observed @ profiles`` against those of the null maps.

        Null hypothesis: the map is one of its null maps. The test is two-sided around the null mean, which is
        not 0 when the null maps keep the means of structures.

        Parameters
        ----------
        profiles : array of shape (n_regions, n_scores)
            Of a gene: its expression, from `unit`. Of a set: the mean of its genes' profiles. Divided by
            `null_sd` the maxima compare scores of unlike spread.
        """
        n_maps, n_scores = self.n_maps, profiles.shape[1]
        score, null_mean = np.empty(n_scores), np.empty(n_scores)
        exceedances = np.zeros(n_scores, dtype=np.int64)
        maxima = np.zeros(len(self._centred))
        for first in range(0, n_scores, COLUMNS):
            block = profiles[:, first : first + COLUMNS]
            width = block.shape[1]
            padded = -(-width // STEP) * STEP
            if width < padded:
                block = np.pad(block, ((0, 0), (0, padded - width)))
            tile, threshold, reached = (
                room[: ROWS * padded].reshape(ROWS, padded) for room in (self._tile, self._threshold, self._reached)
            )
            block_score, block_mean = self._pair @ block
            # numpy compares two arrays of one shape twice as fast as it broadcasts
            threshold[:] = np.abs(block_score - block_mean) * (1 - TIE)
            count = np.zeros(padded, dtype=np.int64)
            for top in range(0, n_maps, ROWS):
                np.matmul(self._centred[top : top + ROWS], block, out=tile)
                np.abs(tile, out=tile)
                np.greater_equal(tile, threshold, out=reached)
                count += np.add.reduce(reached[: n_maps - top].view(np.uint8), axis=0, dtype=np.uint8)
                highest = maxima[top : top + ROWS]
                np.maximum(highest, tile.max(axis=1), out=highest)
            here = slice(first, first + width)
            score[here], null_mean[here], exceedances[here] = block_score[:width], block_mean[:width], count[:width]
        return MapTest(score, null_mean, exceedances, maxima[:n_maps])


def against_null_maps(observed: np.ndarray, null_maps: np.ndarray, profiles: np.ndarray) -> MapTest:
    """`NullMaps.test` of one map, once."""
    return NullMaps(observed, null_maps).test(profiles)
