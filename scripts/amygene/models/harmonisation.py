"""ComBat: site effects on mean and spread, estimated with empirical Bayes over all outcomes.

Johnson, Li & Rabinovic 2007, Biostatistics 8:118; for connectivity Yu et al. 2018, Hum Brain Mapp 39:4213.
Parametric priors, as in sva::ComBat and neuroCombat. Fitting and applying are apart, so that a model fitted
on some participants can be applied to others of the same sites.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from amygene.stats.linear_model import complete_cases

_CONVERGED = 1e-4


@dataclass(frozen=True)
class Combat:
    """A fitted model, arrays over outcomes.

    Attributes
    ----------
    sites : tuple
        Names of the sites, in the order of the arrays' rows.
    intercept : array of shape (n_outcomes,)
        Mean over sites, weighted by their participants.
    slopes : array of shape (n_covariates, n_outcomes)
    spread : array of shape (n_outcomes,)
        Residual standard deviation.
    shift, stretch : arrays of shape (n_sites, n_outcomes)
        Each site's additive and (as variance) multiplicative effect, after shrinkage.
    mean_only
        There are no multiplicative effects.
    """

    sites: tuple[int, ...]
    intercept: np.ndarray
    slopes: np.ndarray
    spread: np.ndarray
    shift: np.ndarray
    stretch: np.ndarray
    mean_only: bool = False

    def apply(self, outcomes: np.ndarray, sites: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        """Remove the site effects.

        Parameters
        ----------
        outcomes : array of shape (n, n_outcomes)
        sites : array of shape (n,)
        covariates : array of shape (n, n_covariates)

        Raises
        ------
        ValueError
            A site was not there when the model was fitted: its effects are not known.
        """
        expected = self.intercept + covariates @ self.slopes
        return self.residuals(outcomes, sites, covariates) * self.spread + expected

    def residuals(self, outcomes: np.ndarray, sites: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        """What is left after covariates and site effects, in units of `spread`; parameters as of `apply`."""
        unseen = self.unseen(sites)
        if unseen:
            raise ValueError(f"ComBat was not fitted on site {unseen}; its effects are not known")
        row = np.array([self.sites.index(s) for s in sites.tolist()], dtype=int)
        standard = (outcomes - self.intercept - covariates @ self.slopes) / self.spread
        return (standard - self.shift[row]) / np.sqrt(self.stretch[row])

    def unseen(self, sites: np.ndarray) -> list[int]:
        """Sites whose effects are not known, ascending."""
        return sorted(set(sites.tolist()) - set(self.sites))

    def with_untouched(self, sites: list[int]) -> Combat:
        """The model with more sites that it leaves as they are."""
        nothing = np.zeros((len(sites), len(self.intercept)))
        return replace(
            self,
            sites=(*self.sites, *sites),
            shift=np.vstack([self.shift, nothing]),
            stretch=np.vstack([self.stretch, nothing + 1]),
        )

    def with_site(self, site: int, outcomes: np.ndarray, covariates: np.ndarray, centre: np.ndarray) -> Combat:
        """The model with one more site, whose effects are estimated from some of its participants.

        Reference-batch harmonisation: nothing of the fitted model changes.

        Parameters
        ----------
        site
            Its name.
        outcomes, covariates : arrays of shape (n, n_outcomes), (n, n_covariates)
            Of participants of one kind (controls).
        centre : array of shape (n_outcomes,)
            Mean of `residuals` over participants of that kind at the sites of the model, whom they shall resemble.
        """
        standard = (outcomes - self.intercept - covariates @ self.slopes) / self.spread - centre
        shift, stretch = _shrink(standard, self.mean_only)
        # a new participant is centre + shift + noise; `residuals` must give centre + noise / sqrt(stretch)
        shift = shift + centre * (1 - np.sqrt(stretch))
        return replace(
            self,
            sites=(*self.sites, site),
            shift=np.vstack([self.shift, shift]),
            stretch=np.vstack([self.stretch, stretch]),
        )


def fit_combat_mean(outcomes: np.ndarray, sites: np.ndarray, covariates: np.ndarray) -> Combat:
    """ComBat without its variance step, ``mean.only`` of sva: sites differ by their means alone; as `fit_combat`.

    As in sva (and neuroCombat) a site's mean is shrunk as that of one participant would be, however many it has.
    """
    return fit_combat(outcomes, sites, covariates, mean_only=True)


def fit_combat(outcomes: np.ndarray, sites: np.ndarray, covariates: np.ndarray, *, mean_only: bool = False) -> Combat:
    """Fit ComBat.

    Parameters
    ----------
    outcomes : array of shape (n, n_outcomes)
        Missing values as NaN.
    sites : array of int, shape (n,)
    covariates : array of shape (n, n_covariates)
        What must be kept: group, age, ... without intercept.
    mean_only
        Leave the sites' variances as they are.

    Returns
    -------
    Combat
        A site with one participant gets no multiplicative effect (its variance is not known).
    """
    names = np.unique(sites)
    dummies = (sites[:, None] == names[None, :]).astype(float)
    design = np.hstack([dummies, covariates])
    n_sites, n_outcomes = len(names), outcomes.shape[1]
    intercept = np.empty(n_outcomes)
    slopes = np.empty((covariates.shape[1], n_outcomes))
    spread = np.empty(n_outcomes)
    for rows, columns in complete_cases(outcomes):
        y = outcomes[np.ix_(rows, columns)]
        coefficients, *_ = np.linalg.lstsq(design[rows], y, rcond=None)
        share = dummies[rows].mean(axis=0)
        intercept[columns] = share @ coefficients[:n_sites]
        slopes[:, columns] = coefficients[n_sites:]
        spread[columns] = np.sqrt(np.mean((y - design[rows] @ coefficients) ** 2, axis=0))
    standard = (outcomes - intercept - covariates @ slopes) / spread
    shift = np.zeros((n_sites, n_outcomes))
    stretch = np.ones((n_sites, n_outcomes))
    for i, name in enumerate(names):
        shift[i], stretch[i] = _shrink(standard[sites == name], mean_only)
    return Combat(tuple(names.tolist()), intercept, slopes, spread, shift, stretch, mean_only)


def _shrink(standard: np.ndarray, mean_only: bool) -> tuple[np.ndarray, np.ndarray]:
    """Posterior site effects: normal prior on the mean, inverse gamma on the variance, moments over outcomes."""
    observed = ~np.isnan(standard)
    n = observed.sum(axis=0)
    shift = np.zeros(standard.shape[1])
    stretch = np.ones(standard.shape[1])
    use = n > 0
    if not use.any():
        return shift, stretch
    values, n = standard[:, use], n[use]
    mean = np.nanmean(values, axis=0)
    prior_mean, prior_var = mean.mean(), mean.var(ddof=1) if len(mean) > 1 else 0.0
    if mean_only:
        shift[use] = (prior_var * mean + prior_mean) / (prior_var + 1)
        return shift, stretch
    if n.min() < 2 or len(mean) < 2:
        shift[use] = (n * prior_var * mean + prior_mean) / (n * prior_var + 1)
        return shift, stretch
    variance = np.nanvar(values, axis=0, ddof=1)
    m, s2 = variance.mean(), variance.var(ddof=1)
    a, b = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
    g, d = mean.copy(), variance.copy()
    change = np.inf
    while change > _CONVERGED:
        g_new = (n * prior_var * mean + d * prior_mean) / (n * prior_var + d)
        squares = np.nansum((values - g_new) ** 2, axis=0)
        d_new = (squares / 2 + b) / (n / 2 + a - 1)
        change = max(np.max(np.abs(g_new - g) / np.abs(g)), np.max(np.abs(d_new - d) / d))
        g, d = g_new, d_new
    shift[use], stretch[use] = g, d
    return shift, stretch
