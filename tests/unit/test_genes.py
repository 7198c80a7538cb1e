"""Correlation with genes and the count test: against scipy, statsmodels and loops; dealt to chunks; error rates."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from amygene.genes.association import (
    LEVEL,
    MIN_REGIONS,
    CountTest,
    chunk_columns,
    complete_expression,
    correlate,
    count_test,
    expression_of,
    on_genes,
    parametric_p,
    ranks,
)
from amygene.nulls import moran
from amygene.nulls.moran import eigenvectors, randomise
from amygene.stats.map_test import COLUMNS, unit
from amygene.stats.permutation import p_max

#: what scipy calls them
SCIPY = {"pearson": stats.pearsonr, "spearman": stats.spearmanr}


def example(n_regions=24, n_maps=60, n_genes=30, missing=0.0, seed=0):
    """A map, null maps whose mean is not 0 everywhere, and genes of which some follow the map."""
    rng = np.random.default_rng(seed)
    level = 2 * rng.normal(size=n_regions)
    observed, maps = level + rng.normal(size=n_regions), level + rng.normal(size=(n_maps, n_regions))
    expression = rng.normal(size=(n_regions, n_genes)) + np.outer(observed, rng.normal(size=n_genes) > 1) + 5
    holes = rng.random(expression.shape) < missing
    holes[:, ::4] = False  # every fourth gene is measured everywhere
    expression[holes] = np.nan
    return observed, maps, expression


# correlation


def test_parametric_p_equals_scipy():
    rng = np.random.default_rng(0)
    for n in (3, 5, 20, 112):
        x, y = rng.normal(size=(2, n))
        r, p = stats.pearsonr(x, y)
        assert parametric_p(np.array([r]), n)[0] == pytest.approx(p, rel=1e-9)


def test_parametric_p_of_a_perfect_correlation_is_0_and_of_none_missing():
    assert parametric_p(np.array([1.0, -1.0, np.nan, 0.0]), 20).tolist() == pytest.approx(
        [0, 0, np.nan, 1], nan_ok=True
    )


def test_ranks_share_their_places_when_values_tie():
    assert ranks(np.array([[3.0, 1, 3, 0]]), 1).tolist() == [[3.5, 2, 3.5, 1]]


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_everything_equals_a_loop_over_genes_and_null_maps(correlation, missing):
    observed, maps, expression = example(missing=missing)
    found, n = correlate(observed, maps, expression, correlation)
    null = np.empty((len(maps), expression.shape[1]))
    for j, gene in enumerate(expression.T):
        seen = ~np.isnan(gene)
        null[:, j] = [SCIPY[correlation](one[seen], gene[seen]).statistic for one in maps]
        r = SCIPY[correlation](observed[seen], gene[seen]).statistic
        distance = np.abs(null[:, j] - null[:, j].mean())
        reached = (distance >= abs(r - null[:, j].mean()) * (1 - 1e-9)).sum()
        assert n[j] == seen.sum()
        assert found.score[j] == pytest.approx(r, abs=1e-13)
        assert found.null_mean[j] == pytest.approx(null[:, j].mean(), abs=1e-13)
        assert found.exceedances[j] == reached
        assert found.p[j] == pytest.approx((1 + reached) / (1 + len(maps)))
    assert found.maxima == pytest.approx(np.abs(null - null.mean(axis=0)).max(axis=1), abs=1e-13)
    assert (np.diff(n) != 0).any() == (missing > 0)


def test_family_wise_p_equals_counting_null_maps():
    observed, maps, expression = example(missing=0.1)
    found, _ = correlate(observed, maps, expression)
    p = p_max(found.score - found.null_mean, found.maxima)
    for j in range(expression.shape[1]):
        distance = abs(found.score[j] - found.null_mean[j]) * (1 - 1e-9)
        assert p[j] == pytest.approx((1 + sum(largest >= distance for largest in found.maxima)) / (1 + len(maps)))
    assert (p >= found.p - 1e-12).all()


def test_genes_that_cannot_be_correlated_are_missing_and_change_nothing_else():
    observed, maps, expression = example()
    without, _ = correlate(observed, maps, expression[:, 5:])
    expression[:, 0] = 7.1  # constant
    expression[:, 1] = 0.1 + 0.2
    expression[3, 1] = 0.3  # constant but for rounding
    expression[:, 2] = np.nan
    expression[MIN_REGIONS - 1 :, 3] = np.nan  # one region too few
    expression[MIN_REGIONS:, 4] = np.nan  # just enough
    found, n = correlate(observed, maps, expression)
    assert np.isnan(found.score[:4]).all()
    assert np.isfinite(found.score[4:]).all()
    assert n[:6].tolist() == [24, 24, 0, 4, 5, 24]
    assert found.exceedances[5:].tolist() == without.exceedances.tolist()
    assert found.score[5:] == pytest.approx(without.score, abs=1e-14)
    assert np.isfinite(found.maxima).all()
    names, regions = np.array([f"g{i}" for i in range(30)]), np.array([f"r{i}" for i in range(24)])
    gene, values = complete_expression({"gene": names, "region": regions, "values": expression}, regions)
    assert gene.tolist() == names[5:].tolist()
    assert (values == expression[:, 5:]).all()


def test_a_map_that_does_not_vary_where_a_gene_is_measured_spoils_no_other_gene():
    observed, maps, expression = example()
    flat = np.arange(24) < 10
    expression[~flat, 0] = np.nan
    expected, _ = correlate(observed, maps, expression[:, 1:])
    found, _ = correlate(np.where(flat, 0, observed), maps, expression)
    assert np.isnan(found.score[0])
    assert np.isfinite(found.score[1:]).all()
    assert np.isfinite(found.maxima).all()
    # a null map that does not vary there correlates with 0, it does not make the gene significant
    maps[4, flat] = 3.0
    found, _ = correlate(observed, maps, expression)
    null = [0 if i == 4 else np.corrcoef(one[flat], expression[flat, 0])[0, 1] for i, one in enumerate(maps)]
    distance = np.abs(null - np.mean(null))
    assert found.null_mean[0] == pytest.approx(np.mean(null), abs=1e-14)
    assert found.exceedances[0] == (distance >= abs(found.score[0] - np.mean(null))).sum() > 0
    assert np.isfinite(found.maxima).all()
    assert found.score[1:] == pytest.approx(expected.score, abs=1e-14)


def test_scale_and_offset_of_map_and_genes_do_not_matter():
    observed, maps, expression = example(missing=0.1)
    found, _ = correlate(observed, maps, expression)
    other, _ = correlate(3 * observed + 1, 3 * maps + 1, 1e3 * expression - 5)
    assert other.score == pytest.approx(found.score, abs=1e-12)
    assert other.exceedances.tolist() == found.exceedances.tolist()


# chunks


@pytest.mark.parametrize("n_chunks", [1, 2, 3, 7])
@pytest.mark.parametrize("n_genes", [0, 1, COLUMNS, COLUMNS + 1, 3 * COLUMNS + 200])
def test_chunks_hold_every_gene_once_in_whole_blocks(n_genes, n_chunks):
    chunks = [chunk_columns(n_genes, k, n_chunks) for k in range(n_chunks)]
    assert sorted(np.concatenate(chunks).tolist()) == list(range(n_genes))
    for columns in chunks:
        for first in range(0, len(columns), COLUMNS):
            block = columns[first : first + COLUMNS]
            assert block[0] % COLUMNS == 0
            assert (np.diff(block) == 1).all()


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
@pytest.mark.parametrize("missing", [0.0, 0.01])
def test_genes_dealt_to_any_number_of_chunks_give_the_same_bytes(missing, correlation):
    observed, maps, expression = example(n_maps=30, n_genes=2 * COLUMNS + 150, missing=missing)
    if missing:
        expression[0, :] = np.where(np.isnan(expression[0]), 5, expression[0])
        expression[1, 3::7] = np.nan
    whole, n = correlate(observed, maps, expression, correlation)
    for n_chunks in (2, 3, 5):
        maxima = np.zeros(len(maps))
        for k in range(n_chunks):
            columns = chunk_columns(expression.shape[1], k, n_chunks)
            part, n_part = correlate(observed, maps, expression[:, columns], correlation)
            for name in ("score", "null_mean", "exceedances"):
                assert getattr(part, name).tobytes() == getattr(whole, name)[columns].tobytes()
            assert n_part.tolist() == n[columns].tolist()
            maxima = np.maximum(maxima, part.maxima)
        assert maxima.tobytes() == whole.maxima.tobytes()


def test_more_null_maps_leave_the_earlier_ones_as_they_were():
    observed, maps, expression = example(n_maps=260)
    all_of_them, _ = correlate(observed, maps, expression)
    # against their own mean, so it is the same maps that are compared, not the same distances
    for n_maps in (1, 124, 125, 126, 260):
        found, _ = correlate(observed, maps[:n_maps], expression)
        assert found.score.tobytes() == all_of_them.score.tobytes()
        assert len(found.maxima) == n_maps
    counted = count_test(observed, maps, expression)
    for n_maps in (1, 99, 100, 101):
        fewer = count_test(observed, maps[:n_maps], expression)
        assert fewer.observed == counted.observed
        assert fewer.null.tolist() == counted.null[:n_maps].tolist()


def test_expression_comes_in_the_order_of_the_map():
    matrix = {"region": np.array(["a", "b", "c"]), "gene": np.array(["G"]), "values": np.array([[1.0], [2], [3]])}
    assert expression_of(matrix, np.array(["c", "a"])).tolist() == [[3], [1]]


def test_products_of_what_lies_on_complete_genes_are_their_correlations():
    observed, null_maps, expression = example(missing=0.1)
    regions = np.array([f"r{i}" for i in range(24)])
    maps = {"region": regions, "structure": regions, "observed": observed, "null_maps": null_maps}
    matrix = {"gene": np.arange(30), "region": regions[::-1], "values": expression[::-1]}
    for correlation in ("pearson", "spearman"):
        on = on_genes(maps | {"relabeled": null_maps[:3]}, matrix, correlation)
        # every fourth is measured everywhere
        assert set(range(0, 30, 4)) <= set(on.gene.tolist()) < set(range(30))
        found, _ = correlate(observed, null_maps, expression[:, on.gene], correlation)
        assert unit(on.observed, 0) @ unit(on.expression, 0) == pytest.approx(found.score)
        r = unit(on.null_maps, 1) @ unit(on.expression, 0)
        assert r.mean(axis=0) == pytest.approx(found.null_mean)
        assert (on.relabeled == on.null_maps[:3]).all()


# count test


@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_counts_equal_statsmodels_for_the_map_and_every_null_map(correlation, missing):
    observed, maps, expression = example(n_maps=110, n_genes=25, missing=missing, seed=2)
    maps[:20] += observed  # some null maps with many genes
    expression[:, -3] = 4.2  # members of no family
    expression[2:, -2] = np.nan
    expression[:, -1] = np.nan
    found = count_test(observed, maps, expression, correlation)
    counts = []
    for one in [observed, *maps]:
        p = []
        for gene in expression.T[:-3]:
            seen = ~np.isnan(gene)
            p.append(SCIPY[correlation](one[seen], gene[seen]).pvalue)
        counts.append(multipletests(p, alpha=LEVEL, method="fdr_bh")[0].sum())
    assert found.observed == counts[0]
    assert found.null.tolist() == counts[1:]
    assert len(set(counts)) > 3
    reached = sum(count >= counts[0] for count in counts[1:])
    assert found.p == pytest.approx((1 + reached) / 111)


def test_a_count_that_every_null_map_reaches_has_p_1_and_one_that_none_reaches_the_smallest():
    assert CountTest(0, np.zeros(99, dtype=int)).p == 1
    assert CountTest(5, np.zeros(99, dtype=int)).p == 0.01
    assert CountTest(5, np.repeat([5, 4], [9, 90])).p == pytest.approx(0.1)


# error rates


def studies(brain, n_studies, follow=0.0, n_genes=1, n_maps=199, seed=11):
    """A smooth map, its null maps, and smooth genes that have nothing to do with it or follow it."""
    rng = np.random.default_rng(seed)
    for i in range(n_studies):
        observed = brain.smooth(1, rng, 1.0)[0]
        genes = follow * observed + brain.smooth(n_genes, rng, 1.0)
        yield observed, moran.null_maps(observed, brain.structure, brain.xyz, i, n_maps), genes.T


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_level_holds_when_the_map_is_one_of_its_null_maps(assert_level, correlation):
    # the null hypothesis to the letter; genes depend on each other
    rng = np.random.default_rng(1)
    p, p_family = [], []
    for _ in range(1000):
        maps = rng.normal(size=(200, 15)) + np.arange(15)
        genes = rng.normal(size=(15, 3)) @ rng.normal(size=(3, 8)) + 0.5 * rng.normal(size=(15, 8))
        found, _ = correlate(maps[0], maps[1:], genes, correlation)
        p.append(found.p[0])
        p_family.append(p_max(found.score - found.null_mean, found.maxima).min())
    for level in (0.05, 0.2):
        assert_level(p, level)
        assert_level(p_family, level)


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_gene_test_holds_its_level_on_smooth_maps_and_parametric_p_does_not(brain, assert_level, correlation):
    # Moran randomisation is an approximation: of 150,000 genes of such studies .060 (s.e. .001) are at .05
    p, parametric = [], []
    for observed, maps, genes in studies(brain, 800):
        found, n = correlate(observed, maps, genes, correlation)
        p.append(found.p[0])
        parametric.append(parametric_p(found.score, n)[0])
    assert_level(p)
    assert np.mean(np.array(parametric) <= 0.05) > 0.25  # so the check above could fail


def test_family_wise_p_of_genes_is_near_its_level_on_smooth_maps_and_bonferroni_of_parametric_p_is_not(brain):
    # the approximation adds up over genes: .073 (s.e. .007) in 1,500 studies of 30 genes
    smallest, parametric = [], []
    for observed, maps, genes in studies(brain, 300, n_genes=30):
        found, n = correlate(observed, maps, genes)
        smallest.append(p_max(found.score - found.null_mean, found.maxima).min())
        parametric.append(30 * parametric_p(found.score, n).min())
    assert 0.02 < np.mean(np.array(smallest) <= 0.05) < 0.12
    assert np.mean(np.array(parametric) <= 0.05) > 0.5


def test_count_test_holds_its_level_though_half_of_the_studies_find_genes(brain, assert_level):
    p, some = [], []
    for observed, maps, genes in studies(brain, 500, n_genes=40):
        found = count_test(observed, maps, genes)
        p.append(found.p)
        some.append(found.observed > 0)
    assert_level(p)
    assert np.mean(some) > 0.5  # the false discovery rate of parametric p does not hold


def test_genes_that_follow_the_map_are_found(brain):
    p, p_count = [], []
    for observed, maps, genes in studies(brain, 40, follow=1.0, n_genes=40):
        p.append(correlate(observed, maps, genes)[0].p)
        p_count.append(count_test(observed, maps, genes).p)
    assert np.mean(np.array(p) <= 0.05) > 0.9
    assert np.mean(np.array(p_count) <= 0.05) > 0.7  # a null map like the map finds them all, too


# maps of relabeled groups


def test_without_the_means_of_structures_the_score_is_the_distance_from_the_null_mean():
    # all 64 maps of Moran's randomisation: signs of three components in either structure
    rng = np.random.default_rng(4)
    observed, expression, xyz = rng.normal(size=8), rng.normal(size=(8, 5)), rng.normal(size=(8, 3))
    strata = np.repeat(["cortex", "subcortex"], 4)
    observed[:4] += 3
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=6)))
    every = np.empty((64, 8))
    for here, part in ((slice(0, 4), signs[:, :3]), (slice(4, 8), signs[:, 3:])):
        every[:, here] = randomise(observed[here], eigenvectors(xyz[here]), part)
    spatial, _ = correlate(observed, every, expression)
    within, _ = correlate(observed, rng.normal(size=(9, 8)), expression, strata=strata)
    assert within.score == pytest.approx(spatial.score - spatial.null_mean, abs=1e-12)


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_scores_without_the_means_of_structures_equal_a_loop(correlation):
    observed, maps, expression = example(missing=0.2)
    strata = np.repeat(["a", "b", "c"], 8)
    found, _ = correlate(observed, maps, expression, correlation, strata)
    null = np.empty((len(maps), expression.shape[1]))
    for j, gene in enumerate(expression.T):
        seen = ~np.isnan(gene)
        x = stats.rankdata(gene[seen]) if correlation == "spearman" else gene[seen]
        x = (x - x.mean()) / x.std()
        part = maps[:, seen] if correlation == "pearson" else stats.rankdata(maps[:, seen], axis=1)
        part = (part - part.mean(axis=1, keepdims=True)) / part.std(axis=1, keepdims=True)
        for structure in "abc":
            here = strata[seen] == structure
            part[:, here] -= part[:, here].mean(axis=1, keepdims=True)
        null[:, j] = part @ x / seen.sum()
    assert found.null_mean == pytest.approx(null.mean(axis=0), abs=1e-12)
    assert found.maxima == pytest.approx(np.abs(null - null.mean(axis=0)).max(axis=1), abs=1e-12)
