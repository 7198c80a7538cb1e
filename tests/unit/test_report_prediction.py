"""What the report says and draws of the prediction."""

from __future__ import annotations

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from amygene.prediction.choices import CLASSIFIERS
from amygene.report.figures import prediction as figures
from amygene.report.page import Shown
from amygene.report.references import cited
from amygene.report.sections import prediction

MAIN = ("rbf-svm", "all edges")
DESIGNS = [("cross-validation", "-"), ("leave-site-out", "none"), ("leave-site-out", "site controls")]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def performance(p=0.2):
    rows = []
    for (design, unseen), (model, features) in itertools.product(
        DESIGNS, [("logistic", "covariates"), MAIN, ("ridge", "all edges")]
    ):
        auc = {"covariates": 0.52}.get(features, 0.61 if model == "ridge" else 0.58)
        rows.append(
            {
                "design": design,
                "unseen_site": unseen,
                "model": model,
                "features": features,
                "guard": "passed",
                "n": 90,
                "auc": auc,
                "auc_ci_low": auc - 0.08,
                "auc_ci_high": auc + 0.08,
                "auc_pooled": auc,
                "auc_tested": auc,
                "p_permutation": np.nan if features == "covariates" else p,
                "p_permutation_fwe": np.nan if features == "covariates" else min(1, 2 * p),
                "balanced_accuracy": 0.56,
                "accuracy": 0.6,
                "majority_rate": 0.63,
                "note": None,
            }
        )
    replicate = {
        **rows[1],
        "design": "replicate",
        "unseen_site": "-",
        "features": "edges selected on all data",
        "auc_pooled": 0.71,
        "accuracy": 0.72,
        "guard": "optimistic: selection saw the test data",
    }
    return pd.DataFrame([*rows, replicate])


def texts(figure):
    figure.canvas.draw()
    return " ".join(t.get_text() for axes in figure.axes for t in axes.findobj(plt.Text))


def test_words_tell_what_was_found_and_what_was_not():
    said = " ".join(prediction.verdict(performance(0.2), MAIN))
    assert "In cross-validation, participants are not told apart better than by chance" in said
    assert "0.58 (95 % CI 0.50 to 0.66, p = .200)" in said
    assert "covariates alone give 0.52 (95 % CI 0.44 to 0.60)" in said
    assert "At sites that were left out" in said
    assert "after harmonising the sites by half of their controls" in said
    assert (
        "The best of 2 tested classifiers (ridge, all edges) has 0.61, p = .400 with all of them taken into account"
        in said
    )
    assert "gives 0.71 over all pairs and accuracy 72 % (calling everybody the larger group: 63 %)" in said
    assert "optimistic: selection saw the test data" in said
    assert "are told apart better than by chance" in " ".join(prediction.verdict(performance(0.01), MAIN))


def test_p_is_told_with_the_area_that_it_tests():
    table = performance(0.2).assign(auc_tested=lambda t: t["auc"] - 0.03)
    said = " ".join(prediction.verdict(table, MAIN))
    assert "0.58 (95 % CI 0.50 to 0.66, p = .200 of the first repeat's 0.55)" in said
    assert "The best of 2 tested classifiers (ridge, all edges) has 0.58, p = .400" in said


def test_a_design_without_an_area_says_why():
    table = performance()
    empty = table["design"] == "leave-site-out"
    table = table.assign(auc=table["auc"].mask(empty), note=np.where(empty, "B: nothing can be trained", None))
    said = prediction.verdict(table, MAIN)
    assert "At sites that were left out, there is nothing to compare (B: nothing can be trained)." in said
    drawn = texts(figures.areas(table))
    assert "cross-validation" in drawn
    assert "site left out" not in drawn


def test_sites_of_designs_without_an_area_are_not_in_the_legend():
    key = {"model": MAIN[0], "features": MAIN[1], "n_case": 9, "n_control": 8, "auc_ci_low": 0.4, "auc_ci_high": 0.7}
    rows = [
        key | {"design": d, "unseen_site": u, "site": site, "auc": auc, "note": None if auc else "one group only"}
        for d, u in DESIGNS
        for site, auc in (("A", 0.6 if d == "cross-validation" else None), ("B", None))
    ]
    drawn = figures.by_site(pd.DataFrame(rows).astype({"auc": float}), MAIN)
    words = texts(drawn)
    assert "A  (9 / 8)" in words
    assert words.count("one group only") == 1
    assert "site left out" not in " ".join(t.get_text() for t in drawn.axes[0].get_legend().get_texts())


def test_notes_stand_once_below_the_table():
    table = performance().assign(note="OHSU: one group only")
    shown = Shown(b"", "figure.svg")
    blocks, _ = prediction.part("A", Shown(table, "p.tsv"), shown, shown, shown, shown, {}, MAIN, "ridge")
    listed = next(b for b in blocks if b["kind"] == "table")
    assert listed["caption"].count("leave-site-out: OHSU: one group only.") == 1


def test_classifiers_that_were_not_tested_have_no_verdict():
    said = prediction.verdict(performance(np.nan), MAIN)
    assert said[0].startswith("In cross-validation, participants are classified: area under the ROC curve 0.58")


def test_guard_is_told():
    told = prediction.guarded(performance())
    assert "changes nothing that was fitted in cross-validation and leave-site-out." in told
    assert "Replicate: optimistic" in told


def test_part_marks_sound_rows_only():
    shown = Shown(b"", "figure.svg")
    blocks, findings = prediction.part(
        "MDDvsHC",
        Shown(performance(0.01), "performance.tsv"),
        shown,
        shown,
        shown,
        shown,
        {"LAMY": shown},
        MAIN,
        "ridge",
    )
    table, calls = [b for b in blocks if b["kind"] == "table"]
    assert {"n", "majority_rate", "balanced_accuracy"} <= {c["name"] for c in calls["columns"]}
    marked = [row["marked"] for row in table["rows"]]
    assert marked == [False, True, True] * 3 + [False]
    assert all(f.startswith("MDDvsHC. ") for f in findings)
    assert any("Haufe" in b.get("caption", "") for b in blocks)


SETTINGS = {
    "designs": ["cross-validation", "leave-site-out", "replicate"],
    "models": list(CLASSIFIERS),
    "features": ["all", "selected"],
    "n_selected": 20,
    "folds": 5,
    "repeats": 10,
    "harmonise": "combat",
    "remove_covariates": True,
    "tested": ["ridge"],
}


@pytest.mark.parametrize(
    ("changed", "there", "absent"),
    [
        (
            {},
            [
                "5 folds",
                "10 repeats",
                "ComBat",
                "500 permutations",
                "published procedure",
                "half of the site's controls",
            ],
            [],
        ),
        ({"harmonise": "none"}, ["as it is. "], ["ComBat", "half of the site's controls"]),
        ({"designs": ["cross-validation"]}, ["5 folds"], ["published procedure", "Each site"]),
        ({"tested": []}, ["DeLong"], ["permutations"]),
        ({"models": ["ridge"], "features": ["all"]}, ["ridge classifiers of scikit-learn"], ["support vector"]),
        ({"external": {"study": "other"}}, ["the study other by models of this one"], []),
    ],
)
def test_methods_follow_the_settings(changed, there, absent):
    config = {"stages": ["prediction"], "prediction": SETTINGS | changed, "permutations": {"prediction": 500}}
    ((text,), references) = cited(prediction.methods(config, {"MDDvsHC": {}}))
    assert "{" not in text
    assert references
    for words in there:
        assert words in text
    for words in absent:
        assert words not in text
    assert prediction.methods({**config, "stages": ["group"]}, {"MDDvsHC": {}}) == []


def test_areas_show_every_row_and_its_p():
    figure = figures.areas(performance(0.04))
    words = texts(figure)
    rows = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    assert sum("covariates alone" in row for row in rows) == 3
    assert "p = 0.040" in words
    assert "replicate (optimistic)" in words


def roc():
    grid = np.linspace(0, 1, 11)
    rows = performance()
    return pd.concat(
        [
            pd.DataFrame(
                {
                    **{k: row[k] for k in figures.KEY},
                    "fpr": grid,
                    "tpr": grid**0.7,
                    "tpr_low": grid,
                    "tpr_high": grid**0.5,
                }
            )
            for _, row in rows.iterrows()
        ]
    )


def test_curves_have_a_panel_per_design_with_one_band_each():
    figure = figures.curves(roc(), performance(), MAIN)
    drawn = [a for a in figure.axes if a.lines]
    assert len(drawn) == 4
    assert [len(a.collections) for a in drawn] == [1] * 4
    assert "AUC 0.58 (0.50 to 0.66)" in texts(figure)


def test_calibration_counts_the_called():
    bins = pd.DataFrame(
        [
            {
                **{k: row[k] for k in figures.KEY},
                "bin": 1,
                "n": 9,
                "mean_probability": 0.4,
                "observed_share": 0.5,
                "observed_low": 0.3,
                "observed_high": 0.7,
            }
            for _, row in performance().iterrows()
        ]
    )
    predictions = pd.concat(
        [
            pd.DataFrame(
                {
                    **{k: row[k] for k in figures.KEY},
                    "repeat": [1] * 6 + [2] * 6,
                    "role": ["case", "case", "case", "control", "control", "control"] * 2,
                    "called": ["case", "case", "control", "control", "control", "case"] * 2,
                }
            )
            for _, row in performance().iterrows()
        ]
    )
    words = texts(figures.calibration(bins, predictions, MAIN, ("MDD", "HC")))
    assert words.count("2\n67 %") == 8
    assert words.count("1\n33 %") == 8


def test_sites_of_one_group_say_so_once():
    rows = []
    for (design, unseen), site in itertools.product(DESIGNS, ("A", "B", "C")):
        known = site != "C"
        rows.append(
            {
                "design": design,
                "unseen_site": unseen,
                "model": MAIN[0],
                "features": MAIN[1],
                "site": site,
                "n_case": 9,
                "n_control": (5 if unseen == "site controls" else 10) if known else 0,
                "auc": 0.6 if known else np.nan,
                "auc_ci_low": 0.4,
                "auc_ci_high": 0.8,
                "note": None if known else "one group only: no area",
            }
        )
    words = texts(figures.by_site(pd.DataFrame(rows), MAIN))
    assert words.count("one group only: no area") == 1
    assert "A  (9 / 10)" in words
