"""Temporal cleaning of a scan as one matrix.

Every step of the cleaning (interpolation over scrubbed volumes, detrending, band-pass, regression of confounds) is
linear in time and the same for all voxels, so the whole is one matrix: pass the identity through the steps once, then
one product cleans any number of voxels. The steps are nilearn's own `signal.clean`, in the order of Lindquist 2019
(doi 10.1002/hbm.24528): interpolate, detrend, filter signals and confounds alike, censor, regress.
"""

from __future__ import annotations

import warnings

import numpy as np

#: volumes from the first to the last kept that nilearn's filter (Butterworth of order 5, both ways) needs
SHORTEST_FILTERED = 34


def kept_volumes(
    displacement: np.ndarray | None,
    threshold: float | None,
    *,
    before: int = 1,
    after: int = 1,
    discard: int = 0,
    unsteady: np.ndarray | None = None,
    n_volumes: int | None = None,
) -> np.ndarray:
    """Which volumes are kept.

    Parameters
    ----------
    displacement : array of shape (n_volumes,), or None
        Framewise displacement, mm. None if nothing is scrubbed; then `n_volumes` says how long the scan is.
    threshold
        Volumes above it are scrubbed, with `before` volumes before and `after` volumes after each (Power 2014).
    discard
        Volumes left out at the start.
    unsteady : array of bool
        Further volumes to leave out, without neighbours.

    Returns
    -------
    array of bool, shape (n_volumes,)
    """
    n = len(displacement) if displacement is not None else int(n_volumes or 0)
    scrubbed = np.zeros(n, dtype=bool)
    if displacement is not None and threshold is not None:
        moved = np.flatnonzero(displacement > threshold)
        for shift in range(-before, after + 1):
            hit = moved + shift
            scrubbed[hit[(hit >= 0) & (hit < n)]] = True
    if unsteady is not None:
        scrubbed |= unsteady
    scrubbed[:discard] = True
    return ~scrubbed


def cleaning_operator(
    kept: np.ndarray,
    confounds: np.ndarray | None = None,
    *,
    repetition_time: float | None = None,
    band: tuple[float | None, float | None] | None = None,
    detrend: bool = True,
) -> np.ndarray:
    """The matrix that cleans a scan.

    Parameters
    ----------
    kept : array of bool, shape (n_volumes,)
        From `kept_volumes`.
    confounds : array of shape (n_volumes, n_confounds), or None
        Detrended and filtered like the signal before they are regressed out.
    repetition_time
        Seconds; needed for a filter.
    band
        Lowest and highest frequency to keep, Hz; None does not filter.
    detrend
        Remove mean and linear trend.

    Returns
    -------
    array of shape (n_kept, n_volumes)
        Applied to [time x voxel] series it gives the cleaned series of the kept volumes. Equal to
        ``nilearn.signal.clean(..., sample_mask=kept, standardize=None)`` where that is right: nilearn 0.13 fills
        a scrubbed volume before filtering only if the volume in mirror position is kept, and loses count when both
        the first and the last are scrubbed (it inverts the list of indices, not the mask). Here every one is filled.
    """
    from nilearn.signal import clean

    n = len(kept)
    filtered = band is not None and any(edge is not None for edge in band)
    signal, regressors = np.eye(n), confounds
    if filtered:
        filling = _interpolation(kept)
        signal = filling
        regressors = None if confounds is None else filling @ confounds
    else:
        signal = signal[kept]
        regressors = None if confounds is None else confounds[kept]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # about defaults of nilearn's next versions
        warnings.simplefilter("ignore", FutureWarning)
        high, low = band if band is not None else (None, None)
        temporal = {
            "detrend": detrend,
            "standardize": None,
            "filter": "butterworth" if filtered else False,
            "high_pass": high if filtered else None,
            "low_pass": low if filtered else None,
            "t_r": repetition_time,
        }
        signal = clean(signal, **temporal)
        if regressors is not None and regressors.shape[1]:
            regressors = clean(regressors, **temporal)
        if filtered:
            first, last = np.flatnonzero(kept)[[0, -1]]
            inside = kept[first : last + 1]
            signal = signal[inside]
            regressors = None if regressors is None else regressors[inside]
        if regressors is not None and regressors.shape[1]:
            signal = clean(signal, confounds=regressors, detrend=False, filter=False, standardize=None)
    return signal


def _interpolation(kept: np.ndarray) -> np.ndarray:
    """Fill scrubbed volumes by a cubic spline through the kept ones; those before the first and after the last go.

    Returns
    -------
    array of shape (n_inside, n_volumes)
    """
    from scipy.interpolate import CubicSpline

    times = np.arange(len(kept), dtype=float)
    inside = slice(*(np.flatnonzero(kept)[[0, -1]] + (0, 1)))
    filling = np.eye(len(kept))
    if not kept[inside].all():
        spline = CubicSpline(times[kept], filling[kept], extrapolate=False)
        filling[~kept] = spline(times[~kept])
    return filling[inside]


def degrees_of_freedom(operator: np.ndarray) -> float:
    """Degrees of freedom that a cleaning leaves in white noise: tr(S)^2 / tr(S^2) of the covariance S after it.

    For a projection this is its rank: volumes minus regressors. A filter's gentle slopes count in part
    (Satterthwaite 1946; Worsley and Friston 1995). The rank cannot exceed the number of kept volumes.
    """
    if not operator.size:
        return 0.0
    covariance = operator @ operator.T
    total = np.trace(covariance)
    return float(total**2 / np.sum(covariance**2)) if total > 0 else 0.0
