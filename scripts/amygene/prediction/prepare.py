"""Everything that is fitted to the edges before a classifier sees them, without their groups.

As a scikit-learn pipeline on one array of columns [edges | covariates to keep or remove | number of the site]:
harmonise, impute, remove covariates, scale. Nothing here looks at the groups, so one fit serves every relabeling.
(ComBat could keep the group difference while it fits; then the group of a test participant would be needed to
harmonise that participant.)
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from amygene.io.choices import load
from amygene.prediction.sample import Sample


class Harmonise(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """Harmonisation between sites; its covariates keep their effects. The column of the site is dropped.

    Participants of a site that was not there at the fit stay as they are.
    """

    def __init__(self, n_edges: int, place: str):
        self.n_edges, self.place = n_edges, place

    def _parts(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return x[:, : self.n_edges], x[:, self.n_edges : -1], x[:, -1].astype(int)

    def fit(self, x: np.ndarray, y: Any = None) -> Harmonise:
        """`y` is not looked at."""
        edges, kept, sites = self._parts(x)
        with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
            # an edge that nobody has is imputed with 0 later
            warnings.simplefilter("ignore", RuntimeWarning)
            self.fitted_ = load(self.place)(edges, sites, kept)
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Columns [edges | covariates]."""
        edges, kept, sites = self._parts(x)
        model = self.fitted_.with_untouched(self.fitted_.unseen(sites))
        return np.hstack([model.apply(edges, sites, kept), kept])


class DropSite(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Leaves sites as they are: only drops their column."""

    def fit(self, x: np.ndarray, y: Any = None) -> DropSite:
        """Nothing is fitted."""
        self.n_features_in_ = x.shape[1]
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Columns [edges | covariates]."""
        return x[:, :-1]


class RemoveCovariates(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Residuals of the edges on the covariates, by least squares in the training part. The covariates are dropped."""

    def __init__(self, n_edges: int, remove: bool):
        self.n_edges, self.remove = n_edges, remove

    def fit(self, x: np.ndarray, y: Any = None) -> RemoveCovariates:
        """`y` is not looked at."""
        self.model_ = None
        if self.remove and x.shape[1] > self.n_edges:
            self.model_ = LinearRegression().fit(x[:, self.n_edges :], x[:, : self.n_edges])
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Columns [edges]."""
        edges = x[:, : self.n_edges]
        return edges if self.model_ is None else edges - self.model_.predict(x[:, self.n_edges :])


def columns(sample: Sample) -> np.ndarray:
    """The array that a pipeline takes: edges, covariates except site, number of the site; shape (n, p + q + 1)."""
    kept = sample.covariates[:, sample.names != "site"]
    return np.hstack([sample.edges, kept, sample.sites[:, None].astype(float)])


def pipeline(n_edges: int, harmonise: str, remove_covariates: bool) -> Pipeline:
    """The steps before a classifier.

    Parameters
    ----------
    n_edges
        Number of edges.
    harmonise
        Place of what fits a harmonisation, as `harmonisation.fit_combat`; empty: none.
    remove_covariates
        Whether the edges are cleaned of the covariates.
    """
    impute = ColumnTransformer(
        [("mean", SimpleImputer(keep_empty_features=True), slice(0, n_edges))], remainder="passthrough"
    )
    return Pipeline(
        [
            ("harmonise", Harmonise(n_edges, harmonise) if harmonise else DropSite()),
            ("impute", impute),
            ("covariates", RemoveCovariates(n_edges, remove_covariates)),
            ("scale", StandardScaler()),
        ]
    )


@dataclass(frozen=True)
class Prepared:
    """The edges of everybody as a training part sees them.

    Attributes
    ----------
    train : array of int
        Rows it was fitted on.
    z : array of shape (n, n_edges)
        Standardised edges of all participants.
    steps
        The fitted pipeline.
    """

    train: np.ndarray
    z: np.ndarray
    steps: Pipeline

    @staticmethod
    def fit(x: np.ndarray, train: np.ndarray, steps: Pipeline) -> Prepared:
        """Fit `steps` on the rows `train` of `x`, from `columns`; apply them to all."""
        fitted = steps.fit(x[train])
        return Prepared(train, np.ascontiguousarray(fitted.transform(x)), fitted)

    def by_controls(self, x: np.ndarray, rows: np.ndarray, controls: np.ndarray, case: np.ndarray) -> np.ndarray:
        """Edges of participants of unseen sites, harmonised by controls of these sites.

        Shift and spread of each site are estimated so that its controls resemble the controls of the training part.
        A site without such controls stays as it is.

        Parameters
        ----------
        x
            From `columns`.
        rows : array of int
            Whom to transform.
        controls : array of int
            Controls who were set aside; none of them is in `rows`.
        case : array of shape (n,)
            1 for cases, 0 for controls; looked at in the training part only.

        Returns
        -------
        array of shape (len(rows), n_edges)
        """
        first = self.steps.named_steps["harmonise"]
        if not isinstance(first, Harmonise) or len(controls) == 0:
            return self.z[rows]
        model = first.fitted_
        edges, kept, sites = first._parts(x)
        alike = self.train[case[self.train] == 0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            centre = np.nanmean(model.residuals(edges[alike], sites[alike], kept[alike]), axis=0)
            for site in np.unique(sites[controls]):
                here = controls[sites[controls] == site]
                model = model.with_site(int(site), edges[here], kept[here], centre)
        model = model.with_untouched(model.unseen(sites[rows]))
        harmonised = np.hstack([model.apply(edges[rows], sites[rows], kept[rows]), kept[rows]])
        return np.ascontiguousarray(self.steps[1:].transform(harmonised))


def covariate_steps() -> Pipeline:
    """What the baseline does to covariates: standardise."""
    return Pipeline([("scale", StandardScaler())])
