"""Groups measured several times: every effect against the error of its own stratum, fitted to many outcomes at once.

The measurements of one outcome are split into participants' means (the stratum between participants, where groups
are compared) and deviations from them (the stratum within, where times are compared and where groups differ in their
change): the analysis of R's ``aov(y ~ group * time + covariates + Error(participant))``. Participants without all
measurements keep those they have; one with a single measurement says nothing about change. The F of each effect
is of type II: adjusted for everything but the effects that contain it, against the error of the whole model.

In a 2 x 2 design the F of group x time is the squared t of the change scores' two-sample test.

Null hypothesis of a permutation p: group x time and group, participants are exchangeable (whole blocks; whatever the
covariance of one participant's measurements); time, a participant's measurements are (within blocks: compound
symmetry, which two times always have). Residuals of the reduced model are permuted (Freedman & Lane 1983).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from amygene.stats.blocks import Keys, whole_block_orders, within_block_orders
from amygene.stats.linear_model import complete_cases, orthonormal_basis, spans_constant

GROUP, TIME, INTERACTION = "group", "time", "group x time"


@dataclass(frozen=True)
class Design:
    """Who was measured when, and what is adjusted for.

    Attributes
    ----------
    participants : array of int, shape (n,)
        Participant of every measurement, ascending.
    times : array of int, shape (n,)
        0, 1, ... ascending within a participant.
    groups : array of int, shape (n,)
        The same at all times of a participant; 0 everywhere if there is one group.
    covariates : array of shape (n, p)
        Their effect is the same at all times; columns may change from time to time (motion).
    by_time : array of shape (n, q)
        Centred covariates whose effect may change over time (age at baseline); constant within a participant.
    strata : array of int, shape (n_participants,)
        Whole participants are exchanged within a stratum only.
    """

    participants: np.ndarray
    times: np.ndarray
    groups: np.ndarray
    covariates: np.ndarray
    by_time: np.ndarray
    strata: np.ndarray

    @property
    def n_participants(self) -> int:
        """How many participants there are."""
        return len(self.strata)

    def subset(self, rows: np.ndarray) -> Design:
        """The design of some of the measurements; participants are numbered anew."""
        known, codes = np.unique(self.participants[rows], return_inverse=True)
        return Design(
            codes, self.times[rows], self.groups[rows], self.covariates[rows], self.by_time[rows], self.strata[known]
        )

    def columns(self) -> dict[str, np.ndarray]:
        """Columns of every effect, as deviations from the last level (contr.sum): {effect: (n, k)}."""
        group, time = _contrasts(self.groups), _contrasts(self.times)
        return {
            GROUP: group,
            TIME: time,
            INTERACTION: _products(group, time),
            "covariates": np.hstack([self.covariates, self.by_time]),
            "covariates x time": _products(self.by_time, time),
        }


@dataclass(frozen=True)
class Effect:
    """One effect in every outcome, arrays of shape (n_outcomes,); NaN where it cannot be estimated.

    Attributes
    ----------
    f, df1, df2
        F and its degrees of freedom.
    epsilon
        Greenhouse and Geisser's correction of the degrees of freedom: 1 for two times and between participants.
    beta, se, scale
        Of effects with one degree of freedom: group, last minus first; time, later minus earlier; group x time, the
        difference of the changes. ``beta / se`` is t, ``t * scale`` the effect in standard deviations of a change (of
        a participant's mean for group). NaN for effects with more.
    n_participants
        Participants that it rests on.
    """

    f: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    epsilon: np.ndarray
    beta: np.ndarray
    se: np.ndarray
    scale: np.ndarray
    n_participants: np.ndarray

    @property
    def p(self) -> np.ndarray:
        """P of F, with the correction."""
        return np.asarray(special.fdtrc(self.df1 * self.epsilon, self.df2 * self.epsilon, self.f))

    @property
    def partial_eta2(self) -> np.ndarray:
        """Share of the variance in the stratum, that other effects leave, that this one explains."""
        return self.f * self.df1 / (self.f * self.df1 + self.df2)


class Term:
    """One effect, prepared once: its estimates, and its permutation distribution."""

    def __init__(self, outcomes: np.ndarray, design: Design, effect: str):
        """Prepare.

        Parameters
        ----------
        outcomes : array of shape (n, n_outcomes)
            Missing values as NaN; every outcome keeps the measurements it has.
        design
            Of the n measurements.
        effect
            `GROUP`, `TIME` or `INTERACTION`.
        """
        self.n_outcomes = outcomes.shape[1]
        self.n_participants, self.n_measurements = design.n_participants, len(outcomes)
        self.effect = effect
        self._parts = [
            part
            for rows, columns in complete_cases(outcomes)
            if (part := _prepare(outcomes[np.ix_(rows, columns)], design, effect, rows, columns)) is not None
        ]

    def fit(self) -> Effect:
        """Estimates of every outcome."""
        names = ("f", "df1", "df2", "epsilon", "beta", "se", "scale", "n_participants")
        found = {name: np.full(self.n_outcomes, np.nan) for name in names}
        for part in self._parts:
            for name, values in part.estimates().items():
                found[name][part.columns] = values
        return Effect(**found)

    def draw(self, keys: Keys) -> np.ndarray:
        """F under permutations, shape (n_permutations, n_outcomes); NaN where it cannot be estimated.

        Parameters
        ----------
        keys
            From `blocks.draw_keys`, of all participants and measurements of the design.
        """
        f = np.full((len(keys.participants), self.n_outcomes), np.nan)
        for part in self._parts:
            f[:, part.columns] = part.draw(keys)
        return f


@dataclass(frozen=True)
class _Part:
    """Outcomes with the same measurements, in one stratum.

    ``rows`` of the stratum are measurements (within) or participants (between); ``participants`` are the numbers,
    from 0, of those that the stratum holds, ``known`` their numbers in the whole design, ``measured`` the rows of the
    whole design.
    """

    columns: np.ndarray
    y: np.ndarray
    nuisance: np.ndarray
    interest: np.ndarray
    length2: float
    freedom: int
    participants: np.ndarray
    known: np.ndarray
    measured: np.ndarray
    classes: np.ndarray
    within: bool
    whole: bool
    times: np.ndarray
    per_participant: float

    def estimates(self) -> dict[str, np.ndarray | float]:
        projected, left = self._project(self.y, self.interest, self.nuisance)
        df1 = self.interest.shape[1]
        variance = left / self.freedom
        with np.errstate(invalid="ignore", divide="ignore"):
            f = (projected**2).sum(axis=0) / df1 / variance
        found: dict[str, np.ndarray | float] = {
            "f": f,
            "df1": df1,
            "df2": self.freedom,
            "epsilon": self._epsilon(),
            "n_participants": len(self.known),
        }
        if df1 == 1:
            # coded -1 and 1 (group, time) or their product: half, half and a quarter of the difference
            unit = 4 if self.within and self.whole else 2
            found["beta"] = unit * projected[0] / np.sqrt(self.length2)
            found["se"] = unit * np.sqrt(variance / self.length2)
            # in standard deviations of a change (twice the variance of a measurement) or of a participant's mean
            spread = np.sqrt(2.0) if self.within else 1 / np.sqrt(self.per_participant)
            found["scale"] = unit / np.sqrt(self.length2) / spread
        return found

    @staticmethod
    def _project(y: np.ndarray, interest: np.ndarray, nuisance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        projected, away = interest.T @ y, nuisance.T @ y
        left = np.einsum("ij,ij->j", y, y) - (projected**2).sum(axis=0) - (away**2).sum(axis=0)
        return projected, np.maximum(left, 0)

    def _epsilon(self) -> np.ndarray:
        """Greenhouse & Geisser 1959, Psychometrika 24:95, from those who have all measurements."""
        n_times = len(np.unique(self.times))
        sizes = np.bincount(self.participants)
        complete = np.flatnonzero(sizes[self.participants] == n_times)
        if not self.within or n_times == 2 or len(complete) == 0:
            return np.ones(len(self.columns))
        basis = np.hstack([self.nuisance, self.interest])
        residual = (self.y - basis @ (basis.T @ self.y))[complete].reshape(-1, n_times, len(self.columns))
        covariance = np.einsum("ise,ite->est", residual, residual)
        trace = np.einsum("ess->e", covariance)
        return trace**2 / ((n_times - 1) * np.einsum("est,est->e", covariance, covariance))

    def draw(self, keys: Keys) -> np.ndarray:
        residual = self.y - self.nuisance @ (self.nuisance.T @ self.y)
        if self.whole:
            orders = whole_block_orders(keys.participants[:, self.known], self.participants, self.classes)
        else:
            orders = within_block_orders(keys.measurements[:, self.measured], self.participants)
        design = np.hstack([self.interest, self.nuisance])
        # moving the rows of the design backward is moving those of the data forward
        inverse = np.argsort(orders, axis=1, kind="stable")
        moved = np.take(np.ascontiguousarray(design.T), inverse, axis=1)
        projected = (moved.reshape(-1, len(residual)) @ residual).reshape(*moved.shape[:2], -1) ** 2
        df1 = self.interest.shape[1]
        explained = projected[:df1].sum(axis=0)
        left = np.einsum("ij,ij->j", residual, residual) - projected.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return explained / df1 / (np.maximum(left, 0) / self.freedom)


def _prepare(outcomes: np.ndarray, design: Design, effect: str, rows: np.ndarray, columns: np.ndarray) -> _Part | None:
    """One group of outcomes; None where the effect cannot be estimated."""
    part = design.subset(rows)
    within = effect != GROUP
    sizes = np.bincount(part.participants, minlength=part.n_participants)
    if within:
        # whoever was measured once has no change
        several = np.flatnonzero(sizes[part.participants] > 1)
        rows, outcomes, part = rows[several], outcomes[several], part.subset(several)
    if len(rows) == 0:
        return None
    known = np.unique(design.participants[rows])
    sizes = np.bincount(part.participants, minlength=part.n_participants)
    effects = part.columns()
    if within:
        nuisance = [effects["covariates"], effects["covariates x time"]]
        nuisance += [effects[TIME]] if effect == INTERACTION else []
        containing = [effects[INTERACTION]] if effect == TIME else []
    else:
        nuisance = [np.ones((len(rows), 1)), effects[TIME], effects["covariates"]]
        # of incomplete participants; nothing is left of them in complete ones
        containing = [effects["covariates x time"], effects[INTERACTION]]

    def stratum(values: np.ndarray) -> np.ndarray:
        sums = np.zeros((part.n_participants, values.shape[1]))
        np.add.at(sums, part.participants, values)
        if within:
            return np.asarray(values - (sums / sizes[:, None])[part.participants])
        return sums / np.sqrt(sizes)[:, None]

    blocks = [stratum(np.hstack(b)) if b else np.empty((0, 0)) for b in (nuisance, [effects[effect]], containing)]
    n_rows = len(rows) if within else part.n_participants
    blocks = [b if b.size else np.empty((n_rows, 0)) for b in blocks]
    # a column that nothing is left of after the projection must not come back as rounding
    blocks = [np.where(np.abs(b).max(axis=0, initial=0) < 1e-12, 0, b) for b in blocks]
    basis, kept = orthonormal_basis(np.hstack(blocks))
    first, second = blocks[0].shape[1], blocks[0].shape[1] + blocks[1].shape[1]
    interest = (kept >= first) & (kept < second)
    freedom = n_rows - basis.shape[1] - (part.n_participants if within else 0)
    if not interest.any() or freedom < 1:
        return None
    y = stratum(outcomes)
    if not within and spans_constant(basis):
        y = y - y.mean(axis=0)
    cleaned = blocks[1][:, 0] - basis[:, ~interest] @ (basis[:, ~interest].T @ blocks[1][:, 0])
    patterns = _patterns(part)
    classes = np.unique(np.stack([part.strata, patterns]), axis=1, return_inverse=True)[1]
    return _Part(
        columns=columns,
        y=y,
        nuisance=np.ascontiguousarray(basis[:, ~interest]),
        interest=np.ascontiguousarray(basis[:, interest]),
        length2=float(cleaned @ cleaned),
        freedom=freedom,
        participants=part.participants if within else np.arange(part.n_participants),
        known=known,
        measured=rows,
        classes=classes.ravel(),
        within=within,
        whole=effect != TIME,
        times=part.times,
        per_participant=len(rows) / part.n_participants,
    )


def _patterns(design: Design) -> np.ndarray:
    """Number of the set of times at which each participant was measured, shape (n_participants,)."""
    seen = np.zeros((design.n_participants, int(design.times.max()) + 1), dtype=bool)
    seen[design.participants, design.times] = True
    return np.unique(seen, axis=0, return_inverse=True)[1].ravel()


def _contrasts(codes: np.ndarray) -> np.ndarray:
    """Columns of a factor, one per level but the first: 1 at their own level, -1 at the first."""
    levels = np.unique(codes)
    return (
        np.stack([(codes == level).astype(float) - (codes == levels[0]) for level in levels[1:]], axis=1).reshape(
            len(codes), -1
        )
        if len(levels) > 1
        else np.empty((len(codes), 0))
    )


def _products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """All products of a column of one with a column of the other."""
    return (a[:, :, None] * b[:, None, :]).reshape(len(a), -1)


def paired_change(outcomes: np.ndarray, design: Design, first: int, second: int) -> tuple[np.ndarray, Design]:
    """Measurements at two times only, for a post hoc test of the change between them.

    Parameters
    ----------
    outcomes : array of shape (n, n_outcomes)
    design
    first, second : int
        Times; they become 0 and 1.
    """
    rows = np.flatnonzero(np.isin(design.times, (first, second)))
    part = design.subset(rows)
    return outcomes[rows], Design(
        part.participants,
        (part.times == second).astype(int),
        part.groups,
        part.covariates,
        part.by_time,
        part.strata,
    )


def of_groups(design: Design, groups: Sequence[int]) -> np.ndarray:
    """Rows of some groups."""
    return np.flatnonzero(np.isin(design.groups, list(groups)))
