"""Gene-set tests against loops, scipy, scikit-learn and gseapy; random sets; error rates of defaults and replicates."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from sklearn.metrics import cohen_kappa_score

from amygene.enrichment.scores import (
    N_CENTRES,
    RandomSets,
    coexpression_test,
    hypergeometric_p,
    kappa,
    make_pools,
    redundant,
    set_test,
)
from amygene.genes.association import correlate, parametric_p
from amygene.io.files import write_arrays
from amygene.io.tables import read_table
from amygene.nulls import moran
from amygene.stats.map_test import unit
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import p_max

SCORES = ("mean_r", "mean_abs_r")
SCRIPTS = Path(__file__).parents[2] / "scripts"


def example(n_regions=22, n_maps=60, n_genes=40, n_sets=12, seed=0):
    """A map, null maps whose mean is not 0, genes with common factors, sets of unlike size."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=n_regions)
    observed, maps = level + rng.normal(size=n_regions), level + rng.normal(size=(n_maps, n_regions))
    expression = rng.normal(size=(n_regions, 3)) @ rng.normal(size=(3, n_genes)) + rng.normal(size=(n_regions, n_genes))
    sizes = rng.integers(2, 15, n_sets)
    dense = np.zeros((n_sets, n_genes))
    for row, size in zip(dense, sizes, strict=True):
        row[rng.choice(n_genes, size, replace=False)] = 1
    return observed, maps, expression, sparse.csr_array(dense)


def factor_genes(n_regions, n_genes, n_factors, rng, noise=1.0):
    """Genes that share factors, so that some are much more co-expressed than others."""
    which = rng.integers(0, n_factors, n_genes)
    factors = rng.normal(size=(n_regions, n_factors))
    return factors[:, which] + noise * rng.normal(size=(n_regions, n_genes))


# sets under null maps


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("n_maps", [60, 230])
def test_set_scores_equal_a_loop_over_sets_and_null_maps(score, n_maps):
    observed, maps, expression, membership = example(n_maps=n_maps)
    found, z = set_test(observed, maps, expression, membership, score)
    absolute = np.abs if score == "mean_abs_r" else lambda r: r
    values = np.empty((n_maps + 1, membership.shape[0]))
    for i, one in enumerate([observed, *maps]):
        r = np.corrcoef(one, expression.T)[0, 1:]
        values[i] = [absolute(r[row > 0]).mean() for row in membership.toarray()]
    own, null = values[0], values[1:]
    mean, sd = null.mean(axis=0), null.std(axis=0)
    assert found.score == pytest.approx(own, abs=1e-13)
    assert found.null_mean == pytest.approx(mean, abs=1e-13)
    reached = (np.abs(null - mean) >= np.abs(own - mean) * (1 - 1e-9)).sum(axis=0)
    assert found.exceedances.tolist() == reached.tolist()
    assert found.p == pytest.approx((1 + reached) / (1 + n_maps))
    assert z == pytest.approx((own - mean) / sd, rel=1e-10)
    largest = np.abs((null - mean) / sd).max(axis=1)
    assert found.maxima == pytest.approx(largest, rel=1e-10)
    p_fwe = [(1 + sum(largest >= abs(one) * (1 - 1e-9))) / (1 + n_maps) for one in z]
    assert p_max(z, found.maxima) == pytest.approx(p_fwe)


def test_mean_r_finds_what_goes_one_way_and_mean_absolute_r_what_goes_both():
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(500, 30))
    observed = maps[0]
    signs = np.ones((2, 20))
    signs[1, ::2] = -1
    genes = np.concatenate([np.outer(observed, sign) + 1.5 * rng.normal(size=(30, 20)) for sign in signs], axis=1)
    membership = sparse.csr_array(np.kron(np.eye(2), np.ones((1, 20))))
    p = {score: set_test(observed, maps[1:], genes, membership, score)[0].p for score in SCORES}
    assert p["mean_r"][0] < 0.01
    assert p["mean_r"][1] > 0.05
    assert (p["mean_abs_r"] < 0.01).all()


def test_other_sets_and_more_null_maps_do_not_change_a_score():
    observed, maps, expression, membership = example(n_maps=230)
    for score in SCORES:
        all_of_them, _ = set_test(observed, maps, expression, membership, score)
        some, _ = set_test(observed, maps, expression, membership[[3, 7]], score)
        assert some.score == pytest.approx(all_of_them.score[[3, 7]], abs=1e-14)
        assert some.exceedances.tolist() == all_of_them.exceedances[[3, 7]].tolist()
        fewer, _ = set_test(observed, maps[:101], expression, membership, score)
        assert fewer.score == pytest.approx(all_of_them.score, abs=1e-14)


# replicates


def test_hypergeometric_p_equals_fishers_exact_test():
    _, _, _, membership = example(n_genes=60, n_sets=15)
    listed = np.random.default_rng(3).random(60) < 0.3
    p, n_listed = hypergeometric_p(membership, listed)
    for row, p_row, n_row in zip(membership.toarray() > 0, p, n_listed, strict=True):
        table = [[(row & listed).sum(), (row & ~listed).sum()], [(~row & listed).sum(), (~row & ~listed).sum()]]
        assert n_row == table[0][0]
        assert p_row == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-9)


def test_hypergeometric_p_of_an_empty_list_and_of_a_list_of_all_genes_is_1():
    _, _, _, membership = example()
    for listed in (np.zeros(40, dtype=bool), np.ones(40, dtype=bool)):
        assert hypergeometric_p(membership, listed)[0] == pytest.approx(np.ones(12))


def enrichment_score(r, members):
    """Running sum of Subramanian et al. 2005 with weight 1, gene by gene."""
    order = np.argsort(-r, kind="stable")
    total = sum(abs(r[j]) for j in members)
    running, best = 0.0, 0.0
    for j in order:
        running += abs(r[j]) / total if j in members else -1 / (len(r) - len(members))
        best = running if abs(running) > abs(best) else best
    return best


#: gives a script what Snakemake would, from JSON
RUN = """
import json, sys
from types import SimpleNamespace
sys.path.insert(0, sys.argv[1])

class Params(dict):
    __getattr__ = dict.__getitem__

about = json.loads(sys.argv[3])
snakemake = SimpleNamespace(
    log=about["log"], input=SimpleNamespace(**about["input"]),
    output=SimpleNamespace(**about["output"]), params=Params(about["params"]),
)
exec(open(sys.argv[1] + "/" + sys.argv[2]).read())
"""


def run_script(folder, name, inputs, params, outputs=()):
    """Run a script on files of a folder; give its exit code and its log."""
    files = {
        kind: {key: str(folder / file) for key, file in dict(names).items()}
        for kind, names in (("input", inputs), ("output", outputs))
    }
    about = json.dumps({"log": [str(folder / "log")], "params": params, **files})
    done = subprocess.run([sys.executable, "-c", RUN, str(SCRIPTS), name, about], check=False)
    return done.returncode, (folder / "log").read_text()


def test_gsea_script_gives_the_enrichment_scores_of_its_definition(tmp_path):
    rng = np.random.default_rng(5)
    genes = pd.DataFrame({"gene": [f"G{i}" for i in range(200)], "r": rng.normal(0, 0.3, 200)})
    sets = {"UP": genes["gene"][np.argsort(-genes["r"])[:25]], "ANY": genes["gene"].sample(30, random_state=1)}
    genes.loc[7, "r"] = np.nan
    genes.to_csv(tmp_path / "genes.tsv", sep="\t", index=False, na_rep="n/a")
    sets["SMALL"] = genes["gene"][:3]
    lines = ["\t".join([name, "made up", *members, "UNMEASURED"]) for name, members in sets.items()]
    (tmp_path / "sets.gmt").write_text("\n".join(lines))
    code, log = run_script(
        tmp_path,
        "enrichment/gsea.py",
        {"genes": "genes.tsv", "gmt": "sets.gmt"},
        {"min_size": 5, "max_size": 100, "permutations": 200, "seed": 3},
        {"table": "gsea.tsv", "sidecar": "gsea.json"},
    )
    assert code == 0, log
    table = read_table(tmp_path / "gsea.tsv").set_index("set")
    known = genes.dropna().reset_index(drop=True)
    assert table.index.tolist() == ["UP", "ANY"]
    for name in ("UP", "ANY"):
        members = set(np.flatnonzero(known["gene"].isin(sets[name])))
        assert table.loc[name, "n_genes"] == len(members)
        assert table.loc[name, "es"] == pytest.approx(enrichment_score(known["r"].to_numpy(), members), abs=1e-8)
    assert table.loc["UP", "p_gsea"] < 0.01
    assert table.loc["ANY", "p_gsea"] > 0.05
    assert table.loc["UP", "nes"] > 1.5


def test_a_collection_without_a_set_of_the_wanted_size_is_told(tmp_path):
    observed, maps, expression, _ = example()
    regions, genes = (np.array([f"{what}{i}" for i in range(n)]) for what, n in (("r", 22), ("G", 40)))
    write_arrays(
        tmp_path / "maps.npz", region=regions, structure=regions, observed=observed, null_maps=maps, relabeled=maps[:0]
    )
    write_arrays(tmp_path / "expression.npz", region=regions, gene=genes, values=expression)
    small, numbers = "\t".join(genes[:12]), "\t".join(map(str, range(99)))
    (tmp_path / "sets.gmt").write_text(f"SMALL\tmade up\t{small}\nNUMBERS\tnot by symbol\t{numbers}\n")
    code, log = run_script(
        tmp_path,
        "enrichment/sets.py",
        {"maps": "maps.npz", "expression": "expression.npz", "gmt": "sets.gmt"},
        {"correlation": "pearson", "min_size": 15, "max_size": 500},
    )
    assert code == 1
    assert (
        f"{tmp_path / 'sets.gmt'}: no set has 15 to 500 measured genes; are its genes named by symbol? "
        "(config keys enrichment.min_size, max_size)"
    ) in log
    assert "Traceback" not in log


# redundant sets


def test_kappa_equals_scikit_learn():
    _, _, _, membership = example()
    found, dense = kappa(membership), membership.toarray()
    for i, j in combinations(range(len(dense)), 2):
        assert found[i, j] == found[j, i] == pytest.approx(cohen_kappa_score(dense[i], dense[j]), abs=1e-12)
    assert np.diag(found) == pytest.approx(np.ones(len(dense)))


def test_kappa_of_sets_that_hold_all_genes_is_1():
    assert kappa(sparse.csr_array(np.ones((2, 5)))).tolist() == [[1, 1], [1, 1]]


def test_sets_that_share_most_genes_are_one_cluster_numbered_by_their_first():
    genes = {
        "a": range(0, 20), "b": range(40, 60), "a but two": range(0, 18), "c": range(70, 80),
        "b and two": range(40, 62), "a and three": range(0, 23),
    }  # fmt: skip
    dense = np.zeros((6, 100))
    for row, members in zip(dense, genes.values(), strict=True):
        row[list(members)] = 1
    assert redundant(sparse.csr_array(dense)).tolist() == [1, 2, 1, 3, 2, 1]
    assert redundant(sparse.csr_array(dense), min_kappa=0.999).tolist() == [1, 2, 3, 4, 5, 6]
    assert redundant(sparse.csr_array(dense[:1])).tolist() == [1]
    assert redundant(sparse.csr_array(dense[:0])).tolist() == []


def test_clusters_are_cut_where_average_kappa_falls_below_the_limit():
    # two sets of 10 genes of 100 share s: kappa is (s/100 + (80 + s)/100 - .82) / .18
    def pair(shared):
        dense = np.zeros((2, 100))
        dense[0, :10] = dense[1, 10 - shared : 20 - shared] = 1
        return sparse.csr_array(dense)

    for shared in range(11):
        value = (shared / 100 + (80 + shared) / 100 - 0.82) / 0.18
        together = redundant(pair(shared)).tolist() == [1, 1]
        assert together == (value >= 0.3), (shared, value)


# random sets


def test_pools_equal_brute_force():
    rng = np.random.default_rng(0)
    profiles = unit(factor_genes(15, 40, 4, rng), 0)
    pools = make_pools(profiles, 3)
    correlation = np.corrcoef(profiles.T)
    widths = pools["widths"].tolist()
    assert widths == list(range(2, 41))
    centres = pools["neighbours"][:, 0]
    assert sorted(centres) == list(range(40))  # fewer genes than centres: every gene is one
    for centre, neighbours, curve in zip(centres, pools["neighbours"], pools["curves"], strict=True):
        assert neighbours.tolist() == np.argsort(-correlation[centre], kind="stable").tolist()
        lowest = np.inf
        for width, value in zip(widths, curve, strict=True):
            pairs = [correlation[i, j] for i, j in combinations(neighbours[:width], 2)]
            lowest = min(lowest, np.mean(pairs))
            assert value == pytest.approx(lowest, abs=1e-12)


def test_pools_of_many_genes_have_random_centres_addressed_by_the_seed():
    profiles = unit(np.random.default_rng(0).normal(size=(10, 2 * N_CENTRES)), 0)
    pools, again, other = (make_pools(profiles, seed) for seed in (1, 1, 2))
    assert len(pools["neighbours"]) == len(np.unique(pools["neighbours"][:, 0])) == N_CENTRES
    for name, values in pools.items():
        assert values.tobytes() == again[name].tobytes()
    assert pools["neighbours"].tobytes() != other["neighbours"].tobytes()
    assert (np.diff(pools["widths"]) > 0).all()
    assert (pools["widths"][0], pools["widths"][-1]) == (2, 2 * N_CENTRES)
    assert (np.diff(pools["curves"], axis=1) <= 0).all()


def one_pool(n_genes, width, level=0.5):
    """Random sets from the `width` genes nearest to one centre."""
    widths = np.array([2, width, n_genes])
    pools = {
        "neighbours": np.arange(n_genes, dtype=np.int32)[None],
        "widths": widths,
        "curves": np.array([[0.9, level + 0.01, 0.0]]),
    }
    profiles = unit(np.random.default_rng(0).normal(size=(12, n_genes)), 0)
    return RandomSets(profiles, 4, pools)


@pytest.mark.parametrize(("width", "size"), [(11, 5), (11, 2), (13, 6), (12, 3)])
def test_every_gene_of_a_pool_and_every_pair_is_drawn_as_often(width, size):
    n_sets = 20_000
    drawn = one_pool(40, width).draw(size, 0.5, n_sets, 0)
    prime = max(p for p in (2, 3, 5, 7, 11, 13) if p <= width)
    counts = np.bincount(drawn.ravel(), minlength=40)
    assert counts[prime:].sum() == 0
    expected = size / prime
    assert (np.abs(counts[:prime] / n_sets - expected) < 4.5 * np.sqrt(expected * (1 - expected) / n_sets)).all()
    together = np.zeros((prime, prime))
    for i, j in permutations(range(size), 2):
        np.add.at(together, (drawn[:, i], drawn[:, j]), 1)
    expected = size * (size - 1) / (prime * (prime - 1))
    pairs = together[~np.eye(prime, dtype=bool)] / n_sets
    assert (np.abs(pairs - expected) < 4.5 * np.sqrt(expected * (1 - expected) / n_sets)).all()


@pytest.mark.parametrize("size", [2, 7, 30, 97, 199, 200])
def test_genes_of_a_random_set_are_distinct(size):
    profiles = unit(factor_genes(20, 200, 6, np.random.default_rng(0)), 0)
    random_sets = RandomSets(profiles, 1, make_pools(profiles, 1))
    for coexpression in (0.9, 0.2, 0.0, -0.5):
        drawn = random_sets.draw(size, coexpression, 300, 0)
        assert drawn.shape == (300, size)
        assert drawn.min() >= 0
        assert drawn.max() < 200
        assert (np.diff(np.sort(drawn, axis=1), axis=1) > 0).all()
        if 7 <= size < 150:  # the nearest pairs are few
            assert len(np.unique(np.sort(drawn, axis=1), axis=0)) > 100


def test_random_sets_are_addressed_by_seed_and_index():
    profiles = unit(factor_genes(20, 200, 6, np.random.default_rng(0)), 0)
    pools = make_pools(profiles, 1)
    one = RandomSets(profiles, 1, pools).draw(10, 0.1, 50, 3)
    random_sets = RandomSets(profiles, 1, pools)
    random_sets.draw(10, 0.1, 50, 0)
    assert random_sets.draw(10, 0.1, 50, 3).tobytes() == one.tobytes()
    assert random_sets.draw(10, 0.1, 50, 4).tobytes() != one.tobytes()
    assert RandomSets(profiles, 2, pools).draw(10, 0.1, 50, 3).tobytes() != one.tobytes()


@pytest.mark.parametrize("wanted", [0.05, 0.15, 0.3])
def test_wanted_co_expression_is_reached(wanted):
    rng = np.random.default_rng(0)
    profiles = unit(factor_genes(60, 2000, 12, rng, noise=1.2), 0)
    random_sets = RandomSets(profiles, 1, make_pools(profiles, 1))
    found = random_sets.coexpression(random_sets.draw(20, wanted, 400, 0))
    assert found.mean() == pytest.approx(wanted, abs=0.02)


def test_co_expression_is_the_mean_correlation_of_pairs():
    profiles = unit(np.random.default_rng(0).normal(size=(9, 12)), 0)
    random_sets = RandomSets(profiles, 1, make_pools(profiles, 1))
    correlation = np.corrcoef(profiles.T)
    sets = np.array([[0, 5, 7], [3, 4, 11]])
    expected = [np.mean([correlation[i, j] for i, j in combinations(one, 2)]) for one in sets]
    assert random_sets.coexpression(sets) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("score", SCORES)
def test_co_expression_test_equals_a_loop(score):
    observed, _, expression, membership = example(n_genes=150)
    profiles = unit(expression, 0)
    r = unit(observed, 0) @ profiles
    random_sets = RandomSets(profiles, 6, make_pools(profiles, 6))
    found = coexpression_test(r, membership, score, random_sets, 120)
    values = np.abs(r) if score == "mean_abs_r" else r
    correlation = np.corrcoef(profiles.T)
    for i, row in enumerate(membership.toarray() > 0):
        members = np.flatnonzero(row)
        pairs = [correlation[j, k] for j, k in combinations(members, 2)]
        assert found.own[i] == pytest.approx(np.mean(pairs), abs=1e-13)
        drawn = random_sets.draw(len(members), found.own[i], 120, i)
        null = np.array([values[one].mean() for one in drawn])
        reached = np.abs(null - null.mean()) >= np.abs(values[members].mean() - null.mean()) * (1 - 1e-9)
        assert found.p[i] == pytest.approx((1 + reached.sum()) / 121)
        mine = [np.mean([correlation[j, k] for j, k in combinations(one, 2)]) for one in drawn[:50]]
        assert found.matched[i] == pytest.approx(np.mean(mine), abs=1e-12)


# error rates


def studies(brain, n_studies, follow=0.0, n_maps=199, size=12, seed=21):
    """A smooth map; 4 sets of smooth genes, each with a smooth factor of its own; the first set may follow the map."""
    rng = np.random.default_rng(seed)
    membership = sparse.csr_array(np.kron(np.eye(4), np.ones((1, size))))
    for i in range(n_studies):
        observed = brain.smooth(1, rng, 1.0)[0]
        factors = np.repeat(brain.smooth(4, rng, 1.0), size, axis=0)
        genes = factors + brain.smooth(4 * size, rng, 1.0)
        genes[:size] += follow * observed
        maps = moran.null_maps(observed, brain.structure, brain.xyz, i, n_maps)
        yield observed, maps, genes.T, membership


@pytest.mark.parametrize("score", SCORES)
def test_level_of_set_scores_holds_when_the_map_is_one_of_its_null_maps(assert_level, score):
    # the null hypothesis to the letter
    rng = np.random.default_rng(1)
    _, _, expression, membership = example(n_regions=15, n_sets=6)
    p, p_family = [], []
    for _ in range(1000):
        maps = rng.normal(size=(200, 15)) + np.arange(15)
        found, z = set_test(maps[0], maps[1:], expression, membership, score)
        p.append(found.p[0])
        p_family.append(p_max(z, found.maxima).min())
    for level in (0.05, 0.2):
        assert_level(p, level)
        assert_level(p_family, level)


@pytest.mark.parametrize("score", SCORES)
def test_set_scores_hold_their_level_on_smooth_maps(brain, assert_level, score):
    assert_level([set_test(*study, score)[0].p[0] for study in studies(brain, 600)])


def test_hypergeometric_replicate_finds_what_is_not_there(brain):
    p = []
    for observed, maps, genes, membership in studies(brain, 150, n_maps=1):
        found, n = correlate(observed, maps, genes)
        listed = benjamini_hochberg(parametric_p(found.score, n)) < 0.05
        p.append(hypergeometric_p(membership, listed)[0][0])
    assert np.mean(np.array(p) <= 0.05) > 0.1


@pytest.mark.parametrize("score", SCORES)
def test_a_set_that_follows_the_map_is_found(brain, score):
    p = np.array([set_test(*study, score)[0].p for study in studies(brain, 40, follow=2.0)])
    assert np.mean(p[:, 0] <= 0.05) > 0.8
    assert np.mean(p[:, 1:] <= 0.05) < 0.15


def test_co_expression_matched_sets_hold_their_level_for_random_sets_and_find_a_planted_one():
    rng = np.random.default_rng(3)
    profiles = unit(factor_genes(40, 1500, 10, rng), 0)
    random_sets = RandomSets(profiles, 1, make_pools(profiles, 1))
    # sets that are random draws themselves, whatever genes follow the map
    drawn = RandomSets(profiles, 99, make_pools(profiles, 99)).draw(15, 0.1, 400, 0)
    dense = np.zeros((401, 1500))
    np.put_along_axis(dense[:400], drawn, 1, axis=1)
    r = unit(rng.normal(size=40), 0) @ profiles
    p_null = coexpression_test(r, sparse.csr_array(dense[:400]), "mean_r", random_sets, 199).p
    assert 0.02 < np.mean(p_null <= 0.05) < 0.09
    dense[400, np.argsort(-r)[:150:10]] = 1
    planted = coexpression_test(r, sparse.csr_array(dense[400:]), "mean_r", random_sets, 999)
    assert planted.p[0] < 0.01
