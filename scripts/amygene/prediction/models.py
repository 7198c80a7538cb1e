"""Classifiers by scikit-learn, fitted for all candidates of a grid and many labellings on shared products of edges.

Inner products and squared distances of participants depend neither on the candidate nor on the labels: they are
computed once per training part, and support vector machines take them as precomputed kernels. Ridge solves all
labellings at once. Scores are those of the scikit-learn estimator of the same name (a test compares them).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import ParameterGrid
from sklearn.svm import SVC

#: where the solvers of support vector machines and of logistic regression stop; scikit-learn's defaults
TOLERANCE, LOGISTIC_TOLERANCE = 1e-3, 1e-4


class Space:
    """Features of a training part and of the participants to be scored, with their products."""

    def __init__(self, train: np.ndarray, rows: np.ndarray):
        """Prepare.

        Parameters
        ----------
        train : array of shape (n_train, p)
            Standardised features.
        rows : array of shape (n_rows, p)
            Features of those who get a score.
        """
        # so that one grid suits any number of features: the mean squared length of a participant becomes 1
        unit = 1 / np.sqrt(train.shape[1])
        self.train, self.rows = train * unit, rows * unit
        self._kernels: dict[float, tuple[np.ndarray, np.ndarray]] = {}

    @cached_property
    def products(self) -> tuple[np.ndarray, np.ndarray]:
        """Inner products of the training part with itself and of `rows` with the training part."""
        return self.train @ self.train.T, self.rows @ self.train.T

    @cached_property
    def distances(self) -> tuple[np.ndarray, np.ndarray]:
        """Squared distances, likewise."""
        inside, across = self.products
        length = np.diag(inside)
        own = np.einsum("ij,ij->i", self.rows, self.rows)
        return (
            np.maximum(length[:, None] + length - 2 * inside, 0),
            np.maximum(own[:, None] + length - 2 * across, 0),
        )

    def gaussian(self, gamma: float) -> tuple[np.ndarray, np.ndarray]:
        """``exp(-gamma d2)``; gamma = 1 is scikit-learn's "scale"."""
        if gamma not in self._kernels:
            self._kernels[gamma] = (np.exp(-gamma * self.distances[0]), np.exp(-gamma * self.distances[1]))
        return self._kernels[gamma]


def candidates(model: str, grid: Mapping[str, Mapping[str, Sequence[float]]]) -> list[dict[str, float]]:
    """The settings that are tried, in scikit-learn's order: of equally good ones the first is taken."""
    return list(ParameterGrid({name: sorted(values) for name, values in grid[model].items()}))


#: decision values of a classifier: signature of `ridge`
Classify = Callable[["Space", np.ndarray, Mapping[str, float]], np.ndarray]


def scores(classify: Classify, space: Space, labels: np.ndarray, settings: Sequence[Mapping[str, float]]) -> np.ndarray:
    """Decision values of a classifier with several settings.

    Parameters
    ----------
    classify
        The classifier.
    space, labels
        As of `ridge`.
    settings
        Candidates of the grid.

    Returns
    -------
    array of shape (n_labellings, n_settings, n_rows)
        Larger means more like a case.
    """
    return np.stack([classify(space, labels, setting) for setting in settings], axis=1)


def ridge(space: Space, labels: np.ndarray, setting: Mapping[str, float]) -> np.ndarray:
    """RidgeClassifier, which is ridge regression on -1 and 1.

    Parameters
    ----------
    space
        Training part and rows to be scored.
    labels : array of shape (n_labellings, n_train)
        1 for cases, 0 for controls; both in every labelling.
    setting
        One candidate of the grid.

    Returns
    -------
    array of shape (n_labellings, n_rows)
        Decision values: larger means more like a case.
    """
    fitted = Ridge(alpha=setting["alpha"], solver="cholesky").fit(space.train, (2 * labels - 1).T)
    return np.asarray(fitted.predict(space.rows)).reshape(len(space.rows), -1).T


def logistic(space: Space, labels: np.ndarray, setting: Mapping[str, float]) -> np.ndarray:
    """Logistic regression with L2 penalty, as `ridge`."""
    model = LogisticRegression(C=setting["C"], tol=LOGISTIC_TOLERANCE, max_iter=2000)
    return np.stack([model.fit(space.train, label).decision_function(space.rows) for label in labels])


def linear_svm(space: Space, labels: np.ndarray, setting: Mapping[str, float]) -> np.ndarray:
    """Linear support vector machine, as `ridge`."""
    return _machine(*space.products, labels, setting["C"])


def rbf_svm(space: Space, labels: np.ndarray, setting: Mapping[str, float]) -> np.ndarray:
    """Support vector machine with Gaussian kernel, as `ridge`."""
    return _machine(*space.gaussian(setting["gamma"]), labels, setting["C"])


def _machine(inside: np.ndarray, across: np.ndarray, labels: np.ndarray, cost: float) -> np.ndarray:
    found = np.empty((len(labels), len(across)))
    for b, label in enumerate(labels):
        machine = SVC(C=cost, kernel="precomputed", tol=TOLERANCE).fit(inside, label)
        # SVC.decision_function would check the whole kernel again
        found[b] = across[:, machine.support_] @ machine.dual_coef_[0] + machine.intercept_[0]
    return found


def strongest(z: np.ndarray, label: np.ndarray, n: int) -> np.ndarray:
    """The n edges that differ most between the groups (largest F), ascending.

    F of two groups grows with the squared correlation of edge and label.

    Parameters
    ----------
    z : array of shape (n_train, p)
    label : array of shape (n_train,)
    """
    centred = z - z.mean(axis=0)
    length = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.abs((label - label.mean()) @ centred) / length
    # of equal edges the first is taken
    order = np.argsort(-np.nan_to_num(r, nan=-1.0), kind="stable")
    return np.sort(order[: min(n, z.shape[1])])
