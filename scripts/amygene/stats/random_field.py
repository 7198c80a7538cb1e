"""Parametric p of peaks and clusters of a smooth t-map, from random field theory, as SPM12 computes it.

Null hypothesis: the map is a t-field that differs from nothing anywhere. The field is stationary, smooth against the
voxels, and its clusters at a high threshold have the extent of paraboloids: all of it is assumed, none of it is
tested. All p are one-sided, as SPM's are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

_EPS = np.finfo(float).eps


def ec_densities(t: float, df: float) -> np.ndarray:
    """Euler characteristic densities of a t-field above `t`, per resel, in 0 to 3 dimensions.

    Worsley et al. 1996, Hum Brain Mapp 4:58, table II. ``df = inf`` gives the Gaussian field. Densities below 0
    (the fourth at low thresholds) are set to a tiny number, as SPM does.
    """
    resel = 4 * np.log(2)
    if np.isinf(df):
        tail, fall, height, curve = special.ndtr(-t), np.exp(-(t**2) / 2), t, t**2 - 1
    else:
        tail, fall = special.stdtr(df, -t), (1 + t**2 / df) ** ((1 - df) / 2)
        height = t / np.sqrt(df / 2) * np.exp(special.gammaln((df + 1) / 2) - special.gammaln(df / 2))
        curve = (df - 1) * t**2 / df - 1
    density = np.array([tail, fall, fall * height, fall * curve])
    density[1:] *= resel ** np.array([0.5, 1, 1.5]) / (2 * np.pi) ** np.array([1, 1.5, 2])
    return np.maximum(density, _EPS)


def resel_counts(mask: np.ndarray, fwhm: np.ndarray | Sequence[float]) -> np.ndarray:
    """Resels of a search volume in 0 to 3 dimensions: its Euler characteristic, diameter, surface and volume.

    Worsley et al. 1996, from the points, edges, faces and cubes that the voxels make up.

    Parameters
    ----------
    mask : array of bool, shape (nx, ny, nz)
    fwhm : three numbers
        Smoothness in voxels.

    Returns
    -------
    array of shape (4,)
    """
    x = mask[1:] & mask[:-1]
    y = mask[:, 1:] & mask[:, :-1]
    z = mask[:, :, 1:] & mask[:, :, :-1]
    xy, xz, yz = x[:, 1:] & x[:, :-1], x[:, :, 1:] & x[:, :, :-1], y[:, :, 1:] & y[:, :, :-1]
    points, cubes = mask.sum(), (xy[:, :, 1:] & xy[:, :, :-1]).sum()
    edges = np.array([x.sum(), y.sum(), z.sum()])
    faces = np.array([xy.sum(), xz.sum(), yz.sum()])
    rx, ry, rz = 1 / np.asarray(fwhm, dtype=float)
    return np.array(
        [
            points - edges.sum() + faces.sum() - cubes,
            (edges[0] - faces[0] - faces[1] + cubes) * rx
            + (edges[1] - faces[0] - faces[2] + cubes) * ry
            + (edges[2] - faces[1] - faces[2] + cubes) * rz,
            (faces[0] - cubes) * rx * ry + (faces[1] - cubes) * rx * rz + (faces[2] - cubes) * ry * rz,
            cubes * rx * ry * rz,
        ]
    )


@dataclass(frozen=True)
class TField:
    """A t-field over a search volume.

    Attributes
    ----------
    df : float
        Degrees of freedom.
    resels : array of shape (4,)
        Of the search volume, from `resel_counts`.
    fwhm : array of shape (3,)
        Smoothness in voxels.
    """

    df: float
    resels: np.ndarray
    fwhm: np.ndarray


def expected_clusters(t: float, field: TField) -> float:
    """Expected number of clusters above `t` in the search volume: its expected Euler characteristic."""
    return float(field.resels @ ec_densities(t, field.df))


def peak_p(t: np.ndarray, field: TField) -> np.ndarray:
    """Family-wise p of peaks of height `t`: P(a peak as high anywhere)."""
    return np.array([-np.expm1(-expected_clusters(x, field)) for x in t])


def extent_p(size: np.ndarray, threshold: float, field: TField) -> np.ndarray:
    """p of one cluster: P(a cluster above the threshold has at least this extent).

    Friston et al. 1994, Hum Brain Mapp 1:210: the extent to the power 2/3 is exponential.

    Parameters
    ----------
    size : array of shape (n_clusters,)
        Voxels.
    threshold : float
        Cluster-forming t.
    field
        Of the map.

    Returns
    -------
    array of shape (n_clusters,)
    """
    dimensions = int(np.flatnonzero(field.resels)[-1])
    if dimensions == 0:
        return np.ones(len(size))
    density = ec_densities(threshold, field.df)
    mean = density[0] / density[dimensions]
    beta = (special.gamma(dimensions / 2 + 1) / mean) ** (2 / dimensions)
    return np.exp(-beta * (np.asarray(size) / np.prod(field.fwhm)) ** (2 / dimensions))


def cluster_p(size: np.ndarray, threshold: float, field: TField) -> np.ndarray:
    """Family-wise p of clusters: P(a cluster as large anywhere), clusters coming as a Poisson process."""
    one = extent_p(size, threshold, field)
    return -np.expm1(-(expected_clusters(threshold, field) + _EPS) * one)
