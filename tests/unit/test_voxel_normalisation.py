"""Clusters that differed at baseline, after treatment: arithmetic, planted truth and false claims."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, stats

from amygene.io.problems import InputError
from amygene.models.cluster_tables import members_of, significant_clusters
from amygene.response.voxel_normalisation import clusters_against_controls, mean_connectivity
from amygene.stats.clusters import find_clusters
from amygene.stats.lattice import Lattice

TIMES = ["pre", "post"]
SETTINGS = {"variable": "group", "case": "P", "control": "C", "covariates": [], "exchange_within": None, "margin": 0.8}
SHAPE = (8, 8, 8)
PLACE = np.zeros(SHAPE, dtype=bool)
PLACE[2:5, 2:5, 2:5] = True


def cohort(n_patients, n_controls):
    """Patients seen twice, controls once."""
    ids = [f"p{i}" for i in range(n_patients)] + [f"c{i}" for i in range(n_controls)]
    participants = pd.DataFrame({"participant_id": ids, "group": [p[0].upper() for p in ids]})
    rows = [(p, t, f"{p}_ses-{t}") for p in ids for t in (TIMES if p[0] == "p" else TIMES[:1])]
    return participants, pd.DataFrame(rows, columns=["participant_id", "timepoint", "unit"])


def table_of(t, lattice, threshold):
    """The table of clusters as far as it is needed here; the largest cluster is the significant one."""
    clusters = find_clusters(t, lattice, threshold)
    n = len(clusters)
    return pd.DataFrame(
        {
            "formed_by": "height",
            "cluster": np.arange(1, n + 1),
            "peak": 1,
            "n_voxels": clusters.size,
            "p_size": np.where(np.arange(n) == 0, 0.001, 0.5),
            "p_mass": 0.5,
            **dict.fromkeys("xyz", 1.0),
            "aal_peak": "Precuneus_L",
            "harvard_oxford_peak": None,
            "aal_regions": "Precuneus_L 100 %",
        }
    )


def study(rng, before, after, n_patients=24, n_controls=24):
    """Smooth maps with a difference from controls in a cube before and after (standard deviations of a voxel)."""
    participants, sessions = cohort(n_patients, n_controls)
    n = n_patients + n_controls
    noise = ndimage.gaussian_filter(rng.standard_normal((2, n, *SHAPE)), (0, 0, 1, 1, 1))
    noise /= noise.std()
    own = ndimage.gaussian_filter(rng.standard_normal((n, *SHAPE)), (0, 1, 1, 1))
    maps = 0.7 * own / own.std() + np.sqrt(1 - 0.7**2) * noise
    patient = np.arange(n) < n_patients
    for k, effect in enumerate((before, after)):
        maps[k][np.ix_(patient, *(range(s) for s in SHAPE))] += effect * PLACE
    maps = maps.reshape(2, n, -1)
    maps[1, ~patient] = np.nan
    return participants, sessions, dict(zip(TIMES, maps, strict=True))


def verdict(participants, sessions, maps, seed=0, n_permutations=200):
    """From maps to the table, with the cluster that is found at baseline; None without one."""
    patient = (participants["group"] == "P").to_numpy()
    t = stats.ttest_ind(maps["pre"][patient], maps["pre"][~patient]).statistic
    lattice = Lattice(np.ones(SHAPE, dtype=bool), 18)
    threshold = stats.t.ppf(0.999, len(patient) - 2)
    chosen = significant_clusters(table_of(t, lattice, threshold))
    if chosen.empty or chosen["n_voxels"].iloc[0] < 8:
        return None
    clusters = members_of(chosen, t, lattice, threshold, np.zeros(len(t)), np.zeros(len(t)))
    z = mean_connectivity(maps, participants["participant_id"].tolist(), sessions, clusters)
    equivalent = {time: [np.array([0.0, 2.0]) for _ in clusters] for time in TIMES}
    return clusters_against_controls(
        *(z, chosen, equivalent, sessions, participants, "PvsC"),
        timepoints=TIMES,
        settings=SETTINGS,
        categorical=[],
        seed=seed,
        n_permutations=n_permutations,
    )


def test_the_table_is_the_arithmetic_of_cluster_means():
    participants, sessions, maps = study(np.random.default_rng(1), 2.0, 0.0)
    table = verdict(participants, sessions, maps)
    assert table["timepoint"].tolist() == TIMES
    assert table["region"].tolist() == ["1: Precuneus_L"] * 2
    assert table["verdict"].iloc[0] == "different"
    assert table["n_equivalent"].tolist() == [1, 1]
    patient = (participants["group"] == "P").to_numpy()
    t = stats.ttest_ind(maps["pre"][patient], maps["pre"][~patient]).statistic
    label, _ = ndimage.label(t.reshape(SHAPE) > stats.t.ppf(0.999, 46), ndimage.generate_binary_structure(3, 2))
    inside = (label == np.bincount(label[label > 0]).argmax()).ravel()
    assert table["n_voxels"].tolist() == [inside.sum()] * 2
    controls = maps["pre"][~patient][:, inside].mean(axis=1)
    for time, found in zip(TIMES, table.itertuples(), strict=True):
        expected = stats.ttest_ind(maps[time][patient][:, inside].mean(axis=1), controls)
        assert [found.t, found.p_parametric] == pytest.approx([expected.statistic, expected.pvalue], rel=1e-9)
        # null hypothesis of equivalence: 0.8 standard deviations apart, either way
        edge = 0.8 / np.sqrt(2 / 24)
        p = max(stats.nct.cdf(found.t, 46, edge), stats.nct.sf(found.t, 46, -edge))
        assert found.p_equivalence == pytest.approx(p, rel=1e-9)
        assert [found.n_case, found.n_control] == [24, 24]


def test_a_control_without_a_later_map_counts_at_baseline():
    participants, sessions, maps = study(np.random.default_rng(5), 2.0, 0.0)
    came = pd.DataFrame({"participant_id": ["c0"], "timepoint": ["post"], "unit": ["c0_ses-post"]})
    plain = verdict(participants, sessions, maps)
    # c0 was scanned again, but the scan gave no map
    pd.testing.assert_frame_equal(verdict(participants, pd.concat([sessions, came]), maps), plain)


def test_nothing_that_differs_gives_a_table_without_rows():
    participants, sessions, _ = study(np.random.default_rng(2), 0.0, 0.0)
    none = table_of(np.zeros(512), Lattice(np.ones(SHAPE, dtype=bool), 18), 3.0)
    table = clusters_against_controls(
        pd.DataFrame(), none, {}, sessions, participants, "PvsC", timepoints=TIMES, settings=SETTINGS
    )
    assert len(table) == 0
    assert {"timepoint", "region", "cluster", "p_equivalence", "verdict", "n_equivalent"} <= set(table)


def test_scores_count_only_where_no_cluster_of_height_does():
    table = table_of(np.repeat([5.0, 0.0], 256), Lattice(np.ones(SHAPE, dtype=bool), 18), 3.0)
    scored = table.assign(formed_by="tfce", p_size=np.nan, p_mass=np.nan)
    assert significant_clusters(pd.concat([table, scored]))["formed_by"].tolist() == ["height"]
    none = table.assign(p_size=0.4)
    assert significant_clusters(pd.concat([none, scored]))["formed_by"].tolist() == ["tfce"]


def test_clusters_of_scores_are_those_below_the_level():
    lattice = Lattice(np.ones(SHAPE, dtype=bool), 18)
    score, log_p = np.zeros((2, *SHAPE), dtype=np.float32)
    score[1:3, 1:3, 1:3] = 4.0
    log_p[1:3, 1:3, 1:3] = 2.0
    # exactly at the level: not below it
    score[6, 6, 6], log_p[6, 6, 6] = 3.0, -np.log10(0.05)
    chosen = pd.DataFrame({"formed_by": ["tfce"], "cluster": [1], "n_voxels": [8]})
    (found,) = members_of(chosen, np.zeros(512), lattice, 3.0, score.ravel(), log_p.ravel())
    assert np.array_equal(np.flatnonzero(log_p.ravel() == 2.0), found)
    with pytest.raises(InputError, match="cluster 1 has 8 voxels, its table says 9: maps and table are not of one run"):
        members_of(chosen.assign(n_voxels=9), np.zeros(512), lattice, 3.0, score.ravel(), log_p.ravel())


@pytest.mark.slow
def test_normalised_is_said_of_what_normalised_and_seldom_of_what_did_not():
    """Planted truth. Where the difference afterwards is the margin itself, normalised is false: 5 % at most, though the
    cluster was chosen with the same controls; where nothing is left it is said mostly.
    """
    rng = np.random.default_rng(3)
    said = {"gone": [], "edge": [], "kept": []}
    # the mean over a cluster varies less than a voxel: its margin is smaller in units of a voxel
    spread = study(rng, 0, 0, n_patients=500)[2]["pre"][:, PLACE.ravel()].mean(axis=1).std()
    for name, after in (("gone", 0.0), ("edge", SETTINGS["margin"] * spread), ("kept", 2.0)):
        for i in range(150):
            table = verdict(*study(rng, 2.0, after), seed=i, n_permutations=60)
            if table is not None:
                said[name].append(table["verdict"].iloc[1])
    share = {name: np.mean(np.array(v) == "normalised") for name, v in said.items()}
    power = table["power_equivalence"].iloc[1]
    assert min(map(len, said.values())) > 140
    assert share["edge"] <= stats.binom.ppf(0.9995, len(said["edge"]), 0.05) / len(said["edge"])
    assert share["gone"] == pytest.approx(power, abs=0.15)
    assert np.mean(np.array(said["kept"]) == "still different") > 0.95
