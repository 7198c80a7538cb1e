"""Does anything that is fitted depend on the participants who are tested?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from amygene.prediction.designs import Split
from amygene.prediction.nested import Classifier, Fitted, Nested, Settings
from amygene.prediction.sample import Sample
from amygene.stats.streams import PREDICTION_GUARD, stream

#: what the report says about a design whose choice of edges depends on the tested participants' groups
OPTIMISTIC = "optimistic: selection saw the test data"
PASSED = "passed"


def leaks(sample: Sample, split: Split, classifiers: list[Classifier], settings: Settings, seed: int) -> set[str]:
    """What changes in a split's fits when its tested participants do.

    Two experiments. Their groups are shuffled: then nothing may change, not even their scores. Their edges are
    replaced by noise: then nothing may change but their scores. (The split itself is given: that its folds are
    stratified by group is no leak.)

    Returns
    -------
    set of str
        "choice of edges", "tuning", "training" or "scores"; empty for a sound design.
    """
    observed = list(Nested(sample, [split], settings).fit(classifiers, sample.case[None]))
    rng = stream(seed, PREDICTION_GUARD, 0)
    groups, tested = sample.case.copy(), np.setdiff1d(split.test, split.controls)
    groups[tested] = 1 - groups[tested] if np.ptp(groups[tested]) == 0 else _moved(groups[tested], rng)
    shuffled = list(Nested(sample, [split], settings).fit(classifiers, groups[None]))
    edges = sample.edges.copy()
    edges[tested] = rng.standard_normal((len(tested), edges.shape[1]))
    noisy = list(Nested(replace(sample, edges=edges), [split], settings).fit(classifiers, sample.case[None]))
    found: set[str] = set()
    for before, by_group, by_edges in zip(observed, shuffled, noisy, strict=True):
        found |= _differences(before, by_group)
        found |= _differences(before, by_edges) - {"scores"}
    return found


def guard(sample: Sample, splits: Mapping[str, Sequence[Split]], settings: Settings, seed: int) -> dict[str, str]:
    """The verdict on every design, from its first split whose tested participants are of both groups.

    Parameters
    ----------
    splits
        Design -> its splits; a design without any is not judged.

    Returns
    -------
    dict
        Design -> `PASSED` or `OPTIMISTIC`.

    Raises
    ------
    AssertionError
        A design that is offered as sound leaks, or the replicate does not: the program is wrong, not the data.
    """
    verdicts = {}
    for design, listed in splits.items():
        both = [split for split in listed if np.ptp(sample.case[split.test]) > 0]
        if not listed:
            continue
        found = leaks(sample, (both or listed)[0], settings.classifiers(design, sample), settings, seed)
        if bool(found) != (design == "replicate"):
            raise AssertionError(f"leakage guard: {design} depends on who is tested by {found or 'nothing'}")
        verdicts[design] = OPTIMISTIC if found else PASSED
    return verdicts


def _moved(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A shuffle that differs from the groups as they are."""
    while True:
        shuffled = rng.permutation(groups)
        if (shuffled != groups).any():
            return shuffled


def _differences(a: Fitted, b: Fitted) -> set[str]:
    same = {
        "choice of edges": np.array_equal(a.edges[0], b.edges[0]),
        "tuning": np.array_equal(a.chosen, b.chosen) and np.array_equal(a.inner_area, b.inner_area, equal_nan=True),
        "training": np.array_equal(a.inner_scores, b.inner_scores, equal_nan=True)
        and np.array_equal(a.train_scores, b.train_scores, equal_nan=True),
        "scores": all(np.array_equal(a.scores[v], b.scores[v], equal_nan=True) for v in a.scores),
    }
    return {what for what, equal in same.items() if not equal}
