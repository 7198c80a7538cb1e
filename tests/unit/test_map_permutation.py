"""Permutation of maps against the edge-wise permutation, exact enumerations and in simulation."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from amygene.stats import map_permutation
from amygene.stats.design import Design
from amygene.stats.linear_model import fit
from amygene.stats.map_permutation import TILE, Counts, MapPermutation, MapSignFlips, draw_signs
from amygene.stats.permutation import BLOCK, FreedmanLane, draw_orders, reaches


def study(n=36, n_voxels=TILE + 40, n_sites=3, seed=0):
    rng = np.random.default_rng(seed)
    site = rng.permutation(np.arange(n) % n_sites)
    group = rng.permutation(np.arange(n) % 2).astype(float)
    age = rng.normal(size=n) + 0.8 * group
    sex = rng.permutation(np.arange(n) % 2)
    nuisance = np.column_stack([np.ones(n), site[:, None] == np.arange(1, n_sites), sex, age]).astype(float)
    maps = rng.normal(size=(n_voxels, n)) + rng.normal(size=(n_voxels, n_sites))[:, site] + 0.5 * age
    names = np.array(["intercept", *["site"] * (n_sites - 1), "sex", "age"])
    return maps.astype(np.float32), Design(group, nuisance, names, site)


def freely(design):
    return Design(design.case, design.nuisance, design.names, np.zeros_like(design.strata))


@pytest.mark.parametrize("within", [True, False], ids=["within site", "freely"])
@pytest.mark.parametrize("missing", [0.0, 0.002])
@pytest.mark.parametrize("n_sites", [3, 8])
def test_draws_are_those_of_freedman_and_lane_edge_by_edge(within, missing, n_sites):
    maps, design = study(n=66, n_sites=n_sites)
    maps[np.random.default_rng(1).random(maps.shape) < missing] = np.nan
    design = design if within else freely(design)
    observed = fit(maps.T.astype(float), design.case, design.nuisance).t
    orders = draw_orders(5, np.arange(2 * BLOCK), design.strata)
    t = np.empty((2 * BLOCK, len(maps)))
    counts = Counts.start(len(maps))
    MapPermutation(maps, design, 2.0, observed).draw(orders, t, counts, counted=150)
    beta, se = FreedmanLane(maps.T.astype(float), design.case, design.nuisance, design.strata).draw(orders)
    expected = beta / se
    assert t == pytest.approx(expected, abs=2e-5)
    high = np.abs(expected) > 2
    assert t[high] == pytest.approx(expected[high], rel=1e-11)
    assert np.array_equal(counts.reached, reaches(expected[:150], observed).sum(axis=0))
    assert (counts.used == 150).all()


def test_draws_beyond_those_asked_for_are_not_counted():
    maps, design = study(n_voxels=30)
    counts = Counts.start(30)
    orders = draw_orders(5, np.arange(3 * BLOCK), design.strata)
    lane = MapPermutation(maps, design, 2.0, np.zeros(30))
    lane.draw(orders, np.empty((3 * BLOCK, 30)), counts, counted=40)
    assert (counts.reached == 40).all()


def test_ties_with_the_observed_map_are_decided_in_float64():
    maps, design = study()
    observed = fit(maps.T.astype(float), design.case, design.nuisance).t
    identity = np.tile(np.argsort(design.strata, kind="stable"), (BLOCK, 1))
    counts = Counts.start(len(maps))
    MapPermutation(maps, design, np.inf, observed).draw(identity, np.empty((BLOCK, len(maps))), counts)
    assert (counts.reached == BLOCK).all()


def test_any_number_of_draws_at_a_time_gives_the_same_bits(tmp_path):
    maps, design = study()
    observed = fit(maps.T.astype(float), design.case, design.nuisance).t
    np.save(tmp_path / "maps.npy", maps)
    on_disk = np.load(tmp_path / "maps.npy", mmap_mode="r")
    whole, counts = np.empty((5 * BLOCK, len(maps))), Counts.start(len(maps))
    MapPermutation(maps, design, 2.5, observed).draw(draw_orders(1, np.arange(5 * BLOCK), design.strata), whole, counts)
    parts, again = np.empty_like(whole), Counts.start(len(maps))
    lane = MapPermutation(on_disk, design, 2.5, observed)
    for first, stop in ((2, 5), (0, 1), (1, 2)):
        rows = slice(first * BLOCK, stop * BLOCK)
        lane.draw(draw_orders(1, np.arange(rows.start, rows.stop), design.strata), parts[rows], again)
    assert np.array_equal(parts, whole)
    assert np.array_equal(again.reached, counts.reached)


def test_a_voxel_that_is_clear_is_counted_no_further():
    maps, design = study(n_voxels=60)
    observed = fit(maps.T.astype(float), design.case, design.nuisance).t
    orders = draw_orders(2, np.arange(3 * BLOCK), design.strata)
    t = np.empty((3 * BLOCK, 60))
    counts = Counts.start(60, stop=7)
    MapPermutation(maps, design, 2.0, observed).draw(orders, t, counts)
    for j in range(60):
        hits = np.flatnonzero(reaches(t[:, j], observed[j]))
        assert counts.reached[j] == min(len(hits), 7)
        assert counts.used[j] == (hits[6] + 1 if len(hits) >= 7 else 3 * BLOCK)


def test_a_missing_observed_value_is_never_reached():
    maps, design = study(n_voxels=20)
    observed = np.zeros(20)
    observed[3] = np.nan
    counts = Counts.start(20)
    orders = draw_orders(2, np.arange(BLOCK), design.strata)
    MapPermutation(maps, design, 2.0, observed).draw(orders, np.empty((BLOCK, 20)), counts)
    assert counts.reached.tolist() == [0 if j == 3 else BLOCK for j in range(20)]


def padded(draws):
    """Draws repeated up to whole blocks."""
    n = -(-len(draws) // BLOCK) * BLOCK
    return np.resize(draws, (n, draws.shape[1]))


def test_all_252_relabelings_give_the_t_of_every_split():
    rng = np.random.default_rng(3)
    maps = rng.normal(size=(30, 10)).astype(np.float32)
    case = np.repeat([1.0, 0.0], 5)
    splits = list(combinations(range(10), 5))
    # the order that puts the cases' places where the split has them
    orders = np.empty((252, 10), dtype=int)
    for order, split in zip(orders, splits, strict=True):
        rest = np.setdiff1d(np.arange(10), split)
        order[list(split)], order[rest] = np.arange(5), np.arange(5, 10)
    t = np.empty((300, 30))
    design = Design(case, np.ones((10, 1)), np.array(["intercept"]), np.zeros(10, dtype=int))
    MapPermutation(maps, design, 0.0).draw(padded(orders), t)
    from scipy.stats import ttest_ind

    for found, split in zip(t, splits, strict=False):
        rest = np.setdiff1d(np.arange(10), split)
        expected = ttest_ind(maps[:, split].astype(float), maps[:, rest].astype(float), axis=1).statistic
        assert found == pytest.approx(expected, rel=1e-9)
    assert len(splits) == 252


def test_all_1024_sign_flips_give_the_one_sample_t():
    from scipy.stats import ttest_1samp

    maps = (np.random.default_rng(4).normal(size=(12, 10)) + 0.3).astype(np.float32)
    signs = np.array(list(product([1.0, -1.0], repeat=10)))
    t, counts = np.empty((1100, 12)), Counts.start(12)
    observed = ttest_1samp(maps.astype(float), 0, axis=1).statistic
    MapSignFlips(maps, np.empty((10, 0)), 0.0, observed).draw(padded(signs), t, counts, counted=1024)
    expected = np.array([ttest_1samp(maps.astype(float) * s, 0, axis=1).statistic for s in signs])
    assert t[:1024] == pytest.approx(expected, rel=1e-9)
    # the exact p: the observed signs are among all
    assert np.array_equal(counts.reached, reaches(expected, observed).sum(axis=0))


def test_sign_flips_with_covariates_are_the_definition():
    rng = np.random.default_rng(5)
    n = 14
    age = rng.normal(size=(n, 2))
    age -= age.mean(axis=0)
    maps = (rng.normal(size=(9, n)) + age[:, 0] + 0.4).astype(np.float32)
    signs = draw_signs(1, np.arange(BLOCK), n)
    t = np.empty((BLOCK, 9))
    MapSignFlips(maps, age, 0.0).draw(signs, t)
    for i in range(5):
        for j, y in enumerate(maps.astype(float)):
            fitted = age @ np.linalg.lstsq(age, y, rcond=None)[0]
            x = np.column_stack([np.ones(n), age])
            flipped = fitted + signs[i] * (y - fitted)
            coefficients, rss, *_ = np.linalg.lstsq(x, flipped, rcond=None)
            se = np.sqrt(rss[0] / (n - 3) * np.linalg.inv(x.T @ x)[0, 0])
            assert t[i, j] == pytest.approx(coefficients[0] / se, rel=1e-9)


def test_signs_are_addressed_by_index_and_fair():
    signs = draw_signs(3, np.arange(400), 25)
    assert set(np.unique(signs)) == {-1, 1}
    assert abs(signs.mean()) < 3 / np.sqrt(signs.size)
    assert np.array_equal(draw_signs(3, np.array([17]), 25)[0], signs[17])


def test_float32_is_far_nearer_than_the_distance_at_which_it_is_mistrusted():
    maps, design = study(n=200, n_voxels=TILE)
    orders = draw_orders(5, np.arange(BLOCK), design.strata)
    t = np.empty((BLOCK, TILE))
    MapPermutation(maps, design, np.inf).draw(orders, t)
    beta, se = FreedmanLane(maps.T.astype(float), design.case, design.nuisance, design.strata).draw(orders)
    assert np.abs(t - beta / se).max() < map_permutation.NEAR / 10
