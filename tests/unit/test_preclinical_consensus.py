"""Stability of clusters of trajectories: by hand, all pairs, every draw of animals; planted shapes and noise."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from amygene.preclinical.consensus import animals_drawn, genes_drawn, stability, with_stability
from amygene.preclinical.trajectories import clusters, cut, trajectories, written

ORDER = ["CON", "SUS", "RESP", "NR"]
SHAPES = np.array([[0, 1, 0, 1], [0, -1, -1, 1], [0, 0, 2, 0.0]])


def counts(effect, noise, rng, sizes=(60, 40, 25), n_animals=6):
    """Samples x genes of three shapes (or of none) and groups."""
    groups = np.repeat(ORDER, n_animals)
    means = effect * SHAPES[np.repeat([0, 1, 2], sizes)]
    values = means[:, np.repeat(range(4), n_animals)] + noise * rng.standard_normal((sum(sizes), len(groups)))
    names = [f"s{k}_{i:03d}" for k, n in enumerate(sizes) for i in range(n)]
    return pd.DataFrame(values.T, columns=names), groups


def steady(vst, groups, n_resamples=30, min_size=5):
    return with_stability(clusters(trajectories(vst, groups, ORDER), min_size), vst, groups, ORDER, 3, n_resamples)


def test_by_hand():
    own = np.array([1, 1, 1, 2, 2, 0, 3])
    drawn = np.array([[1, 1, 2, 2, 2, 1, 1], [1, 0, 1, 1, 3, 1, 1]])
    # gene 0: with 1 (of 1, 2), with 2 (of 2); gene 1: with 0 (of 0, 2); gene 2: with none (of 0, 1), with 0 (of 0)
    assert stability(own, drawn) == pytest.approx([2 / 3, 1 / 2, 1 / 3, 1 / 2, 1 / 2, np.nan, np.nan], nan_ok=True)
    assert stability(np.array([], dtype=int), np.zeros((2, 0), dtype=int)).shape == (0,)


def test_is_the_mean_of_the_consensus_matrix():
    """Share of resamples, pair by pair; where all genes are drawn it is the mean of Monti's matrix."""
    rng = np.random.default_rng(1)
    own, drawn = rng.integers(0, 4, 40), rng.integers(1, 4, (25, 40))
    matrix = np.mean([row[:, None] == row[None] for row in drawn], axis=0)
    for i, found in enumerate(stability(own, drawn)):
        mates = np.flatnonzero((own == own[i]) & (np.arange(40) != i))
        assert found == pytest.approx(matrix[i, mates].mean() if own[i] else np.nan, nan_ok=True)
    # labels at random fall together one time in three
    many = stability(np.ones(200, dtype=int), rng.integers(1, 4, (500, 200)))
    assert many == pytest.approx(1 / 3, abs=0.02)


def test_animals_are_drawn_within_their_groups():
    """All 64 draws of two animals in three groups, one by one, against draws at random."""
    order, groups = ["a", "b", "c"], np.repeat(["a", "b", "c"], 2)
    rng = np.random.default_rng(4)
    vst = pd.DataFrame(rng.standard_normal((6, 8)), columns=[f"g{i}" for i in range(8)])
    shapes = written(trajectories(vst, groups, order))
    own = cut(shapes, 3)[0]
    every = []
    for one in product(*(((0, 0), (0, 1), (1, 0), (1, 1)),) * 3):
        rows = np.concatenate([2 * k + np.array(pair) for k, pair in enumerate(one)])
        every.append(cut(written(trajectories(vst.iloc[rows], groups[rows], order)), 3)[0])
    exact = stability(own, np.array(every))
    assert 0.2 < np.nanmin(exact) < np.nanmax(exact) < 1
    found = stability(own, animals_drawn(shapes, vst, groups, 3, 7, range(3000)))
    assert found == pytest.approx(exact, abs=0.04, nan_ok=True)


def test_genes_are_drawn_without_replacement():
    vst, groups = counts(1, 0.3, np.random.default_rng(5))
    shapes = written(trajectories(vst, groups, ORDER))
    drawn = genes_drawn(shapes, 3, 1, range(40))
    assert ((drawn > 0).sum(axis=1) == 100).all()
    assert (drawn > 0).mean(axis=0) == pytest.approx(0.8, abs=0.3)
    assert len(np.unique(drawn > 0, axis=0)) == 40


def test_planted_shapes_are_steady_and_noise_is_not():
    rng = np.random.default_rng(2)
    planted = steady(*counts(1, 0.5, rng))
    assert [set(part["gene"].str[:2]) for _, part in planted.groupby("cluster")] == [{"s0"}, {"s1"}, {"s2"}]
    assert planted["stability"].min() > 0.95
    assert planted["stability_animals"].min() > 0.7
    noise = steady(*counts(0, 0.5, rng))
    assert noise["stability_animals"].max() < 0.7
    assert noise["stability_animals"].mean() < 0.5
    # a gene of noise among the planted ones is told
    vst, groups = counts(1, 0.5, rng)
    vst["odd"] = rng.standard_normal(len(vst))
    odd = steady(vst, groups).set_index("gene")["stability_animals"]
    assert odd["odd"] < odd.drop("odd").min()


def test_resamples_are_addressed_by_their_number():
    """Any split of the resamples gives the same sums: nothing hangs on the number of jobs."""
    vst, groups = counts(1, 1.5, np.random.default_rng(6))
    shapes = written(trajectories(vst, groups, ORDER))
    whole = genes_drawn(shapes, 4, 9, range(12)), animals_drawn(shapes, vst, groups, 4, 9, range(12))
    for draw, expected in zip((genes_drawn, animals_drawn), whole, strict=True):
        rest = () if draw is genes_drawn else (vst, groups)
        parts = [draw(shapes, *rest, 4, 9, range(a, b)) for a, b in ((0, 5), (5, 6), (6, 12))]
        assert (np.vstack(parts) == expected).all()
    assert any((a != b).any() for a, b in combinations(whole[1], 2))


def test_stability_follows_from_the_table_and_the_seed(tmp_path):
    vst, groups = counts(1, 1.5, np.random.default_rng(8))
    found = steady(vst, groups)
    found.to_csv(tmp_path / "t.tsv", sep="\t", index=False, float_format="%.10g")
    read = pd.read_csv(tmp_path / "t.tsv", sep="\t").sample(frac=1, random_state=1)
    shapes = read.set_index("gene")[ORDER].sort_index()
    again = stability(
        read.set_index("gene")["cluster"].loc[shapes.index].to_numpy(),
        genes_drawn(shapes, cut(shapes)[2], 3, range(30)),
    )
    assert pd.Series(again, shapes.index)[found["gene"]].to_numpy() == pytest.approx(
        found["stability"].to_numpy(), nan_ok=True
    )
    other = with_stability(found.drop(columns=["stability", "stability_animals"]), vst, groups, ORDER, 4, 30)
    assert (other["stability"] != found["stability"]).any()


def test_too_few():
    vst, groups = counts(1, 0.5, np.random.default_rng(3))
    assert steady(vst.iloc[:, :2], groups)[["stability", "stability_animals"]].isna().all(axis=None)
    few = steady(vst.iloc[:, :0], groups)
    assert few.empty
    assert few.columns.tolist() == ["gene", "cluster", "silhouette", "stability", "stability_animals", *ORDER]
    # a cluster that is too small has none
    some = steady(vst, groups, min_size=30)
    assert some.loc[some["cluster"] == 0, "stability"].isna().all()
    assert some.loc[some["cluster"] > 0, "stability"].notna().all()
