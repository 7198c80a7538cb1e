"""Who makes a cluster, against the definition."""

import numpy as np
import pandas as pd
import pytest

from amygene.imaging.labels import VoxelLabels
from amygene.meta.ale import converge
from amygene.meta.clusters import analysis_note, analysis_row, cluster_table
from amygene.meta.contributions import by_category, contributions, leave_out
from fixtures.meta import ball, random_experiments


@pytest.fixture(scope="module")
def study():
    grid = ball()
    experiments = random_experiments(grid, np.random.default_rng(8), n=14, planted=7)
    return grid, experiments, converge(experiments, grid, 0.001)


def test_shares_are_the_ratio_of_maps_without_each(study):
    """Saberi 2024: mean ratio of ALE without the experiment to ALE with all, from 1, scaled to 100 %."""
    grid, experiments, found = study
    table = contributions(experiments, grid, found.labels, np.array([1])).set_index("experiment")
    inside = found.labels == 1
    lost = []
    for e in range(len(experiments)):
        without = converge(experiments.without(e), grid, 0.001).ale
        lost.append(1 - np.mean(without[inside] / found.ale[inside]))
    expected = 100 * np.array(lost) / np.sum(lost)
    assert np.abs(table.loc[list(experiments.names), "share"].to_numpy() - expected).max() < 1e-9
    assert table["share"].sum() == pytest.approx(100)
    assert table["share"].is_monotonic_decreasing


def test_the_planted_experiments_make_the_cluster(study):
    grid, experiments, found = study
    table = contributions(experiments, grid, found.labels, np.array([1]))
    assert set(table.head(7)["experiment"]) == {f"E{e:02d}" for e in range(7)}
    assert table.head(7)["share"].sum() > 95


def test_categories_add_up(study):
    grid, experiments, found = study
    table = contributions(experiments, grid, found.labels, np.array([1, 2]))
    drug = pd.Series({name: "SSRI" if i < 4 else "other" for i, name in enumerate(experiments.names)})
    summed = by_category(table, {"drug": drug})
    first = summed[summed["cluster"] == 1].set_index("category")
    assert first["share"].sum() == pytest.approx(100)
    own = table[(table["cluster"] == 1) & table["experiment"].map(drug).eq("SSRI")]["share"].sum()
    assert first.loc["SSRI", "share"] == pytest.approx(own)
    assert first["n_experiments"].sum() == len(experiments)


def test_nothing_to_explain(study):
    grid, experiments, found = study
    table = contributions(experiments, grid, found.labels, np.zeros(0, dtype=int))
    assert len(table) == len(by_category(table, {})) == 0


def test_leave_out_is_the_whole_analysis_again(study):
    grid, experiments, found = study
    row = leave_out(
        experiments, grid, found.labels, np.array([1]), 2, voxel_p=0.001, seed=1, analysis="x", n_draws=100
    )[0]
    again = converge(experiments.without(2), grid, 0.001)
    both = (found.labels == 1) & (again.labels == np.bincount(again.labels[found.labels == 1])[1:].argmax() + 1)
    assert row["experiment"] == "E02"
    assert row["n_shared"] == both.sum()
    assert row["n_voxels"] == again.sizes[again.labels[both][0] - 1]
    assert 0 < row["p_fwe"] <= 1


def test_a_cluster_of_nobody_is_gone(study):
    grid, experiments, found = study
    elsewhere = np.zeros_like(found.labels)
    elsewhere[np.unravel_index(np.flatnonzero((found.labels == 0) & grid.mask)[:3], elsewhere.shape)] = 1
    row = leave_out(experiments, grid, elsewhere, np.array([1]), 0, voxel_p=1e-5, seed=1, analysis="x", n_draws=100)[0]
    assert (row["n_voxels"], row["n_shared"], row["p_fwe"]) == (0, 0, 1.0)


def test_cluster_table(study):
    grid, experiments, found = study
    names = np.where(grid.xyz(np.argwhere(np.ones_like(grid.mask)))[:, 0] > 0, 1, 0).reshape(grid.mask.shape)
    largest = np.full(99, 3)
    table = cluster_table(found, grid, largest, {"aal": VoxelLabels(names, ["Left", "Right"])})
    first = table.iloc[0]
    assert table["n_voxels"].tolist() == found.sizes.tolist()
    assert first["p_fwe"] == 0.01
    assert first["volume"] == first["n_voxels"] * 64
    voxels = grid.xyz(np.argwhere(found.labels == 1))
    assert first[["centre_x", "centre_y", "centre_z"]].tolist() == np.median(voxels, axis=0).tolist()
    peak = np.unravel_index(np.where(found.labels == 1, found.ale, 0).argmax(), found.ale.shape)
    assert first[["peak_x", "peak_y", "peak_z"]].tolist() == grid.xyz(np.array([peak]))[0].tolist()
    assert first["aal"].startswith("Right")
    row = analysis_row("up", "all", experiments, table, 99, "")
    assert row["n_experiments"] == 14
    assert row["p_fwe"] == 0.01
    assert row["places"].startswith("Right (")


def test_a_refused_analysis_has_no_rows(study):
    grid, experiments, _ = study
    table = cluster_table(None, grid, np.zeros(0, dtype=int), {"aal": VoxelLabels(np.zeros(grid.shape, dtype=int), [])})
    assert len(table) == 0
    row = analysis_row("up", "few", experiments, table, 0, "7 experiments")
    assert row["reason"] == "7 experiments"
    assert row["p_fwe"] is None


def test_what_the_p_of_an_analysis_rest_on():
    assert analysis_note("7 experiments", 0, 0, 1000) == "7 experiments"
    assert analysis_note("", 0, 0, 1000) == "no voxel reaches the threshold"
    assert analysis_note("", 2, 1000, 1000) == "family-wise p rests on 1000 sets of random foci"
    few = analysis_note("", 2, 100, 1000)
    assert few == "family-wise p rests on 100 sets of random foci, since more could not have made a cluster significant"
