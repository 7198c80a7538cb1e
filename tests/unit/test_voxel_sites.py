"""Leaving sites out on maps against the same on regions."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from amygene.models.choices import SITE_EFFECTS
from amygene.models.comparison import Comparison
from amygene.models.site_effects import COVARIATE, IGNORED, POOLED, SiteEffects
from amygene.models.voxel_comparison import VoxelComparison
from amygene.sites.regions import leave_sites_out as on_regions
from amygene.sites.regions import map_correlation
from amygene.sites.voxels import Moments, leave_sites_out
from amygene.stats.design import Design
from amygene.stats.map_permutation import TILE

COMBAT = SiteEffects(**SITE_EFFECTS["combat"].settings)


def study(n_voxels=TILE + 90, n=45, effect=0.0, seed=0):
    rng = np.random.default_rng(seed)
    site = np.arange(n) % 3
    case = rng.permutation(np.arange(n) % 2).astype(float)
    case[(site == 2) & (np.cumsum(site == 2) > 4)] = 0  # few cases at one site
    nuisance = np.column_stack([np.ones(n), site[:, None] == [1, 2], rng.normal(size=n)]).astype(float)
    design = Design(case, nuisance, np.array(["intercept", "site", "site", "age"]), site)
    pattern = rng.normal(size=n_voxels)
    maps = rng.normal(size=(n_voxels, n)) + effect * pattern[:, None] * case
    return VoxelComparison(maps.astype(np.float32), design, site, COVARIATE)


@pytest.mark.parametrize("way", [COVARIATE, IGNORED, POOLED])
def test_it_is_what_regions_give(way):
    comparison = replace(study(effect=0.3), site_effects=way)
    whole = Comparison(comparison.maps.T.astype(float), comparison.design, comparison.sites, way)
    found = leave_sites_out(comparison, [0, 1, 2], 1, 150, 3)
    expected = on_regions(whole, [0, 1, 2], 1, 150, 3)
    for site in range(3):
        one, other = asdict(found[site]), asdict(expected[site])
        assert one.pop("note") == other.pop("note")
        assert one == pytest.approx(other, rel=1e-9, nan_ok=True)


def test_a_site_too_small_to_be_tested_says_so():
    found = leave_sites_out(study(), [2], 1, 100, 5)[2]
    assert found.note == "fewer than 5 in a group: not tested alone"
    assert np.isnan(found.p_heldout_rest)
    assert np.isfinite(found.r_with_full)


def test_harmonised_maps_give_no_result():
    found = leave_sites_out(replace(study(), site_effects=COMBAT), [0], 1, 100, 3)[0]
    assert "harmonised together" in found.note
    assert np.isnan([found.r_with_full, found.r_null_low, found.p_heldout_rest]).all()


def test_a_planted_pattern_is_found_at_the_left_out_site():
    assert leave_sites_out(study(effect=0.5), [0], 1, 200, 3)[0].p_heldout_rest < 0.02


def test_correlations_from_sums_are_those_of_whole_maps():
    rng = np.random.default_rng(0)
    a, b = rng.normal(2, 1, (5, 60)), rng.normal(-1, 3, 60)
    a[1, :10], b[50:] = np.nan, np.nan
    a[4, 2:] = np.nan
    moments = Moments(5)
    for here in (slice(0, 25), slice(25, 60)):
        moments.add(a[:, here], b[here])
    assert moments.r == pytest.approx(map_correlation(a, b), rel=1e-12, nan_ok=True)


@pytest.mark.slow
def test_level_holds_in_noise(assert_level):
    p = [leave_sites_out(study(n_voxels=60, seed=s), [0], s, 100, 3)[0].p_heldout_rest for s in range(300)]
    rate, level = np.mean(np.array(p) <= 5 / 101), 5 / 101
    assert abs(rate - level) < 3 * np.sqrt(level * (1 - level) / 300)
