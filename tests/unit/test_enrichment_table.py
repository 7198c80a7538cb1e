"""The tables of enrichment: all tests of a collection side by side, and its clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from statsmodels.stats.multitest import multipletests

from amygene.enrichment.scores import RandomSets, coexpression_test, make_pools, set_test
from amygene.enrichment.table import N_CLUSTERED, N_SHOWN, cluster_table, set_table
from amygene.genes.association import OnGenes
from amygene.io.columns import known
from amygene.stats.map_test import unit
from amygene.stats.permutation import p_max

N_MAPS = 99


NO_GROUPS = np.empty((0, 20))
STRATA = np.repeat(["cortex", "subcortex"], 10)


@pytest.fixture(scope="module")
def collection():
    rng = np.random.default_rng(0)
    observed, maps = rng.normal(size=20), rng.normal(size=(N_MAPS, 20))
    expression = rng.normal(size=(20, 80)) + np.outer(observed, np.arange(80) < 15)
    dense = np.zeros((9, 80))
    dense[0, :12] = 1
    for row in dense[1:]:
        row[rng.choice(80, rng.integers(5, 15), replace=False)] = 1
    profiles = unit(expression, 0)
    r = unit(observed, 0) @ profiles
    genes = pd.DataFrame({"r": r, "q_parametric": np.where(np.abs(r) > 0.5, 0.01, 0.5)})
    random_sets = RandomSets(profiles, 2, make_pools(profiles, 2))
    return observed, maps, expression, sparse.csr_array(dense), genes, random_sets


def table_of(collection, score="mean_r", relabeled=NO_GROUPS):
    observed, maps, expression, membership, genes, random_sets = collection
    names = [f"S{i}" for i in range(membership.shape[0])]
    on = OnGenes(np.arange(80).astype(str), expression, observed, maps, relabeled, STRATA)
    return set_table(names, membership, on, genes, score, random_sets, 200)


@pytest.mark.parametrize("score", ["mean_r", "mean_abs_r"])
def test_every_column_is_what_its_name_says(collection, score):
    observed, maps, expression, membership, genes, random_sets = collection
    relabeled = np.random.default_rng(5).normal(size=(40, 20))
    table = table_of(collection, score, relabeled)
    assert set(table) <= set(known())
    found, z = set_test(observed, maps, expression, membership, score)
    beside = coexpression_test(genes["r"].to_numpy(), membership, score, random_sets, 200)
    dense = membership.toarray() > 0
    listed = (genes["q_parametric"] < 0.05).to_numpy()
    assert table["set"].tolist() == [f"S{i}" for i in range(9)]
    assert table["n_genes"].tolist() == dense.sum(axis=1).tolist()
    assert table["n_listed"].tolist() == (dense & listed).sum(axis=1).tolist()
    fisher = [
        stats.fisher_exact(
            [[(s & listed).sum(), (s & ~listed).sum()], [(~s & listed).sum(), (~s & ~listed).sum()]],
            alternative="greater",
        ).pvalue
        for s in dense
    ]
    expected = {
        "score": found.score,
        "null_mean": found.null_mean,
        "z_null": z,
        "p_null": found.p,
        "q_null": multipletests(found.p, method="fdr_bh")[1],
        "p_fwe": p_max(z, found.maxima),
        "p_error": np.sqrt(found.p * (1 - found.p) / N_MAPS),
        "p_coexpression": beside.p,
        "q_coexpression": multipletests(beside.p, method="fdr_bh")[1],
        "coexpression": beside.own,
        "coexpression_random": beside.matched,
        "p_hypergeometric": fisher,
        "q_hypergeometric": multipletests(fisher, method="fdr_bh")[1],
    }
    by_groups, z_group = set_test(observed, relabeled, expression, membership, score, STRATA)
    expected |= {"p_group": by_groups.p, "p_fwe_group": p_max(z_group, by_groups.maxima)}
    for name, values in expected.items():
        assert table[name].to_numpy() == pytest.approx(np.array(values), rel=1e-9), name
    assert set(table) == {*expected, "set", "n_genes", "n_listed"}


def test_the_planted_set_comes_first(collection):
    table = table_of(collection)
    # there are no groups here
    assert table[["p_group", "p_fwe_group"]].isna().all(axis=None)
    assert table.loc[0, "q_null"] < 0.1
    assert table.loc[0, "p_null"] == table["p_null"].min()
    assert table.loc[0, "p_hypergeometric"] == table["p_hypergeometric"].min()


def sets(q, p=None, z=None, n_genes=5, p_group=np.nan):
    """A table of sets, as far as clustering needs it."""
    n = len(q)
    return pd.DataFrame(
        {
            "set": [f"S{i}" for i in range(n)],
            "n_genes": n_genes,
            "score": 0.1,
            "z_null": np.zeros(n) if z is None else z,
            "p_null": q if p is None else p,
            "q_null": q,
            "p_group": p_group,
        }
    )


def blocks(which, size=5):
    """Sets with the same number share all their genes, others none."""
    dense = np.zeros((len(which), size * (max(which) + 20)))
    for row, block in zip(dense, which, strict=True):
        row[size * block : size * (block + 1)] = 1
    return sparse.csr_array(dense)


def test_significant_sets_are_clustered_and_the_best_stands_for_its_cluster():
    q = np.array([0.04, 0.5, 0.01, 0.02, 0.03, 0.05])
    table = cluster_table(sets(q), blocks([0, 0, 1, 0, 1, 0]))
    assert table["set"].tolist() == ["S2", "S4", "S3", "S0"]
    assert table["cluster"].tolist() == [1, 1, 2, 2]
    assert table["representative"].tolist() == ["S2", "S2", "S3", "S3"]
    assert set(table) <= set(known())


def test_sets_that_relabeled_groups_explain_as_well_are_not_clustered():
    table = cluster_table(sets(np.full(3, 0.01), p_group=[0.2, 0.049, 0.05]), blocks([0, 0, 0]))
    assert table["set"].tolist() == ["S1"]


def test_of_sets_with_one_p_the_one_farther_from_its_null_mean_is_better():
    q = np.array([0.01, 0.01, 0.01])
    table = cluster_table(sets(q, z=np.array([2.0, -5.0, 3.0])), blocks([0, 0, 0]))
    assert table["set"].tolist() == ["S1", "S2", "S0"]


def test_without_a_significant_set_the_first_by_p_are_shown_with_their_q():
    n = N_SHOWN + 10
    p = np.random.default_rng(0).permutation(n) / n
    table = cluster_table(sets(np.ones(n), p), blocks(list(range(n))))
    assert sorted(table["set"]) == sorted(f"S{i}" for i in np.argsort(p)[:N_SHOWN])
    assert (table["q_null"] == 1).all()


def test_of_very_many_significant_sets_only_the_best_are_clustered():
    n = N_CLUSTERED + 50
    p = np.random.default_rng(0).permutation(n) / n / 100
    table = cluster_table(sets(np.full(n, 0.01), p), blocks(list(range(n))))
    assert sorted(table["set"]) == sorted(f"S{i}" for i in np.argsort(p)[:N_CLUSTERED])


def test_one_set_is_its_own_cluster():
    table = cluster_table(sets(np.array([0.3])), blocks([0]))
    assert table[["set", "cluster", "representative"]].to_numpy().tolist() == [["S0", 1, "S0"]]
