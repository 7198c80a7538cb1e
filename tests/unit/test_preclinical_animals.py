"""Relabeled animals: by hand, error rate where modules follow the map, and power."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from amygene.preclinical.animals import form_scores, relabeled_p, smallest_p, students_t
from amygene.stats.streams import PRECLINICAL_ANIMALS, stream

SIZES = {"up": 30, "down": 20}
FORMS = ("up", "down", "up-down", "signed")


def animals(rng, effect=0.0):
    """Two groups of 5; 30 of 200 genes are a module that follows the map."""
    is_case = np.arange(10) < 5
    values = rng.standard_normal((10, 200))
    values[:, :30] += 1.5 * rng.standard_normal((10, 1)) + effect * is_case[:, None]
    r = np.r_[np.full(30, 0.6), 0.2 * rng.standard_normal(170)]
    return values, is_case, r


def by_hand(values, label, r):
    """Scores of one labeling."""
    t = stats.ttest_ind(values[label], values[~label]).statistic
    w = t - t.mean()
    ranked = sorted(range(len(t)), key=lambda j: t[j])
    up, down = np.mean([r[j] for j in ranked[-30:]]), np.mean([r[j] for j in ranked[:20]])
    return {"up": up, "down": down, "up-down": (up - down) / 2, "signed": (w * r).sum() / np.abs(w).sum()}


def test_by_hand():
    values, is_case, r = animals(np.random.default_rng(1))
    rng = stream(5, PRECLINICAL_ANIMALS, 2)
    labels = [is_case, *(rng.permutation(is_case) for _ in range(130))]
    scores = [by_hand(values, label, r) for label in labels]
    found = relabeled_p(values, is_case, r, SIZES, 5, 2, 130)
    assert set(found) == set(FORMS)
    for form in FORMS:
        one = np.array([s[form] for s in scores])
        distance = np.abs(one - one.mean())
        assert found[form] == pytest.approx((1 + sum(distance[1:] >= distance[0] * (1 - 1e-9))) / 131)


def test_scores_of_all_labelings():
    """All 252 labelings have, as a set, the same scores whichever of them is the given one."""
    values, _, r = animals(np.random.default_rng(4))
    labels = np.array([np.isin(np.arange(10), chosen) for chosen in combinations(range(10), 5)]).astype(float)
    scores = form_scores(students_t(values, labels), r, SIZES)
    for i in (0, 100, 251):
        one = by_hand(values, labels[i] == 1, r)
        assert {form: scores[form][i] for form in FORMS} == pytest.approx(one)
    # the other group as cases turns up into down
    assert scores["signed"] == pytest.approx(-scores["signed"][::-1])


@pytest.mark.parametrize(("n_case", "n_control"), [(3, 3), (3, 4)])
def test_the_smallest_p_that_all_labelings_give(n_case, n_control):
    rng = np.random.default_rng(8)
    n = n_case + n_control
    labels = np.array([np.isin(np.arange(n), chosen) for chosen in combinations(range(n), n_case)]).astype(float)
    scores = form_scores(students_t(rng.standard_normal((n, 50)), labels), rng.standard_normal(50), SIZES)["signed"]
    distance = np.abs(scores - scores.mean())
    assert smallest_p(n_case, n_control) == pytest.approx(np.mean(distance >= distance.max() * (1 - 1e-9)))


def test_forms_without_genes_have_no_p():
    values, is_case, r = animals(np.random.default_rng(5))
    assert set(relabeled_p(values, is_case, r, {"up": 0, "down": 3}, 5, 2, 20)) == {"down", "signed"}
    # a gene that does not vary changes nothing
    flat = np.hstack([values, np.full((10, 1), 7.0)])
    assert np.isfinite(students_t(flat, is_case[None].astype(float))).all()


def test_level_where_a_module_follows_the_map(assert_level):
    rng = np.random.default_rng(2)
    found = [relabeled_p(*animals(rng), SIZES, 1, i, 99) for i in range(600)]
    for form in FORMS:
        assert_level([p[form] for p in found])


def test_level_where_the_numbers_of_genes_come_of_the_same_animals():
    """Genes beyond a threshold, tested from 15 on: most relabelings have none, so that tested ones are rare and odd."""
    rng = np.random.default_rng(6)
    found, tested = [], []
    for i in range(400):
        values, is_case, r = animals(rng)
        t = students_t(values, is_case[None].astype(float))[0]
        passed = 2 * stats.t.sf(np.abs(t), 8) < 0.1
        sizes = {"up": int((passed & (t > 0)).sum()), "down": int((passed & (t < 0)).sum())}
        p = relabeled_p(values, is_case, r, sizes, 1, i, 99)
        tested += [sizes["up"] >= 15]
        found += [p["up"] if sizes["up"] >= 15 else 1]
    assert 0.05 < np.mean(tested) < 0.6
    assert np.mean(np.array(found) <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_power():
    rng = np.random.default_rng(3)
    found = [relabeled_p(*animals(rng, 8), SIZES, 1, i, 99) for i in range(40)]
    for form in ("up", "up-down", "signed"):
        assert np.mean(np.array([p[form] for p in found]) < 0.05) > 0.8
