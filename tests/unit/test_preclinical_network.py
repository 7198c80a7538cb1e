"""Adjacency and topological overlap against R's WGCNA."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amygene.preclinical.network import adjacency, correlated, soft_power, topological_overlap, variable_genes

REFERENCE = Path(__file__).parents[1] / "reference"


def test_against_wgcna():
    values = pd.read_csv(REFERENCE / "wgcna_input.csv", index_col=0)
    truth = pd.read_csv(REFERENCE / "wgcna_network.csv")
    column = {name: i for i, name in enumerate(values.columns)}
    pairs = truth["a"].map(column).to_numpy(), truth["b"].map(column).to_numpy()
    adjacent = adjacency(values.to_numpy(), soft_power(37))
    assert adjacent[pairs] == pytest.approx(truth["adjacency"].to_numpy(), rel=1e-9)
    overlap = topological_overlap(adjacent)
    assert overlap[pairs] == pytest.approx(truth["overlap"].to_numpy(), rel=1e-9)
    assert (overlap == overlap.T).all()
    assert (np.diag(overlap) == 1).all()


def test_variable_genes():
    values = np.random.default_rng(1).standard_normal((6, 5)) * [1, 3, 0, 5, 0.1]
    assert variable_genes(values, 3).tolist() == [0, 1, 3]
    assert variable_genes(values, 9).tolist() == [0, 1, 3, 4]


def test_powers():
    assert [soft_power(n) for n in (10, 20, 30, 37, 40, 100)] == [18, 16, 14, 14, 12, 12]


def test_correlated_pairs_are_those_of_scipy():
    rng = np.random.default_rng(2)
    values = rng.standard_normal((30, 12))
    values[:, 1:5] += 1.2 * values[:, :1]
    values[:, 5] -= values[:, 0]
    rows, columns = np.triu_indices(12, 1)
    p = [
        stats.pearsonr(values[:, i], values[:, j], alternative="greater").pvalue
        for i, j in zip(rows, columns, strict=True)
    ]
    expected = stats.false_discovery_control(p) <= 0.01
    tied = correlated(values)
    assert tied[rows, columns].tolist() == expected.tolist()
    assert 5 < expected.sum() < 30
    assert (tied == tied.T).all()
