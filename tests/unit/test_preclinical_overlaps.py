"""Overlaps against scipy, exhaustive enumeration and simulation."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from amygene.preclinical.overlaps import exclusive, overlap_p, overlap_table


def test_two_sets_are_fishers_exact_test():
    p, expected = overlap_p([30, 50], 200, 14)
    table = [[14, 16], [36, 134]]
    assert p == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue)
    assert expected == 7.5


def test_three_sets_are_those_of_enumeration():
    background = range(6)
    counts = [
        len(set(a) & set(b) & set(c))
        for a, b, c in product(combinations(background, 2), combinations(background, 3), combinations(background, 4))
    ]
    for observed in range(4):
        assert overlap_p([4, 2, 3], 6, observed)[0] == pytest.approx(np.mean(np.array(counts) >= observed))
    assert overlap_p([2, 3, 4], 6, 1)[1] == pytest.approx(np.mean(counts))


def test_four_sets_are_those_of_simulation():
    rng = np.random.default_rng(1)
    sizes = [20, 25, 15, 30]
    drawn = np.ones((20_000, 40), dtype=bool)
    for size in sizes:
        drawn &= rng.random(drawn.shape).argsort(axis=1) < size
    shared = drawn.sum(axis=1)
    for observed in (3, 5, 7):
        p = overlap_p(sizes, 40, observed)[0]
        assert abs(np.mean(shared >= observed) - p) < 4 * np.sqrt(p * (1 - p) / 20_000)


def test_table():
    sets = {"a": {"1", "2", "3", "x"}, "b": {"2", "3", "4"}, "c": {"3", "5"}}
    table = overlap_table(sets, set("123456789"), "up").set_index("sets")
    assert table.loc["a & b", ["n_shared", "only"]].tolist() == [2, 1]
    assert table.loc["a & b & c", ["n_shared", "only", "n_sets"]].tolist() == [1, 1, 3]
    assert table.loc["a & b", "p"] == pytest.approx(stats.hypergeom.sf(1, 9, 3, 3))
    assert overlap_table({"a": set(), "b": {"1"}}, {"1"}, "up")["p"].tolist() == [1]
    assert len(overlap_table({str(i): {"1"} for i in range(7)}, {"1", "2"}, "up")) == 21


def test_exclusive_counts_every_gene_once():
    sets = {"a": {"1", "2", "3"}, "b": {"2", "3"}, "c": {"3", "4"}}
    table = exclusive(sets).set_index("sets")["n_genes"].to_dict()
    assert table == {"a": 1, "a & b": 1, "a & b & c": 1, "c": 1}
    assert exclusive({}).empty
