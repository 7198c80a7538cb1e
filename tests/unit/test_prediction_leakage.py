"""The leakage guard: passes every sound design, fails the replicate and what leaks on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.prediction import designs, leakage, models, nested, prepare
from amygene.prediction.nested import Settings
from fixtures.prediction import GRID, LOADED, make_sample

DESIGNS = ("cross-validation", "leave-site-out", "external", "replicate")
SOUND = DESIGNS[:3]


@pytest.fixture(scope="module")
def sample():
    return make_sample(np.random.default_rng(0), [(14, 16), (12, 18), (6, 0), (11, 11)], effect=0.4, n_external=1)


@pytest.fixture(scope="module")
def settings():
    grid = {model: {name: values[:2] for name, values in own.items()} for model, own in GRID.items()}
    return Settings(list(GRID), ["all", "selected"], 6, remove_covariates=True, grid=grid, **LOADED)


@pytest.fixture(scope="module")
def quick(settings):
    return Settings(**{**vars(settings), "models": ["ridge"]})


def splits(sample, design, harmonise=LOADED["harmonise"]):
    return designs.splits_of(design, sample, folds=3, repeats=1, by_controls=bool(harmonise), seed=1)


@pytest.mark.parametrize("harmonise", [LOADED["harmonise"], ""], ids=["combat", "none"])
@pytest.mark.parametrize("design", SOUND)
def test_nothing_fitted_depends_on_the_tested_in_a_sound_design(sample, settings, design, harmonise):
    chosen = Settings(**{**vars(settings), "harmonise": harmonise})
    for split in splits(sample, design, harmonise):
        assert leakage.leaks(sample, split, chosen.classifiers(design, sample), chosen, 1) == set()


def test_replicate_fails_since_its_selection_saw_the_test_data(sample, settings):
    (split,) = splits(sample, "replicate")
    found = leakage.leaks(sample, split, settings.classifiers("replicate", sample), settings, 1)
    assert "choice of edges" in found
    assert "scores" in found


def test_verdicts(sample, settings):
    found = leakage.guard(sample, {d: splits(sample, d) for d in DESIGNS}, settings, 1)
    assert found == dict.fromkeys(SOUND, "passed") | {"replicate": "optimistic: selection saw the test data"}
    assert leakage.guard(sample, {"leave-site-out": []}, settings, 1) == {}


@pytest.mark.parametrize("design", SOUND)
def test_a_selection_on_all_data_is_caught_in_every_design(sample, quick, design, monkeypatch):
    def on_all(self, classifier, prepared, train, label):
        return models.strongest(prepared.z, label, 6)

    monkeypatch.setattr(nested.Nested, "_select", on_all)
    with pytest.raises(AssertionError, match=f"{design} depends on who is tested by .*choice of edges"):
        leakage.guard(sample, {design: splits(sample, design)}, quick, 1)


@pytest.mark.parametrize("design", SOUND)
def test_scaling_on_all_data_is_caught_in_every_design(sample, quick, design, monkeypatch):
    fit = prepare.Prepared.fit

    def on_all(x, train, steps):
        return prepare.Prepared(train, fit(x, np.arange(len(x)), steps).z, steps)

    monkeypatch.setattr(prepare.Prepared, "fit", staticmethod(on_all))
    with pytest.raises(AssertionError, match="training"):
        leakage.guard(sample, {design: splits(sample, design)}, quick, 1)


def test_controls_that_are_also_tested_are_caught(sample, quick):
    split = splits(sample, "leave-site-out")[0]
    found = leakage.leaks(sample, split, quick.classifiers("leave-site-out", sample), quick, 1)
    assert found == set()
    original = nested.Nested._by_controls

    def with_all_controls(self, classifier, split, label, edges, setting, rows, controls):
        every = split.test[label[split.test] == 0]
        return original(self, classifier, split, label, edges, setting, rows, every)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nested.Nested, "_by_controls", with_all_controls)
        found = leakage.leaks(sample, split, quick.classifiers("leave-site-out", sample), quick, 1)
    assert found == {"scores"}


def test_a_replicate_that_does_not_leak_would_be_noticed(sample, settings, monkeypatch):
    monkeypatch.setattr(nested.Nested, "_select", lambda *_: np.arange(4))
    with pytest.raises(AssertionError, match="replicate depends on who is tested by nothing"):
        leakage.guard(sample, {"replicate": splits(sample, "replicate")}, settings, 1)
