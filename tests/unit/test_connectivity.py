"""Connectivity of a seed against numpy's corrcoef."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.connectivity.regions import fisher_z, gather, seed_connectivity


@pytest.fixture
def series():
    rng = np.random.default_rng(0)
    return 1000 + 5 * rng.normal(size=(120, 9)) @ rng.normal(size=(9, 9))


@pytest.mark.parametrize("seed", [[0], [3, 4], [8, 1, 5]])
def test_fisher_z_equals_corrcoef_region_by_region(series, seed):
    z = seed_connectivity(series, np.array(seed))
    for j in range(9):
        if j in seed:
            assert np.isnan(z[j])
        else:
            expected = np.arctanh(np.corrcoef(series[:, seed].mean(axis=1), series[:, j])[0, 1])
            assert z[j] == pytest.approx(expected, rel=1e-10)


def test_regions_without_signal_are_missing_not_zero(series):
    series[:, 2] = 0
    series[:, 6] = 1234.5
    z = seed_connectivity(series, np.array([0]))
    assert np.flatnonzero(np.isnan(z)).tolist() == [0, 2, 6]


def test_part_of_a_seed_without_signal_does_not_count(series):
    series[:, 3] = 7
    with_silent, alone = seed_connectivity(series, np.array([3, 4])), seed_connectivity(series, np.array([4]))
    assert np.delete(with_silent, [3, 4]) == pytest.approx(np.delete(alone, [3, 4]))
    assert np.isnan(with_silent[[3, 4]]).all()


def test_seed_without_signal_gives_nothing(series):
    series[:, [3, 4]] = 7
    assert np.isnan(seed_connectivity(series, np.array([3, 4]))).all()


def test_parts_that_cancel_give_missing_or_rounding_but_no_error(series):
    series[:, 4] = -series[:, 3]
    z = seed_connectivity(series, np.array([3, 4]))
    assert z.shape == (9,)
    assert np.isnan(z[[3, 4]]).all()


def test_perfect_correlation_is_clipped_to_a_finite_z(series):
    series[:, 1], series[:, 2] = 2 * series[:, 0] + 3, -series[:, 0]
    z = seed_connectivity(series, np.array([0]))
    assert z[1] == pytest.approx(np.arctanh(1 - 1e-7))
    assert z[2] == -z[1]
    assert 8.4 < z[1] < 8.41


def test_fisher_z_is_odd_and_clips_beyond_one():
    assert fisher_z(np.array([-0.5, 0.0, 0.5])) == pytest.approx([-0.5 * np.log(3), 0, 0.5 * np.log(3)])
    assert np.isfinite(fisher_z(np.array([1 + 1e-12, -1 - 1e-12]))).all()


def test_scale_and_offset_of_a_region_do_not_matter(series):
    z = seed_connectivity(series, np.array([0]))
    changed = seed_connectivity(series * np.linspace(0.1, 50, 9) + np.arange(9), np.array([0]))
    assert changed[1:] == pytest.approx(z[1:], rel=1e-9)


def test_buckets_of_participants_become_one_table():
    region = np.array(["A_L", "A_R"])
    parts = [
        {"participant_id": np.array(["b", "a"]), "region": region, "z": np.array([[1.0, 2.0], [3.0, np.nan]])},
        {"participant_id": np.array(["c"]), "region": region, "z": np.array([[5.0, 6.0]])},
    ]
    z = gather(iter(parts))
    assert z.columns.tolist() == ["A_L", "A_R"]
    assert z["A_L"].to_dict() == {"b": 1.0, "a": 3.0, "c": 5.0}
    assert np.isnan(z.loc["a", "A_R"])
