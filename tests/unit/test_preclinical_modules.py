"""Modules on several scales: planted ones found, hubs and enrichment against loops, error rates."""

import numpy as np
import pytest
from scipy import stats

from amygene.preclinical.modules import Module, communities, hubs, module_enrichment, neighbour_graph, nested
from amygene.preclinical.network import adjacency, correlated, topological_overlap


@pytest.fixture(scope="module")
def planted():
    """Two modules of 120, each of two halves, and 100 genes of their own."""
    rng = np.random.default_rng(1)
    large, small = rng.standard_normal((2, 37)), rng.standard_normal((4, 37))
    values = rng.standard_normal((340, 37))
    for i in range(240):
        values[i] = 1.4 * large[i // 120] + 0.8 * small[i // 60] + 0.9 * values[i]
    return ties(values.T)


def ties(vst):
    return np.where(correlated(vst), topological_overlap(adjacency(vst, 14)), 0)


def test_planted_modules_are_found_nested(planted):
    found = nested(planted, 20, 5)
    top = [m for m in found if m.level == 1]
    assert len(top) == 2
    for first in (0, 120):
        best = max(top, key=lambda m: len(set(m.genes) & set(range(first, first + 120))))
        assert len(set(best.genes) & set(range(first, first + 120))) >= 115
        assert len(best.genes) <= 125
        halves = [m for m in found if m.parent == best.name]
        assert len(halves) == 2
        for half in (first, first + 60):
            assert max(len(set(m.genes) & set(range(half, half + 60))) for m in halves) >= 55
    for module in found:
        if module.parent:
            parent = next(m for m in found if m.name == module.parent)
            assert set(module.genes) < set(parent.genes)
            assert module.name.startswith(f"{parent.name}.")
        assert len(module.genes) >= 20
    siblings = [m for m in found if m.level == 1]
    assert sum(len(m.genes) for m in siblings) == len(set(np.concatenate([m.genes for m in siblings])))


def test_the_same_seed_gives_the_same(planted):
    one, other = nested(planted, 20, 5), nested(planted.copy(), 20, 5)
    assert [m.name for m in one] == [m.name for m in other]
    assert all((a.genes == b.genes).all() for a, b in zip(one, other, strict=True))


def test_noise_has_no_modules():
    noise = np.random.default_rng(2).standard_normal((37, 400))
    assert correlated(noise).sum() <= 4
    assert nested(ties(noise), 10, 1) == []


def test_every_gene_is_in_one_community(planted):
    parts = communities(planted, 1.0, 1)
    assert np.sort(np.concatenate(parts)).tolist() == list(range(340))
    assert [len(p) for p in parts] == sorted([len(p) for p in parts], reverse=True)


def test_graph_holds_the_nearest(planted):
    graph = neighbour_graph(planted)
    assert min(graph.degree()[:240]) >= 60
    nearest = int(np.argsort(-planted[7])[0])
    assert graph.are_adjacent(7, nearest)
    edge = graph.es[graph.get_eid(7, nearest)]
    assert edge["weight"] == planted[7, nearest]


def test_hubs_are_those_of_a_loop(planted):
    module = np.arange(10, 22)
    found = hubs(planted, module, 3, 0, 40)
    inside = planted[np.ix_(module, module)]
    assert found["strength"].to_numpy() == pytest.approx(inside.sum(axis=0))
    from amygene.stats.streams import PRECLINICAL_HUBS, stream

    rows, columns = np.triu_indices(12, 1)
    null = []
    for k in range(40):
        drawn = stream(3, PRECLINICAL_HUBS, k).permutation(inside[rows, columns])
        square = np.zeros((12, 12))
        square[rows, columns] = drawn
        null.append((square + square.T).sum(axis=0))
    null = np.array(null).ravel()
    expected = [(1 + (null >= s).sum()) / (1 + len(null)) for s in found["strength"]]
    assert found["p_hub"].to_numpy() == pytest.approx(expected)


def test_hubs_hold_their_level_and_find_a_hub():
    rng = np.random.default_rng(4)
    p = []
    for i in range(60):
        one = rng.random((40, 40))
        one = (one + one.T) / 2
        np.fill_diagonal(one, 1)
        p.append(hubs(one, np.arange(40), 1, i, 20)["p_hub"])
    assert 0.035 < np.mean(np.array(p) < 0.05) < 0.065
    one[3], one[:, 3] = 0.95, 0.95
    assert hubs(one, np.arange(40), 1, 0, 100)["q_hub"][3] < 0.05


def test_enrichment_has_a_direction():
    names = np.array([f"g{i}" for i in range(100)])
    modules = [Module("M1", 1, "", np.arange(20)), Module("M2", 1, "", np.arange(20, 60))]
    up, down = {f"g{i}" for i in range(12)} | {"elsewhere"}, {f"g{i}" for i in range(30, 50)}
    table = module_enrichment(modules, names, {"SUSvsCON": (up, down)})
    assert table["direction"].tolist() == ["up", "down"]
    assert table["n_up"].tolist() == [12, 0]
    truth = stats.fisher_exact([[12, 8], [0, 80]], alternative="greater").pvalue
    assert table["p_up"][0] == pytest.approx(truth)
    assert module_enrichment([], names, {"a": (up, down)}).empty
    assert module_enrichment(modules, names, {"a": (set(), set())})["direction"].tolist() == ["neither"] * 2


def test_random_lists_are_rarely_enriched():
    rng = np.random.default_rng(5)
    names = np.array([f"g{i}" for i in range(400)])
    modules = [Module(f"M{i}", 1, "", np.arange(50 * i, 50 * i + 50)) for i in range(8)]
    hits = 0
    for _ in range(100):
        drawn = rng.choice(names, 120, replace=False)
        table = module_enrichment(modules, names, {"a": (set(drawn[:60]), set(drawn[60:]))})
        hits += (table["direction"] != "neither").any()
    assert hits <= 12
