"""The tables of genes: chunks put together, one family, and the summary of the count test."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from amygene.genes.association import CountTest, chunk_columns, correlate, count_test, parametric_p
from amygene.genes.table import count_summary, gene_table
from amygene.io import columns
from amygene.stats.map_test import COLUMNS

N_MAPS = 60


def study(n_genes, missing=0.0):
    rng = np.random.default_rng(4)
    observed, maps = rng.normal(size=20) + np.arange(20) / 9, rng.normal(size=(N_MAPS, 20)) + np.arange(20) / 9
    expression = rng.normal(size=(20, n_genes)) + np.outer(observed, rng.random(n_genes) < 0.2)
    expression[rng.random(expression.shape) < missing] = np.nan
    expression[:, 3] = 1.0
    return observed, maps, expression


def chunks_of(observed, maps, expression, n_chunks, relabeled=None):
    """What the jobs write."""
    names = np.array([f"G{j}" for j in range(expression.shape[1])])
    for k in range(n_chunks):
        columns = chunk_columns(expression.shape[1], k, n_chunks)
        found, n = correlate(observed, maps, expression[:, columns])
        groups = {}
        if relabeled is not None:
            beside, _ = correlate(observed, relabeled, expression[:, columns], strata=np.zeros(len(observed)))
            groups = {
                "group_distance": beside.score - beside.null_mean,
                "group_exceedances": beside.exceedances,
                "group_maxima": beside.maxima,
            }
        yield {
            "gene": names[columns],
            "column": columns,
            "n": n,
            "r": found.score,
            "null_mean": found.null_mean,
            "exceedances": found.exceedances,
            "maxima": found.maxima,
            **groups,
        }


def test_every_number_equals_counting():
    observed, maps, expression = study(30, missing=0.1)
    table = gene_table(list(chunks_of(observed, maps, expression, 1)))
    assert table["gene"].tolist() == [f"G{j}" for j in range(30)]
    assert set(table) <= set(columns.known())
    null = np.full((N_MAPS, 30), np.nan)
    for j, gene in enumerate(expression.T):
        seen = ~np.isnan(gene)
        assert table.loc[j, "n_regions"] == seen.sum()
        if j != 3:
            null[:, j] = [np.corrcoef(one[seen], gene[seen])[0, 1] for one in maps]
            assert table.loc[j, "r"] == pytest.approx(np.corrcoef(observed[seen], gene[seen])[0, 1], abs=1e-13)
    known = np.arange(30) != 3
    assert table.loc[3].drop(["gene", "n_regions"]).isna().all()
    part, null = table[known], null[:, known]
    distance = np.abs(null - null.mean(axis=0))
    own = np.abs(part["r"].to_numpy() - null.mean(axis=0)) * (1 - 1e-9)
    assert part["null_mean"].to_numpy() == pytest.approx(null.mean(axis=0), abs=1e-13)
    p = (1 + (distance >= own).sum(axis=0)) / (1 + N_MAPS)
    assert part["p_null"].to_numpy() == pytest.approx(p)
    assert part["q_null"].to_numpy() == pytest.approx(multipletests(p, method="fdr_bh")[1])
    p_fwe = (1 + (distance.max(axis=1)[:, None] >= own).sum(axis=0)) / (1 + N_MAPS)
    assert part["p_fwe"].to_numpy() == pytest.approx(p_fwe)
    assert part["p_error"].to_numpy() == pytest.approx(np.sqrt(p * (1 - p) / N_MAPS))
    parametric = parametric_p(part["r"].to_numpy(), part["n_regions"].to_numpy())
    assert part["p_parametric"].to_numpy() == pytest.approx(parametric)
    assert part["q_parametric"].to_numpy() == pytest.approx(multipletests(parametric, method="fdr_bh")[1])


def test_relabeled_groups_are_counted_as_null_maps_are():
    observed, maps, expression = study(30, missing=0.1)
    plain = gene_table(list(chunks_of(observed, maps, expression, 1)))
    assert plain[["p_group", "p_fwe_group"]].isna().all(axis=None)
    both = gene_table(list(chunks_of(observed, maps[::-1], expression, 2, relabeled=maps)))
    assert both["p_group"].to_numpy() == pytest.approx(plain["p_null"].to_numpy(), nan_ok=True)
    assert both["p_fwe_group"].to_numpy() == pytest.approx(plain["p_fwe"].to_numpy(), nan_ok=True)


@pytest.mark.parametrize("missing", [0.0, 0.005])
def test_the_table_does_not_depend_on_the_chunks(missing):
    observed, maps, expression = study(2 * COLUMNS + 30, missing)
    one = gene_table(list(chunks_of(observed, maps, expression, 1)))
    for n_chunks in (2, 3, 5):  # 5: two of them are empty
        chunks = list(chunks_of(observed, maps, expression, n_chunks))
        for order in (chunks, chunks[::-1]):
            assert gene_table(order).to_csv() == one.to_csv()


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_the_count_is_the_number_of_genes_that_the_table_shows(missing):
    observed, maps, expression = study(200, missing)
    table = gene_table(list(chunks_of(observed, maps, expression, 2)))
    counted = count_test(observed, maps, expression)
    assert counted.observed == (table["q_parametric"] < 0.05).sum() > 5


def test_the_summary_holds_the_counts_and_where_the_null_counts_lie():
    observed, maps, expression = study(200)
    table = gene_table(list(chunks_of(observed, maps, expression, 1)))
    null = np.arange(1000) % 101
    summary = count_summary(table, CountTest(90, null))
    assert summary["n_genes"] == 199
    assert summary["genes_q_parametric"] == 90
    assert (summary["null_count_low"], summary["null_count_median"], summary["null_count_high"]) == pytest.approx(
        (2, 50, 97), abs=1
    )
    assert summary["p_count"] == pytest.approx((1 + (null >= 90).sum()) / 1001)
    assert summary["genes_q_null"] == (table["q_null"] < 0.05).sum()
    assert summary["genes_p_fwe"] == (table["p_fwe"] < 0.05).sum()
    assert summary["level"] == 0.05
