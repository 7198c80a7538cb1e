"""Receptors: files, tracers of one target, correlation and density under nulls."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from amygene.io.problems import InputError
from amygene.meta import receptors
from amygene.meta.receptors import (
    check_list,
    combine,
    correlate,
    densities_in_clusters,
    density_in_cluster,
    files_in,
    weighted_median,
)
from amygene.nulls.moran import null_maps
from amygene.settings import read_schema

PET = Path(__file__).parents[3] / "shared/data/pet"


@pytest.fixture
def places(brain):
    table = pd.DataFrame(brain.xyz, columns=["x", "y", "z"])
    table.insert(0, "region", [f"R{i}" for i in range(len(brain.xyz))])
    return table.assign(structure=brain.structure)


def test_names_say_what_an_image_is(tmp_path):
    for name in ("5HTT_dasb_hc30_savli.nii.gz", "DAT_fpcit_hc174_dukart_spect.nii.gz", "5HTT_madam_hc10_fazio.nii"):
        (tmp_path / name).touch()
    found = files_in(tmp_path)
    assert found[["target", "tracer", "n_subjects"]].to_numpy().tolist() == [
        ["5HTT", "dasb", 30],
        ["5HTT", "madam", 10],
        ["DAT", "fpcit", 174],
    ]
    (tmp_path / "mine.nii.gz").touch()
    with pytest.raises(InputError, match="its name does not say what it is"):
        files_in(tmp_path)
    with pytest.raises(InputError, match=r"holds no .nii"):
        files_in(tmp_path / "none")


def test_published_files_have_such_names():
    if not PET.is_dir():
        pytest.skip("the receptor maps of ../shared/data/pet are not here")
    found = files_in(PET)
    assert len(found) == 11
    assert found.groupby("target").size()["5HTT"] == 2


def test_a_list_of_ones_own(tmp_path):
    (tmp_path / "a.nii.gz").touch()
    table = pd.DataFrame(
        {"target": ["A"], "tracer": ["x"], "n_subjects": ["12"], "image": [str(tmp_path / "a.nii.gz")]}
    )
    assert check_list(table, "list.tsv")["n_subjects"].tolist() == [12]
    with pytest.raises(InputError, match="column tracer is missing"):
        check_list(table.drop(columns="tracer"), "list.tsv")
    with pytest.raises(InputError, match=r"(?s)n_subjects of .* is 'many'.*none.nii: no such file"):
        check_list(table.assign(n_subjects="many", image="none.nii"), "list.tsv")


def test_tracers_are_weighted_by_sample_size():
    rng = np.random.default_rng(1)
    values = rng.gamma(2, 1, (30, 3)) * [1, 50, 7]
    listed = pd.DataFrame({"target": ["A", "A", "B"], "n_subjects": [30, 10, 5]})
    found = combine(pd.DataFrame(values), listed)
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    mean = (30 * z[:, 0] + 10 * z[:, 1]) / 40
    assert np.allclose(found["A"], (mean - mean.mean()) / mean.std())
    assert np.allclose(found["B"], z[:, 2])
    values[3, 0] = np.nan
    assert np.isfinite(combine(pd.DataFrame(values), listed).loc[3, "A"])


def test_correlation_with_receptors(brain, places):
    rng = np.random.default_rng(2)
    one = brain.smooth(1, rng)[0]
    density = pd.DataFrame(
        {"like": one + 0.4 * brain.smooth(1, rng)[0], "other": brain.smooth(1, rng)[0]}, index=places["region"]
    )
    density.loc["R3", "other"] = np.nan
    found = correlate({"m": pd.Series(one, index=places["region"])}, density, places, null_maps, 1, 499).set_index(
        "receptor"
    )
    assert found.loc["like", "r"] == pytest.approx(np.corrcoef(one, density["like"])[0, 1])
    assert found.loc["like", "p_null"] < 0.02
    assert found.loc["other", "n_regions"] == 59
    assert found.loc["other", "q_null"] > 0.05


@pytest.mark.slow
def test_level_of_both_tests(brain, places, assert_level):
    """Maps, receptors and clusters that have nothing to do with each other."""
    rng, by_map, in_cluster = np.random.default_rng(3), [], []
    for i in range(300):
        one, two = (brain.smooth(1, rng, shift=1.0)[0] for _ in range(2))
        density = pd.DataFrame({"r": two}, index=places["region"])
        by_map.append(
            correlate({"m": pd.Series(one, index=places["region"])}, density, places, null_maps, i, 199)["p_null"][0]
        )
        near = np.linalg.norm(brain.xyz - brain.xyz[rng.integers(34)], axis=1).argsort()[:4]
        voxels = pd.Series(rng.integers(5, 60, 4), index=places["region"].iloc[near])
        in_cluster.append(density_in_cluster(density, voxels, places, null_maps, i, 199)["p_null"][0])
    assert_level(np.array(by_map))
    assert_level(np.array(in_cluster))


def test_median_by_voxels():
    values = np.array([[3.0, 1, 2], [9, 8, 7]])
    assert weighted_median(values, np.array([1.0, 1, 1])).tolist() == [2, 8]
    assert weighted_median(values, np.array([5.0, 1, 1])).tolist() == [3, 9]
    rng = np.random.default_rng(4)
    many, weights = rng.standard_normal((20, 7)), rng.integers(1, 20, 7) * 2 + 1
    expected = [np.sort(np.repeat(row, weights))[(weights.sum() - 1) // 2] for row in many]
    assert np.allclose(weighted_median(many, weights.astype(float)), expected)


def test_density_in_a_cluster(brain, places):
    """A receptor that is dense where the cluster lies."""
    place = brain.xyz[0]
    bump = np.exp(-np.linalg.norm(brain.xyz - place, axis=1) / 15)
    rng = np.random.default_rng(5)
    density = pd.DataFrame({"dense": bump + 0.05 * brain.smooth(1, rng)[0]}, index=places["region"])
    found = density_in_cluster(density, pd.Series({"R0": 40}), places, null_maps, 1, 999).iloc[0]
    assert found["density"] == 1
    assert found["p_null"] < 0.02
    assert found["n_voxels"] == 40
    nowhere = density_in_cluster(density, pd.Series({"elsewhere": 40}), places, null_maps, 1, 100).iloc[0]
    assert nowhere["n_voxels"] == 0
    assert np.isnan(nowhere["p_null"])


def test_densities_of_several_clusters(brain, places):
    """A row per cluster and receptor, q over the receptors of one cluster; the columns stand without a cluster too."""
    rng = np.random.default_rng(6)
    densities = pd.DataFrame(brain.smooth(2, rng).T, index=places["region"], columns=["one", "other"])
    clusters = {("up", 1): pd.Series({"R0": 30, "R1": 10}), ("down", 4): pd.Series({"R5": 7})}
    table = densities_in_clusters(densities, clusters, places, null_maps, 1, 199)
    assert table[["comparison", "cluster", "receptor", "n_voxels"]].to_numpy().tolist() == [
        ["up", 1, "one", 40], ["up", 1, "other", 40], ["down", 4, "one", 7], ["down", 4, "other", 7],
    ]  # fmt: skip
    alone = density_in_cluster(densities, clusters["down", 4], places, null_maps, 1, 199)
    pd.testing.assert_frame_equal(table.iloc[2:, 2:].reset_index(drop=True), alone)
    none = densities_in_clusters(densities, {}, places, null_maps, 1, 199)
    assert none.columns.tolist() == table.columns.tolist()
    assert len(none) == 0


def test_neuromaps_has_what_we_ask_for():
    spec = find_spec("neuromaps")
    if spec is None:
        pytest.skip("neuromaps is not installed (uv sync --group benchmark)")
    folder = Path(spec.submodule_search_locations[0]) / "datasets/data"
    listed = json.loads((folder / "osf.json").read_text())["annotations"]
    known = {(e["source"], e["desc"], e.get("res")) for e in listed if e["space"] == "MNI152"}
    people = {
        (e["annot"]["source"], e["annot"]["desc"]): e["demographics"]["N"]
        for e in json.loads((folder / "meta.json").read_text())["annotations"]
        if e["annot"].get("space") == "MNI152"
    }
    for annotations in receptors.NEUROMAPS.values():
        for source, tracer, resolution, n in annotations:
            assert (source, tracer, resolution) in known
            assert people[source, tracer] == n


def test_neuromaps_absent_is_told(monkeypatch, tmp_path):
    import sys

    monkeypatch.setitem(sys.modules, "neuromaps", None)
    monkeypatch.setitem(sys.modules, "neuromaps.datasets", None)
    with pytest.raises(InputError, match="needs the package neuromaps"):
        receptors.fetch_neuromaps("DAT", receptors.NEUROMAPS["DAT"], tmp_path)


def test_schema_offers_the_same_targets():

    schema = read_schema(Path(__file__).parents[2] / "config/schemas/config.schema.yaml")
    offered = schema["properties"]["meta"]["properties"]["receptors"]["properties"]["neuromaps"]["items"]["enum"]
    assert sorted(offered) == sorted(receptors.NEUROMAPS)
