"""From the array of all participants to one comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amygene.group.voxels import MAP_MEANING, clusters_found, make_voxel_comparison, observe, open_maps
from amygene.io.files import sha256
from amygene.io.problems import InputError
from amygene.io.tables import write_json
from amygene.models.choices import SITE_EFFECTS
from amygene.models.comparison import Comparison
from amygene.models.site_effects import COVARIATE, SiteEffects
from amygene.stats.map_permutation import TILE

COMBAT = SiteEffects(**SITE_EFFECTS["combat"].settings)

SETTINGS = {
    "covariates": ["age", "site"],
    "categorical": ["site"],
    "exchange_within": "site",
    "site_effects": COVARIATE,
}


@pytest.fixture
def study(tmp_path):
    """Maps of 30 participants on disk as the connectivity stage leaves them, and what belongs to them."""
    rng = np.random.default_rng(0)
    mask = rng.random((12, 11, 10)) < 0.9
    n = 30
    participants = pd.DataFrame(
        {
            "participant_id": [f"p{i:02d}" for i in range(n)],
            "site": np.where(np.arange(n) % 3, "B", "A"),
            "age": rng.normal(40, 9, n),
            "contrast-AvsB": np.array(["case", "control", "out"])[rng.permutation(np.arange(n) % 3)],
        }
    )
    maps = np.asfortranarray(rng.normal(size=(n, mask.sum())).astype(np.float32))
    maps[4] = np.nan  # outside the field of view
    maps[:, 17] = 0.5
    np.save(tmp_path / "group.npy", maps)
    return np.load(tmp_path / "group.npy", mmap_mode="r"), mask, participants, tmp_path / "maps.npy"


def compare(study, connectivity=None, own=(), **settings):
    """The comparison; the table of the contrast has its participants in another order than the array."""
    maps, mask, participants, path = study
    people = participants["participant_id"].tolist()
    table = participants[participants["contrast-AvsB"] != "out"].iloc[::-1]
    maps = maps if connectivity is None else connectivity
    own = np.array(own, dtype=int)
    return make_voxel_comparison(maps, people, mask, own, table, "AvsB", path, **(SETTINGS | settings))


def test_maps_of_everybody_are_those_that_were_written(study, tmp_path):
    maps, _, participants, _ = study
    write_json(tmp_path / "rows.json", {"participants": participants["participant_id"].tolist()})
    write_json(tmp_path / "group.json", {"sha256": sha256(tmp_path / "group.npy")})
    found, people = open_maps(tmp_path / "group.npy", tmp_path / "rows.json")
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, maps)
    assert people[4] == "p04"
    write_json(tmp_path / "group.json", {"sha256": "of another array"})
    with pytest.raises(InputError, match=r"group\.npy: was changed after it was written"):
        open_maps(tmp_path / "group.npy", tmp_path / "rows.json")


def test_clusters_are_counted_once_by_their_first_peak():
    rows = [
        ("height", 1, 0.01, 0.2, 0.04),
        ("height", 2, 0.01, 0.01, 0.01),  # another peak of the same cluster
        ("height", 1, 0.30, 0.4, 0.60),
        ("tfce", 1, np.nan, np.nan, 0.03),
    ]
    table = pd.DataFrame(rows, columns=["formed_by", "peak", "p_size", "p_mass", "p_fwe"])
    assert clusters_found(table) == "3 clusters; family-wise p < .05: 1 by size, 0 by mass, 1 by score, 2 by height"


def test_rows_are_the_contrasts_participants_with_a_map_and_voxels_vary_outside_the_seed(study):
    connectivity, mask, participants, path = study
    assert mask.sum() > 2 * TILE
    # three of the seed's voxels, two of them in the mask
    seed = np.zeros_like(mask)
    for ijk in [*np.argwhere(mask)[[3, 900]], np.argwhere(~mask)[0]]:
        seed[tuple(ijk)] = True
    own = np.flatnonzero(seed.ravel(order="F"))
    comparison, analysed, names = compare(study, own=own)
    taking_part = participants["contrast-AvsB"].isin(["case", "control"]) & (participants.index != 4)
    kept = np.delete(np.arange(mask.sum()), [3, 17, 900])
    assert np.array_equal(comparison.maps, connectivity[taking_part][::-1][:, kept].T)
    assert np.array_equal(np.load(path), comparison.maps)
    expected = mask & ~seed
    expected[tuple(np.argwhere(mask)[17])] = False
    assert np.array_equal(analysed, expected)
    assert comparison.design.case.sum() == (participants["contrast-AvsB"][taking_part] == "case").sum()
    assert names == ["A", "B"]


def test_the_observed_map_is_that_of_the_model_on_regions(study):
    comparison, analysed, _ = compare(study)
    found = observe(comparison, analysed, 18, 0.001)
    whole = Comparison(np.asarray(comparison.maps, dtype=float).T, comparison.design, comparison.sites, COVARIATE)
    assert found["t"] == pytest.approx(whole.t(), rel=1e-9)
    df = len(comparison.sites) - 4  # intercept, site, age, group
    assert found["threshold"] == pytest.approx(stats.t.isf(0.001, df))
    assert found["largest"][0] == np.abs(found["t"]).max()


def test_combat_harmonises_over_all_voxels(study):
    connectivity, mask, participants, _ = study
    comparison, analysed, _ = compare(study, site_effects=COMBAT)
    rows = participants["contrast-AvsB"].isin(["case", "control"]) & (participants.index != 4)
    kept = np.delete(np.arange(mask.sum()), 17)
    raw = np.asarray(connectivity, dtype=float)[rows][::-1][:, kept]
    whole = Comparison(raw, comparison.design, comparison.sites, COMBAT)
    assert np.asarray(comparison.maps) == pytest.approx(whole.prepared[0].T, abs=1e-6)
    # the model has no sites any more
    assert observe(comparison, analysed, 18, 0.001)["t"] == pytest.approx(whole.t(), abs=1e-4)


def test_a_group_without_maps_is_told(study):
    connectivity, _, participants, _ = study
    maps = np.array(connectivity)
    maps[participants["contrast-AvsB"] == "case"] = np.nan
    with pytest.raises(InputError, match=r"contrasts\.AvsB: of those with a map of the seed .* all in one group"):
        compare(study, maps)


def test_every_image_says_what_it_holds():
    assert all(len(meaning.format(tested="one minus another")) > 20 for meaning in MAP_MEANING.values())
