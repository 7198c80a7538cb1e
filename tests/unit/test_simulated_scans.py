"""Simulated scans have what is planted, and confounds that matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from amygene.cleaning.confounds import framewise_displacement, select_confounds
from amygene.cleaning.operator import cleaning_operator, kept_volumes
from amygene.cohort import simulated_scans as simulated
from amygene.imaging.grid import Grid, standard_grid
from amygene.imaging.images import read_header, read_voxels, write_scan
from amygene.imaging.seed_maps import read_source, weights_on

SETTINGS = {"sites": {"A": [6, 6], "B": [5, 7]}, "voxel_size": 8, "effect": 1.6, "sessions": ["1", "2"]}
SETTINGS["planted"] = {"precuneus": -1, "temporal": -1, "orbital": 1}
SITES = list(SETTINGS["sites"])
SEED = 11
#: where the subregions lie, roughly (MNI mm)
PLACES = {
    "LCMA": (-23, -9, -9),
    "RCMA": (26, -9, -9),
    "LLBA": (-26, -5, -23),
    "RLBA": (29, -4, -23),
    "LSFA": (-18, -5, -15),
    "RSFA": (21, -3, -14),
}


@pytest.fixture(scope="module")
def anatomy():
    """An ellipsoid for a brain: white matter inside, ventricles in the middle, grey matter around."""
    grid = standard_grid(SETTINGS["voxel_size"])
    numbers = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), axis=-1)
    xyz = numbers @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    depth = np.sqrt((((xyz - [0, -18, 12]) / [68, 86, 62]) ** 2).sum(axis=-1))
    brain = depth < 1
    white = ((depth < 0.6) & (depth > 0.2)).astype(float)
    gray = 0.4 * (depth >= 0.6)
    seeds = {
        name: weights_on(read_source({"kind": "sphere", "xyz": place, "radius": 7.0}), grid)
        for name, place in PLACES.items()
    }
    return simulated.make_anatomy(grid, brain, gray, white, seeds, SEED)


def scan_of(anatomy, person, session=0, settings=SETTINGS):
    return simulated.simulate(anatomy, person, session, settings, SITES, SEED)


def test_everybody_has_a_place_a_group_and_files():
    people = simulated.people(SETTINGS)
    assert [p.participant for p in people] == [f"sub-{i:03d}" for i in range(1, 25)]
    assert [sum(p.site == s and p.group == g for p in people) for s in SITES for g in ("MDD", "HC")] == [6, 6, 5, 7]
    patient, control = people[0], people[6]
    assert simulated.sessions_of(patient, SETTINGS) == ["1", "2"]
    assert simulated.sessions_of(control, SETTINGS) == ["1"]
    (scan,) = simulated.scans_of(control, SETTINGS, "d")
    assert scan.bold == (
        "d/derivatives/fmriprep/sub-007/ses-1/func/sub-007_ses-1_task-rest_space-MNI152NLin2009cAsym_"
        "desc-preproc_bold.nii.gz"
    )


def test_the_sheet_says_who_responded():
    # scans of one session are rated before treatment and after, others at every session
    for sessions, rated in (([""], ["baseline", "day13"]), (["1", "2", "3"],) * 2):
        sheet = simulated.phenotypes(SETTINGS | {"sessions": sessions}, SEED).set_index("participant_id")
        assert [c for c in sheet if c.startswith("hamd")] == [f"hamd_{time}" for time in rated]
        patients = sheet[sheet["group"] == "MDD"]
        for time in rated[1:]:
            reduction = 1 - patients[f"hamd_{time}"].astype(float) / patients[f"hamd_{rated[0]}"].astype(float)
            assert ((reduction >= 0.5) == (patients["responder"] == "yes")).all()
    assert (sheet.loc[sheet["group"] == "HC", ["responder", "hamd_1"]] == "n/a").all(axis=None)
    many = simulated.phenotypes({"sites": {"A": [300, 0]}, "sessions": [""]}, SEED)
    assert (many["responder"] == "yes").mean() == pytest.approx(0.5, abs=0.08)


def test_a_scan_depends_on_nobody_else_and_is_the_same_every_time(anatomy):
    person = simulated.people(SETTINGS)[3]
    first, second = scan_of(anatomy, person), scan_of(anatomy, person)
    np.testing.assert_array_equal(first.values, second.values)
    pd.testing.assert_frame_equal(first.confounds, second.confounds)
    others = scan_of(anatomy, simulated.people(SETTINGS)[4])
    assert (
        np.corrcoef(first.values[anatomy.brain][:50].ravel(), others.values[anatomy.brain][:50].ravel())[0, 1] < 0.999
    )


def test_sites_have_lengths_of_their_own(anatomy):
    people = simulated.people(SETTINGS)
    lengths = {scan_of(anatomy, p).values.shape[3] for p in people[:2]}, {scan_of(anatomy, people[-1]).values.shape[3]}
    assert lengths == ({simulated.LENGTHS[0]}, {simulated.LENGTHS[1]})


def test_confounds_are_fmriprep_s_and_those_of_the_image(anatomy):
    scan = scan_of(anatomy, simulated.people(SETTINGS)[0])
    inside = scan.values[anatomy.brain].astype(np.float64)
    table = scan.confounds
    np.testing.assert_allclose(table["global_signal"], inside.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(table["white_matter"], inside[anatomy.white > 0.9].mean(axis=0), rtol=1e-5)
    for strategy, n in (("24P+WM/CSF+GSR", 27), ("aCompCor", 24 + 10 + 3)):
        assert select_confounds(strategy, table, scan.metadata, "x").shape == (len(table), n)
    components = table[[f"w_comp_cor_{k:02d}" for k in range(6)]].to_numpy()
    np.testing.assert_allclose(components.T @ components, np.eye(6), atol=1e-8)


def test_noise_is_as_smooth_as_it_says(anatomy):
    """Neighbours of a Gaussian field of that width correlate as exp(-2 ln 2 (distance / width)^2)."""
    grid = Grid((20, 20, 20), np.diag([4.0, 4, 4, 1]))
    brain = np.ones(grid.shape, dtype=bool)
    made = simulated.make_anatomy(grid, brain, brain * 1.0, brain * 0.0, {}, SEED)
    fields = made.textures.reshape(-1, *grid.shape)[:, 4:-4, 4:-4, 4:-4]
    expected = np.exp(-2 * np.log(2) * (4.0 / simulated.SMOOTHNESS) ** 2)
    assert np.corrcoef(fields[:, 1:].ravel(), fields[:, :-1].ravel())[0, 1] == pytest.approx(expected, abs=0.02)


def test_connections_differ_where_they_should():
    planted = {"precuneus": -1, "temporal": -0.5, "orbital": 1, "cingulate": 1}
    settings = {"sites": {"A": [400, 400]}, "effect": 1.0, "planted": planted}
    people = simulated.people(settings)
    strength = {
        session: pd.DataFrame([simulated.connections(p, session, settings, SEED) for p in people])
        for session in range(3)
    }
    patient = np.array([p.group == "MDD" for p in people])
    responds = np.array([simulated.responder(p, SEED) for p in people])
    step = simulated.SPREAD

    def difference(name, group, others, session=0):
        values = strength[session][name]
        return values[group].mean() - values[others].mean()

    assert difference("precuneus", patient, ~patient) == pytest.approx(-step, abs=0.06)
    assert difference("temporal", responds, patient & ~responds) == pytest.approx(-step / 2, abs=0.08)
    assert difference("orbital", responds, ~responds) == pytest.approx(0, abs=0.06)
    change = strength[1]["orbital"] - strength[0]["orbital"]
    np.testing.assert_allclose(change[responds], step)
    np.testing.assert_allclose(change[~responds], 0)
    # treated patients are like controls, and like themselves later
    assert difference("cingulate", patient, ~patient) == pytest.approx(step, abs=0.06)
    assert difference("cingulate", patient, ~patient, 1) == pytest.approx(0, abs=0.06)
    pd.testing.assert_frame_equal(strength[1], strength[2])
    assert strength[0]["precuneus"][~patient].std() == pytest.approx(step, rel=0.1)
    nothing = pd.DataFrame([simulated.connections(p, 0, settings | {"effect": 0.0}, SEED) for p in people])
    assert abs(nothing["precuneus"][patient].mean() - nothing["precuneus"][~patient].mean()) < 0.05


def test_the_truth_lists_every_seed_of_every_connection():
    truth = simulated.truth({"effect": 2.0, "planted": {"precuneus": -1, "orbital": 1}})
    assert truth["connection"].tolist() == ["precuneus", "orbital", "orbital"]
    assert truth["seed"].tolist() == ["LLBA", "LCMA", "RCMA"]
    assert truth["effect"].tolist() == [-2, 2, 2]


def maps_of(anatomy, person, strategy):
    """Fisher z of LLBA with every voxel of the brain, cleaned with a strategy or not at all; and mean displacement."""
    # with no difference planted everybody has the connections
    scan = scan_of(anatomy, person, settings=SETTINGS | {"effect": 0})
    series = scan.values[anatomy.brain].T.astype(np.float64)
    fd = framewise_displacement(scan.confounds, "x")
    kept = kept_volumes(fd, 0.5 if strategy != "none" else None)
    confounds = select_confounds(strategy, scan.confounds, scan.metadata, "x")
    operator = cleaning_operator(kept, confounds, repetition_time=scan.repetition_time, band=(0.01, 0.1))
    cleaned = operator @ (series - series.mean(axis=0))
    seed = cleaned @ anatomy.seeds["LLBA"]
    seed, cleaned = seed - seed.mean(), cleaned - cleaned.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = seed @ cleaned / np.linalg.norm(seed) / np.linalg.norm(cleaned, axis=0)
    return np.arctanh(np.clip(np.nan_to_num(r), -0.999, 0.999)), fd[1:].mean()


def test_denoising_has_something_to_do_and_does_it(anatomy):
    """Without it everything correlates with everything; with it the planted targets stand out from the rest."""
    people = simulated.people(SETTINGS)[::3]
    target = anatomy.targets["temporal"]
    far = ~target & ~anatomy.targets["precuneus"] & (anatomy.seeds["LLBA"] == 0)
    contrast = {}
    for strategy in ("none", "24P+WM/CSF"):
        z = np.array([maps_of(anatomy, p, strategy)[0] for p in people])
        everywhere = z[:, far].mean(axis=1)
        contrast[strategy] = (abs(everywhere.mean()), (z[:, target].mean(axis=1) - everywhere).mean())
    assert contrast["24P+WM/CSF"][0] < 0.5 * contrast["none"][0]
    assert contrast["24P+WM/CSF"][1] > contrast["none"][1] + 0.1


def test_a_field_of_view_can_end_early():
    people = simulated.people({"sites": {"A": [200, 0]}})
    cut = [simulated._stream(SEED, p.number, 9).random() < simulated.CUT_SHARE for p in people]
    assert 0.02 < np.mean(cut) < 0.12


def test_a_scan_goes_through_its_file(tmp_path, anatomy):
    scan = scan_of(anatomy, simulated.people(SETTINGS)[0])
    write_scan(tmp_path / "b.nii.gz", scan.values, anatomy.grid, scan.repetition_time, simulated.STEP)
    header = read_header(tmp_path / "b.nii.gz")
    assert header.grid.same_as(anatomy.grid)
    assert header.repetition_time == pytest.approx(scan.repetition_time)
    assert (header.dtype, header.slope) == (np.int16, simulated.STEP)
    voxels = np.flatnonzero(anatomy.brain.ravel(order="F"))
    found = read_voxels(header, voxels)
    expected = scan.values.reshape(-1, scan.values.shape[3], order="F")[voxels].T
    assert np.abs(found - expected).max() <= simulated.STEP / 2 + 1e-3


def test_anatomy_goes_through_its_arrays(anatomy):
    again = simulated.Anatomy.from_arrays(anatomy.arrays())
    person = simulated.people(SETTINGS)[1]
    np.testing.assert_array_equal(scan_of(again, person).values, scan_of(anatomy, person).values)
