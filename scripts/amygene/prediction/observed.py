"""The splits of a design, fitted to the groups as they are: predictions, folds and patterns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from amygene.prediction import models
from amygene.prediction.designs import BY_CONTROLS, Split
from amygene.prediction.nested import (
    COVARIATES,
    Fitted,
    Nested,
    Settings,
    describe,
    pattern,
    probabilities,
    tested_scores,
)
from amygene.prediction.sample import Sample
from amygene.stats.roc import area


def observe(sample: Sample, splits: Sequence[Split], settings: Settings, design: str) -> dict[str, pd.DataFrame]:
    """Fit every classifier on every split and score the tested participants.

    Returns
    -------
    dict
        ``predictions``: a row per design, variant, classifier, repeat and tested participant; ``folds``: a row per
        split and classifier; ``patterns``: a row per split of the cross-validation, linear classifier and edge.
    """
    nested = Nested(sample, splits, settings)
    predictions, folds, patterns = [], [], []
    for fitted in nested.fit(settings.classifiers(design, sample), sample.case[None]):
        predictions += [_predictions(sample, fitted, design, variant) for variant in fitted.scores]
        folds += [_fold(sample, settings, fitted, design, variant) for variant in fitted.scores]
        model, features = fitted.classifier
        if design == "cross-validation" and model in settings.linear and features != COVARIATES:
            z = nested.edges(fitted.split)[fitted.split.train]
            patterns.append(
                pd.DataFrame(
                    {
                        "model": model,
                        "features": features,
                        "seed": sample.seeds,
                        "region": sample.regions,
                        "repeat": fitted.split.repeat + 1,
                        "fold": fitted.split.fold,
                        "pattern": pattern(fitted, z),
                    }
                )
            )
    return {
        "predictions": pd.concat(predictions, ignore_index=True) if predictions else pd.DataFrame(),
        "folds": pd.DataFrame(folds),
        "patterns": pd.concat(patterns, ignore_index=True) if patterns else pd.DataFrame(),
    }


def _predictions(sample: Sample, fitted: Fitted, design: str, variant: str) -> pd.DataFrame:
    rows = fitted.split.tested(variant)
    probability, called = probabilities(fitted, sample.case, variant)
    return pd.DataFrame(
        {
            "design": design,
            "unseen_site": variant or "-",
            "model": fitted.classifier.model,
            "features": fitted.classifier.features,
            "repeat": fitted.split.repeat + 1,
            "fold": fitted.split.fold,
            "row": rows,
            "score": tested_scores(fitted, variant),
            "probability": probability,
            "called": called,
        }
    )


def _fold(sample: Sample, settings: Settings, fitted: Fitted, design: str, variant: str) -> dict[str, object]:
    split, rows = fitted.split, fitted.split.tested(variant)
    tried = models.candidates(fitted.classifier.model, settings.grid)
    scores = tested_scores(fitted, variant)
    return {
        "design": design,
        "unseen_site": variant or "-",
        "model": fitted.classifier.model,
        "features": fitted.classifier.features,
        "repeat": split.repeat + 1,
        "fold": split.fold,
        "n_train": len(split.train),
        "n_test": len(rows),
        "n_edges": len(fitted.edges[0]) if fitted.classifier.features != COVARIATES else 0,
        "setting": describe(tried[fitted.chosen[0]]),
        "auc_inner": fitted.inner_area[0],
        "auc": float(area(scores, sample.case[rows])) if np.isfinite(scores).all() else np.nan,
        "note": _note(sample, split, rows, scores, variant, fitted.classifier.features),
    }


def _note(sample: Sample, split: Split, rows: np.ndarray, scores: np.ndarray, variant: str, features: str) -> str:
    """What a reader of this fold must know."""
    said = []
    if not np.isfinite(scores).all():
        said.append("without it one group is left: nothing can be trained")
    if np.ptp(sample.case[rows]) == 0:
        said.append("one group only: no area of its own")
    if variant == BY_CONTROLS and features != COVARIATES:
        for site in np.unique(sample.sites[split.test]):
            n, name = int((sample.sites[split.controls] == site).sum()), sample.site_names[site]
            which = "" if name == split.fold else f"{name} "
            said.append(
                which
                + (
                    f"harmonised by {n} of its controls, not tested"
                    if n
                    else "has too few controls to be harmonised by"
                )
            )
    return "; ".join(said)
