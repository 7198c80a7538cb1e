"""Simulated tissues: the study's design, and what is planted is there."""

import numpy as np
import pandas as pd
import pytest

from amygene.preclinical.simulated import EFFECTS, GROUPS, simulate

N = 1200


@pytest.fixture(scope="module")
def inputs(brain):
    rng = np.random.default_rng(1)
    common = brain.smooth(5, rng, 1.0)
    values = (rng.standard_normal((N, 5)) @ common + brain.smooth(N, rng)).T
    regions = pd.DataFrame(brain.xyz, columns=["x", "y", "z"])
    regions.insert(0, "region", [f"r{i}" for i in range(60)])
    regions["structure"] = brain.structure
    human = np.array([f"G{i}" for i in range(N)])
    pairs = pd.DataFrame({"mouse": [f"g{i}" for i in range(1000)], "human": human[:1000]})
    matrix = {"region": regions["region"].to_numpy(dtype=str), "gene": human, "values": values}
    return pairs, matrix, regions


def test_design(inputs):
    made = simulate(*inputs, 800, 50, 1.0, 0.7, 3)
    assert list(made.counts) == list(made.samples) == ["NAc", "PFC"]
    for tissue, counts in made.counts.items():
        assert counts.shape == (800, 37)
        assert made.samples[tissue]["group"].value_counts().to_dict() == GROUPS
        assert (counts.to_numpy() >= 0).all()
        assert counts.index.isin(inputs[0]["mouse"]).all()
        modules = made.truth.loc[made.truth["tissue"] == tissue, "module"].value_counts()
        assert {m: modules[m] for m in EFFECTS[tissue]} == dict.fromkeys(EFFECTS[tissue], 50)
    assert len(made.behaviour) == 37 * 3


def test_planted_changes_and_map(inputs):
    made = simulate(*inputs, 800, 50, 1.0, 0.7, 3)
    counts, group = made.counts["NAc"], made.samples["NAc"]["group"].to_numpy()
    truth = made.truth[made.truth["tissue"] == "NAc"].set_index("gene").loc[counts.index]
    log = np.log2(counts / counts.sum() * 1e6 + 1)
    change = log.loc[:, group == "SUS-W"].mean(axis=1) - log.loc[:, group == "CON-W"].mean(axis=1)
    bridge = truth["module"] == "bridge"
    assert change[bridge].mean() == pytest.approx(truth.loc[bridge, "SUS-W"].mean(), abs=0.4)
    assert abs(change[(truth["module"] == "none").to_numpy()].mean()) < 0.25
    column = dict(zip(inputs[0]["mouse"], range(N), strict=False))
    values = inputs[1]["values"][:, [column[g] for g in truth.index[bridge]]]
    r = np.corrcoef(np.c_[made.map["value"], values].T)[0, 1:]
    assert r.mean() > 0.4


def test_nothing_planted(inputs):
    made = simulate(*inputs, 800, 50, 0.0, 0.0, 3)
    assert (made.truth[list(GROUPS)].to_numpy() == 0).all()
    counts, group = made.counts["NAc"], made.samples["NAc"]["group"].to_numpy()
    log = np.log2(counts / counts.sum() * 1e6 + 1)
    change = log.loc[:, group == "SUS-W"].mean(axis=1) - log.loc[:, group == "CON-W"].mean(axis=1)
    assert abs(change[(made.truth["module"] == "bridge").to_numpy()[:800]].mean()) < 0.1


def test_same_seed_same_numbers(inputs):
    one, other = simulate(*inputs, 800, 50, 1.0, 0.7, 3), simulate(*inputs, 800, 50, 1.0, 0.7, 3)
    pd.testing.assert_frame_equal(one.counts["PFC"], other.counts["PFC"])
    assert not simulate(*inputs, 800, 50, 1.0, 0.7, 4).counts["PFC"].equals(one.counts["PFC"])
