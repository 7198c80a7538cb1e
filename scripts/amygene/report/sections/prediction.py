"""Prediction: whether one subject can be classified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from amygene.models.choices import HARMONISATIONS
from amygene.prediction.choices import CLASSIFIERS
from amygene.prediction.designs import BASELINE_MODEL
from amygene.report import page
from amygene.report.names import BASELINE, classifier_name
from amygene.report.page import Shown

#: columns of the page's tables; the file has all
_CLASSIFIER = ["design", "unseen_site", "model", "features", "guard"]
_AREAS = [
    *_CLASSIFIER, "auc", "auc_95_ci", "auc_tested", "p_permutation", "p_permutation_fwe", "auc_minus_covariates",
    "p_covariates",
]  # fmt: skip
_CALLS = [
    *_CLASSIFIER, "n", "majority_rate", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "brier",
    "calibration_slope",
]  # fmt: skip


def part(
    contrast: str, performance: Shown, areas: Shown, roc: Shown, calibration: Shown, sites: Shown,
    brains: Mapping[str, Shown], main: tuple[str, str], linear: str,
) -> tuple[list[dict[str, Any]], list[str]]:  # fmt: skip
    """Blocks and findings of one contrast.

    Parameters
    ----------
    contrast
        Its name.
    performance
        ``_performance.tsv``.
    areas, roc, calibration, sites
        Pictures.
    brains
        Seed -> picture of the pattern; empty without a linear model.
    main
        Model and features of the classifier whose curves and sites are shown.
    linear
        The model of the patterns.
    """
    table = performance.content
    listed = table.assign(
        auc_95_ci=[
            f"{low:.2f} to {high:.2f}" if pd.notna(low) else "–"
            for low, high in table[["auc_ci_low", "auc_ci_high"]].itertuples(index=False)
        ],
        features=table["features"].str.replace(" edges|edges selected ", "", regex=True),
        guard=table["guard"].str.partition(":")[0],
    )
    found = verdict(table, main)
    name = classifier_name(*main)
    blocks = [
        page.heading(contrast),
        page.words(*found, guarded(table)),
        page.picture(
            areas,
            "Every classifier in every design. A classifier that beats the covariates alone and chance (.5) shows that connectivity tells the "
            "groups apart. At the right the area of the first repeat and its p. The replicate does not count: its edges were chosen with the groups of "
            "the participants it is tested on.",
        ),
        page.picture(
            roc,
            f"ROC curves; with bootstrap band: {name}. In the replicate, pink: its own classifier. Cases are compared with controls of their own site.",
        ),
        page.picture(
            calibration,
            f"Above: share of cases among participants of similar probability, with 95 % intervals; on the line the probabilities can be "
            f"believed. Below: who is called what (mean over repeats). {name[0].upper()}{name[1:]}; the replicate's own classifier.",
        ),
        page.picture(
            sites,
            f"The area among the participants of every site (cases / controls): {name}. A site that was left out is tested as it is, and "
            "after half of its controls, who are not tested then, were used to harmonise it.",
        ),
    ]
    if brains:
        blocks.append(page.heading("What the linear model learnt", 2))
    for seed, brain in brains.items():
        blocks.append(
            page.picture(
                brain,
                f"{seed}: correlation of every edge with the score ({classifier_name(linear, main[1])}; Haufe's pattern, mean over folds); red: more "
                "connected in those who look like cases. A pattern says where the groups differ; weights would not.",
            )
        )
    blocks += [
        page.table(
            listed[[c for c in _AREAS if c in listed]],
            performance.file,
            f"Marked: p < .05 in a design that the leakage guard passed.{_noted(table)}",
            marked=lambda r: r["guard"] == "passed" and r["p_permutation"] < 0.05,
            meanings={"auc_95_ci": "95 % interval of auc (DeLong)"},
        ),
        page.table(listed[[c for c in _CALLS if c in listed]], performance.file, folded="who is called what"),
    ]
    return blocks, [f"{contrast}. {sentence}" for sentence in found]


def verdict(table: pd.DataFrame, main: tuple[str, str]) -> list[str]:
    """What was found, a sentence per question."""

    def row(design: str, unseen: str, model: str, features: str) -> pd.Series | None:
        chosen = table[
            (table["design"] == design)
            & (table["unseen_site"] == unseen)
            & (table["model"] == model)
            & (table["features"] == features)
        ]
        return chosen.iloc[0] if len(chosen) else None

    said = []
    for design, unseen, where in (
        ("cross-validation", "-", "In cross-validation"),
        ("leave-site-out", "none", "At sites that were left out"),
        ("external", "none", "In a second study"),
    ):
        one = row(design, unseen, *main)
        if one is None:
            continue
        if pd.isna(one["auc"]):
            said.append(f"{where}, there is nothing to compare ({one['note']}).")
            continue
        p = one["p_permutation"]
        verb = "are told apart better than by chance" if p < 0.05 else "are not told apart better than by chance"
        text = (
            f"{where}, participants {verb if pd.notna(p) else 'are classified'}: area under the ROC curve {_area(one)}, balanced accuracy "
            f"{100 * one['balanced_accuracy']:.0f} % ({classifier_name(*main)})"
        )
        baseline = row(design, unseen, BASELINE_MODEL, BASELINE)
        if baseline is not None and pd.notna(baseline["auc"]):
            text += f"; covariates alone give {_area(baseline)}"
        harmonised = row(design, "site controls", *main)
        if harmonised is not None and pd.notna(harmonised["auc"]):
            text += f"; after harmonising the sites by half of their controls it is {_area(harmonised)}"
        tested = table[
            (table["design"] == design) & (table["unseen_site"] == unseen) & table["p_permutation_fwe"].notna()
        ]
        if len(tested) > 1:
            best = tested.loc[tested["auc_tested"].idxmax()]
            text += (
                f". The best of {len(tested)} tested classifiers ({classifier_name(best['model'], best['features'])}) has {best['auc_tested']:.2f}, p "
                f"{page.p_words(best['p_permutation_fwe'])} with all of them taken into account"
            )
        said.append(text + ".")
    replicate = table[table["design"] == "replicate"]
    for _, one in replicate.iterrows():
        said.append(
            f"The published way (edges chosen on everybody, one split) gives {one['auc_pooled']:.2f} over all pairs and accuracy "
            f"{100 * one['accuracy']:.0f} % (calling everybody the larger group: {100 * one['majority_rate']:.0f} %): {one['guard']}."
        )
    return said


def guarded(table: pd.DataFrame) -> str:
    """What the leakage guard found."""
    verdicts = table.drop_duplicates("design").set_index("design")["guard"]
    passed = [d for d, v in verdicts.items() if v == "passed"]
    failed = [f"{d}: {v}" for d, v in verdicts.items() if v != "passed"]
    text = (
        "Leakage guard, on these data: shuffling the groups of the tested participants, or replacing their connectivity by noise, changes nothing that "
        f"was fitted in {' and '.join(map(str, passed))}."
        if passed
        else ""
    )
    return " ".join([text, *(f"{f[0].upper()}{f[1:]}." for f in failed)])


def _noted(table: pd.DataFrame) -> str:
    """What could not be done in a design, once per design."""
    notes = table.dropna(subset="note").groupby(["design", "note"], sort=False).size().index
    return "".join(f" {design}: {note}." for design, note in notes)


def _area(row: pd.Series) -> str:
    p = ""
    if pd.notna(row["p_permutation"]):
        p = f", p {page.p_words(row['p_permutation'])}"
        if f"{row['auc_tested']:.2f}" != f"{row['auc']:.2f}":
            p += f" of the first repeat's {row['auc_tested']:.2f}"
    return f"{row['auc']:.2f} (95 % CI {row['auc_ci_low']:.2f} to {row['auc_ci_high']:.2f}{p})"


def methods(config: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How participants were classified."""
    if not models or "prediction" not in config["stages"]:
        return []
    chosen, draws = config["prediction"], config["permutations"]["prediction"]
    listed = _joined([CLASSIFIERS[m].sentence for m in chosen["models"]])
    features = _joined(
        [
            {
                "all": "all edges of all seeds",
                "selected": f"the {chosen['n_selected']} edges that differed most in the training part",
            }[f]
            for f in chosen["features"]
        ]
    )
    harmonise = HARMONISATIONS[chosen["harmonise"]]
    steps = []
    if harmonise.place:
        steps.append(f"harmonised between sites with {harmonise.training}, without their groups")
    steps.append("missing edges imputed with the training part's mean")
    if chosen["remove_covariates"]:
        steps.append("the contrast's covariates (except site) regressed out")
    steps.append("standardised")
    text = (
        f"Prediction. Participants were classified by {listed} of scikit-learn [{{sklearn}}], from {features}; a logistic regression of the covariates alone is the "
        f"baseline. Inside every training part edges were {_joined(steps)}; selection, tuning (area under the curve in inner folds) and training saw the training part "
        "only. "
    )
    if "cross-validation" in chosen["designs"]:
        text += (
            f"Nested cross-validation had {chosen['folds']} folds, stratified by site and group, and {chosen['repeats']} repeats; the inner folds of a fold are the other "
            "folds. "
        )
    if "leave-site-out" in chosen["designs"] or "external" in chosen:
        what = " and ".join(
            ["each site was tested by models of the others"] * ("leave-site-out" in chosen["designs"])
            + [f"the study {chosen['external']['study']} by models of this one" if "external" in chosen else ""]
        ).removesuffix(" and ")
        text += f"{what[0].upper()}{what[1:]}, as it is"
        text += (
            f"; and, to harmonise it, with {harmonise.estimated} estimated from half of the site's controls, who were then not tested. "
            if harmonise.place
            else ". "
        )
    text += (
        "Areas are adjusted for site and fold [{janes}]: cases are compared with controls of their own site whom the same model scored; intervals and the paired comparison with the covariates are DeLong's "
        "[{delong}]. Probabilities come from Platt's scaling of the inner scores [{platt}]; a case is called where the probability exceeds the training part's share of cases. "
    )
    if chosen["tested"]:
        text += (
            f"The one-sided p of the first repeat's area rests on {draws} permutations of the groups within site and fold, each with its own selection, tuning and training, as "
            "(1 + b) / (1 + m) [{phipson}]; the largest area over classifiers gives a p for the best of them. "
        )
    text += "Patterns of linear models are Haufe's [{haufe}]."
    if "replicate" in chosen["designs"]:
        text += (
            " For comparison the published procedure [{liu}] was repeated: edges with p < .05 in all participants, 70 % to train (Gaussian kernel, ten inner folds), 30 % to "
            "test. Its selection has seen the test data, so its result is optimistic."
        )
    return [text]


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
