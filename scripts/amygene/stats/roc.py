"""Receiver operating characteristic: area, DeLong's interval and paired test, curve with band.

With strata (sites) everything is adjusted for them: a case is compared with the controls of its own stratum only, and
areas and curves of the strata are averaged with their cases as weights (Janes & Pepe 2009, Biometrika 96:371). Then it
does not count that one site has more cases than another. With models (the folds of a cross-validation) only scores of
one model are compared: those of two have no common zero. Strata without a case or without a control say nothing and
are left out. Without strata and models these are the usual quantities.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import special, stats

#: false positive rates at which curves are given
GRID = np.linspace(0, 1, 101)


def area(scores: np.ndarray, case: np.ndarray) -> np.ndarray:
    """Area under the curve: the share of pairs of a case and a control in which the case scores higher, ties half.

    Parameters
    ----------
    scores, case : arrays of shape (..., n)
        `case` is 1 for cases and 0 for controls; leading axes are broadcast.

    Returns
    -------
    array of shape (...)
        NaN without a case or without a control.
    """
    case = np.asarray(case, dtype=float)
    ranks = stats.rankdata(scores, axis=-1)
    n_case = case.sum(axis=-1)
    n_control = case.shape[-1] - n_case
    with np.errstate(invalid="ignore", divide="ignore"):
        return ((ranks * case).sum(axis=-1) - n_case * (n_case + 1) / 2) / (n_case * n_control)


def adjusted_area(scores: np.ndarray, case: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """Area adjusted for strata; parameters as of `area`, and `strata` of shape (n,)."""
    total, weight = np.zeros(()), np.zeros(())
    for stratum in np.unique(strata):
        inside = strata == stratum
        part = area(scores[..., inside], case[..., inside])
        cases = np.where(np.isnan(part), 0, case[..., inside].sum(axis=-1))
        total, weight = total + cases * np.nan_to_num(part), weight + cases
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / weight)


def _usable(case: np.ndarray, strata: np.ndarray | None) -> Iterator[np.ndarray]:
    """Participants of every stratum that has both groups."""
    strata = np.zeros(len(case), dtype=int) if strata is None else strata
    for stratum in np.unique(strata):
        inside = np.flatnonzero(strata == stratum)
        if 0 < case[inside].sum() < len(inside):
            yield inside


def delong(
    scores: np.ndarray, case: np.ndarray, strata: np.ndarray | None = None, models: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Areas of several scores of the same participants, and their covariance.

    DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837, by midranks (Sun & Xu 2014, IEEE Signal Process Lett
    21:1389). Strata are independent of each other; one with a single case (or control) takes the covariance of its
    placement from the others.

    Parameters
    ----------
    scores : array of shape (k, n)
    case : array of shape (n,)
        1 for cases, 0 for controls.
    strata : array of shape (n,), optional
    models : array of shape (k, n), optional
        Number of the model that gave each score.

    Returns
    -------
    areas : array of shape (k,)
    covariance : array of shape (k, k)
        NaN if no stratum has two cases, or none two controls.
    """
    k = len(scores)
    models = np.zeros(scores.shape, dtype=int) if models is None else models
    parts = [_placements(scores[:, here], case[here] == 1, models[:, here]) for here in _usable(case, strata)]
    parts = [part for part in parts if (part[2] > 0).all()]
    if not parts:
        return np.full(k, np.nan), np.full((k, k), np.nan)
    n_cases = np.array([n for _, _, n in parts])
    weights = n_cases / n_cases.sum(axis=0)
    areas = np.sum([w * of_cases.mean(axis=1) for w, (of_cases, _, _) in zip(weights, parts, strict=True)], axis=0)
    covariance = np.zeros((k, k))
    for group in (0, 1):
        spread = _covariances([part[group] for part in parts])
        for w, part, one in zip(weights, parts, spread, strict=True):
            covariance += np.outer(w, w) * one / part[group].shape[1]
    return areas, covariance


def _placements(
    scores: np.ndarray, positive: np.ndarray, models: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every case the share of controls below it, of every control the share of cases above it.

    Among the scores of one model each; controls are weighted so that both have the area as mean. A participant whom
    the model compares with nobody stands at that mean.

    Returns
    -------
    of_cases, of_controls : arrays of shape (k, n_cases), (k, n_controls)
    n_cases : array of int, shape (k,)
        Cases that were compared.
    """
    placed = np.full(scores.shape, np.nan)
    for row, one, model in zip(placed, scores, models, strict=True):
        weight = np.zeros(len(one))
        for number in np.unique(model):
            here = model == number
            cases, controls = np.flatnonzero(here & positive), np.flatnonzero(here & ~positive)
            if len(cases) == 0 or len(controls) == 0:
                continue
            ranks = np.empty(len(one))
            ranks[here] = stats.rankdata(one[here])
            row[cases] = (ranks[cases] - stats.rankdata(one[cases])) / len(controls)
            row[controls] = 1 - (ranks[controls] - stats.rankdata(one[controls])) / len(cases)
            weight[controls] = len(cases) / len(controls)
        used = np.isfinite(row) & ~positive
        if used.any():
            row[used] *= weight[used] / weight[used].mean()
    compared = np.isfinite(placed)
    n_cases = (compared & positive).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(compared & positive, placed, 0).sum(axis=1) / n_cases
    placed = np.where(compared, placed, mean[:, None])
    return placed[:, positive], placed[:, ~positive], n_cases


def _covariances(placements: list[np.ndarray]) -> list[np.ndarray]:
    """Covariance of the placements of every stratum; the pooled one where a stratum has a single participant."""
    centred = [p - p.mean(axis=1, keepdims=True) for p in placements]
    products = [c @ c.T for c in centred]
    freedom = [p.shape[1] - 1 for p in placements]
    pooled = np.sum(products, axis=0) / sum(freedom) if sum(freedom) else np.full_like(products[0], np.nan)
    return [one / f if f else pooled for one, f in zip(products, freedom, strict=True)]


def interval(
    scores: np.ndarray,
    case: np.ndarray,
    strata: np.ndarray | None = None,
    models: np.ndarray | None = None,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Mean area of repeated scores with DeLong's interval.

    The repeats (of a cross-validation) are scores of the same participants, so the variance of their mean is the
    mean of DeLong's covariance matrix. Like every interval of a cross-validated area it takes the models for given:
    that folds share training participants is not in it. *Not* verified beyond the simulations of
    benchmarks/prediction_calibration.py.

    Parameters
    ----------
    scores : array of shape (n_repeats, n)
    case : array of shape (n,)
    strata : array of shape (n,), optional
    models : array of shape (n_repeats, n), optional

    Returns
    -------
    area, low, high : float
        The ends are kept within 0 and 1, as in pROC.
    """
    areas, covariance = delong(scores, case, strata, models)
    mean, variance = float(areas.mean()), float(covariance.mean())
    if np.isnan(variance):
        return mean, np.nan, np.nan
    reach = float(special.ndtri((1 + level) / 2) * np.sqrt(max(variance, 0)))
    return mean, max(mean - reach, 0.0), min(mean + reach, 1.0)


def paired_test(
    a: np.ndarray,
    b: np.ndarray,
    case: np.ndarray,
    strata: np.ndarray | None = None,
    models: np.ndarray | None = None,
) -> tuple[float, float]:
    """DeLong's test of two areas of the same participants.

    Null hypothesis: both have one area. Two-sided, normal.

    Parameters
    ----------
    a, b : arrays of shape (n_repeats, n)
        Their repeats may differ in number, unless there are `models`.
    case : array of shape (n,)
    strata : array of shape (n,), optional
    models : array of shape (n_repeats, n), optional
        Of both: the same folds.

    Returns
    -------
    difference, p : float
        Mean area of `a` minus that of `b`. p is 1 when the two do not differ; NaN where the difference has no
        variance that could be estimated.
    """
    both = None if models is None else np.vstack([models, models])
    areas, covariance = delong(np.vstack([a, b]), case, strata, both)
    weights = np.concatenate([np.full(len(a), 1 / len(a)), np.full(len(b), -1 / len(b))])
    difference = float(weights @ areas)
    variance = float(weights @ covariance @ weights)
    if abs(difference) < 1e-12:
        return difference, 1.0
    if not variance > 1e-15:
        return difference, np.nan
    return difference, float(2 * special.ndtr(-abs(difference) / np.sqrt(variance)))


def curve(scores: np.ndarray, case: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """True positive rate at the false positive rates of `GRID`.

    Parameters
    ----------
    scores, case : arrays of shape (n,)
    weights : array of shape (n_draws, n), optional
        How often each participant counts, for bootstrap draws; every draw has cases and controls.

    Returns
    -------
    array of shape (n_draws, len(GRID)), or (len(GRID),) without weights
        Tied scores are joined by a straight line.
    """
    order = np.argsort(-scores, kind="stable")
    # a threshold lies between two scores only where they differ
    last = np.append(np.diff(scores[order]) != 0, True)
    counted = np.ones((1, len(scores))) if weights is None else weights
    counted, positive = counted[:, order], case[order] == 1
    sums = [np.cumsum(counted * group, axis=1)[:, last] for group in (positive, ~positive)]
    true, false = (np.pad(s / s[:, -1:], ((0, 0), (1, 0))) for s in sums)
    drawn = np.array([_at_grid(f, t) for f, t in zip(false, true, strict=True)])
    return drawn[0] if weights is None else drawn


def _at_grid(false: np.ndarray, true: np.ndarray) -> np.ndarray:
    """True positive rates at `GRID`; where the curve rises straight up, the upper end."""
    at = np.interp(GRID, false, true)
    last = np.searchsorted(false, GRID + 1e-12, side="right") - 1
    hit = np.abs(false[last] - GRID) < 1e-12
    at[hit] = true[last[hit]]
    return at


def band(
    scores: np.ndarray,
    case: np.ndarray,
    rng: np.random.Generator,
    strata: np.ndarray | None = None,
    draws: int = 1000,
    level: float = 0.95,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean curve of repeated scores with a pointwise bootstrap band, drawn within strata and groups.

    Parameters
    ----------
    scores : array of shape (n_repeats, n)
    case : array of shape (n,)
    rng
        Stream of the bootstrap.
    strata : array of shape (n,), optional

    Returns
    -------
    mean, low, high : arrays of shape (len(GRID),)
        NaN if no stratum has both groups.
    """
    mean, drawn, n_cases = np.zeros(len(GRID)), np.zeros((draws, len(GRID))), 0
    for inside in _usable(case, strata):
        weights = np.zeros((draws, len(inside)))
        for group in (1, 0):
            members = np.flatnonzero(case[inside] == group)
            weights[:, members] = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), size=draws)
        here = int(case[inside].sum())
        mean += here * np.mean([curve(one[inside], case[inside]) for one in scores], axis=0)
        drawn += here * np.mean([curve(one[inside], case[inside], weights) for one in scores], axis=0)
        n_cases += here
    if n_cases == 0:
        return (np.full(len(GRID), np.nan),) * 3
    low, high = np.percentile(drawn / n_cases, [50 * (1 - level), 50 * (1 + level)], axis=0)
    return mean / n_cases, low, high
