"""Classifiers on shared products against scikit-learn's own estimators and e1071."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.svm import SVC

from amygene.io.choices import load
from amygene.prediction import models
from amygene.prediction.choices import CLASSIFIERS


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(90, 15))
    labels = np.array([rng.permutation(np.arange(60) % 3 == 0) for _ in range(4)]).astype(float)
    z[:60] += 0.8 * labels[0][:, None] * (np.arange(15) < 4)
    return z, labels


@pytest.mark.parametrize(("kernel", "model"), [("radial", "rbf-svm"), ("linear", "linear-svm")])
def test_decision_values_equal_e1071(reference, monkeypatch, kernel, model):
    table, expected = reference("svm_input"), reference("svm_e1071").query("kernel == @kernel")
    x, train = table.filter(regex="^y").to_numpy(), (table["train"] == 1).to_numpy()
    z = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    case = table["case"].to_numpy(dtype=float)
    space = models.Space(z[train], z[~train])
    for (cost, gamma), rows in expected.groupby(["cost", "gamma"]):
        setting = [{"C": cost, "gamma": gamma}]
        usual = models.scores(load(CLASSIFIERS[model].place), space, case[None, train], setting)[0, 0]
        assert metrics.roc_auc_score(case[~train], usual) == pytest.approx(rows["auc"].iloc[0], abs=1e-4)
        assert np.mean((usual > 0) == case[~train]) == pytest.approx(rows["accuracy"].iloc[0], abs=1e-4)
        # both solvers stop somewhere around the solution: e1071 was told to go on for longer
        with monkeypatch.context() as patch:
            patch.setattr(models, "TOLERANCE", 1e-9)
            exact = models.scores(load(CLASSIFIERS[model].place), space, case[None, train], setting)[0, 0]
        assert exact == pytest.approx(rows["decision"].to_numpy(), abs=1e-6)


ESTIMATORS = {
    "rbf-svm": lambda s, p: SVC(C=s["C"], gamma=s["gamma"] / p),
    "linear-svm": lambda s, p: SVC(C=s["C"] / p, kernel="linear"),
    "logistic": lambda s, p: LogisticRegression(C=s["C"] / p, max_iter=5000, tol=1e-8),
    "ridge": lambda s, p: RidgeClassifier(alpha=s["alpha"] * p),
}
SETTINGS = {
    "rbf-svm": [{"C": c, "gamma": g} for c in (1, 10) for g in (0.1, 1)],
    "linear-svm": [{"C": 0.1}, {"C": 3}],
    "logistic": [{"C": 0.1}, {"C": 10}],
    "ridge": [{"alpha": 0.1}, {"alpha": 5}],
}


@pytest.mark.parametrize("model", CLASSIFIERS)
def test_scores_are_those_of_scikit_learn_on_unscaled_features(data, model, monkeypatch):
    z, labels = data
    monkeypatch.setattr(models, "TOLERANCE", 1e-8)
    monkeypatch.setattr(models, "LOGISTIC_TOLERANCE", 1e-8)
    found = models.scores(load(CLASSIFIERS[model].place), models.Space(z[:60], z), labels, SETTINGS[model])
    assert found.shape == (4, len(SETTINGS[model]), 90)
    for b, label in enumerate(labels):
        for s, setting in enumerate(SETTINGS[model]):
            estimator = ESTIMATORS[model](setting, 15)
            if isinstance(estimator, SVC):
                estimator.set_params(tol=1e-8)
            expected = estimator.fit(z[:60], label).decision_function(z)
            assert found[b, s] == pytest.approx(expected, abs=1e-5 if model == "logistic" else 1e-6)


@pytest.mark.parametrize("model", CLASSIFIERS)
def test_a_labelling_does_not_depend_on_those_beside_it(data, model):
    z, labels = data
    space = models.Space(z[:60], z)
    together = models.scores(load(CLASSIFIERS[model].place), space, labels, SETTINGS[model])
    alone = models.scores(load(CLASSIFIERS[model].place), space, labels[2:3], SETTINGS[model])
    assert together[2] == pytest.approx(alone[0], abs=1e-12)


@pytest.mark.parametrize("n", [1, 5, 15, 40])
def test_strongest_edges_are_those_of_select_k_best(data, n):
    z, labels = data
    chosen = SelectKBest(f_classif, k=min(n, 15)).fit(z[:60], labels[0]).get_support(indices=True)
    assert models.strongest(z[:60], labels[0], n).tolist() == chosen.tolist()


def test_a_constant_edge_is_chosen_last():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(30, 4))
    z[:, 1] = 0
    assert models.strongest(z, np.arange(30) % 2, 3).tolist() == [0, 2, 3]


def test_candidates_come_in_scikit_learns_order():
    grid = {"rbf-svm": {"gamma": [1, 0.1], "C": [10, 1]}}
    expected = [{"C": c, "gamma": g} for c in (1, 10) for g in (0.1, 1)]
    assert models.candidates("rbf-svm", grid) == expected
