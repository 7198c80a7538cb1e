"""The table that says whether null maps keep what they should."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.nulls import moran
from amygene.nulls.autocorrelation import Variogram, moran_i
from amygene.nulls.diagnostics import diagnose


@pytest.fixture
def value(brain):
    return brain.smooth(1, np.random.default_rng(0), shift=2)[0]


def test_rows_hold_mean_autocorrelation_and_variogram_with_percentiles_of_the_null_maps(brain, value):
    maps = np.random.default_rng(1).normal(size=(200, 60))
    table = (
        diagnose(value, maps, brain.structure, brain.xyz).set_index(["structure", "measure"]).sort_index(kind="stable")
    )
    here = brain.structure == "subcortex"
    mean = table.loc[("subcortex", "mean")].iloc[0]
    assert mean["observed"] == pytest.approx(value[here].mean())
    assert mean["null_median"] == pytest.approx(np.median(maps[:, here].mean(axis=1)))
    own = table.loc[("subcortex", "moran_i")].iloc[0]
    expected = moran_i(maps[:, here], brain.xyz[here])
    assert own["observed"] == pytest.approx(moran_i(value[None, here], brain.xyz[here])[0])
    assert (own["null_low"], own["null_high"]) == pytest.approx(tuple(np.percentile(expected, [2.5, 97.5])))
    model = Variogram(brain.xyz[here])
    curve = table.loc[("subcortex", "variogram")]
    assert curve["distance"].to_numpy() == pytest.approx(model.distances)
    assert curve["observed"].to_numpy() == pytest.approx(model.variogram(value[here][:, None])[:, 0])
    assert curve["null_median"].to_numpy() == pytest.approx(np.median(model.variogram(maps[:, here].T), axis=1))
    assert (table["n_regions"].loc["subcortex"] == 12).all()


def test_moran_null_maps_pass_and_shuffled_regions_do_not(brain, value):
    good = moran.null_maps(value, brain.structure, brain.xyz, 1, 200)
    rng = np.random.default_rng(0)
    bad = np.stack([rng.permutation(value) for _ in range(200)])
    for maps, kept in ((good, True), (bad, False)):
        table = diagnose(value, maps, brain.structure, brain.xyz)
        one = table[table["measure"].isin(["mean", "moran_i"]) & (table["structure"] == "cortex")]
        inside = (one["null_low"] - 1e-9 <= one["observed"]) & (one["observed"] <= one["null_high"] + 1e-9)
        assert inside.all() == kept


def test_small_structures_get_no_variogram_and_the_smallest_no_autocorrelation(brain, value):
    structure = brain.structure.copy()
    structure[:2], structure[2:7] = "pair", "five"
    table = diagnose(value, value[None].repeat(3, axis=0), structure, brain.xyz)
    measures = table.groupby("structure", sort=False)["measure"].unique().map(list).to_dict()
    assert measures["pair"] == ["mean"]
    assert measures["five"] == ["mean", "moran_i"]
    assert measures["cortex"] == ["mean", "moran_i", "variogram"]
