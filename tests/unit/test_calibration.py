"""The false positive rates that the pipeline measures on a study's own atlas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from amygene.io.columns import known
from amygene.nulls import calibration, moran, variogram
from amygene.nulls.calibration import PUBLISHED, SHIFTS, _p_values, false_positive_rates
from amygene.nulls.smooth import LENGTH, smooth_maps
from amygene.stats.map_test import unit
from amygene.stats.streams import stream

NULLS = PUBLISHED | {"moran, stratified": moran.null_maps, "variogram, stratified": variogram.null_maps}
SIZES = {"n_maps": 40, "n_genes": 60, "n_nulls": 200, "seed": 1, "nulls": NULLS}


def rates(brain, expression=None, **changes):
    return false_positive_rates(brain.xyz, brain.structure, expression, **SIZES | changes)


def test_smooth_maps_have_the_covariance_that_they_should(brain):
    n = 20_000
    maps = smooth_maps(brain.xyz, brain.structure, 1.5, n, np.random.default_rng(0))
    distance = np.linalg.norm(brain.xyz[:, None] - brain.xyz[None], axis=-1)
    same = brain.structure[:, None] == brain.structure[None]
    expected = np.where(same, np.exp(-distance / LENGTH) + 1.5**2, 0)
    variance = np.diag(expected)
    error = np.sqrt((np.outer(variance, variance) + expected**2) / n)
    assert (np.abs(maps.T @ maps / n - expected) < 4.8 * error).all()
    assert (np.abs(maps.mean(axis=0)) < 4.5 * np.sqrt(variance / n)).all()


def test_p_values_are_those_of_a_loop(brain):
    rng = np.random.default_rng(0)
    one, genes = brain.smooth(1, rng)[0], brain.smooth(15, rng)
    profiles = unit(genes.T, 0)
    found = _p_values(one, profiles, brain.structure, brain.xyz, None, 50, 3)
    assert found == pytest.approx([stats.pearsonr(one, gene).pvalue for gene in genes])
    for null, strata in (("moran, stratified", brain.structure), ("moran, one matrix", np.full(60, "all"))):
        maps = moran.null_maps(one, strata, brain.xyz, 3, 50)
        r = np.array([[np.corrcoef(m, gene)[0, 1] for gene in genes] for m in [one, *maps]])
        distance = np.abs(r - r[1:].mean(axis=0))
        reached = (distance[1:] >= distance[0] * (1 - 1e-9)).sum(axis=0)
        found = _p_values(one, profiles, brain.structure, brain.xyz, NULLS[null], 50, 3)
        assert found == pytest.approx((1 + reached) / 51)


def test_the_table_has_a_row_for_every_null_and_difference_between_structures(brain):
    table = rates(brain, n_maps=3, n_genes=5, n_nulls=20)
    assert set(table) <= set(known())
    assert table[["shift", "null"]].to_numpy().tolist() == [[shift, null] for shift in SHIFTS for null in NULLS]
    assert (table["genes"] == "simulated").all()
    assert table["rate"].between(0, 1).all()


def test_the_error_is_that_over_maps(brain):
    table = rates(brain, n_maps=2, n_genes=30, nulls={"parametric": None})
    # with two maps the rates are the mean plus and minus the error
    for row in table.itertuples():
        high, low = row.rate + row.error, row.rate - row.error
        assert (high * 30, low * 30) == pytest.approx((round(high * 30), round(low * 30)))


def test_a_null_does_not_change_when_others_are_asked_for_too(brain):
    small = {"n_maps": 5, "n_genes": 20, "n_nulls": 50}
    table = rates(brain, **small).set_index(["shift", "null"])
    for null in ("parametric", "shuffled", "moran, stratified"):
        alone = rates(brain, **small, nulls={null: NULLS[null]}).set_index(["shift", "null"])
        for key in alone.index:
            assert alone.loc[key, "rate"] == table.loc[key, "rate"]
    assert not rates(brain, **small, seed=2).equals(rates(brain, **small))


def test_no_null_shares_its_random_numbers_with_a_map(brain, monkeypatch):
    asked = []
    monkeypatch.setattr(calibration, "stream", lambda *key: asked.append(key) or stream(*key))
    monkeypatch.setattr(calibration, "SHIFTS", {"none": 0.0})
    rates(brain, n_maps=3, n_genes=2, n_nulls=5, nulls=dict(list(NULLS.items())[:2]))
    assert len(asked) == len(set(asked)) == 6


def test_only_stratified_nulls_hold_their_level_when_structures_differ(brain):
    table = rates(brain).set_index(["shift", "null"])["rate"]
    for shift in SHIFTS:
        assert 0.02 < table[shift, "moran, stratified"] < 0.1
        assert table[shift, "variogram, stratified"] < 0.15
        assert table[shift, "parametric"] > 0.15
        assert table[shift, "shuffled"] > 0.15
    assert table["strong", "moran, one matrix"] > 0.2
    assert table["strong", "parametric"] > table["none", "parametric"] + 0.1


def test_real_genes_are_a_sample_of_those_there_are(brain):
    expression = brain.smooth(50, np.random.default_rng(3), 1.0).T
    small = {"n_maps": 3, "n_nulls": 30, "nulls": {"parametric": None}}
    table = rates(brain, expression, n_genes=10, **small)
    assert (table["genes"] == "real").all()
    # more than there are: all of them, in any order
    everything = rates(brain, expression, n_genes=1000, **small)
    shuffled = rates(brain, expression[:, ::-1], n_genes=1000, **small)
    assert everything["rate"].to_numpy() == pytest.approx(shuffled["rate"].to_numpy())
