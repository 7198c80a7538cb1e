"""Network convergence: definition, level, power, canonical networks, the same for any order."""

import numpy as np
import pandas as pd
import pytest

from amygene.meta.ale import Experiments
from amygene.meta.connectome import Connectome
from amygene.meta.network import (
    canonical_table,
    network_means,
    observed_pooled,
    overlap,
    random_pooled,
    region_table,
    seed_regions,
    similar_unweighted,
    two_tailed,
    unmapped_foci,
)


@pytest.fixture(scope="module")
def connectome() -> Connectome:
    """Forty regions in four circuits of ten."""
    rng = np.random.default_rng(1)
    circuit = np.repeat(np.arange(4), 10)
    series = rng.standard_normal((300, 4))[:, circuit] + 1.2 * rng.standard_normal((300, 40))
    matrix = np.arctanh(np.corrcoef(series.T) - np.eye(40))
    np.fill_diagonal(matrix, np.nan)
    return Connectome(matrix, tuple(f"R{i:02d}" for i in range(40)), rng.integers(50, 150, 40))


def experiments_at(regions: list[list[int]], n: list[int]) -> tuple[Experiments, np.ndarray]:
    flat = np.concatenate(regions)
    starts = np.r_[0, np.cumsum([len(r) for r in regions])]
    names = tuple(f"E{i}" for i in range(len(regions)))
    return Experiments(names, np.array(n), starts, np.zeros((len(flat), 3))), flat


def test_pooled_is_mean_of_experiments_weighted_by_size(connectome):
    experiments, region = experiments_at([[3, 17], [5], [8, 8, 30]], [20, 10, 40])
    observed = observed_pooled(seed_regions(experiments, region), connectome)
    m = connectome.matrix
    target = 12
    means = np.array(
        [np.mean([m[3, target], m[17, target]]), m[5, target], np.mean([m[8, target]] * 2 + [m[30, target]])]
    )
    assert observed[0, target] == pytest.approx(np.average(means, weights=[20, 10, 40]))
    assert observed[1, target] == pytest.approx(means.mean())


def test_a_focus_says_nothing_of_its_own_region(connectome):
    experiments, region = experiments_at([[3, 17], [5]], [20, 10])
    observed = observed_pooled(seed_regions(experiments, region), connectome)
    m = connectome.matrix
    assert observed[0, 3] == pytest.approx((20 * m[17, 3] + 10 * m[5, 3]) / 30)
    # an experiment with all its foci in the region says nothing of it
    assert observed[0, 5] == pytest.approx(np.mean([m[3, 5], m[17, 5]]))


def test_foci_without_a_region_drop_out(connectome):
    experiments, region = experiments_at([[3, -1], [-1, -1], [5]], [20, 99, 10])
    seeds = seed_regions(experiments, region)
    assert seeds.region.tolist() == [3, 5]
    assert seeds.starts.tolist() == [0, 1, 2]
    assert seeds.weights.tolist() == [[20, 10], [1, 1]]


def test_foci_without_a_region_are_listed_with_their_sample():
    xyz = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
    experiments = Experiments(("one", "two"), np.array([10, 10]), np.array([0, 2, 3]), xyz)
    table = unmapped_foci(experiments, np.array([5, -1, -1]), np.array([1.0, 11.0, 30.0]))
    assert table["sample"].tolist() == ["one", "two"]
    assert table["distance"].tolist() == [11, 30]
    assert table[["x", "y", "z"]].to_numpy().tolist() == xyz[1:].tolist()


def test_likeness_with_experiments_all_alike_is_over_regions_that_have_both():
    z = pd.DataFrame({"z_value": [1.0, 2, 3, np.nan, 9], "z_value_unweighted": [2.0, 1, 4, 5, np.nan]})
    assert similar_unweighted(z) == pytest.approx(np.corrcoef([1, 2, 3], [2, 1, 4])[0, 1])


def test_p_by_counting():
    drawn = np.array([[0.0], [1.0], [2.0], [3.0]])
    p, z = two_tailed(np.array([2.5]), drawn)
    assert p[0] == pytest.approx(2 * 2 / 5)
    p, z = two_tailed(np.array([-1.0]), drawn)
    assert p[0] == pytest.approx(2 / 5)
    assert z[0] == pytest.approx(-0.8416, abs=1e-4)
    p, z = two_tailed(np.array([9.0]), drawn)
    assert z[0] > 0
    assert np.isnan(two_tailed(np.array([np.nan]), drawn)[0][0])


def test_draws_are_addressed_by_index(connectome):
    experiments, region = experiments_at([[3, 17], [5], [8, 8, 30]], [20, 10, 40])
    seeds = seed_regions(experiments, region)
    many = random_pooled(seeds, connectome, 7, "x", 60)
    assert random_pooled(seeds, connectome, 7, "x", 20).tobytes() == many[:20].tobytes()
    assert not np.array_equal(random_pooled(seeds, connectome, 7, "y", 20), many[:20])


def test_random_foci_lie_in_regions_by_volume(connectome):
    """With one focus per experiment the mean over draws is the mean of the connectome weighted by volume."""
    experiments, region = experiments_at([[0]] * 12, [10] * 12)
    drawn = random_pooled(seed_regions(experiments, region), connectome, 3, "x", 3000)[:, 0]
    expected = []
    for r in range(40):
        others = np.arange(40) != r
        expected.append(np.average(connectome.matrix[others, r], weights=connectome.voxels[others]))
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(axis=0) - expected) < 5 * error).all()


def _study(rng: np.random.Generator, connectome: Connectome, circuit: int | None, n: int = 15):
    weights = connectome.voxels / connectome.voxels.sum()
    regions = []
    for _ in range(n):
        own = rng.choice(40, size=rng.integers(2, 6), p=weights)
        if circuit is not None:
            own[0] = 10 * circuit + rng.integers(10)
        regions.append(own.tolist())
    return experiments_at(regions, rng.integers(10, 40, n).tolist())


def test_level_without_convergence(connectome, assert_level):
    """Foci anywhere: each region's p is below .05 in 5 % of studies."""
    rng, p = np.random.default_rng(21), []
    for i in range(250):
        experiments, region = _study(rng, connectome, None)
        seeds = seed_regions(experiments, region)
        drawn = random_pooled(seeds, connectome, i, "x", 199)
        # one region per study, for the regions of one study depend on each other
        p.append(region_table(connectome, observed_pooled(seeds, connectome), drawn)["p"][i % 40])
    assert_level(np.array(p))


def test_power_in_the_planted_circuit(connectome):
    """Foci of one circuit: its regions are more connected, at scattered places without regional convergence."""
    rng, found = np.random.default_rng(22), []
    for i in range(20):
        experiments, region = _study(rng, connectome, 2)
        seeds = seed_regions(experiments, region)
        table = region_table(
            connectome, observed_pooled(seeds, connectome), random_pooled(seeds, connectome, i, "x", 499)
        )
        own = table.iloc[20:30]
        found.append(((own["q"] < 0.05) & (own["z_value"] > 0)).mean())
    assert np.mean(found) > 0.6


def test_canonical_networks(connectome):
    shares = pd.DataFrame(
        {"region": ["R00", "R01", "R01", "R30"], "network": ["A", "A", "B", "B"], "n_voxels": [30, 10, 90, 10]}
    )
    values = np.arange(40.0)
    values[30] = np.nan
    names, means = network_means(shares, connectome.regions, values)
    assert names == ["A", "B"]
    assert means.tolist() == [10 / 40, 1.0]
    experiments, region = _study(np.random.default_rng(23), connectome, 0)
    seeds = seed_regions(experiments, region)
    circuits = pd.DataFrame({"region": connectome.regions, "network": np.repeat(list("ABCD"), 10), "n_voxels": 10})
    table = canonical_table(
        circuits, connectome, observed_pooled(seeds, connectome), random_pooled(seeds, connectome, 1, "x", 499)
    )
    assert table["network"].tolist() == list("ABCD")
    assert table["q"].idxmin() == 0
    assert table.loc[0, "z_value"] > 0
    assert (table["q"] >= table["p"]).all()


def test_overlap_counts_voxels():
    image = np.zeros((4, 1, 1), dtype=int)
    image[1:3] = 2
    xyz = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [2.2, 0, 0]])
    found = overlap(image, np.eye(4), xyz, ["b", "b", "a", "a"])
    assert found.to_dict("list") == {"region": ["b", "a"], "network": [2, 2], "n_voxels": [1, 2]}
