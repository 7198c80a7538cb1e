"""Tables of the stage: how well every classifier does in every design, and what each participant got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from amygene.prediction.designs import AS_THEY_ARE, BY_CONTROLS, DESIGNS
from amygene.prediction.nested import ALL, COVARIATES, ON_ALL_DATA, SELECTED
from amygene.prediction.sample import Sample
from amygene.stats import roc
from amygene.stats.permutation import TIE, monte_carlo_error, p_value
from amygene.stats.reliability import brier, calibration_slope, reliability
from amygene.stats.streams import ROC_BAND, stream

#: what names a row of a table
KEY = ["design", "unseen_site", "model", "features"]
#: in the order of the tables
FEATURES = (COVARIATES, ALL, SELECTED, ON_ALL_DATA)
UNSEEN_SITES = ("-", AS_THEY_ARE, BY_CONTROLS)


def to_arrays(frames: Mapping[str, pd.DataFrame]) -> dict[str, np.ndarray]:
    """Tables as arrays for `files.write_arrays`, text as text."""
    found = {}
    for name, frame in frames.items():
        for column in frame:
            values = frame[column].to_numpy()
            found[f"{name}/{column}"] = values.astype(str) if values.dtype == object else values
    return found


def from_arrays(parts: Sequence[Mapping[str, np.ndarray]], name: str) -> pd.DataFrame:
    """One of the tables of all parts, one below the other."""
    frames = [
        pd.DataFrame({k.partition("/")[2]: v for k, v in part.items() if k.partition("/")[0] == name}) for part in parts
    ]
    filled = [f for f in frames if len(f)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def in_order(frame: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Rows by design, classifier, repeat, fold and participant, however they were dealt to jobs."""
    ranks = pd.DataFrame(index=frame.index)
    order = {"design": DESIGNS, "features": FEATURES, "model": models, "unseen_site": UNSEEN_SITES}
    for column, known in order.items():
        if column in frame:
            ranks[column] = frame[column].map({value: i for i, value in enumerate(known)})
    for column in ("repeat", "fold", "row"):
        if column in frame:
            ranks[column] = frame[column]
    # edges keep their order within a fold
    return frame.loc[ranks.sort_values(list(ranks), kind="stable").index].reset_index(drop=True)


def gather_permuted(shards: Sequence[Mapping[str, np.ndarray]]) -> dict[tuple[str, ...], np.ndarray]:
    """Areas under all relabelings, by values of `KEY`, from those of shards in their order.

    Parameters
    ----------
    shards
        Values of `KEY`, joined by ``/`` -> areas.
    """
    keys = dict.fromkeys(key for shard in shards for key in shard)
    return {tuple(key.split("/")): np.concatenate([shard[key] for shard in shards if key in shard]) for key in keys}


def make_tables(
    parts: Sequence[Mapping[str, np.ndarray]],
    permuted: Mapping[tuple[str, ...], np.ndarray],
    guards: Mapping[str, str],
    sample: Sample,
    seed: int,
    models: Sequence[str],
) -> dict[str, pd.DataFrame]:
    """All tables of the stage, by their names.

    Parameters
    ----------
    parts
        From `observed.observe` through `to_arrays`, in the order of designs and folds.
    permuted
        From `gather_permuted`: areas of the first repeat.
    guards
        Design -> verdict of the leakage guard.
    sample
        Who was who.
    seed
        Of the bootstrap band.
    models
        In the order of the tables.
    """
    names = ("predictions", "folds", "patterns")
    predictions, folds, patterns = (in_order(from_arrays(parts, name), models) for name in names)
    return {
        "performance": performance(predictions, folds, permuted, guards, sample),
        "predictions": listed(predictions, sample),
        "roc": curves(predictions, sample, seed),
        "calibration": calibration(predictions, sample),
        "sites": by_site(predictions, sample),
        "weights": weights(patterns),
        "folds": folds.assign(note=folds["note"].replace("", None)),
    }


class Scored:
    """The tested participants of one row: repeats x participants, in the order of the sample.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Who is tested, by position in the sample.
    case, sites : arrays of shape (n,)
    scores, probability, called : arrays of shape (n_repeats, n)
    models : array of int, shape (n_repeats, n)
        Who was scored by the same model: number of the fold.
    """

    def __init__(self, predictions: pd.DataFrame, sample: Sample):
        wide = {
            what: predictions.pivot(index="repeat", columns="row", values=what)
            for what in ("score", "probability", "called", "fold")
        }
        known = wide["score"].notna().all(axis=0).to_numpy()
        self.rows = wide["score"].columns.to_numpy()[known]
        self.case, self.sites = sample.case[self.rows], sample.sites[self.rows]
        self.scores, self.probability, self.called, folds = (table.to_numpy()[:, known] for table in wide.values())
        self.models = np.unique(folds.astype(str), return_inverse=True)[1].reshape(folds.shape)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Scores of some of them."""
        return self.scores[:, np.searchsorted(self.rows, rows)]


def scored(predictions: pd.DataFrame, sample: Sample) -> Iterator[tuple[dict[str, str], Scored]]:
    """Row by row, in the order of the predictions."""
    for key, part in predictions.groupby(KEY, sort=False):
        yield dict(zip(KEY, key, strict=True)), Scored(part, sample)


def performance(
    predictions: pd.DataFrame,
    folds: pd.DataFrame,
    permuted: Mapping[tuple[str, ...], np.ndarray],
    guards: Mapping[str, str],
    sample: Sample,
) -> pd.DataFrame:
    """``_performance.tsv``: one row per design, variant and classifier.

    Parameters
    ----------
    predictions, folds
        From `observed.observe`, all parts.
    permuted
        Values of `KEY` -> areas of the first repeat under relabelings.
    guards
        Design -> verdict of the leakage guard.
    sample
        Who was who.
    """
    everything = list(scored(predictions, sample))
    baselines = {
        (key["design"], key["unseen_site"]): found for key, found in everything if key["features"] == COVARIATES
    }
    rows = []
    for key, found in everything:
        case = found.case
        area, low, high = roc.interval(found.scores, case, found.sites, found.models)
        pooled, pooled_low, pooled_high = roc.interval(found.scores, case)
        hit, refused = found.called[:, case == 1].mean(), 1 - found.called[:, case == 0].mean()
        row: dict[str, object] = dict(key) | {
            "guard": guards[key["design"]],
            "n": len(case),
            "n_case": int(case.sum()),
            "n_control": int((1 - case).sum()),
            "n_repeats": len(found.scores),
            "majority_rate": max(case.mean(), 1 - case.mean()),
            "accuracy": (found.called == case).mean(),
            "balanced_accuracy": (hit + refused) / 2,
            "sensitivity": hit,
            "specificity": refused,
            "auc": area,
            "auc_ci_low": low,
            "auc_ci_high": high,
            "auc_pooled": pooled,
            "auc_pooled_ci_low": pooled_low,
            "auc_pooled_ci_high": pooled_high,
            "brier": np.mean([brier(p, case) for p in found.probability]),
            "calibration_slope": _mean([calibration_slope(p, case) for p in found.probability]),
        }
        strata = np.unique(np.stack([found.sites, found.models[0]]), axis=1, return_inverse=True)[1]
        tested = float(roc.adjusted_area(found.scores[0], case, strata))
        row |= _permutation(tuple(key.values()), tested, permuted)
        row |= _against_covariates(key, found, baselines)
        row["note"] = _notes(folds, key)
        rows.append(row)
    return pd.DataFrame(rows)


def _permutation(
    key: tuple[str, ...], tested: float, permuted: Mapping[tuple[str, ...], np.ndarray]
) -> dict[str, float]:
    """p of the first repeat's area, one-sided, and over all classifiers of connectivity in the design."""
    missing = ("p_permutation", "p_permutation_error", "p_permutation_fwe", "auc_null")
    found = {"auc_tested": tested} | dict.fromkeys(missing, np.nan)
    if key not in permuted or np.isnan(tested):
        return found
    null = permuted[key]
    p = float(p_value(np.array(np.sum(null >= tested * (1 - TIE))), len(null)))
    found |= {
        "p_permutation": p,
        "p_permutation_error": float(monte_carlo_error(np.array(p), len(null))),
        "auc_null": float(null.mean()),
    }
    if key[3] != COVARIATES:
        family = [v for k, v in permuted.items() if k[:2] == key[:2] and k[3] != COVARIATES]
        found["p_permutation_fwe"] = float(
            p_value(np.array(np.sum(np.max(family, axis=0) >= tested * (1 - TIE))), len(null))
        )
    return found


def _against_covariates(
    key: Mapping[str, str], found: Scored, baselines: Mapping[tuple[str, str], Scored]
) -> dict[str, float]:
    """What connectivity adds to covariates: DeLong's paired test."""
    baseline = baselines.get((key["design"], key["unseen_site"]))
    if baseline is None or key["features"] == COVARIATES or not np.isin(found.rows, baseline.rows).all():
        return {"auc_minus_covariates": np.nan, "p_covariates": np.nan}
    difference, p = roc.paired_test(found.scores, baseline.of(found.rows), found.case, found.sites, found.models)
    return {"auc_minus_covariates": difference, "p_covariates": p}


def _notes(folds: pd.DataFrame, key: Mapping[str, str]) -> str | None:
    """Notes of the folds, each with the site or fold that it is about."""
    here = folds[(folds[KEY] == pd.Series(key)).all(axis=1) & (folds["note"] != "")]
    return "; ".join(f"{fold}: {note}" for fold, note in zip(here["fold"], here["note"], strict=True)) or None


def _mean(values: Sequence[float]) -> float:
    known = [v for v in values if np.isfinite(v)]
    return float(np.mean(known)) if known else np.nan


def curves(predictions: pd.DataFrame, sample: Sample, seed: int) -> pd.DataFrame:
    """``_roc.tsv``: mean curve over repeats with its bootstrap band, at fixed false positive rates."""
    parts = []
    for key, found in scored(predictions, sample):
        mean, low, high = roc.band(found.scores, found.case, stream(seed, ROC_BAND, 0), found.sites)
        parts.append(pd.DataFrame(key | {"fpr": roc.GRID, "tpr": mean, "tpr_low": low, "tpr_high": high}))
    return pd.concat(parts, ignore_index=True)


def calibration(predictions: pd.DataFrame, sample: Sample) -> pd.DataFrame:
    """``_calibration.tsv``: share of cases among participants of similar probability, the mean over repeats."""
    parts = []
    for key, found in scored(predictions, sample):
        bins = reliability(found.probability.mean(axis=0), found.case)
        parts.append(pd.DataFrame(key | {"bin": np.arange(1, len(bins["n"]) + 1)} | bins))
    return pd.concat(parts, ignore_index=True)


def by_site(predictions: pd.DataFrame, sample: Sample) -> pd.DataFrame:
    """``_sites.tsv``: area among the tested participants of every site."""
    rows = []
    for key, found in scored(predictions, sample):
        for site in np.unique(found.sites):
            here = found.sites == site
            case = found.case[here]
            area, low, high = roc.interval(found.scores[:, here], case, models=found.models[:, here])
            rows.append(
                key
                | {
                    "site": sample.site_names[site],
                    "n_case": int(case.sum()),
                    "n_control": int((1 - case).sum()),
                    "auc": area,
                    "auc_ci_low": low,
                    "auc_ci_high": high,
                    "note": None if len(np.unique(case)) == 2 else "one group only: no area",
                }
            )
    return pd.DataFrame(rows)


def weights(patterns: pd.DataFrame) -> pd.DataFrame:
    """``_weights.tsv``: pattern of every edge over folds and repeats, and how often the edge was chosen."""
    columns = ["model", "features", "seed", "region"]
    grouped = patterns.groupby(columns, sort=False)["pattern"]
    table = grouped.agg(pattern="mean", pattern_sd="std").reset_index()
    table["chosen"] = (grouped.count() / grouped.size()).to_numpy()
    return table


def listed(predictions: pd.DataFrame, sample: Sample) -> pd.DataFrame:
    """``_predictions.tsv``: a row per design, classifier, repeat and tested participant."""
    rows = predictions["row"].to_numpy()
    table = predictions[[*KEY, "repeat", "fold"]].copy()
    table["participant_id"] = sample.participants[rows]
    table["site"] = sample.site_names[sample.sites[rows]]
    words = np.array(["control", "case"])
    table["role"] = words[sample.case[rows].astype(int)]
    table["decision_value"], table["probability"] = predictions["score"], predictions["probability"]
    called = words[predictions["called"].astype(int)].astype(object)
    table["called"] = np.where(predictions["score"].notna(), called, None)
    return table
