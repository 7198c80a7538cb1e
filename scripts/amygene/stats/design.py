"""The design of a comparison of two groups, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Design:
    """Who is a case, what is adjusted for, who may be exchanged with whom.

    Attributes
    ----------
    case : array of shape (n,)
        1 for cases, 0 for controls.
    nuisance : array of shape (n, p)
        Intercept, then sites, then the other covariates; numbers are standardised.
    names : array of str, shape (p,)
        The covariate that each column of `nuisance` belongs to ("intercept" for the first).
    strata : array of int, shape (n,)
        Participants of one stratum are exchangeable under the null hypothesis.
    """

    case: np.ndarray
    nuisance: np.ndarray
    names: np.ndarray
    strata: np.ndarray

    def subset(self, rows: np.ndarray) -> Design:
        """The design of some of the participants. Columns that add nothing there do no harm to the fits."""
        return Design(self.case[rows], self.nuisance[rows], self.names, self.strata[rows])

    def without(self, covariate: str) -> Design:
        """The design without one covariate."""
        keep = self.names != covariate
        return Design(self.case, self.nuisance[:, keep], self.names[keep], self.strata)
