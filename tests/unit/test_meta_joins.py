"""Maps beside each other: correlations under null maps; targets."""

import numpy as np
import pandas as pd
import pytest

from amygene.meta.connectome import Connectome
from amygene.meta.joins import similarity
from amygene.meta.targets import circuit_table, distances, near_clusters, seed_map, seed_places
from amygene.nulls import moran, variogram
from fixtures.meta import ball


@pytest.fixture
def places(brain):
    names = [f"R{i}" for i in range(len(brain.xyz))]
    table = pd.DataFrame(brain.xyz, columns=["x", "y", "z"])
    table.insert(0, "region", names)
    return table.assign(structure=brain.structure)


@pytest.mark.parametrize("method", [moran, variogram])
def test_similarity_finds_likeness(brain, places, method):
    rng = np.random.default_rng(1)
    first = brain.smooth(1, rng)[0]
    like = first + 0.5 * brain.smooth(1, rng)[0]
    maps = {
        k: pd.Series(v, index=places["region"]) for k, v in (("a", first), ("b", like), ("c", brain.smooth(1, rng)[0]))
    }
    maps["c"].iloc[:5] = np.nan
    table = similarity(maps, places, method.null_maps, 1, 499).set_index(["map", "other"])
    assert table.loc[("a", "b"), "r"] == pytest.approx(np.corrcoef(first, like)[0, 1])
    assert table.loc[("a", "b"), "p_null"] < 0.02
    assert table.loc[("a", "c"), "n_regions"] == 55
    assert table.loc[("a", "c"), "p_null"] > 0.05
    assert (table["q_null"] >= table["p_null"]).all()


@pytest.mark.slow
def test_level_of_similarity(brain, places, assert_level):
    """Smooth maps that have nothing to do with each other, structures apart in their means."""
    rng, p = np.random.default_rng(2), []
    for i in range(300):
        one, two = (brain.smooth(1, rng, shift=1.0)[0] for _ in range(2))
        maps = {"a": pd.Series(one, index=places["region"]), "b": pd.Series(two, index=places["region"])}
        p.append(similarity(maps, places, moran.null_maps, i, 199)["p_null"][0])
    assert_level(np.array(p))


def test_a_map_is_not_tested_against_itself(brain, places):
    values = pd.Series(np.random.default_rng(1).standard_normal(len(places)), index=places["region"])
    table = similarity({"a": values, "b": values.copy(), "c": -values}, places, moran.null_maps, 1, 100).set_index(
        ["map", "other"]
    )
    assert table.loc[("a", "b"), "r"] == 1
    assert table.loc[("a", "b"), ["p_null", "q_null"]].isna().all()
    assert table.loc[("a", "c"), "p_null"] < 0.05


def test_too_few_regions_in_common(places):
    maps = {"a": pd.Series([1.0, 2, 3], index=["R0", "R1", "R2"]), "b": pd.Series(1.0, index=places["region"])}
    table = similarity(maps, places, moran.null_maps, 1, 100)
    assert table["n_regions"][0] == 3
    assert table[["r", "p_null", "q_null"]].isna().all(axis=None)


def test_seed_maps():
    matrix = np.array([[np.nan, 1, 2], [1, np.nan, 4], [2, 4, np.nan]])
    connectome = Connectome(matrix, ("a", "b", "c"), np.array([1, 1, 1]))
    assert np.array_equal(seed_map(connectome, np.array([1])), [1, np.nan, 4], equal_nan=True)
    # two voxels in a, one in b, one nowhere
    found = seed_map(connectome, np.array([0, 1, 0, -1]))
    assert found.tolist() == pytest.approx([1, 1, (2 * 2 + 4) / 3])
    assert np.isnan(seed_map(connectome, np.array([-1]))).all()


def test_distances():
    grid = ball()
    labels = np.zeros(grid.shape, dtype=int)
    ijk = grid.voxels_of_foci(np.array([[0.0, 0, 0], [4, 0, 0], [8, 0, 0]]))
    labels[tuple(ijk.T)] = 1
    row = {"cluster": 1, "peak_x": 8, "peak_y": 0, "peak_z": 0, "centre_x": 4, "centre_y": 0, "centre_z": 0}
    found = distances({"T": (4.0, 3.0, 0.0)}, grid, labels, pd.DataFrame([row])).iloc[0]
    assert (found["distance_peak"], found["distance_centre"], found["distance_edge"]) == (5, 3, 3)


def test_targets_near_clusters_of_several_comparisons_and_their_circuits():
    grid = ball()
    analyses, line = {}, np.array([[0.0, 0, 0], [4, 0, 0], [8, 0, 0]])
    for comparison, shift in (("up", 0.0), ("down", 16.0)):
        labels = np.zeros(grid.mask.shape, dtype=int)
        labels[tuple(grid.voxels_of_foci(line + np.array([0, shift, 0])).T)] = 2
        row = {"cluster": 2, "peak_x": 8, "peak_y": shift, "peak_z": 0, "centre_x": 4, "centre_y": shift, "centre_z": 0}
        analyses[comparison] = labels, pd.DataFrame([row])
    targets = {"T": (4.0, 3.0, 0.0)}
    near = near_clusters(targets, grid, analyses)
    assert near[["comparison", "cluster"]].to_numpy().tolist() == [["up", 2], ["down", 2]]
    assert near["distance_edge"].tolist() == [3, 13]
    none = near_clusters(targets, grid, {})
    assert none.columns.tolist() == near.columns.tolist()
    assert len(none) == 0
    seeds = seed_places(targets, grid, analyses)
    assert list(seeds) == ["T", "up cluster 2", "down cluster 2"]
    assert seeds["T"].tolist() == [[4, 3, 0]]
    assert sorted(seeds["down cluster 2"].tolist()) == [[0, 16, 0], [4, 16, 0], [8, 16, 0]]
    maps = {"T": pd.Series({"b": 2.0, "a": 1.0}), "up cluster 2": pd.Series({"a": 3.0})}
    table = circuit_table(maps, ["a", "b"])
    assert table["circuit"].tolist() == ["T", "T", "up cluster 2", "up cluster 2"]
    assert table["region"].tolist() == ["a", "b", "a", "b"]
    assert table["connectivity"].tolist()[:3] == [1, 2, 3]
    assert np.isnan(table["connectivity"].iloc[3])
