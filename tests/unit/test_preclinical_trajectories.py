"""Clusters of trajectories: against scikit-learn, planted shapes, and made again from the table."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_samples

from amygene.preclinical.trajectories import clusters, silhouettes, trajectories

ORDER = ["CON", "SUS", "RESP", "NR"]


def planted(noise=0.25):
    rng = np.random.default_rng(1)
    shapes = np.array([[0, 1, 0, 1], [0, -1, -1, 1], [0, 0, 2, 0.0]])
    groups = np.repeat(ORDER, 6)
    means = shapes[np.repeat([0, 1, 2], [60, 40, 25])]
    values = means[:, np.repeat(range(4), 6)] + noise * rng.standard_normal((125, 24))
    names = [f"s{k}_{i:03d}" for k, n in ((0, 60), (1, 40), (2, 25)) for i in range(n)]
    return pd.DataFrame(values.T, columns=names), groups


def test_trajectories():
    vst = pd.DataFrame({"a": [1.0, 3, 5, 7], "flat": [2.0, 2, 2, 2]})
    found = trajectories(vst, np.array(["x", "x", "y", "y"]), ["y", "x"])
    assert found.loc["a"].tolist() == [1, -1]
    assert "flat" not in found.index


def test_planted_shapes_are_found_and_the_small_is_told():
    vst, groups = planted()
    found = clusters(trajectories(vst, groups, ORDER), 10)
    assert [set(part["gene"].str[:2]) for _, part in found.groupby("cluster")] == [{"s0"}, {"s1"}, {"s2"}]
    assert found["cluster"].value_counts().tolist() == [60, 40, 25]
    few = clusters(trajectories(vst, groups, ORDER), 30)
    assert set(few.loc[few["gene"].str.startswith("s2"), "cluster"]) == {0}


def test_clusters_can_be_made_again_from_the_table(tmp_path):
    vst, groups = planted(0.8)
    found = clusters(trajectories(vst, groups, ORDER), 5)
    found.to_csv(tmp_path / "t.tsv", sep="\t", index=False, float_format="%.10g")
    read = pd.read_csv(tmp_path / "t.tsv", sep="\t")
    again = clusters(read.sample(frac=1, random_state=1).set_index("gene")[ORDER], 5)
    assert (again["cluster"].to_numpy() == found["cluster"].to_numpy()).all()
    assert (again["gene"] == found["gene"]).all()


def test_too_few():
    vst, groups = planted()
    assert (clusters(trajectories(vst.iloc[:, :3], groups, ORDER), 10)["cluster"] == 0).all()
    assert clusters(trajectories(vst.iloc[:, :0], groups, ORDER), 10).empty


def test_silhouettes_are_those_of_scikit_learn():
    rng = np.random.default_rng(2)
    distance = np.abs(rng.standard_normal((30, 30)))
    distance = distance + distance.T
    np.fill_diagonal(distance, 0)
    labels = np.r_[np.repeat([3, 5, 9], [10, 12, 7]), 11]
    assert silhouettes(distance, labels) == pytest.approx(silhouette_samples(distance, labels, metric="precomputed"))
