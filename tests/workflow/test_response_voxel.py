"""Treatment response on maps: from scans of two sessions to clusters and report; the demo and its truth."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from nilearn.masking import apply_mask
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from amygene.cohort.simulated_scans import PLANTED
from fixtures import scans, small_images
from fixtures.project import RESOURCES, Project

pytestmark = pytest.mark.slow

STUDY, SPACE = small_images.STUDY, scans.SPACE
SESSIONS = ["pre", "post"]
#: number of a participant -> how many sessions there are of the participant
CAME = {2: 1, 7: 2}
LONG, DAYS = [*SESSIONS, "late"], [0, 10, 40]


def table(project, file, study=STUDY):
    return pd.read_csv(project.results(study) / file, sep="\t", na_values="n/a", keep_default_na=False)


def make_data(data: Path, sessions=SESSIONS) -> None:
    """A BIDS dataset of 12 people at several sessions, their ratings, and sheets that name the same images."""
    rows = small_images.make_data(data)
    shutil.rmtree(data / "derivatives")
    listed = []
    for number, row in enumerate(rows):
        person = row["participant_id"]
        for k, session in enumerate(sessions[: CAME.get(number, len(sessions))]):
            folder = small_images.folder_of(data, person, session)
            stem = small_images.stem(person, session)
            scans.write_scan(folder, stem, 50 + number + 20 * k, n_volumes=90, spikes=[20 + number])
            place = (folder / stem).relative_to(data)
            listed.append(
                {
                    "participant_id": person,
                    "session": session,
                    "bold": f"{place}_space-{SPACE}_desc-preproc_bold.nii.gz",
                    "mask": f"{place}_space-{SPACE}_desc-brain_mask.nii.gz",
                    "confounds": f"{place}_desc-confounds_timeseries.tsv",
                    "dose": f"{number + 3 * k}",
                }
            )
    pd.DataFrame(listed).to_csv(data / "sessions.tsv", sep="\t", index=False)
    rng = np.random.default_rng(4)
    rated = {"participant_id": [r["participant_id"] for r in rows], "hamd_pre": rng.integers(18, 30, len(rows))}
    rated["hamd_post"] = rng.integers(4, 18, len(rows))
    pd.DataFrame(rated).to_csv(data / "outcomes.tsv", sep="\t", index=False)


def config(**changes):
    study = copy.deepcopy(small_images.config())
    study["stages"] = ["response", "report"]
    study["cohort"] |= {"sessions": SESSIONS, "outcome_table": "data/outcomes.tsv"}
    study["seeds"] = study["seeds"][:1]
    del study["contrasts"]
    study["group"] = {"voxel": {"cluster_p": 0.05}}
    study["response"] = {
        "outcomes": {"HAMD": {"instrument": "hamd", "responder": 0.5}},
        "changes": {
            "arms": {
                "groups": {"variable": "group", "levels": ["HC", "PAT"]},
                "covariates": ["mean_fd"],
                "covariates_by_time": ["age"],
                "exchange_within": None,
            }
        },
        "associations": {"hamd": {"outcome": "HAMD", "covariates": ["age"], "exchange_within": None}},
        "normalisation": {"PATvsHC": {"case": "PAT", "control": "HC", "margin": 1.0}},
    }
    study["permutations"] = {"response": 200, "voxels": 250}
    study["jobs"]["voxel_permutations_per_shard"] = 100
    return study | changes


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    """A folder in which the small study of two sessions was run to its report. Tests leave it as it is."""
    project = Project.make(tmp_path_factory.mktemp("response-voxels") / "project", RESOURCES)
    make_data(project.folder / "data")
    project.make_targets("--configfile", project.write_config(config()))
    return project


def image(project, analysis, stat, seed="BALL", study=STUDY):
    folder = project.results(study) / "response"
    return nib.load(folder / f"{analysis}_seed-{seed}_space-{SPACE}_stat-{stat}_statmap.nii.gz")


def sidecar_of(project, analysis):
    folder = project.results(STUDY) / "response"
    return json.loads((folder / f"{analysis}_seed-BALL_space-{SPACE}_clusters.json").read_text())


def people_and_maps(project, study=STUDY, seed="BALL"):
    """Of those whose sessions are both used: participants, motion of both, and their maps, read by nilearn."""
    folder = project.results(study) / "connectivity"
    mask = nib.load(folder / f"voxel/space-{SPACE}_mask.nii.gz")
    qc = table(project, "cohort/sessions.tsv", study).pivot(index="participant_id", columns="session", values="mean_fd")
    names = list(qc.columns)
    people = table(project, "cohort/participants.tsv", study).set_index("participant_id")
    qc = qc.dropna()
    maps = {
        session: np.array(
            [
                apply_mask(
                    folder / f"{p}/{p}_ses-{session}_seed-{seed}_space-{SPACE}_stat-fisherz_boldmap.nii.gz",
                    mask,
                    ensure_finite=False,
                )
                for p in qc.index
            ]
        ).astype(float)
        for session in names
    }
    return people.loc[qc.index], qc, maps, mask


def compare(project, analysis, outcome, design, study=STUDY, stat="t", seed="BALL"):
    """The t-map of an analysis against statsmodels' t of the design's first column, voxel by voxel."""
    *_, mask = people_and_maps(project, study, seed)
    found = apply_mask(image(project, analysis, stat, seed, study), mask, ensure_finite=False)
    assert np.isfinite(found).mean() > 0.9
    # every fifth voxel
    kept = np.flatnonzero(np.isfinite(found))[::5]
    expected = np.array([sm.OLS(y, design).fit().tvalues[0] for y in outcome.T[kept]])
    assert found[kept] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_t_maps_are_those_of_statsmodels_on_the_scans_maps(finished):
    people, fd, maps, _ = people_and_maps(finished)
    assert len(people) == 11
    group, age = (people["group"] == "PAT").to_numpy(dtype=float), people["age"].to_numpy(dtype=float)
    change, moved = maps["post"] - maps["pre"], (fd["post"] - fd["pre"]).to_numpy()
    one = np.ones(len(people))
    compare(finished, "change-arms_effect-interaction", change, np.column_stack([group, one, age, moved]))
    middle = (fd["post"] + fd["pre"]).to_numpy() / 2
    means = (maps["post"] + maps["pre"]) / 2
    compare(finished, "change-arms_effect-group", means, np.column_stack([group, one, age, middle]))
    own = group == 1
    within = np.column_stack([one, age - age[own].mean(), moved])[own]
    compare(finished, "change-arms_effect-timePAT", change[own], within)


def test_the_association_is_that_of_everybody_with_a_baseline(finished):
    folder = finished.results(STUDY) / "connectivity"
    mask = nib.load(folder / f"voxel/space-{SPACE}_mask.nii.gz")
    people = table(finished, "cohort/participants.tsv").set_index("participant_id")
    rate = table(finished, "cohort/outcomes.tsv").set_index("participant_id").loc[people.index, "reduction"].to_numpy()
    files = [folder / f"{p}/{p}_ses-pre_seed-BALL_space-{SPACE}_stat-fisherz_boldmap.nii.gz" for p in people.index]
    maps = np.array([apply_mask(file, mask, ensure_finite=False) for file in files]).astype(float)
    assert len(maps) == 12
    analysis = "association-hamd_timepoint-post"
    compare(finished, analysis, maps, np.column_stack([rate, np.ones(12), people["age"]]))
    r = apply_mask(image(finished, analysis, "r"), mask, ensure_finite=False)
    age = sm.add_constant(people["age"].to_numpy(dtype=float))
    left = sm.OLS(rate, age).fit().resid
    voxels = np.flatnonzero(np.isfinite(r))[::40]
    expected = [stats.pearsonr(sm.OLS(maps[:, v], age).fit().resid, left).statistic for v in voxels]
    assert r[voxels] == pytest.approx(expected, abs=1e-5)


def test_patients_against_controls_are_the_arithmetic_of_the_scans_maps(finished):
    """t by statsmodels, p of equivalence by the noncentral t, of those who were scanned at the time."""
    people, _, maps, mask = people_and_maps(finished)
    case = (people["group"] == "PAT").to_numpy(dtype=float)
    analysis = "normalisation-PATvsHC_timepoint-post"
    # a control who did not come again counts at baseline
    once = table(finished, "cohort/participants.tsv").set_index("participant_id")["group"].drop(people.index)
    assert once.tolist() in (["HC"], ["PAT"])
    if once.tolist() == ["HC"]:
        folder = finished.results(STUDY) / "connectivity"
        file = f"{once.index[0]}/{once.index[0]}_ses-pre_seed-BALL_space-{SPACE}_stat-fisherz_boldmap.nii.gz"
        own = apply_mask(folder / file, mask, ensure_finite=False).astype(float)
        maps["post"], case = np.vstack([maps["post"], own]), np.append(case, 0.0)
    design = np.column_stack([case, np.ones(len(case))])
    compare(finished, analysis, maps["post"], design)
    t = apply_mask(image(finished, analysis, "t"), mask, ensure_finite=False).astype(float)
    log_p = apply_mask(image(finished, analysis, "logp_desc-equivalence"), mask, ensure_finite=False)
    edge, df = 1.0 / np.sqrt(1 / case.sum() + 1 / (1 - case).sum()), len(case) - 2
    known = np.flatnonzero(np.isfinite(t))[::10]
    p = np.maximum(stats.nct.cdf(t[known], df, edge), stats.nct.sf(t[known], df, -edge))
    assert log_p[known] == pytest.approx(-np.log10(p), rel=1e-3, abs=1e-4)
    # what the sample could find: statsmodels' power of a two-sample t
    sidecar = sidecar_of(finished, analysis)
    power = TTestIndPower().power(sidecar["smallest_g"], case.sum(), 0.05, (1 - case).sum() / case.sum())
    assert power == pytest.approx(0.8, abs=1e-4)
    assert sidecar["equivalent_voxels"] == int((np.nan_to_num(log_p) > -np.log10(0.05)).sum())


def test_clusters_that_differ_at_baseline_are_followed(finished):
    """The table of clusters has the significant ones of the baseline's table, or none where none is."""
    clusters = table(finished, f"response/normalisation-PATvsHC_timepoint-pre_seed-BALL_space-{SPACE}_clusters.tsv")
    first = clusters[clusters["peak"] == 1]
    expected = first[(first["p_size"] < 0.05) | (first["p_mass"] < 0.05)]
    expected = first[first["formed_by"] == "tfce"] if expected.empty else expected
    found = table(finished, f"response/normalisation-PATvsHC_seed-BALL_space-{SPACE}_controls.tsv")
    assert len(found) == 2 * len(expected)
    assert set(found["cluster"]) == set(expected["cluster"])


def test_tables_and_sidecars_say_what_was_tested(finished):
    folder = finished.results(STUDY) / "response"
    sidecar = json.loads((folder / f"change-arms_effect-interaction_seed-BALL_space-{SPACE}_clusters.json").read_text())
    assert sidecar["participants"] == {"HC": 5, "PAT": 6}
    assert "change from pre to post in PAT minus that in HC" in sidecar["columns"]["g"]
    assert sidecar["p_from"]["tfce"] == "250 draws, counted"
    both = [f"{later}seed-BALL_space-{SPACE}_stat-fisherz_group.npy" for later in ("", "ses-post_")]
    assert {"sessions.tsv", "participants.tsv", "outcomes.tsv", *both} == {Path(f).name for f in sidecar["sources"]}
    within = json.loads((folder / f"change-arms_effect-timePAT_seed-BALL_space-{SPACE}_clusters.json").read_text())
    assert within["participants"] == {"PAT": 6}
    clusters = table(finished, f"response/association-hamd_timepoint-post_seed-BALL_space-{SPACE}_clusters.tsv")
    assert "cluster_r" in clusters
    assert "g" not in clusters


def test_sessions_have_their_motion_and_reason_to_be_out(finished):
    sessions = table(finished, "cohort/sessions.tsv")
    assert len(sessions) == 23
    assert (sessions["session"] == sessions["timepoint"]).all()
    qc = table(finished, "connectivity/qc.tsv").set_index(["participant_id", "session"])["mean_fd"]
    assert sessions.set_index(["participant_id", "session"])["mean_fd"].to_dict() == pytest.approx(qc.to_dict())


def test_regions_have_the_same_answer_in_their_tables(finished):
    """The tables of regions rest on the same maps: rows of every scan, and effects."""
    z = pd.read_parquet(
        finished.results(STUDY) / "connectivity/sessions_seed-BALL_atlas-Small14_stat-fisherz_group.parquet"
    )
    assert len(z) == 23
    first = pd.read_parquet(finished.results(STUDY) / "connectivity/seed-BALL_atlas-Small14_stat-fisherz_group.parquet")
    units = [f"{p}_ses-pre" for p in first.index]
    np.testing.assert_array_equal(z.loc[units].to_numpy(), first.to_numpy())
    effects = table(finished, "response/change-arms_seed-BALL_atlas-Small14_effects.tsv")
    assert effects.query("model_term == 'group x time'")["f"].notna().any()
    controls = table(finished, "response/normalisation-PATvsHC_seed-BALL_atlas-Small14_controls.tsv")
    assert controls["timepoint"].unique().tolist() == SESSIONS


def test_the_report_shows_maps_of_treatment(finished):
    page = (finished.results(STUDY) / "report/index.html").read_text(encoding="utf-8")
    assert "arms, group x time" in page
    assert f"association-hamd_timepoint-post_seed-BALL_space-{SPACE}_clusters.tsv" in page
    methods = (finished.results(STUDY) / "report/methods.md").read_text(encoding="utf-8")
    assert "Treatment response in voxels." in methods
    assert "{" not in methods


def test_shards_cores_and_the_way_images_are_named_change_no_byte(finished, tmp_path):
    """The same images from a sheet, other shards, one core."""
    other = Project.make(tmp_path / "other", RESOURCES)
    (other.folder / "data").symlink_to(finished.folder / "data")
    study = config(stages=["response"])
    study["jobs"] |= {"voxel_permutations_per_shard": 1000, "images_per_job": 50}
    pd.read_csv(finished.folder / "data/participants.tsv", sep="\t").to_csv(
        other.folder / "data/people.tsv", sep="\t", index=False
    )
    study["cohort"] = {
        "format": "table",
        "participants": "data/people.tsv",
        "session_table": "data/sessions.tsv",
        "outcome_table": "data/outcomes.tsv",
        "timepoints": SESSIONS,
        "mask": "data/brain.nii.gz",
        "space": SPACE,
    }
    other.make_targets("--configfile", other.write_config(study), cores=1, environment={"OMP_NUM_THREADS": "2"})
    folder = finished.results(STUDY) / "response"
    compared = [f for f in sorted(folder.iterdir()) if f"space-{SPACE}" in f.name and f.suffix != ".json"]
    # twelve maps and a table each; with equivalence at either time, and the clusters of both times
    assert len(compared) == 5 * 13 + 2 * 14 + 1
    twins = other.results(STUDY) / "response"
    assert [f.name for f in compared if (twins / f.name).read_bytes() != f.read_bytes()] == []
    # what changes from session to session comes from the sheet
    assert table(other, "cohort/sessions.tsv")["dose"].tolist()[:2] == [0, 3]


def test_a_finished_study_reruns_nothing_and_an_edit_what_uses_it(finished):
    assert finished.plan("--configfile", finished.write_config(config(), "again.yaml")) == []
    study = config()
    study["response"]["associations"]["hamd"]["covariates"] = []
    rules = {job.rule for job in finished.plan("--configfile", finished.write_config(study, "edit.yaml"))}
    assert {"response_voxel_comparison", "response_voxel_permute", "response_voxel_association"} <= rules
    assert not rules & {"response_voxel_change", "connectivity_voxel", "response_change", "cohort_sessions"}


def several(voxels_per_shard):
    """One group at three sessions: every two of them, and the trend. Three groups at two: every two of them."""
    study = config()
    study["stages"] = ["response", "report"]
    study["cohort"]["sessions"] = LONG
    alone = {"groups": None, "covariates": ["mean_fd"], "covariates_by_time": ["age"], "exchange_within": None}
    arms = {"groups": {"variable": "arm", "levels": ["a", "b", "c"]}, "timepoints": ["pre", "post"]}
    study["response"]["changes"] = {
        "three": alone | {"days": DAYS},
        "two": alone | {"timepoints": ["pre", "late"]},
        "arms": arms | {"exchange_within": None},
    }
    study["response"]["associations"] = study["response"]["normalisation"] = {}
    study["permutations"]["voxels"] = 120
    study["jobs"]["voxel_permutations_per_shard"] = voxels_per_shard
    return study


@pytest.fixture(scope="module")
def long(tmp_path_factory) -> Project:
    """A folder in which the small study of three sessions was run. Tests leave it as it is."""
    project = Project.make(tmp_path_factory.mktemp("response-sessions") / "project", RESOURCES)
    make_data(project.folder / "data", LONG)
    sheet = project.folder / "data/participants.tsv"
    people = pd.read_csv(sheet, sep="\t")
    people.assign(arm=np.array(["a", "b", "c"])[np.arange(len(people)) % 3]).to_csv(sheet, sep="\t", index=False)
    project.make_targets("--configfile", project.write_config(several(1000)))
    return project


TIMES = ["preTopost", "preTolate", "postTolate", "course"]
THREE = [f"change-three_effect-time_times-{time}" for time in TIMES]


def test_pairs_and_trend_of_three_sessions(long):
    """Slopes by numpy of those with all sessions, tested by statsmodels; a pair is what a model of it alone finds."""
    people, fd, maps, mask = people_and_maps(long)
    assert len(people) == 10
    age = people["age"].to_numpy(dtype=float)
    y = np.stack([maps[session] for session in LONG])
    slopes = np.polyfit(DAYS, y.reshape(3, -1), 1)[0].reshape(y[0].shape)
    moved = np.polyfit(DAYS, fd[LONG].to_numpy().T, 1)[0]
    compare(long, THREE[3], slopes, np.column_stack([np.ones(len(people)), age - age.mean(), moved]))
    folder = long.results(STUDY) / "response"
    pair, alone = THREE[1], "change-two_effect-time"
    t = [folder / f"{one}_seed-BALL_space-{SPACE}_stat-t_statmap.nii.gz" for one in (pair, alone)]
    assert t[0].read_bytes() == t[1].read_bytes()
    # over the family p are larger
    over, own = (apply_mask(image(long, one, "logp_desc-maxt"), mask, ensure_finite=False) for one in (pair, alone))
    known = np.isfinite(own)
    assert (over[known] <= own[known] + 1e-6).all()
    assert (over[known] < own[known] - 1e-3).any()
    # who lacks the last session is in the first pair
    assert sidecar_of(long, THREE[0])["participants"] == {"participants": 11}
    assert sidecar_of(long, THREE[3])["participants"] == {"participants": 10}
    assert sidecar_of(long, THREE[3])["tests"] == THREE
    assert "tests" not in sidecar_of(long, alone)


def test_p_over_the_family_are_those_of_its_draws(long):
    """From the shards and the definition: the smallest p of any test, draw by draw."""
    shards = long.results(STUDY) / "response/shards"
    every = []
    for analysis in THREE:
        with np.load(shards / f"{analysis}_seed-BALL_space-{SPACE}_comparison.npz") as archive:
            rows = [archive["largest"][None]]
        with np.load(shards / f"{analysis}_seed-BALL_space-{SPACE}_from-0.npz") as archive:
            rows.append(archive["maxima"])
        every.append(np.concatenate(rows)[:, 2])
    assert every[0].shape == (121,)
    p = np.array([[np.mean(one >= x * (1 - 1e-9)) for x in one] for one in every])
    smallest = p.min(axis=0)[1:]
    for k, analysis in enumerate(THREE):
        clusters = table(long, f"response/{analysis}_seed-BALL_space-{SPACE}_clusters.tsv")
        found = clusters.query("formed_by == 'height' and peak == 1")["p_mass"].min()
        assert found == pytest.approx((1 + np.sum(smallest <= p[k, 0] + 1e-9)) / 121, rel=1e-6)
        assert (clusters["n_tests"] == 4).all()
    sidecar = sidecar_of(long, THREE[0])
    assert sidecar["over_tests"] == "the smallest p of any test, draw by draw"
    assert "these four are over 4 tests together" in sidecar["note"]


def test_groups_two_by_two(long):
    people = table(long, "cohort/participants.tsv").set_index("participant_id")
    times = table(long, "cohort/sessions.tsv").groupby("participant_id")["session"].agg(set)
    both = people.loc[[p for p in people.index if {"pre", "post"} <= times[p]], "arm"].value_counts()
    assert both.sum() == 11
    for pair in ("BvsA", "CvsA", "CvsB"):
        control, case = pair[-1].lower(), pair[0].lower()
        sidecar = sidecar_of(long, f"change-arms_effect-interaction_groups-{pair}")
        assert sidecar["participants"] == {control: both[control], case: both[case]}
        assert len(sidecar["tests"]) == 3
        assert sidecar["settings"]["groups"]["levels"] == [control, case]
        assert f"change from pre to post in {case} minus that in {control}" in sidecar["columns"]["g"]
    assert "tests" not in sidecar_of(long, "change-arms_effect-timeB")


def test_the_report_says_how_many_tests_a_family_has(long):
    page = (long.results(STUDY) / "report/index.html").read_text(encoding="utf-8")
    assert "three, change, trend over the sessions" in page
    assert "arms, group x time, c against b" in page
    for n in (3, 4):
        assert f"All four are over the {n} tests of this effect: by the smallest p of any test, draw by draw." in page


def test_the_family_is_the_same_with_other_shards_and_cores(long, tmp_path):
    other = Project(tmp_path / "other")
    shutil.copytree(long.folder, other.folder, symlinks=True)
    folder, twins = (project.results(STUDY) / "response" for project in (long, other))
    shutil.rmtree(twins)
    wanted = [f"results/{STUDY}/response/{one}_seed-BALL_space-{SPACE}_clusters.tsv" for one in THREE]
    study = other.write_config(several(100))
    other.make_targets(*wanted, "--configfile", study, cores=1, environment={"OMP_NUM_THREADS": "2"})
    assert len(list((twins / "shards").glob("*_from-*.npz"))) == 8
    compared = [f for f in sorted(twins.iterdir()) if f.suffix != ".json" and f.is_file()]
    assert len(compared) == 4 * 13
    assert [f.name for f in compared if (folder / f.name).read_bytes() != f.read_bytes()] == []


def test_what_maps_cannot_answer_is_refused_before_any_job(finished):
    study = config()
    study["cohort"]["timepoints"] = ["post", "pre"]
    done = finished.run("-n", "--configfile", finished.write_config(study, "order.yaml"))
    assert done.returncode == 1
    assert "do not hold the sessions with images (pre, post) in their order" in done.text
    study = config()
    study["response"]["changes"]["arms"]["days"] = [0, 10, 40]
    done = finished.run("-n", "--configfile", finished.write_config(study, "days.yaml"))
    assert "response.changes.arms.days: found [0, 10, 40]; name when each of its 2 sessions is" in done.text


DEMO = "demo-response-voxel"


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Project:
    project = Project.make(tmp_path_factory.mktemp("demo-response-voxel") / "project", RESOURCES)
    project.make_targets("--configfile", f"config/{DEMO}.yaml")
    return project


def clusters(project, analysis, seed):
    found = table(project, f"response/{analysis}_seed-{seed}_space-{SPACE}_clusters.tsv", DEMO)
    return found[found["peak"] == 1]


def inside(row, name):
    """Whether a peak lies in the sphere that a planted connection ends in, or at its edge."""
    planted = PLANTED[name]
    return np.linalg.norm(row[["x", "y", "z"]].to_numpy(dtype=float) - planted.xyz) <= planted.radius + 4


@pytest.mark.parametrize(
    ("analysis", "seed", "name", "sign"),
    [
        ("change-responders_effect-interaction", "LCMA", "orbital", -1),
        ("change-responders_effect-timeResponder", "LCMA", "orbital", -1),
        ("change-responders_effect-group", "LLBA", "temporal", -1),
        ("association-hamd_timepoint-day13", "LLBA", "temporal", -1),
        ("change-responders_effect-timeNonResponder", "LLBA", "cingulate", 1),
        ("normalisation-MDDvsHC_timepoint-baseline", "LLBA", "cingulate", -1),
        ("normalisation-MDDvsHC_timepoint-day13", "LLBA", "frontal", -1),
    ],
)
def test_the_planted_regions_are_found(demo, analysis, seed, name, sign):
    found = clusters(demo, analysis, seed).query("formed_by == 'height'")
    best = found.loc[found["p_mass"].idxmin()]
    assert inside(best, name)
    assert np.sign(best["t"]) == sign
    by = best[["p_size", "p_mass", "cluster_p_tfce", "p_fwe"]]
    # what changes is found by every method, what goes with the outcome (attenuated by the scan's noise) by one
    assert (by.max() if analysis.endswith("interaction") else by.min()) < 0.05


@pytest.mark.parametrize(
    ("analysis", "seed"),
    [("change-responders_effect-interaction", "LLBA"), ("change-responders_effect-timeNonResponder", "LCMA")],
)
def test_nothing_is_found_where_nothing_was_planted(demo, analysis, seed):
    found = clusters(demo, analysis, seed)
    found = found[(found["p_size"] < 0.01) | (found["p_mass"] < 0.01) | (found["p_fwe"] < 0.01)]
    # what changes in everybody's laterobasal subregion is seen from the other one, too: they go together
    spilled = [inside(row, "cingulate") for _, row in found.iterrows()]
    assert analysis.endswith("NonResponder") or not spilled
    assert all(spilled)


def test_what_normalises_is_told_from_what_stays(demo):
    """Against controls both are found at baseline, and followed: one is shown to be gone, the other is still there."""
    found = table(demo, f"response/normalisation-MDDvsHC_seed-LLBA_space-{SPACE}_controls.tsv", DEMO)
    assert (found.loc[found["timepoint"] == "baseline", "verdict"] == "different").all()
    later = found[found["timepoint"] == "day13"]
    verdicts = {name: [r["verdict"] for _, r in later.iterrows() if inside(r, name)] for name in PLANTED}
    assert verdicts["cingulate"] == ["normalised"]
    assert verdicts["frontal"] == ["still different"]
    # responders are half of the patients, so that may be found; nothing else differs from controls at baseline
    others = {name for name, said in verdicts.items() if said} - {"cingulate", "frontal"}
    assert others <= {"temporal"}
    assert sum(map(len, verdicts.values())) == len(later)


def test_maps_after_treatment_show_where_patients_are_like_controls(demo):
    """p of equivalence in the sphere that normalises, and in the one that stays."""
    image_of = image(demo, "normalisation-MDDvsHC_timepoint-day13", "logp_desc-equivalence", "LLBA", DEMO)
    log_p = image_of.get_fdata()
    grid = np.stack(np.meshgrid(*map(np.arange, log_p.shape), indexing="ij"), -1)
    xyz = grid @ image_of.affine[:3, :3].T + image_of.affine[:3, 3]
    share = {}
    for name in ("cingulate", "frontal"):
        within = (np.linalg.norm(xyz - PLANTED[name].xyz, axis=-1) <= PLANTED[name].radius - 4) & np.isfinite(log_p)
        share[name] = (log_p[within] > -np.log10(0.05)).mean()
    # each voxel by itself shows it with the sample's power; half of them is well below it
    assert share["cingulate"] > 0.5
    assert share["frontal"] == 0


def test_the_demos_t_map_is_that_of_statsmodels(demo):
    people, fd, maps, _ = people_and_maps(demo, DEMO, "LCMA")
    group = table(demo, "cohort/outcomes.tsv", DEMO).set_index("participant_id").loc[people.index, "responder"]
    design = np.column_stack([group.to_numpy(), np.ones(len(group)), people["age"], fd["day13"] - fd["baseline"]])
    voxels = slice(None, None, 30)
    found = apply_mask(
        image(demo, "change-responders_effect-interaction", "t", "LCMA", DEMO),
        people_and_maps(demo, DEMO, "LCMA")[3],
        ensure_finite=False,
    )[voxels]
    change = (maps["day13"] - maps["baseline"])[:, voxels]
    kept = np.isfinite(found)
    expected = np.array([sm.OLS(y, design.astype(float)).fit().tvalues[0] for y in change.T[kept]])
    assert found[kept] == pytest.approx(expected, rel=1e-3, abs=1e-4)
