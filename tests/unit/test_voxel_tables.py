"""Maps and clusters of one contrast: planted effects, and every number computed another way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage, stats
from statsmodels.stats.power import TTestPower

from amygene.imaging.labels import VoxelLabels
from amygene.models.cluster_tables import LEVEL, cluster_table, facts_of, smallest_effects, table_columns
from amygene.models.cluster_tables import describe_voxels as make_maps
from amygene.models.comparison import Comparison
from amygene.models.draws import draw_shard, gather_draws
from amygene.models.effects import estimates
from amygene.models.site_effects import IGNORED, POOLED
from amygene.models.voxel_comparison import VoxelComparison
from amygene.stats.clusters import find_clusters
from amygene.stats.design import Design
from amygene.stats.equivalence import tost
from amygene.stats.lattice import Lattice
from amygene.stats.random_field import TField, cluster_p, extent_p, resel_counts
from amygene.stats.tfce import Scanner, tfce

AFFINE = np.array([[-3.0, 0, 0, 30], [0, 3, 0, -40], [0, 0, 3, -20], [0, 0, 0, 1]])
THRESHOLD = 2.6


@pytest.fixture(scope="module")
def found():
    """A study with a planted rise and a planted fall, its maps and its table."""
    rng = np.random.default_rng(0)
    shape, n = (16, 14, 12), 50
    mask = ndimage.binary_dilation(np.zeros(shape, bool) | (np.indices(shape).sum(axis=0) > 6))
    case = rng.permutation(np.arange(n) % 2).astype(float)
    age = rng.normal(size=n)
    planted = np.zeros(shape)
    planted[3:7, 3:7, 5:9], planted[10:13, 8:11, 3:6] = 1.3, -1.3
    noise = ndimage.gaussian_filter(rng.standard_normal((n, *shape)), (0, 1, 1, 1))
    maps = noise / noise.std() + case[:, None, None, None] * planted
    design = Design(case, np.column_stack([np.ones(n), age]), np.array(["intercept", "age"]), np.zeros(n, dtype=int))
    comparison = VoxelComparison(maps[:, mask].T.astype(np.float32), design, np.zeros(n, dtype=int), IGNORED)
    lattice = Lattice(mask, 18)
    t = comparison.estimates()["t"].to_numpy()
    observed = {"t": t, "largest": np.array(Scanner(lattice, THRESHOLD).maxima(t))}
    draws = gather_draws([[draw_shard(comparison, lattice, THRESHOLD, observed, 1, 0, 500)]], "plain")
    result = make_maps(comparison, lattice, THRESHOLD, draws, margin=0.9)
    number = np.where(planted[mask] > 0, 0, np.where(planted[mask] < 0, 1, -1))
    labels = {"atlas": VoxelLabels(number, ["Rise", "Fall"])}
    table = cluster_table(comparison, lattice, AFFINE, THRESHOLD, result, labels, 8.0, 3)
    return comparison, lattice, draws, result, table, planted[mask]


def test_maps_are_those_of_the_methods(found):
    comparison, lattice, draws, result, _, _ = found
    expected = estimates(Comparison(comparison.maps.T.astype(float), comparison.design, comparison.sites, IGNORED))
    for name, column in (
        ("t", "t"),
        ("g", "g"),
        ("beta", "beta"),
        ("g_desc-low", "g_ci_low"),
        ("g_desc-high", "g_ci_high"),
    ):
        assert result.maps[name] == pytest.approx(expected[column].to_numpy(), rel=1e-10)
    assert result.maps["tfce"] == pytest.approx(tfce(result.maps["t"], lattice))
    highest = np.argmax(np.abs(result.maps["t"]))
    b = (draws.maxima[:, 0] >= np.abs(result.maps["t"][highest])).sum()
    assert 10 ** -result.maps["logp_desc-maxt"][highest] == pytest.approx((1 + b) / 501)
    fit = Comparison(comparison.maps.T.astype(float), comparison.design, comparison.sites, IGNORED).fit()
    assert 10 ** -result.maps["logp_desc-equivalence"] == pytest.approx(tost(fit.t, fit.df, fit.scale, 0.9), rel=1e-8)


def test_the_smallest_effects_are_those_of_two_groups(found):
    """statsmodels' power of a t test, at p < .05 and at the height that is significant family-wise."""
    comparison, _, draws, result, _, _ = found
    critical = draws.critical("t")
    known = smallest_effects(comparison, result.df, critical)
    design = np.column_stack([comparison.design.case, comparison.design.nuisance])
    scale = np.sqrt(np.linalg.inv(design.T @ design)[0, 0])
    for name, alpha in (("", 0.05), ("_fwe", 2 * stats.t.sf(critical, result.df))):
        power = TTestPower().power(known[f"smallest_g{name}"], nobs=1 / scale**2, alpha=alpha, df=result.df)
        assert power == pytest.approx(0.8, abs=1e-6)
    assert known["smallest_g_fwe"] > known["smallest_g"]
    assert smallest_effects(comparison, result.df, np.nan)["smallest_g_fwe"] is None
    correlated = smallest_effects(replace(comparison, effect="r"), result.df, critical)
    # Cohen's d of two groups of one size as a correlation
    assert correlated["smallest_r"] == pytest.approx(0.38, abs=0.02)
    pooled = smallest_effects(replace(comparison, site_effects=POOLED), result.df, critical)
    assert set(pooled.values()) == {None}


def test_facts_of_the_whole_test(found):
    """Voxels of 3 mm: the noise was smoothed with 1 voxel, a full width at half maximum of 7.1 mm."""
    comparison, lattice, draws, result, _, _ = found
    facts = facts_of(comparison, lattice, AFFINE, THRESHOLD, result, draws, 0.9)
    assert facts["voxels"] == lattice.mask.sum() == len(comparison.maps)
    assert facts["df"] == 47
    assert facts["cluster_forming_t"] == THRESHOLD
    assert facts["fwhm_mm"] == pytest.approx([3 * 2.355] * 3, rel=0.1)
    # 5 % of the draws reach the critical t, the observed labelling among them
    reached = (draws.maxima[:, 0] >= facts["critical_t"]).sum()
    assert (1 + reached) / 501 <= 0.05 < (3 + reached) / 501
    assert facts["equivalent_voxels"] == (10 ** -result.maps["logp_desc-equivalence"] < 0.05).sum() > 0
    few = replace(draws, maxima=draws.maxima[:10])
    told = facts_of(comparison, lattice, AFFINE, THRESHOLD, result, few, None)
    assert told["critical_t"] is None
    assert told["smallest_g_fwe"] is None
    assert "equivalent_voxels" not in told


def test_q_is_never_below_p(found):
    maps = found[3].maps
    assert (maps["logp_desc-fdr"] <= maps["logp_desc-voxel"] + 1e-12).all()
    assert (maps["logp_desc-maxt"] <= maps["logp_desc-voxel"] + 0.5).all()


def test_maps_of_clusters_have_the_p_of_the_voxels_cluster(found):
    _, _, draws, result, table, _ = found
    first = table[(table["formed_by"] == "height") & (table["peak"] == 1)]
    for _, row in first.iterrows():
        inside = result.clusters.label == row["cluster"]
        assert inside.sum() == row["n_voxels"]
        assert 10 ** -result.maps["logp_desc-size"][inside] == pytest.approx(np.full(inside.sum(), row["p_size"]))
        assert row["p_size"] == pytest.approx((1 + (draws.maxima[:, 1] >= row["n_voxels"]).sum()) / 501)
        assert row["p_mass"] == pytest.approx((1 + (draws.maxima[:, 2] >= row["mass"] * (1 - 1e-9)).sum()) / 501)
    assert (result.maps["logp_desc-size"][result.clusters.label == 0] == 0).all()


def test_every_cluster_has_a_row_and_every_p(found):
    _, lattice, _, result, table, _ = found
    assert list(table.columns) == [*table_columns(), "atlas_peak", "atlas_regions"]
    first = table[(table["formed_by"] == "height") & (table["peak"] == 1)]
    assert len(first) == len(find_clusters(result.maps["t"], lattice, THRESHOLD)) > 2
    p = [
        "p_voxel",
        "p_fwe",
        "p_tfce",
        "p_peak_rft",
        "q_peak_rft",
        "p_size",
        "p_mass",
        "p_extent_rft",
        "p_size_rft",
        "q_size_rft",
    ]
    assert first[p].notna().all().all()
    assert first[p].min().min() > 0
    assert first[p].max().max() <= 1


def test_the_planted_effects_are_found_and_named(found):
    table = found[4]
    first = table[(table["formed_by"] == "height") & (table["peak"] == 1) & (table["p_size"] < 0.05)]
    assert sorted(first["atlas_peak"]) == ["Fall", "Rise"]
    assert first.set_index("atlas_peak")["t"]["Fall"] < 0 < first.set_index("atlas_peak")["t"]["Rise"]
    for _, row in first.iterrows():
        assert row["atlas_regions"].startswith(row["atlas_peak"])
        assert row["q_size_rft"] < 0.05
        assert row["p_tfce"] < 0.05
    enhanced = table[(table["formed_by"] == "tfce") & (table["peak"] == 1)]
    assert set(enhanced["atlas_peak"]) == {"Rise", "Fall"}
    assert (enhanced["cluster_p_tfce"] < LEVEL).all()


def test_peaks_are_in_mni_and_apart(found):
    _, lattice, _, result, table, _ = found
    for _, rows in table.groupby(["formed_by", "cluster"]):
        xyz = rows[["x", "y", "z"]].to_numpy()
        ijk = np.round(np.linalg.solve(AFFINE, np.column_stack([xyz, np.ones(len(xyz))]).T)[:3].T).astype(int)
        assert result.maps["t"][[np.flatnonzero((lattice.ijk == v).all(axis=1))[0] for v in ijk]] == pytest.approx(
            rows["t"]
        )
        distance = np.linalg.norm(xyz[:, None] - xyz, axis=-1)[np.triu_indices(len(xyz), 1)]
        assert (distance >= 8).all()
        assert rows["n_voxels"].notna().tolist() == [True] + [False] * (len(rows) - 1)
    assert table["peak"].max() == 3


def test_the_mean_effect_of_a_cluster_is_that_of_its_mean(found):
    comparison, _, _, result, table, _ = found
    row = table[(table["formed_by"] == "height") & (table["peak"] == 1)].iloc[0]
    mean = comparison.maps[result.clusters.label == row["cluster"]].mean(axis=0, dtype=float)
    x = np.column_stack([comparison.design.case, comparison.design.nuisance])
    import statsmodels.api as sm

    fit = sm.OLS(mean, x).fit()
    assert row["cluster_beta"] == pytest.approx(fit.params[0], rel=1e-6)
    assert row[["cluster_beta_ci_low", "cluster_beta_ci_high"]].tolist() == pytest.approx(fit.conf_int()[0], rel=1e-6)
    assert row["volume"] == row["n_voxels"] * 27


def test_parametric_p_are_those_of_one_direction(found):
    _, lattice, _, result, table, _ = found
    first = table[(table["formed_by"] == "height") & (table["peak"] == 1)]
    fwhm = result.smoothness.fwhm
    field = TField(47, resel_counts(lattice.mask, fwhm), fwhm)
    assert result.df == 50 - 3
    for sign in (1, -1):
        rows = first[np.sign(first["t"]) == sign]
        size = rows["n_voxels"].to_numpy()
        assert rows["p_extent_rft"].to_numpy() == pytest.approx(extent_p(size, THRESHOLD, field))
        assert rows["p_size_rft"].to_numpy() == pytest.approx(cluster_p(size, THRESHOLD, field))
        from scipy.stats import false_discovery_control

        assert rows["q_size_rft"].to_numpy() == pytest.approx(false_discovery_control(rows["p_extent_rft"].to_numpy()))


def test_a_map_without_clusters_gives_an_empty_table(found):
    comparison, lattice, draws, _, _, _ = found
    result = make_maps(comparison, lattice, 50.0, draws, None)
    assert "logp_desc-equivalence" not in result.maps
    result.maps["logp_desc-tfce"][:] = 0
    table = cluster_table(comparison, lattice, AFFINE, 50.0, result, {}, 8.0, 3)
    assert table.empty
    assert list(table.columns) == table_columns()
