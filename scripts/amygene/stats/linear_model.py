"""One regressor of interest and nuisance covariates, fitted to many outcomes at once.

The model of one outcome is ``y = x * beta + Z @ gamma + error``. By the Frisch-Waugh-Lovell theorem beta
is the slope of y on ``x`` after both are cleaned of Z, so one orthonormal basis of Z serves all outcomes
that are observed in the same subjects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

#: a column counts as a combination of the columns before it when less than this share of its length is new
COLLINEAR = 1e-9


@dataclass(frozen=True)
class Fit:
    """Estimates per outcome, arrays of shape (n_outcomes,); missing where the model cannot be fitted.

    ``scale`` is the standard error of beta in units of the residual standard deviation, so that
    ``t * scale`` is the difference in standard deviations (Cohen's d, adjusted for the covariates).
    """

    beta: np.ndarray
    se: np.ndarray
    t: np.ndarray
    df: np.ndarray
    scale: np.ndarray


def orthonormal_basis(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal basis of the column space, in the order of the columns.

    Gram-Schmidt, each column cleaned twice ("twice is enough": Giraud 2005). Unlike a pivoted QR it keeps
    the order, so the caller knows which basis vector came from which column and which columns added nothing.

    Parameters
    ----------
    columns : array of shape (n, p)

    Returns
    -------
    basis : array of shape (n, rank)
    kept : array of int, shape (rank,)
        The columns that added something; the others are combinations of columns before them.
    """
    basis = np.empty_like(columns, dtype=float)
    kept: list[int] = []
    for j in range(columns.shape[1]):
        column = columns[:, j].astype(float)
        length = np.linalg.norm(column)
        so_far = basis[:, : len(kept)]
        for _ in range(2):
            column = column - so_far @ (so_far.T @ column)
        new = np.linalg.norm(column)
        if length > 0 and new > COLLINEAR * length:
            basis[:, len(kept)] = column / new
            kept.append(j)
    return np.ascontiguousarray(basis[:, : len(kept)]), np.array(kept, dtype=int)


def complete_cases(outcomes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Group outcomes that are observed in the same subjects.

    Parameters
    ----------
    outcomes : array of shape (n, n_outcomes), missing values as NaN

    Yields
    ------
    rows, columns : arrays of int
        `rows` are the subjects in whom the outcomes `columns` are observed. Groups come in the order of
        their first outcome.
    """
    observed = ~np.isnan(outcomes)
    if observed.all():
        yield np.arange(len(outcomes)), np.arange(outcomes.shape[1])
        return
    groups: dict[bytes, list[int]] = {}
    for column in range(outcomes.shape[1]):
        groups.setdefault(np.packbits(observed[:, column]).tobytes(), []).append(column)
    for columns in groups.values():
        yield np.flatnonzero(observed[:, columns[0]]), np.array(columns)


def fit(outcomes: np.ndarray, regressor: np.ndarray, nuisance: np.ndarray) -> Fit:
    """Ordinary least squares of every outcome on the regressor, adjusted for the nuisance columns.

    Parameters
    ----------
    outcomes : array of shape (n, n_outcomes)
        Missing values as NaN; every outcome is fitted on its own complete cases.
    regressor : array of shape (n,)
        For a group comparison 1 for cases and 0 for controls: beta is case minus control.
    nuisance : array of shape (n, p)
        Covariates, intercept included. Columns that add nothing in the complete cases are left out.

    Returns
    -------
    Fit
        Two-sided p under the null hypothesis beta = 0 is that of t with df degrees of freedom.
    """
    n_outcomes = outcomes.shape[1]
    beta, se, scale, df = (np.full(n_outcomes, np.nan) for _ in range(4))
    for rows, columns in complete_cases(outcomes):
        basis, _ = orthonormal_basis(nuisance[rows])
        cleaned, length2 = clean(regressor[rows], basis)
        freedom = len(rows) - basis.shape[1] - 1
        if length2 == 0 or freedom < 1:
            continue
        y = outcomes if len(columns) == n_outcomes and len(rows) == len(outcomes) else outcomes[np.ix_(rows, columns)]
        if spans_constant(basis):
            # the difference of sums of squares below would lose digits to a large mean
            y = y - y.mean(axis=0)
        # `cleaned` is orthogonal to the basis, so y need not be cleaned
        slope = cleaned @ y / length2
        explained = basis.T @ y
        squares = np.einsum("ij,ij->j", y, y) - np.einsum("ij,ij->j", explained, explained) - slope**2 * length2
        sigma2 = np.maximum(squares, 0) / freedom
        beta[columns] = slope
        scale[columns] = 1 / np.sqrt(length2)
        se[columns] = np.sqrt(sigma2 / length2)
        df[columns] = freedom
    with np.errstate(invalid="ignore", divide="ignore"):
        t = beta / se
    return Fit(beta=beta, se=se, t=t, df=df, scale=scale)


def spans_constant(basis: np.ndarray) -> bool:
    """Whether a constant is a combination of the orthonormal basis: the model has an intercept."""
    return bool(np.sum(basis.sum(axis=0) ** 2) > (1 - COLLINEAR) * len(basis))


def clean(regressor: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, float]:
    """Remove the basis from the regressor.

    Returns
    -------
    cleaned : array of shape (n,)
    length2 : float
        Its squared length; exactly 0 if the regressor is a combination of the basis.
    """
    regressor = regressor.astype(float)
    cleaned = regressor - basis @ (basis.T @ regressor)
    cleaned = cleaned - basis @ (basis.T @ cleaned)
    length2 = float(cleaned @ cleaned)
    if length2 <= COLLINEAR**2 * float(regressor @ regressor):
        length2 = 0.0
    return cleaned, length2
