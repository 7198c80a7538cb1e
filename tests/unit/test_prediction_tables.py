"""Tables of the stage, against direct computation on the predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from amygene.io.columns import known
from amygene.prediction import designs, nested, tables
from amygene.prediction.leakage import OPTIMISTIC, PASSED
from amygene.prediction.nested import ALL, COVARIATES, ON_ALL_DATA, SELECTED, Settings
from amygene.prediction.observed import observe
from fixtures.prediction import GRID, LOADED, make_sample

DESIGNS = ("cross-validation", "leave-site-out", "replicate")
MODELS = ["ridge", "logistic"]
GUARDS = {"cross-validation": PASSED, "leave-site-out": PASSED, "replicate": OPTIMISTIC}


@pytest.fixture(scope="module")
def sample():
    return make_sample(np.random.default_rng(0), [(18, 22), (16, 24), (7, 0)], n_edges=14, effect=0.7)


@pytest.fixture(scope="module")
def made(sample):
    settings = Settings(MODELS, ["all", "selected"], 5, remove_covariates=True, grid=GRID, **LOADED)
    parts, permuted = [], {}
    for design in DESIGNS:
        splits = designs.splits_of(design, sample, folds=3, repeats=2, by_controls=True, seed=1)
        parts.append(tables.to_arrays(observe(sample, splits, settings, design)))
        permuted |= nested.permuted_areas(sample, splits, settings, design, ["ridge"], 1, 0, 40)
    return parts, permuted, tables.make_tables(parts, permuted, GUARDS, sample, 1, list(GRID))


def rows(table, **wanted):
    return table[np.logical_and.reduce([table[k] == v for k, v in wanted.items()])]


def test_every_design_and_classifier_has_a_row(made):
    found = made[2]["performance"]
    keys = [tuple(k) for k in found[tables.KEY].to_numpy()]
    assert len(keys) == len(set(keys)) == 5 + 2 * 5 + 1
    assert keys[0] == ("cross-validation", "-", "logistic", COVARIATES)
    assert keys[-1] == ("replicate", "-", "rbf-svm", ON_ALL_DATA)
    assert rows(found, design="replicate")["guard"].tolist() == ["optimistic: selection saw the test data"]
    assert (found["guard"] == "passed").sum() == 15


def test_every_column_is_explained(made):
    for table in made[2].values():
        assert not [c for c in table if c not in known()]


def test_numbers_of_a_row_are_those_of_its_predictions(made, sample):
    found = made[2]
    row = rows(found["performance"], design="cross-validation", model="ridge", features=ALL).iloc[0]
    own = rows(found["predictions"], design="cross-validation", model="ridge", features=ALL)
    assert len(own) == 2 * len(sample.case)
    assert own.groupby("repeat")["participant_id"].nunique().tolist() == [len(sample.case)] * 2
    each = []
    for _, part in own.groupby("repeat"):
        truth, called = part["role"] == "case", part["called"] == "case"
        each.append(
            {
                "auc_pooled": metrics.roc_auc_score(truth, part["decision_value"]),
                "balanced_accuracy": metrics.balanced_accuracy_score(truth, called),
                "accuracy": metrics.accuracy_score(truth, called),
                "sensitivity": metrics.recall_score(truth, called),
                "specificity": metrics.recall_score(~truth, ~called),
                "brier": metrics.brier_score_loss(truth, part["probability"]),
            }
        )
    for name, value in pd.DataFrame(each).mean().items():
        assert row[name] == pytest.approx(value), name
    assert (row["n"], row["n_case"], row["n_control"], row["n_repeats"]) == (87, 41, 46, 2)
    assert row["majority_rate"] == pytest.approx(46 / 87)
    assert row["auc_ci_low"] < row["auc"] < row["auc_ci_high"]
    # the third site has cases only: adjusted for sites it does not count
    usual = own[own["site"] != "site2"]
    areas = []
    for _, part in usual.groupby("repeat"):
        each = [g for _, g in part.groupby(["site", "fold"])]
        area = [metrics.roc_auc_score(g["role"] == "case", g["decision_value"]) for g in each]
        areas.append(np.average(area, weights=[(g["role"] == "case").sum() for g in each]))
    assert row["auc"] == pytest.approx(np.mean(areas))
    assert row["auc_tested"] == pytest.approx(areas[0])


def test_p_counts_relabelings_that_reach_the_first_repeat(made):
    _, permuted, found = made
    performance = found["performance"]
    for (design, variant, model, features), null in permuted.items():
        row = rows(performance, design=design, unseen_site=variant, model=model, features=features).iloc[0]
        expected = (1 + (null >= row["auc_tested"] - 1e-9).sum()) / 41
        assert row["p_permutation"] == pytest.approx(expected)
        assert row["auc_null"] == pytest.approx(null.mean())
        family = np.max([permuted[design, variant, model, f] for f in (ALL, SELECTED)], axis=0)
        assert row["p_permutation_fwe"] == pytest.approx((1 + (family >= row["auc_tested"] - 1e-9).sum()) / 41)
        assert row["p_permutation_fwe"] >= row["p_permutation"]
    assert rows(performance, model="logistic")["p_permutation"].isna().all()


def test_connectivity_is_compared_with_covariates_in_the_same_participants(made, sample):
    from amygene.stats.roc import paired_test

    found = made[2]
    own = rows(found["predictions"], design="leave-site-out", unseen_site="site controls")
    wide = own.pivot(index=["features", "model"], columns="participant_id", values="decision_value")
    assert wide.notna().all(axis=None)
    position = {p: i for i, p in enumerate(sample.participants)}
    who = [position[p] for p in wide.columns]
    difference, p = paired_test(
        wide.loc[[(ALL, "ridge")]].to_numpy(), wide.loc[[(COVARIATES, "logistic")]].to_numpy(),
        sample.case[who], sample.sites[who],
    )  # fmt: skip
    row = rows(
        found["performance"], design="leave-site-out", unseen_site="site controls", model="ridge", features=ALL
    ).iloc[0]
    assert (row["auc_minus_covariates"], row["p_covariates"]) == pytest.approx((difference, p))


def test_a_site_with_one_group_is_named_and_kept(made):
    found = made[2]
    row = rows(found["performance"], design="leave-site-out", unseen_site="none", model="ridge", features=ALL).iloc[0]
    assert row["note"] == "site2: one group only: no area of its own"
    assert row["n"] == 87
    controls = rows(found["performance"], design="leave-site-out", unseen_site="site controls", features=ALL).iloc[0]
    assert "site0: harmonised by 11 of its controls, not tested" in controls["note"]
    assert "has too few controls to be harmonised by" in controls["note"]
    assert controls["n"] == 87 - 11 - 12
    site = rows(found["sites"], design="leave-site-out", unseen_site="none", model="ridge", features=ALL, site="site2")
    assert site["note"].tolist() == ["one group only: no area"]
    assert site["auc"].isna().all()
    others = rows(found["sites"], design="leave-site-out", unseen_site="none", model="ridge", features=ALL)
    assert row["auc"] == pytest.approx(np.average(others["auc"][:2], weights=others["n_case"][:2]))


def test_curves_run_from_corner_to_corner_within_their_band(made):
    found = made[2]["roc"]
    for _, one in found.groupby(tables.KEY):
        assert len(one) == 101
        assert one["tpr"].is_monotonic_increasing
        assert one["tpr"].iloc[-1] == 1
        assert (one["tpr_low"] <= one["tpr_high"]).all()


def test_bins_hold_the_tested(made, sample):
    own = rows(made[2]["calibration"], design="cross-validation", model="ridge", features=ALL)
    assert own["n"].sum() == len(sample.case)
    assert own["observed_share"] @ own["n"] == pytest.approx(sample.case.sum())


def test_weights_tell_how_often_an_edge_was_chosen(made, sample):
    found = made[2]["weights"]
    assert len(found) == 2 * 2 * 14
    everywhere = rows(found, features=ALL)
    assert (everywhere["chosen"] == 1).all()
    selected = rows(found, features=SELECTED, model="ridge")
    assert selected["chosen"].sum() == pytest.approx(5)
    assert selected["chosen"].iloc[:5].mean() > selected["chosen"].iloc[5:].mean()
    assert (everywhere["pattern"].to_numpy().reshape(2, 14)[:, :5] < 0).all()
    folds = made[2]["folds"]
    assert rows(folds, features=SELECTED)["n_edges"].eq(5).all()
    assert len(folds) == 5 * 6 + 2 * 5 * 3 + 1


def test_areas_of_shards_are_put_in_their_order():
    """A shard may lack a row: the last ones of a design that another does not have."""
    shards = [
        {"cv/-/ridge/all edges": np.array([0.1, 0.2]), "cv/-/svm/all edges": np.array([0.5])},
        {"cv/-/ridge/all edges": np.array([0.3])},
    ]
    found = tables.gather_permuted(shards)
    assert list(found) == [("cv", "-", "ridge", "all edges"), ("cv", "-", "svm", "all edges")]
    assert found["cv", "-", "ridge", "all edges"].tolist() == [0.1, 0.2, 0.3]
    assert found["cv", "-", "svm", "all edges"].tolist() == [0.5]


def test_tables_do_not_depend_on_how_folds_were_dealt_to_jobs(made, sample):
    _, permuted, found = made
    settings = Settings(MODELS, ["all", "selected"], 5, remove_covariates=True, grid=GRID, **LOADED)
    dealt = []
    for design in DESIGNS:
        splits = designs.splits_of(design, sample, folds=3, repeats=2, by_controls=True, seed=1)
        some = [splits[::2], splits[1::2], []]
        dealt += [tables.to_arrays(observe(sample, s, settings, design)) for s in some]
    again = tables.make_tables(dealt, permuted, GUARDS, sample, 1, list(GRID))
    for name, table in found.items():
        pd.testing.assert_frame_equal(again[name], table, check_exact=True)
