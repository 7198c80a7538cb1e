"""Shards of maps against exact enumeration, nilearn, other ways of dealing, and in simulation."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy import ndimage, stats

from amygene.models.comparison import Comparison
from amygene.models.draws import STATISTICS, Largest, VoxelDraws, draw_shard, gather_draws, largest_of_tests
from amygene.models.site_effects import COVARIATE, IGNORED, POOLED
from amygene.models.voxel_comparison import VoxelComparison
from amygene.stats.clusters import find_clusters, structure
from amygene.stats.design import Design
from amygene.stats.lattice import Lattice
from amygene.stats.map_permutation import TILE
from amygene.stats.permutation import BLOCK, draw_orders
from amygene.stats.tfce import Scanner, tfce


def study(shape=(9, 10, 8), n=24, n_sites=2, seed=0, effect=0.0, sigma=1.0):
    """Smooth maps of two groups at some sites, the mask, and where an effect was planted."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, dtype=bool)
    mask[1:-1, 1:-1, 1:-1] = True
    planted = np.zeros(shape)
    planted[3:6, 3:6, 3:6] = effect
    case = rng.permutation(np.arange(n) % 2).astype(float)
    site = np.arange(n) % n_sites
    noise = ndimage.gaussian_filter(rng.standard_normal((n, *shape)), (0, sigma, sigma, sigma))
    maps = noise / noise.std() + case[:, None, None, None] * planted + 0.5 * site[:, None, None, None]
    nuisance = np.column_stack([np.ones(n), site[:, None] == np.arange(1, n_sites), rng.standard_normal(n)]).astype(
        float
    )
    names = np.array(["intercept", *["site"] * (n_sites - 1), "age"])
    design = Design(case, nuisance, names, site)
    return VoxelComparison(np.ascontiguousarray(maps[:, mask].T.astype(np.float32)), design, site, COVARIATE), mask


def observe(comparison, lattice, threshold):
    t = comparison.estimates()["t"].to_numpy()
    return {"t": t, "largest": np.array(Scanner(lattice, threshold).maxima(t))}


def test_estimates_are_those_of_the_comparison_of_regions():
    comparison, _ = study(shape=(12, 11, 10))
    assert len(comparison.maps) > TILE
    whole = Comparison(comparison.maps.T.astype(float), comparison.design, comparison.sites, COVARIATE)
    from amygene.models.effects import estimates

    found, expected = comparison.estimates(), estimates(whole)
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-12)


@pytest.mark.parametrize("way", [COVARIATE, IGNORED, POOLED])
def test_a_shard_is_the_maxima_of_its_t_maps(way):
    comparison, mask = study()
    comparison = VoxelComparison(comparison.maps, comparison.design, comparison.sites, way)
    lattice = Lattice(mask, 18)
    observed = observe(comparison, lattice, 2.0)
    shard = draw_shard(comparison, lattice, 2.0, observed, seed=3, start=100, stop=160)
    whole = Comparison(comparison.maps.T.astype(float), comparison.design, comparison.sites, way)
    t = whole.permuted_t(draw_orders(3, np.arange(100, 160), comparison.design.strata))
    for i in range(60):
        clusters = find_clusters(t[i], lattice, 2.0)
        expected = (
            np.abs(t[i]).max(),
            clusters.size.max(initial=0),
            clusters.mass.max(initial=0),
            np.abs(tfce(t[i], lattice)).max(),
        )
        assert shard["maxima"][i] == pytest.approx(expected, rel=1e-5)
    assert np.array_equal(shard["reached"], (np.abs(t) >= np.abs(observed["t"])).sum(axis=0))
    assert (shard["used"] == 60).all()


def test_any_number_of_shards_gives_the_same_bits(monkeypatch):
    comparison, mask = study()
    lattice = Lattice(mask, 26)
    observed = observe(comparison, lattice, 2.0)
    args = (comparison, lattice, 2.0, observed, 1)
    one = gather_draws([[draw_shard(*args, 0, 450)]], "plain")
    many = gather_draws([[draw_shard(*args, a, min(a + BLOCK, 450)) for a in range(0, 450, BLOCK)]], "plain")
    monkeypatch.setattr("amygene.models.draws._PASS", 1)
    small = gather_draws([[draw_shard(*args, 0, 200), draw_shard(*args, 200, 450)]], "plain")
    for other in (many, small):
        assert np.array_equal(one.maxima, other.maxima)
        assert np.array_equal(one.reached, other.reached)
        assert np.array_equal(one.used, other.used)
    assert one.maxima.shape == (450, 4)


def two_groups(seed=5):
    """Five against five in a small smooth volume."""
    rng = np.random.default_rng(seed)
    shape = (5, 6, 5)
    maps = ndimage.gaussian_filter(rng.standard_normal((10, *shape)), (0, 0.8, 0.8, 0.8))
    maps[:5, 1:4, 1:4, 1:4] += 0.35
    case = np.repeat([1.0, 0.0], 5)
    design = Design(case, np.ones((10, 1)), np.array(["intercept"]), np.zeros(10, dtype=int))
    return VoxelComparison(maps.reshape(10, -1).T.astype(np.float32), design, np.zeros(10, dtype=int), IGNORED), shape


def enumerate_relabelings(comparison, shape, threshold):
    """Largest statistics of all 252 relabelings, by scipy and by the definition of the score."""
    y = comparison.maps.astype(float)
    found = []
    for cases in combinations(range(10), 5):
        controls = np.setdiff1d(np.arange(10), cases)
        t = stats.ttest_ind(y[:, cases], y[:, controls], axis=1).statistic.reshape(shape)
        size = mass = score = 0.0
        for sign in (1, -1):
            label, n = ndimage.label(sign * t > threshold, structure(18))
            for c in range(1, n + 1):
                size = max(size, (label == c).sum())
                mass = max(mass, (sign * t[label == c] - threshold).sum())
            # the integral by its definition: between two heights that occur the clusters are the same
            heights = np.unique(sign * t[sign * t > 0])
            enhanced, low = np.zeros(shape), 0.0
            for h in heights:
                label, _ = ndimage.label(sign * t >= h, structure(18))
                extent = np.bincount(label.ravel())
                extent[0] = 0
                enhanced += np.sqrt(extent)[label] * (h**3 - low**3) / 3
                low = h
            score = max(score, enhanced.max())
        found.append((np.abs(t).max(), size, mass, score))
    return np.array(found)


def test_p_of_every_statistic_converges_to_that_of_all_252_relabelings():
    comparison, shape = two_groups()
    lattice = Lattice(np.ones(shape, dtype=bool), 18)
    observed = observe(comparison, lattice, 2.3)
    every = enumerate_relabelings(comparison, shape, 2.3)
    assert len(every) == 252
    # the observed labelling is the first of them
    assert observed["largest"] == pytest.approx(every[0], rel=1e-9)
    n = 3000
    draws = gather_draws([[draw_shard(comparison, lattice, 2.3, observed, 8, 0, n)]], "plain")
    # nothing is drawn that is no relabeling
    for k, statistic in enumerate(STATISTICS):
        nearest = np.abs(every[:, k][None] - draws.maxima[:, k][:, None]).min(axis=1)
        assert nearest.max() < 1e-5 * every[:, k].max()
        for value in np.quantile(every[:, k], [0.3, 0.8, 0.95, 1.0]):
            exact = np.mean(every[:, k] >= value * (1 - 1e-9))
            p = draws.p_family(statistic, np.array([value]))[0]
            assert abs(p - exact) < 4 * np.sqrt(exact * (1 - exact) / n) + 1 / n


def test_sequential_shards_stop_when_all_is_clear_and_give_the_p_of_all_draws():
    comparison, mask = study(effect=0.0)
    lattice = Lattice(mask, 18)
    observed = observe(comparison, lattice, 2.0)
    until, n = 20, 2000
    shard = draw_shard(comparison, lattice, 2.0, observed, 4, 0, n, until=until)
    stopped = gather_draws([[shard]], "sequential", until)
    assert len(stopped.maxima) <= 300
    all_of_them = gather_draws([[draw_shard(comparison, lattice, 2.0, observed, 4, 0, n)]], "plain")
    for statistic, value in zip(STATISTICS, observed["largest"], strict=True):
        p = stopped.p_family(statistic, np.array([value]))[0]
        assert p == pytest.approx(all_of_them.p_family(statistic, np.array([value]))[0], abs=0.25)
        assert p > 0.05


def test_sequential_goes_on_while_something_is_significant():
    comparison, mask = study(effect=3.0)
    lattice = Lattice(mask, 18)
    observed = observe(comparison, lattice, 2.0)
    shard = draw_shard(comparison, lattice, 2.0, observed, 4, 0, 400, until=20)
    assert len(shard["maxima"]) == 400
    draws = gather_draws([[shard]], "sequential", 20)
    plain = gather_draws([[draw_shard(comparison, lattice, 2.0, observed, 4, 0, 400)]], "plain")
    t = observed["t"]
    significant = plain.p_family("t", t) < 0.04
    assert significant.any()
    assert draws.p_family("t", t)[significant] == pytest.approx(plain.p_family("t", t)[significant])


def test_tail_p_of_few_draws_agree_with_many_draws():
    comparison, mask = study(effect=1.2, n=40, seed=2)
    lattice = Lattice(mask, 18)
    observed = observe(comparison, lattice, 2.5)
    many = gather_draws([[draw_shard(comparison, lattice, 2.5, observed, 6, 0, 6000)]], "plain")
    few = gather_draws([[draw_shard(comparison, lattice, 2.5, observed, 7, 0, 500)]], "tail")
    for k, statistic in enumerate(("t", "mass", "tfce")):
        values = np.quantile(many.maxima[:, STATISTICS.index(statistic)], [0.5, 0.9, 0.97, 0.995])
        ratio = few.p_family(statistic, values) / many.p_family(statistic, values)
        assert (ratio > 0.4).all(), (statistic, k)
        assert (ratio < 2.5).all(), (statistic, k)
    far = 1.3 * many.maxima[:, 0].max()
    assert 0 < few.p_family("t", np.array([far]))[0] < 1 / 501
    assert "generalised Pareto" in few.described()["t"]


def test_a_family_of_seeds_takes_the_largest_draw_by_draw():
    shards = [
        {"maxima": np.random.default_rng(i).random((6, 4)), "reached": np.ones(3), "used": np.full(3, 6)}
        for i in (1, 2)
    ]
    family = gather_draws([[shards[0]], [shards[1]]], "plain")
    assert np.array_equal(family.maxima, np.maximum(shards[0]["maxima"], shards[1]["maxima"]))
    assert family.reached.tolist() == [1, 1, 1]


def by_hand(tests, k, statistic, value):
    """Single-step min-p over tests from its definition: p of every arrangement in every test, the smallest of them."""
    every = np.array([np.vstack([test.observed, test.drawn])[:, statistic] for test in tests])
    p = np.array([[np.mean(row >= x) for x in row] for row in every])
    smallest = p.min(axis=0)[1:]
    own = (1 + np.sum(every[k, 1:] >= value)) / every.shape[1]
    return (1 + np.sum(smallest <= own + 1e-12)) / every.shape[1]


def several_tests(rng, m, n_tests=3, alike=0.8):
    shared = rng.gamma(3, size=(m + 1, 4))
    largest = [alike * shared + rng.gamma(3, size=(m + 1, 4)) * (1 + k) for k in range(n_tests)]
    # sizes are counts, so they tie
    largest = [np.column_stack([one[:, 0], one[:, 1].round(), one[:, 2:]]) for one in largest]
    return [Largest(one[0], one[1:]) for one in largest]


def gathered(tests, k, method="plain"):
    m = len(tests[k].drawn)
    shard = {"maxima": tests[k].drawn, "reached": np.zeros(2), "used": np.full(2, m)}
    return gather_draws([[shard]], method, 20 if method == "sequential" else None, tests=tests)


def test_tests_come_test_by_test_and_seed_by_seed():
    """Two tests, two seeds, shards of 3 and 2 draws: the largest over the seeds, draw by draw."""
    rng = np.random.default_rng(8)
    observed, drawn = rng.random((2, 2, 4)), rng.random((2, 2, 5, 4))
    shards = [drawn[test, seed, rows] for test in (0, 1) for seed in (0, 1) for rows in (slice(3), slice(3, 5))]
    found = largest_of_tests([observed[test, seed] for test in (0, 1) for seed in (0, 1)], shards, 2)
    for test, one in enumerate(found):
        np.testing.assert_array_equal(one.observed, observed[test].max(axis=0))
        np.testing.assert_array_equal(one.drawn, drawn[test].max(axis=0))
    assert largest_of_tests([], [], 2) == []


def test_p_over_several_tests_is_that_of_the_smallest_p_draw_by_draw():
    tests = several_tests(np.random.default_rng(2), 60)
    for k in range(3):
        draws, alone = gathered(tests, k), gathered([tests[k]], 0)
        for statistic, name in enumerate(STATISTICS):
            # nothing observed is above the largest
            top = tests[k].observed[statistic]
            values = np.append(np.minimum(tests[k].drawn[::7, statistic], top), top)
            p = draws.p_family(name, values)
            expected = [by_hand(tests, k, statistic, value) for value in values]
            assert p == pytest.approx(expected, abs=1e-12)
            one = alone.p_family(name, values)
            assert (one <= p).all()
            # of untied values Bonferroni's is an upper limit
            if name != "size":
                assert (p[-1] <= np.minimum(3 * one[-1], 1) + 1e-12).all()
            assert np.isnan(draws.p_family(name, np.array([np.nan]))).all()
    assert draws.over_tests == "the smallest p of any test, draw by draw"


def test_a_test_that_stands_twice_costs_nothing_and_one_alone_is_itself():
    one = several_tests(np.random.default_rng(3), 99, n_tests=1)[0]
    one = replace(one, observed=np.full(4, np.quantile(one.drawn, 0.97)))
    values = np.append(one.drawn[one.drawn[:, 0] < one.observed[0], 0], one.observed[0])
    assert len(values) > 50
    alone = gathered([one], 0).p_family("t", values)
    assert gathered([one, one], 0).p_family("t", values) == pytest.approx(alone)


@pytest.mark.parametrize("method", ["tail", "sequential"])
def test_p_that_are_not_counted_are_corrected_by_bonferroni(method):
    tests = several_tests(np.random.default_rng(4), 300)
    values = np.quantile(tests[0].drawn[:, 0], [0.2, 0.9, 0.999])
    alone = gathered(tests[:1], 0, method).p_family("t", values)
    assert gathered(tests, 0, method).p_family("t", values) == pytest.approx(np.minimum(3 * alone, 1))
    assert gathered(tests, 0, method).over_tests == "Bonferroni's correction"


def test_level_over_several_tests_is_exact():
    """The smallest p of all tests, when the observed arrangement is one of many alike."""
    rng = np.random.default_rng(5)
    smallest = []
    for _ in range(1500):
        tests = several_tests(rng, 39, alike=2.0)
        smallest.append(min(gathered(tests, k).p_family("t", tests[k].observed[:1])[0] for k in range(3)))
    rate = np.mean(np.array(smallest) <= 0.1 + 1e-9)
    assert abs(rate - 0.1) < 3 * np.sqrt(0.1 * 0.9 / 1500)


def test_the_critical_value_is_where_p_falls_below_the_level():
    rng = np.random.default_rng(4)
    for method, level in (("plain", 0.05), ("plain", 0.2), ("tail", 0.05), ("sequential", 0.05)):
        draws = VoxelDraws(rng.gamma(9, size=(199, 4)), *np.zeros((2, 3)), method, 20)
        edge = draws.critical("t", level)
        # the largest value of a draw that lies below the edge is not significant
        lower = np.sort(draws.maxima[:, 0])
        p = draws.p_family("t", np.array([edge, lower[lower < edge * (1 - 1e-3)][-1]]))
        assert p[0] < level <= p[1] + (0.01 if method == "tail" else 0)
    # 10 of 200 are 5 %, not below
    assert VoxelDraws(np.repeat(np.arange(199.0)[:, None], 4, 1), *np.zeros((2, 3)), "plain").critical("t") > 189
    assert np.isnan(VoxelDraws(rng.gamma(9, size=(15, 4)), *np.zeros((2, 3)), "plain").critical("t"))


def test_p_voxel_counts_the_observed_labelling():
    draws = VoxelDraws(np.ones((99, 4)), np.array([0, 4, 99]), np.full(3, 99), "plain")
    assert draws.p_voxel() == pytest.approx([0.01, 0.05, 1])


@pytest.mark.slow
def test_level_and_power_of_every_statistic(assert_level):
    """Family-wise error on smooth maps without an effect, and detection of a planted one."""
    lattice = None
    smallest = []
    for seed in range(400):
        comparison, mask = study(shape=(8, 8, 8), n=20, seed=seed)
        lattice = Lattice(mask, 18)
        observed = observe(comparison, lattice, 2.4)
        draws = gather_draws([[draw_shard(comparison, lattice, 2.4, observed, seed, 0, 100)]], "plain")
        smallest.append([draws.p_family(s, observed["largest"][k : k + 1])[0] for k, s in enumerate(STATISTICS)])
    smallest = np.array(smallest)
    for k in range(4):
        # 101 draws with the observed one: p <= 5/101 in 5 of 101; cluster statistics tie when a map has no cluster
        rate, level = np.mean(smallest[:, k] <= 5 / 101), 5 / 101
        assert abs(rate - level) < 3 * np.sqrt(level * (1 - level) / 400), STATISTICS[k]
    found = []
    for seed in range(20):
        comparison, mask = study(shape=(8, 8, 8), n=40, seed=1000 + seed, effect=1.3)
        observed = observe(comparison, lattice, 2.4)
        draws = gather_draws([[draw_shard(comparison, lattice, 2.4, observed, seed, 0, 100)]], "plain")
        found.append([draws.p_family(s, observed["largest"][k : k + 1])[0] < 0.05 for k, s in enumerate(STATISTICS)])
    assert (np.mean(found, axis=0) > 0.85).all()
