"""Who is trained on and who is tested."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from amygene.io.problems import InputError
from amygene.prediction import designs
from amygene.prediction.designs import AS_THEY_ARE, BY_CONTROLS
from fixtures.prediction import make_sample

COUNTS = [(14, 20), (11, 23), (30, 17), (9, 0)]


@pytest.fixture
def sample():
    return make_sample(np.random.default_rng(0), COUNTS)


@pytest.fixture
def two_studies():
    return make_sample(np.random.default_rng(0), [*COUNTS, (12, 12), (8, 4)], n_external=2)


def test_folds_hold_every_site_and_group_evenly(sample):
    folds = designs.stratified_folds(sample.case, sample.sites, 5, np.random.default_rng(1))
    sizes = np.bincount(folds)
    assert np.ptp(sizes) <= 2
    for site in range(4):
        for group in (0, 1):
            here = np.bincount(folds[(sample.sites == site) & (sample.case == group)], minlength=5)
            assert np.ptp(here) <= 1


def test_numbers_of_a_fold_depend_on_numbers_alone(sample):
    def counted(seed):
        folds = designs.stratified_folds(sample.case, sample.sites, 5, np.random.default_rng(seed))
        return Counter(zip(sample.sites, sample.case, folds, strict=True)), folds

    (one, a), (other, b) = counted(1), counted(2)
    assert one == other
    assert not np.array_equal(a, b)


def test_cross_validation_tests_everybody_once_a_repeat(sample):
    splits = designs.cross_validation(sample, 5, 3, seed=1)
    assert len(splits) == 15
    for repeat in range(3):
        here = [s for s in splits if s.repeat == repeat]
        assert np.sort(np.concatenate([s.test for s in here])).tolist() == list(range(len(sample.case)))
        for split in here:
            assert not set(split.train) & set(split.test)
            assert len(np.unique(split.inner)) == 4
    assert not np.array_equal(splits[0].test, splits[5].test)


def test_inner_folds_are_the_other_outer_folds_so_two_splits_share_a_training_part(sample):
    splits = designs.cross_validation(sample, 4, 1, seed=1)
    for a, b in combinations(splits, 2):
        without_b = a.train[~np.isin(a.train, b.test)]
        without_a = b.train[~np.isin(b.train, a.test)]
        assert np.array_equal(without_a, without_b)
        assert len(np.unique(a.inner[np.isin(a.train, b.test)])) == 1


def test_leave_site_out_trains_on_the_others(sample):
    splits = designs.leave_site_out(sample, 5, 1, by_controls=True)
    assert [s.fold for s in splits] == ["site0", "site1", "site2", "site3"]
    for site, split in enumerate(splits):
        assert (sample.sites[split.test] == site).all()
        assert site not in sample.sites[split.train]
        assert split.variants == (AS_THEY_ARE, BY_CONTROLS)


def test_half_of_a_sites_controls_are_set_aside_and_not_tested(sample):
    first, second, third, cases_only = designs.leave_site_out(sample, 5, 1, by_controls=True)
    assert [len(s.controls) for s in (first, second, third, cases_only)] == [10, 11, 8, 0]
    assert (sample.case[first.controls] == 0).all()
    assert set(first.tested(AS_THEY_ARE)) == set(first.test)
    assert set(first.tested(BY_CONTROLS)) == set(first.test) - set(first.controls)


def test_too_few_controls_are_not_set_aside():
    sample = make_sample(np.random.default_rng(0), [(10, 20), (10, 9)])
    assert [len(s.controls) for s in designs.leave_site_out(sample, 5, 1, True)] == [10, 0]
    assert [s.variants for s in designs.leave_site_out(sample, 5, 1, False)] == [(AS_THEY_ARE,)] * 2


def test_one_site_has_nothing_to_leave_out():
    sample = make_sample(np.random.default_rng(0), [(20, 20)])
    assert designs.leave_site_out(sample, 5, 1, True) == []
    assert designs.external(sample, 5, 1, True) == []


def test_external_trains_on_one_study_and_tests_on_the_other(two_studies):
    (split,) = designs.external(two_studies, 5, 1, by_controls=True)
    assert split.fold == "other"
    assert (~two_studies.external[split.train]).all()
    assert two_studies.external[split.test].all()
    assert len(split.train) + len(split.test) == len(two_studies.case)
    assert two_studies.sites[split.controls].tolist() == [4] * 6  # four controls are too few


@pytest.mark.parametrize("design", ["cross-validation", "leave-site-out", "replicate"])
def test_the_second_study_takes_no_part_in_other_designs(two_studies, sample, design):
    options = {"folds": 5, "repeats": 2, "by_controls": True, "seed": 1}
    for a, b in zip(
        designs.splits_of(design, two_studies, **options), designs.splits_of(design, sample, **options), strict=True
    ):
        assert np.array_equal(a.train, b.train)
        assert np.array_equal(a.test, b.test)


def test_replicate_tests_three_tenths_and_selects_on_all(sample):
    (split,) = designs.replicate(sample, 1)
    assert split.select_on_all
    assert len(split.test) / len(sample.case) == pytest.approx(0.3, abs=0.03)
    assert len(np.unique(split.inner)) == 10
    assert [s.select_on_all for s in designs.cross_validation(sample, 5, 1, 1)] == [False] * 5


@pytest.mark.parametrize("design", ["cross-validation", "leave-site-out", "external", "replicate"])
def test_relabeling_within_the_strata_keeps_cases_and_controls_of_every_fold(two_studies, design):
    splits = designs.splits_of(design, two_studies, folds=5, repeats=1, by_controls=True, seed=1)
    strata = designs.exchangeable(two_studies, splits)
    rng = np.random.default_rng(0)
    case = two_studies.case.copy()
    for stratum in np.unique(strata):
        here = np.flatnonzero(strata == stratum)
        assert len(np.unique(two_studies.sites[here])) == 1
        case[here] = rng.permutation(case[here])
    assert not np.array_equal(case, two_studies.case)
    for split in splits:
        for labels in (case, two_studies.case):
            assert labels[split.test].sum() == two_studies.case[split.test].sum()
        for fold in np.unique(split.inner):
            part = split.train[split.inner == fold]
            assert case[part].sum() == two_studies.case[part].sum()


def test_every_labelling_with_the_folds_numbers_is_equally_likely():
    # all labellings and all deals of a tiny study: given the folds, each possible labelling has the same probability
    sites = np.array([0, 0, 0, 0, 1, 1])
    seen = Counter()
    for cases in combinations(range(4), 2):
        for other in (4, 5):
            case = np.zeros(6)
            case[[*cases, other]] = 1
            for seed in range(400):
                folds = designs.stratified_folds(case, sites, 2, np.random.default_rng(seed))
                seen[tuple(folds), tuple(case)] += 1
    by_folds = Counter(folds for folds, _ in seen)
    for folds, n_labellings in by_folds.items():
        counts = np.array([n for (f, _), n in seen.items() if f == folds])
        assert n_labellings == 4  # within site 0, one case and one control in either fold
        assert counts == pytest.approx(counts.mean(), rel=0.35)


def test_parts_of_jobs_hold_every_split_once(sample):
    splits = designs.cross_validation(sample, 5, 3, 1)
    parts = [designs.part_of(splits, f"from-{first}", 4) for first in range(0, 15, 4)]
    assert [id(s) for part in parts for s in part] == [id(s) for s in splits]
    sites = designs.leave_site_out(sample, 5, 1, True)
    assert sorted(s.fold for b in ("b0", "b1") for s in designs.part_of(sites, b, 1)) == [s.fold for s in sites]


def test_too_few_for_the_folds_are_told():
    with pytest.raises(InputError, match=r"contrast X has 4 cases, too few for 5 folds; lower folds"):
        designs.check_folds(np.repeat([1, 0], [4, 20]), 5, "X")
    designs.check_folds(np.repeat([1, 0], [5, 20]), 5, "X")


def test_whole_blocks():
    assert [designs.whole_blocks(n) for n in (1, 20, 21)] == [20, 20, 40]
