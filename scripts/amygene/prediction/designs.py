"""Who is trained on and who is tested: the splits of every design.

cross-validation   folds of all sites, stratified by site and group, repeated
leave-site-out     one site is tested, the others are trained on
external           the study is trained on, a second study is tested
replicate          70 % against 30 %, and edges chosen on all participants (Liu 2024): its selection has seen the
                   groups of the test part, so what it gives is optimistic

The inner folds, which choose the candidates of a grid, are in cross-validation the other outer folds; so the model
that is trained without folds 1 and 2 serves 1 and 2 alike. Elsewhere they are the folds of the first repeat,
restricted to the training part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from amygene.cohort.buckets import holds
from amygene.io.problems import InputError
from amygene.prediction.sample import Sample
from amygene.stats.streams import PREDICTION_CONTROLS, PREDICTION_FOLDS, PREDICTION_REPLICATE, stream

#: in the order of the tables
DESIGNS = ("cross-validation", "leave-site-out", "external", "replicate")
#: how participants of an unseen site are harmonised: not at all, or by controls of their site who are set aside
AS_THEY_ARE, BY_CONTROLS = "none", "site controls"
#: classifiers of the covariates alone, which connectivity has to beat, and of the replicate
BASELINE_MODEL, REPLICATE_MODEL = "logistic", "rbf-svm"
#: relabelings that are computed together: their number in one product is fixed, so that how they are dealt to
#: jobs changes no bit
BLOCK = 20
#: fewer controls than this say nothing about a site
MIN_CONTROLS = 5
#: of the replicate: tenths of the participants that are tested, inner folds
_TEST_TENTHS, _REPLICATE_FOLDS = 3, 10


@dataclass(frozen=True)
class Split:
    """One training part and what is tested with it.

    Attributes
    ----------
    repeat : int
    fold : str
        Number of the fold, or name of the site or study that is tested.
    train : array of int
        Rows that are trained on, ascending.
    inner : array of int, shape (len(train),)
        Inner fold of each of them.
    test : array of int
        Rows that are tested.
    unseen : bool
        The tested sites were not trained on.
    by_controls : bool
        Unseen sites are also harmonised by their controls.
    controls : array of int
        Controls of the tested sites who are set aside for that: in that variant they are not tested.
    select_on_all : bool
        Edges are chosen on all participants, the tested ones included.
    """

    repeat: int
    fold: str
    train: np.ndarray
    inner: np.ndarray
    test: np.ndarray
    unseen: bool = False
    by_controls: bool = False
    controls: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    select_on_all: bool = False

    @property
    def variants(self) -> tuple[str, ...]:
        """How the tested participants are harmonised."""
        if not self.unseen:
            return ("",)
        return (AS_THEY_ARE, BY_CONTROLS) if self.by_controls else (AS_THEY_ARE,)

    def tested(self, variant: str) -> np.ndarray:
        """Rows that are tested in a variant."""
        return np.setdiff1d(self.test, self.controls) if variant == BY_CONTROLS else self.test


def whole_blocks(n: int) -> int:
    """`n` relabelings rounded up to whole blocks."""
    return -(-n // BLOCK) * BLOCK


def part_of(splits: list[Split], part: str, per_part: int) -> list[Split]:
    """The splits of one job.

    Parameters
    ----------
    splits
        Of a design.
    part
        ``from-25``: the 25th and the following; ``b010``: those whose fold (site) belongs to the bucket.
    per_part
        Splits per job of the first kind.
    """
    if part.startswith("from-"):
        first = int(part.removeprefix("from-"))
        return splits[first : first + per_part]
    return [split for split in splits if holds(part, split.fold)]


def stratified_folds(case: np.ndarray, sites: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Deal participants to folds so that sites and groups are spread evenly, shape (n,).

    How many of a site and group a fold gets depends on their numbers alone. So given the folds every labelling with
    the same numbers is as likely as any other, and labels can be permuted within site and fold.
    """
    folds = np.empty(len(case), dtype=int)
    dealt = 0
    for group in (1, 0):
        for site in np.unique(sites):
            members = np.flatnonzero((sites == site) & (case == group))
            folds[rng.permutation(members)] = (dealt + np.arange(len(members))) % n_folds
            dealt += len(members)
    return folds


def cross_validation(sample: Sample, n_folds: int, n_repeats: int, seed: int) -> list[Split]:
    """Repeated, stratified, nested cross-validation, repeat by repeat and fold by fold."""
    own = np.flatnonzero(~sample.external)
    splits = []
    for repeat in range(n_repeats):
        folds = _own_folds(sample, n_folds, repeat, seed)
        for fold in range(n_folds):
            train = own[folds[own] != fold]
            splits.append(Split(repeat, str(fold + 1), train, folds[train], own[folds[own] == fold]))
    return splits


def leave_site_out(sample: Sample, n_folds: int, seed: int, by_controls: bool) -> list[Split]:
    """Every site in turn, in the order of their names; none if there is one site only."""
    folds = _own_folds(sample, n_folds, 0, seed)
    own = np.flatnonzero(~sample.external)
    sites = np.unique(sample.sites[own])
    if len(sites) < 2:
        return []
    splits = []
    for site in sites:
        train, test = own[sample.sites[own] != site], own[sample.sites[own] == site]
        controls = set_aside(sample.case, sample.sites, test, seed) if by_controls else np.empty(0, dtype=int)
        splits.append(Split(0, str(sample.site_names[site]), train, folds[train], test, True, by_controls, controls))
    return splits


def external(sample: Sample, n_folds: int, seed: int, by_controls: bool) -> list[Split]:
    """Train on the study, test on the second one; none if there is no second one."""
    train, test = np.flatnonzero(~sample.external), np.flatnonzero(sample.external)
    if len(test) == 0:
        return []
    inner = _own_folds(sample, n_folds, 0, seed)[train]
    name = str(sample.site_names[sample.sites[test[0]]]).partition("/")[0]
    controls = set_aside(sample.case, sample.sites, test, seed) if by_controls else np.empty(0, dtype=int)
    return [Split(0, name, train, inner, test, True, by_controls, controls)]


def replicate(sample: Sample, seed: int) -> list[Split]:
    """As published: edges chosen on everybody, then 70 % to train (ten inner folds) and 30 % to test."""
    own = np.flatnonzero(~sample.external)
    rng = stream(seed, PREDICTION_REPLICATE, 0)
    tenths = stratified_folds(sample.case[own], sample.sites[own], 10, rng)
    train, test = own[tenths >= _TEST_TENTHS], own[tenths < _TEST_TENTHS]
    inner = stratified_folds(sample.case[train], sample.sites[train], _REPLICATE_FOLDS, rng)
    return [Split(0, "1", train, inner, test, select_on_all=True)]


def splits_of(design: str, sample: Sample, *, folds: int, repeats: int, by_controls: bool, seed: int) -> list[Split]:
    """The splits of a design by its name; folds and repeats as in the config's section `prediction`."""
    if design == "cross-validation":
        return cross_validation(sample, folds, repeats, seed)
    if design == "leave-site-out":
        return leave_site_out(sample, folds, seed, by_controls)
    if design == "external":
        return external(sample, folds, seed, by_controls)
    if design == "replicate":
        return replicate(sample, seed)
    raise ValueError(f"unknown design {design!r}")


def set_aside(case: np.ndarray, sites: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    """Half of the controls of every tested site, or none of a site where these are too few; ascending."""
    chosen: list[np.ndarray] = []
    for site in np.unique(sites[test]):
        controls = test[(sites[test] == site) & (case[test] == 0)]
        half = len(controls) // 2
        if half >= MIN_CONTROLS:
            chosen.append(stream(seed, PREDICTION_CONTROLS, int(site)).permutation(controls)[:half])
    return np.sort(np.concatenate(chosen)) if chosen else np.empty(0, dtype=int)


def exchangeable(sample: Sample, splits: Sequence[Split]) -> np.ndarray:
    """Strata in which labels are permuted: site, and outer and inner fold of the first repeat.

    Every relabeling then leaves each fold the cases and controls that the folds were made with, and what does not
    depend on labels (imputation, harmonisation, scaling, distances) serves all relabelings.

    Returns
    -------
    array of int, shape (n,)
    """
    folds = np.zeros(len(sample.case), dtype=int)
    for split in splits:
        if split.repeat == 0:
            folds[split.train] = split.inner + 1
    return np.unique(np.column_stack([sample.strata, folds]), axis=0, return_inverse=True)[1].ravel()


def check_folds(case: np.ndarray, n_folds: int, contrast: str) -> None:
    """Every training part of an inner fold must hold both groups.

    Raises
    ------
    InputError
        A group has too few participants for the folds.
    """
    for group, word in ((1, "cases"), (0, "controls")):
        n = int((case == group).sum())
        if n < max(n_folds, 4):
            raise InputError(
                f"config key prediction.folds: contrast {contrast} has {n} {word}, too few for {n_folds} folds; "
                "lower folds, or take prediction out of stages"
            )


def _own_folds(sample: Sample, n_folds: int, repeat: int, seed: int) -> np.ndarray:
    """Folds of a repeat; participants of the second study are in none (-1)."""
    own = ~sample.external
    folds = np.full(len(own), -1)
    rng = stream(seed, PREDICTION_FOLDS, repeat)
    folds[own] = stratified_folds(sample.case[own], sample.sites[own], n_folds, rng)
    return folds
