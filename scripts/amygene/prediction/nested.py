"""Nested fits of a design for one labelling or many: choose candidates in the inner folds, train, score the tested.

The observed groups and their relabelings go through the same code, so a permutation p compares like with like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from amygene.io.choices import load
from amygene.prediction import models, prepare
from amygene.prediction.designs import (
    BASELINE_MODEL,
    BLOCK,
    BY_CONTROLS,
    REPLICATE_MODEL,
    Split,
    exchangeable,
    set_aside,
)
from amygene.prediction.models import Classify
from amygene.prediction.sample import Sample
from amygene.stats.effect_size import two_sided_p
from amygene.stats.linear_model import fit
from amygene.stats.permutation import draw_orders
from amygene.stats.roc import adjusted_area, area

#: what a classifier sees: all edges; the strongest of the training part; covariates alone; the replicate's choice
ALL, SELECTED, COVARIATES, ON_ALL_DATA = "all edges", "selected edges", "covariates", "edges selected on all data"
#: the replicate takes edges with a parametric p below this
REPLICATE_P = 0.05


class Classifier(NamedTuple):
    """A model and what it sees."""

    model: str
    features: str


@dataclass(frozen=True)
class Settings:
    """The config's section `prediction`, as far as fits depend on it.

    Attributes
    ----------
    models, features
        Names; `features` of all, selected.
    n_selected
        Edges that "selected" takes.
    harmonise, remove_covariates
        See `prepare.pipeline`.
    grid
        Model -> setting -> values.
    places
        Model -> place of its function; those of the baseline and the replicate, too.
    linear
        Models that have patterns.
    """

    models: Sequence[str]
    features: Sequence[str]
    n_selected: int
    harmonise: str
    remove_covariates: bool
    grid: Mapping[str, Mapping[str, Sequence[float]]]
    places: Mapping[str, str]
    linear: Sequence[str]

    def classify(self, model: str) -> Classify:
        """The function of a model."""
        found: Classify = load(self.places[model])
        return found

    def classifiers(self, design: str, sample: Sample) -> list[Classifier]:
        """What is fitted in a design; the baseline of covariates comes first."""
        if design == "replicate":
            return [Classifier(REPLICATE_MODEL, ON_ALL_DATA)]
        baseline = [Classifier(BASELINE_MODEL, COVARIATES)] if sample.covariates.shape[1] else []
        shown = {"all": ALL, "selected": SELECTED}
        return baseline + [Classifier(model, shown[f]) for f in self.features for model in self.models]


@dataclass
class Fitted:
    """One split, one classifier, many labellings.

    Attributes
    ----------
    split, classifier
    chosen : array of int, shape (n_labellings,)
        Position of the candidate that was best in the inner folds.
    inner_area : array of shape (n_labellings,)
        Its mean area there.
    inner_scores : array of shape (n_labellings, n_train)
        Its scores there, each by a model that was not trained on the participant.
    edges : list of arrays of int
        Per labelling, the columns that the model sees.
    scores : dict
        Variant of the split -> array of shape (n_labellings, len(split.test)); NaN for those who are set aside, and
        for everybody where nothing could be trained.
    train_scores : array of shape (n_labellings, n_train)
        Scores of the training part by its own model.
    """

    split: Split
    classifier: Classifier
    chosen: np.ndarray
    inner_area: np.ndarray
    inner_scores: np.ndarray
    edges: list[np.ndarray] = field(default_factory=list)
    scores: dict[str, np.ndarray] = field(default_factory=dict)
    train_scores: np.ndarray = field(default_factory=lambda: np.empty(0))


class Nested:
    """A design's splits, prepared once and fitted for any number of labellings."""

    def __init__(self, sample: Sample, splits: Sequence[Split], settings: Settings):
        self.sample, self.splits, self.settings = sample, splits, settings
        self._columns = prepare.columns(sample)
        self._prepared: dict[bytes, prepare.Prepared] = {}

    def fit(
        self,
        classifiers: Sequence[Classifier],
        labels: np.ndarray,
        controls_of: Callable[[Split, np.ndarray], np.ndarray] | None = None,
    ) -> Iterator[Fitted]:
        """Fit every classifier on every split.

        Parameters
        ----------
        classifiers
            What to fit.
        labels : array of shape (n_labellings, n)
            1 for cases, 0 for controls. Of the tested participants nothing but their group in the choice on all data
            (the replicate) is used.
        controls_of
            Split and labelling -> controls to harmonise by; if not given, those of the split.

        Yields
        ------
        Fitted
            Classifier by classifier, split by split.
        """
        for classifier in classifiers:
            inner = self._inner(classifier, labels)
            for s, split in enumerate(self.splits):
                controls = [split.controls if controls_of is None else controls_of(split, label) for label in labels]
                yield self._outer(classifier, split, labels, controls, *inner[s])

    def _inner(self, classifier: Classifier, labels: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Scores and areas of all candidates in the inner folds of every split.

        A training part that several splits have in common (without folds 1 and 2) is fitted once.

        Returns
        -------
        list of (scores, areas)
            Per split arrays of shape (n_labellings, n_candidates, n_train) and (n_labellings, n_candidates, n_inner).
        """
        tried = models.candidates(classifier.model, self.settings.grid)
        classify = self.settings.classify(classifier.model)
        shape = (len(labels), len(tried))
        found = [
            (np.full((*shape, len(s.train)), np.nan), np.full((*shape, len(np.unique(s.inner))), np.nan))
            for s in self.splits
        ]
        own = np.flatnonzero(~self.sample.external)
        users: dict[bytes, list[tuple[int, int, np.ndarray]]] = {}
        parts: dict[bytes, tuple[np.ndarray, bool]] = {}
        for s, split in enumerate(self.splits):
            for k, fold in enumerate(np.unique(split.inner)):
                part = split.train[split.inner != fold]
                users.setdefault(part.tobytes(), []).append((s, k, split.inner == fold))
                parts[part.tobytes()] = (part, split.select_on_all)
        for key, (part, on_all) in parts.items():
            if not _both_groups(labels[:, part]):
                continue
            # the same rows whichever splits a job has: the last bit of a product depends on its shape
            rows = np.setdiff1d(own, part)
            for some, space in self._spaces(classifier, part, on_all, labels, rows):
                scored = models.scores(classify, space, labels[some][:, part], tried)
                for s, k, here in users[key]:
                    split = self.splits[s]
                    held = scored[:, :, np.searchsorted(rows, split.train[here])]
                    scores, areas = found[s]
                    scores[np.ix_(some, np.arange(len(tried)), np.flatnonzero(here))] = held
                    areas[some, :, k] = area(held, labels[some][:, None, split.train[here]])
        return found

    def _outer(
        self,
        classifier: Classifier,
        split: Split,
        labels: np.ndarray,
        controls: Sequence[np.ndarray],
        scores: np.ndarray,
        areas: np.ndarray,
    ) -> Fitted:
        """Train on the whole training part with the best candidate and score the tested."""
        tried = models.candidates(classifier.model, self.settings.grid)
        classify = self.settings.classify(classifier.model)
        known = ~np.isnan(areas)
        # rounded, so that the last bit of a sum decides between no candidates; without an inner fold the first
        mean = np.where(known, areas, 0).sum(axis=2) / np.maximum(known.sum(axis=2), 1)
        chosen = np.argmax(np.round(mean, 12), axis=1)
        each = np.arange(len(labels))
        fitted = Fitted(split, classifier, chosen, mean[each, chosen], scores[each, chosen])
        fitted.edges = [np.empty(0, dtype=int)] * len(labels)
        fitted.scores = {variant: np.full((len(labels), len(split.test)), np.nan) for variant in split.variants}
        fitted.train_scores = np.full((len(labels), len(split.train)), np.nan)
        if not _both_groups(labels[:, split.train]):
            return fitted
        rows = np.concatenate([split.train, split.test])
        for some, space in self._spaces(classifier, split.train, split.select_on_all, labels, rows, fitted.edges):
            for candidate in np.unique(chosen[some]):
                these = some[chosen[some] == candidate]
                found = models.scores(classify, space, labels[these][:, split.train], [tried[candidate]])[:, 0]
                fitted.train_scores[these] = found[:, : len(split.train)]
                fitted.scores[split.variants[0]][these] = found[:, len(split.train) :]
        if BY_CONTROLS in split.variants:
            for b in range(len(labels)):
                rows = np.setdiff1d(split.test, controls[b])
                fitted.scores[BY_CONTROLS][b, np.searchsorted(split.test, rows)] = self._by_controls(
                    classifier, split, labels[b], fitted.edges[b], tried[chosen[b]], rows, controls[b]
                )
        return fitted

    def _by_controls(
        self,
        classifier: Classifier,
        split: Split,
        label: np.ndarray,
        edges: np.ndarray,
        setting: Mapping[str, float],
        rows: np.ndarray,
        controls: np.ndarray,
    ) -> np.ndarray:
        """Scores of participants of unseen sites (`rows`) after harmonising them by controls of these sites."""
        if classifier.features == COVARIATES:
            prepared = self._covariates(split.train)
            z = prepared.z[rows]
        else:
            prepared = self._edges(split.train, split.select_on_all)
            z = prepared.by_controls(self._columns, rows, controls, label)
        space = models.Space(prepared.z[split.train][:, edges], z[:, edges])
        classify = self.settings.classify(classifier.model)
        return models.scores(classify, space, label[None, split.train], [setting])[0, 0]

    def _spaces(
        self,
        classifier: Classifier,
        train: np.ndarray,
        on_all: bool,
        labels: np.ndarray,
        rows: np.ndarray,
        chosen_edges: list[np.ndarray] | None = None,
    ) -> Iterator[tuple[np.ndarray, models.Space]]:
        """What a classifier sees of a training part, with the labellings that see the same.

        Yields
        ------
        labellings : array of int
        space
        """
        everybody = np.arange(len(labels))
        prepared = self._covariates(train) if classifier.features == COVARIATES else self._edges(train, on_all)
        if classifier.features in (ALL, COVARIATES):
            groups = [(everybody, np.arange(prepared.z.shape[1]))]
        else:
            groups = [(everybody[[b]], self._select(classifier, prepared, train, labels[b])) for b in everybody]
        for some, edges in groups:
            if chosen_edges is not None:
                for b in some:
                    chosen_edges[b] = edges
            whole = len(edges) == prepared.z.shape[1]
            z = prepared.z if whole else np.ascontiguousarray(prepared.z[:, edges])
            yield some, models.Space(z[train], z[rows])

    def edges(self, split: Split) -> np.ndarray:
        """Edges of everybody as a split's training part sees them, shape (n, n_edges)."""
        return self._edges(split.train, split.select_on_all).z

    def _select(
        self, classifier: Classifier, prepared: prepare.Prepared, train: np.ndarray, label: np.ndarray
    ) -> np.ndarray:
        """Edges that a labelling chooses: in the training part, or (the replicate) on everybody."""
        if classifier.features == SELECTED:
            return models.strongest(prepared.z[train], label[train], self.settings.n_selected)
        own = ~self.sample.external
        return significant(self.sample.edges[own], label[own], self.sample.covariates[own])

    def _edges(self, train: np.ndarray, as_published: bool) -> prepare.Prepared:
        """Edges as a training part sees them; the replicate neither harmonises nor removes covariates."""
        key = train.tobytes() + bytes([as_published])
        if key not in self._prepared:
            harmonise, remove = self.settings.harmonise, self.settings.remove_covariates
            if as_published:
                harmonise, remove = "", False
            steps = prepare.pipeline(self.sample.edges.shape[1], harmonise, remove)
            self._prepared[key] = prepare.Prepared.fit(self._columns, train, steps)
        return self._prepared[key]

    def _covariates(self, train: np.ndarray) -> prepare.Prepared:
        key = train.tobytes() + b"covariates"
        if key not in self._prepared:
            self._prepared[key] = prepare.Prepared.fit(self.sample.covariates, train, prepare.covariate_steps())
        return self._prepared[key]


def significant(edges: np.ndarray, label: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    """Edges with a parametric p below .05 in the linear model of the group comparison; the smallest p if none has."""
    nuisance = np.column_stack([np.ones(len(label)), covariates])
    found = fit(edges, label, nuisance)
    p = np.nan_to_num(two_sided_p(found.t, found.df), nan=1.0)
    chosen = np.flatnonzero(p < REPLICATE_P)
    return chosen if len(chosen) else np.array([int(np.argmin(p))])


def probabilities(fitted: Fitted, label: np.ndarray, variant: str) -> tuple[np.ndarray, np.ndarray]:
    """Probability of being a case, and who is called one, for the first labelling.

    Platt's scaling (Platt 1999): a logistic regression of the group on the scores of the inner folds, in the training
    part. Where these say nothing (slope below 0) everybody has the training part's share of cases. A case is called
    where the probability exceeds that share, which weighs both groups alike; in the replicate where the support
    vector machine's decision value exceeds 0, as published.

    Parameters
    ----------
    fitted
        One split.
    label : array of shape (n,)
        Groups; looked at in the training part only.
    variant
        Of the split.

    Returns
    -------
    probability, called : arrays of shape (n_tested,)
    """
    truth, known, scores = label[fitted.split.train], fitted.inner_scores[0], tested_scores(fitted, variant)
    share = truth.mean()
    usable = np.isfinite(known)
    probability = np.full(len(scores), share)
    centre, spread = (known[usable].mean(), known[usable].std()) if usable.any() else (0.0, 0.0)
    if spread > 0 and len(np.unique(truth[usable])) == 2:
        model = LogisticRegression(C=1.0, tol=1e-8).fit(((known[usable] - centre) / spread)[:, None], truth[usable])
        if model.coef_[0, 0] > 0 and np.isfinite(scores).all():
            probability = model.predict_proba(((scores - centre) / spread)[:, None])[:, 1]
    if fitted.split.select_on_all:
        return probability, (scores > 0).astype(float)
    return probability, (probability > share).astype(float)


def tested_scores(fitted: Fitted, variant: str) -> np.ndarray:
    """Scores of `Split.tested`, first labelling."""
    split = fitted.split
    return fitted.scores[variant][0, np.searchsorted(split.test, split.tested(variant))]


def pattern(fitted: Fitted, z: np.ndarray) -> np.ndarray:
    """What a linear model has learnt, per edge: correlation of the edge with the score in the training part.

    Haufe et al. 2014, NeuroImage 87:96: weights of a linear model say what to do with an edge, also to cancel noise
    of others; the covariance of edge and score says where the groups differ. Edges here are standardised.

    Parameters
    ----------
    fitted
        One split, first labelling.
    z : array of shape (n_train, n_edges)
        Prepared edges of the training part.

    Returns
    -------
    array of shape (n_edges,)
        NaN for edges that the model does not see.
    """
    found = np.full(z.shape[1], np.nan)
    score, edges = fitted.train_scores[0], fitted.edges[0]
    score, seen = score - score.mean(), z[:, edges] - z[:, edges].mean(axis=0)
    length = np.linalg.norm(seen, axis=0) * np.linalg.norm(score)
    with np.errstate(invalid="ignore", divide="ignore"):
        found[edges] = np.where(length > 0, score @ seen / length, 0)
    return found


def permuted_areas(
    sample: Sample, splits: Sequence[Split], settings: Settings, design: str, tested: Sequence[str], seed: int,
    start: int, stop: int,
) -> dict[tuple[str, str, str, str], np.ndarray]:  # fmt: skip
    """Areas of the first repeat under the relabelings ``start <= i < stop``.

    Null hypothesis: given site (and the contrast's exchange_within), the group has nothing to do with edges and
    covariates. Everything is done again with permuted labels: choice of edges, tuning, training.

    Parameters
    ----------
    splits
        Of the design, all repeats.
    design
        Its name.
    tested
        Models to do it for.
    seed, start, stop
        Of the relabelings; `start` is a multiple of `BLOCK`.

    Returns
    -------
    dict
        (design, variant, model, features) -> array of shape (stop - start,).
    """
    if start % BLOCK:
        raise ValueError(f"relabelings start at a multiple of {BLOCK}, got {start}")
    first = [split for split in splits if split.repeat == 0]
    classifiers = [c for c in settings.classifiers(design, sample) if c.model in tested]
    if not first or not classifiers:
        return {}
    strata = exchangeable(sample, first)
    # whoever is exchanged within a stratum takes the label of another one of the stratum
    by_stratum = np.argsort(strata, kind="stable")
    nested = Nested(sample, first, settings)

    def controls_of(split: Split, label: np.ndarray) -> np.ndarray:
        return set_aside(label, sample.sites, split.test, seed)

    found: dict[tuple[str, str, str, str], list[np.ndarray]] = {}
    for at in range(start, stop, BLOCK):
        labels = np.empty((BLOCK, len(strata)))
        labels[:, by_stratum] = sample.case[draw_orders(seed, np.arange(at, at + BLOCK), strata)]
        parts = list(nested.fit(classifiers, labels, controls_of))
        for classifier in classifiers:
            own = [part for part in parts if part.classifier == classifier]
            for variant in own[0].scores:
                key = (design, variant or "-", *classifier)
                areas = tested_area(own, variant, labels, sample.sites)
                found.setdefault(key, []).append(areas[: stop - at])
    return {key: np.concatenate(values) for key, values in found.items()}


def tested_area(parts: Sequence[Fitted], variant: str, labels: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Area, adjusted for site and fold, over all tested participants of one repeat; who has no score is left out.

    Returns
    -------
    array of shape (n_labellings,)
    """
    rows = np.concatenate([part.split.test for part in parts])
    folds = np.repeat(np.arange(len(parts)), [len(part.split.test) for part in parts])
    strata = np.unique(np.stack([sites[rows], folds]), axis=1, return_inverse=True)[1]
    scores = np.concatenate([part.scores[variant] for part in parts], axis=1)
    known = np.isfinite(scores)
    if (known == known[0]).all():
        seen = known[0]
        return adjusted_area(scores[:, seen], labels[:, rows[seen]], strata[seen])
    # whom a labelling sets aside, it does not test
    each = [(s[k], label[rows[k]], strata[k]) for s, k, label in zip(scores, known, labels, strict=True)]
    return np.array([adjusted_area(*one) for one in each])


def _both_groups(labels: np.ndarray) -> bool:
    """Whether every labelling has cases and controls (all have the same numbers of each)."""
    return bool((labels.min(axis=1) < labels.max(axis=1)).all())


def describe(setting: Mapping[str, Any]) -> str:
    """A candidate in words."""
    return ", ".join(f"{name} {value:g}" for name, value in setting.items())
