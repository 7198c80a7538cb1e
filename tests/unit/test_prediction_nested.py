"""Nested fits against scikit-learn's GridSearchCV, permutation p, probabilities and patterns."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from amygene.prediction import designs, nested, prepare
from amygene.prediction.designs import AS_THEY_ARE, BY_CONTROLS
from amygene.prediction.nested import ALL, COVARIATES, ON_ALL_DATA, SELECTED, Classifier, Nested, Settings
from fixtures.prediction import GRID, LOADED, make_sample

COUNTS = [(18, 22), (16, 24), (20, 20)]
N_EDGES, N_SELECTED = 24, 6


def settings(**changed):
    usual = {
        "models": list(GRID), "features": ["all", "selected"], "n_selected": N_SELECTED,
        "remove_covariates": True, "grid": GRID, **LOADED,
    }  # fmt: skip
    return Settings(**{**usual, **changed})


@pytest.fixture(scope="module")
def sample():
    return make_sample(np.random.default_rng(0), COUNTS, n_edges=N_EDGES, effect=0.8)


def by_scikit_learn(sample, split, classifier):
    """The same split with a pipeline that is fitted again for every candidate and fold."""
    estimator = {
        "rbf-svm": SVC(),
        "linear-svm": SVC(kernel="linear"),
        "logistic": LogisticRegression(max_iter=2000),
        "ridge": RidgeClassifier(solver="cholesky"),
    }[classifier.model]
    steps = [("prepare", prepare.pipeline(N_EDGES, LOADED["harmonise"], True))]
    n = N_EDGES
    if classifier.features == SELECTED:
        n = N_SELECTED
        steps.append(("select", SelectKBest(f_classif, k=n)))
    x = prepare.columns(sample)
    if classifier.features == COVARIATES:
        steps, n, x = [("prepare", prepare.covariate_steps())], sample.covariates.shape[1], sample.covariates
    steps += [("unit", FunctionTransformer(lambda z: z / np.sqrt(n))), ("model", estimator)]
    grid = {f"model__{name}": values for name, values in GRID[classifier.model].items()}
    search = GridSearchCV(Pipeline(steps), grid, scoring="roc_auc", cv=PredefinedSplit(split.inner))
    search.fit(x[split.train], sample.case[split.train])
    return search, search.decision_function(x[split.test])


@pytest.mark.parametrize("model", list(GRID))
@pytest.mark.parametrize("features", [ALL, SELECTED])
def test_cross_validation_is_that_of_grid_search(sample, model, features):
    splits = designs.cross_validation(sample, 4, 1, seed=1)
    classifier = Classifier(model, features)
    for split, fitted in zip(
        splits, Nested(sample, splits, settings()).fit([classifier], sample.case[None]), strict=True
    ):
        search, scores = by_scikit_learn(sample, split, classifier)
        assert fitted.inner_area[0] == pytest.approx(search.best_score_, abs=1e-9)
        assert fitted.chosen[0] == search.best_index_
        assert fitted.scores[""][0] == pytest.approx(scores, abs=5e-3)  # the solvers stop at 1e-3
        assert roc_auc_score(sample.case[split.test], fitted.scores[""][0]) == pytest.approx(
            roc_auc_score(sample.case[split.test], scores), abs=1e-9
        )


@pytest.mark.parametrize("features", [ALL, COVARIATES])
def test_sites_left_out_are_those_of_grid_search(sample, features):
    splits = designs.leave_site_out(sample, 4, 1, by_controls=False)
    classifier = Classifier("logistic", features)
    for split, fitted in zip(
        splits, Nested(sample, splits, settings()).fit([classifier], sample.case[None]), strict=True
    ):
        search, scores = by_scikit_learn(sample, split, classifier)
        assert fitted.inner_area[0] == pytest.approx(search.best_score_, abs=1e-9)
        assert fitted.scores[AS_THEY_ARE][0] == pytest.approx(scores, abs=1e-3)


def test_a_fold_does_not_depend_on_the_folds_of_its_job(sample):
    splits = designs.cross_validation(sample, 4, 2, seed=1)
    classifiers = [Classifier(m, f) for f in (ALL, SELECTED) for m in ("rbf-svm", "ridge", "logistic")]
    together = list(Nested(sample, splits, settings()).fit(classifiers, sample.case[None]))
    for s in (0, 5):
        alone = list(Nested(sample, splits[s : s + 1], settings()).fit(classifiers, sample.case[None]))
        for one, other in zip(alone, together[s :: len(splits)], strict=True):
            assert np.array_equal(one.scores[""], other.scores[""])
            assert np.array_equal(one.inner_scores, other.inner_scores)


@pytest.mark.parametrize("design", ["cross-validation", "leave-site-out", "replicate"])
def test_shards_of_relabelings_change_no_bit(design):
    sample = make_sample(np.random.default_rng(1), [(10, 11), (11, 10)], n_edges=9)
    splits = designs.splits_of(design, sample, folds=3, repeats=2, by_controls=True, seed=1)
    grid = {"rbf-svm": {"C": [1, 10], "gamma": [1]}, "ridge": {"alpha": [0.1, 1]}}
    chosen = settings(models=["ridge"], n_selected=3, grid=grid)
    options = (sample, splits, chosen, design, ["ridge", "rbf-svm"], 7)
    whole = nested.permuted_areas(*options, 0, 50)
    parts = [nested.permuted_areas(*options, start, stop) for start, stop in ((0, 20), (20, 40), (40, 50))]
    assert whole
    for key, areas in whole.items():
        assert areas.shape == (50,)
        assert np.array_equal(np.concatenate([part[key] for part in parts]), areas)
    with pytest.raises(ValueError, match="multiple of 20"):
        nested.permuted_areas(*options, 10, 20)


def test_only_tested_models_are_permuted(sample):
    splits = designs.cross_validation(sample, 4, 1, seed=1)
    found = nested.permuted_areas(sample, splits, settings(), "cross-validation", ["ridge"], 7, 0, 20)
    assert [key[2:] for key in found] == [("ridge", ALL), ("ridge", SELECTED)]
    assert nested.permuted_areas(sample, [], settings(), "leave-site-out", ["ridge"], 7, 0, 20) == {}
    assert nested.permuted_areas(sample, splits, settings(), "replicate", ["ridge"], 7, 0, 20) == {}


def test_areas_of_relabelings_are_those_of_one_labelling_at_a_time(sample):
    splits = designs.leave_site_out(sample, 4, 1, by_controls=True)
    found = nested.permuted_areas(sample, splits, settings(models=["ridge"]), "leave-site-out", ["ridge"], 7, 0, 20)
    strata = designs.exchangeable(sample, splits)
    by_stratum = np.argsort(strata, kind="stable")
    for i in (0, 13):
        label = np.empty(len(strata))
        label[by_stratum] = sample.case[nested.draw_orders(7, np.array([i]), strata)[0]]
        # the controls to harmonise by are controls of the relabeling
        renamed = [
            designs.Split(**{**vars(s), "controls": designs.set_aside(label, sample.sites, s.test, 7)}) for s in splits
        ]
        for features in (ALL, SELECTED):
            parts = list(Nested(sample, renamed, settings()).fit([Classifier("ridge", features)], label[None]))
            for variant in (AS_THEY_ARE, BY_CONTROLS):
                area = nested.tested_area(parts, variant, label[None], sample.sites)[0]
                assert found["leave-site-out", variant, "ridge", features][i] == pytest.approx(area, abs=1e-9)


def test_classifiers_of_a_design(sample):
    found = settings(models=["ridge"]).classifiers("cross-validation", sample)
    assert found == [("logistic", COVARIATES), ("ridge", ALL), ("ridge", SELECTED)]
    assert settings().classifiers("replicate", sample) == [("rbf-svm", ON_ALL_DATA)]


def test_replicate_sees_edges_chosen_on_everybody(sample):
    (split,) = designs.replicate(sample, 1)
    (fitted,) = Nested(sample, [split], settings()).fit([Classifier("rbf-svm", ON_ALL_DATA)], sample.case[None])
    expected = nested.significant(sample.edges, sample.case, sample.covariates)
    assert fitted.edges[0].tolist() == expected.tolist()
    assert set(range(5)) <= set(expected)


def test_without_a_significant_edge_the_best_one_is_taken():
    rng = np.random.default_rng(3)
    edges, label = rng.normal(size=(40, 3)), np.arange(40) % 2
    edges -= np.outer(label - label.mean(), np.linalg.lstsq((label - label.mean())[:, None], edges)[0][0])
    edges[:, 1] += 0.05 * label
    assert nested.significant(edges, label, np.empty((40, 0))).tolist() == [1]


def test_a_training_part_of_one_group_gives_missing_scores():
    sample = make_sample(np.random.default_rng(0), [(20, 20), (12, 0)])
    splits = designs.leave_site_out(sample, 4, 1, by_controls=True)
    for fitted in Nested(sample, splits, settings()).fit([Classifier("ridge", ALL)], sample.case[None]):
        trained = fitted.split.fold == "site1"  # the other way round one group is left
        assert np.isfinite(fitted.scores[AS_THEY_ARE]).all() == trained


def test_probabilities_come_from_the_inner_folds(sample):
    splits = designs.cross_validation(sample, 4, 1, seed=1)
    for fitted in Nested(sample, splits, settings()).fit([Classifier("ridge", ALL)], sample.case[None]):
        probability, called = nested.probabilities(fitted, sample.case, "")
        truth, known = sample.case[fitted.split.train], fitted.inner_scores[0]
        scale = (known - known.mean()) / known.std()
        model = LogisticRegression(tol=1e-10).fit(scale[:, None], truth)
        test = (fitted.scores[""][0] - known.mean()) / known.std()
        assert probability == pytest.approx(model.predict_proba(test[:, None])[:, 1], abs=1e-5)
        assert np.array_equal(called == 1, probability > truth.mean())
        # more like a case, more probable
        assert (np.diff(probability[np.argsort(fitted.scores[""][0])]) >= 0).all()


def test_inner_folds_that_say_nothing_give_everybody_the_share_of_cases(sample):
    splits = designs.cross_validation(sample, 4, 1, seed=1)
    (fitted,) = Nested(sample, splits[:1], settings()).fit([Classifier("ridge", ALL)], sample.case[None])
    fitted.inner_scores = -fitted.inner_scores
    probability, called = nested.probabilities(fitted, sample.case, "")
    assert probability == pytest.approx(sample.case[splits[0].train].mean())
    assert not called.any()


def test_pattern_is_haufes_and_finds_the_planted_edges():
    sample = make_sample(np.random.default_rng(5), [(150, 150)], n_edges=12, effect=0.8, n_planted=3, missing=0.0)
    splits = designs.cross_validation(sample, 3, 1, seed=1)
    run = Nested(sample, splits[:1], settings())
    for model in ("ridge", "logistic", "linear-svm"):
        (fitted,) = run.fit([Classifier(model, ALL)], sample.case[None])
        z = run.edges(splits[0])[splits[0].train]
        found = nested.pattern(fitted, z)
        # with the weights at hand: covariance of the edges times weights, in units of correlation
        weights = np.linalg.lstsq(z, fitted.train_scores[0] - fitted.train_scores[0].mean())[0]
        expected = np.cov(z.T) @ weights
        expected /= np.sqrt(np.diag(np.cov(z.T)) * (weights @ np.cov(z.T) @ weights))
        assert found == pytest.approx(expected, abs=1e-6)
        assert set(np.argsort(found)[:3]) == {0, 1, 2}  # lower in cases


def test_pattern_is_missing_for_edges_that_were_not_seen(sample):
    splits = designs.cross_validation(sample, 4, 1, seed=1)
    run = Nested(sample, splits[:1], settings())
    (fitted,) = run.fit([Classifier("ridge", SELECTED)], sample.case[None])
    found = nested.pattern(fitted, run.edges(splits[0])[splits[0].train])
    assert np.flatnonzero(np.isfinite(found)).tolist() == fitted.edges[0].tolist()


@pytest.mark.parametrize("design", ["cross-validation", "leave-site-out", "external"])
def test_planted_difference_is_found(design):
    sample = make_sample(np.random.default_rng(6), [(30, 30), (30, 30), (40, 40)], effect=1.0, n_external=1)
    splits = designs.splits_of(design, sample, folds=4, repeats=1, by_controls=True, seed=1)
    chosen = settings(models=["ridge"])
    permuted = nested.permuted_areas(sample, splits, chosen, design, ["ridge"], 3, 0, 40)
    parts = list(Nested(sample, splits, chosen).fit(chosen.classifiers(design, sample)[1:], sample.case[None]))
    for (_, variant, model, features), null in permuted.items():
        own = [p for p in parts if p.classifier == (model, features)]
        area = nested.tested_area(own, variant if variant != "-" else "", sample.case[None], sample.sites)[0]
        assert area > 0.65
        assert (null < area).all()
        assert null.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
def test_p_holds_its_level_without_a_difference(assert_level):
    p = []
    for study in range(150):
        sample = make_sample(np.random.default_rng([9, study]), [(8, 14), (12, 10)], n_edges=10)
        for design in ("cross-validation", "leave-site-out"):
            splits = designs.splits_of(design, sample, folds=3, repeats=1, by_controls=False, seed=study)
            chosen = settings(models=["ridge"], features=["all"])
            null = nested.permuted_areas(sample, splits, chosen, design, ["ridge"], study, 0, 20)
            parts = list(Nested(sample, splits, chosen).fit([Classifier("ridge", ALL)], sample.case[None]))
            variant = splits[0].variants[0]
            area = nested.tested_area(parts, variant, sample.case[None], sample.sites)[0]
            (areas,) = [a for key, a in null.items() if key[1] == (variant or "-")]
            p.append((1 + (areas >= area - 1e-9).sum()) / 21)
    p = np.array(p).reshape(-1, 2)
    for column in p.T:
        assert_level(column, level=1 / 21)
        assert_level(column, level=5 / 21)
