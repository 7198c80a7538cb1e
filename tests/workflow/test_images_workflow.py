"""A cohort of images from fMRIPrep's files to arrays for the group stage; what an edit reruns; all faults at once."""

from __future__ import annotations

import copy
import json
import shutil
import warnings
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.maskers import NiftiLabelsMasker, NiftiMasker, NiftiSpheresMasker
from nilearn.masking import apply_mask

from fixtures import scans, small_images
from fixtures.project import Project

pytestmark = pytest.mark.slow

STUDY = small_images.STUDY
SPACE = scans.SPACE


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Project:
    """A folder in which the small study of images was run. Tests leave it as it is."""
    project = Project.make(tmp_path_factory.mktemp("images"))
    small_images.make_data(project.folder / "data")
    project.make_targets("--configfile", project.write_config(small_images.config()))
    return project


def map_of(project, participant, seed):
    file = f"{participant}/{participant}_seed-{seed}_space-{SPACE}_stat-fisherz_boldmap.nii.gz"
    return nib.load(project.results(STUDY) / "connectivity" / file)


def packed(project, seed):
    return np.load(
        project.results(STUDY) / f"connectivity/voxel/seed-{seed}_space-{SPACE}_stat-fisherz_group.npy", mmap_mode="r"
    )


def table(project, name):
    return pd.read_csv(project.results(STUDY) / name, sep="\t", na_values="n/a", keep_default_na=False)


def test_a_map_is_what_nilearn_s_maskers_and_corrcoef_give(images):
    participant = "sub-05"
    func = small_images.folder_of(images.folder / "data", participant)
    bold = str(func / f"{participant}_task-rest_space-{SPACE}_desc-preproc_bold.nii.gz")
    confounds = pd.read_csv(func / f"{participant}_task-rest_desc-confounds_timeseries.tsv", sep="\t", na_values="n/a")
    motion = [c for c in confounds if c.startswith(("trans", "rot"))]
    assert len(motion) == 24
    regressors = confounds[motion].bfill()
    fd = confounds["framewise_displacement"].fillna(0).to_numpy()
    kept = np.array([t for t in range(len(fd)) if max(fd[max(t - 1, 0) : t + 2]) <= 0.5])
    assert len(kept) == len(fd) - 3
    options = {"detrend": True, "standardize": None, "high_pass": 0.01, "low_pass": 0.1, "t_r": scans.TR}
    brain = images.folder / "data/brain.nii.gz"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        voxels = NiftiMasker(brain, **options).fit().transform(bold, confounds=regressors, sample_mask=kept)
        sphere = NiftiSpheresMasker(
            [small_images.SPHERE[:3]], radius=small_images.SPHERE[3], mask_img=brain, **options
        ).fit()
        seed = sphere.transform(bold, confounds=regressors, sample_mask=kept)[:, 0]
    expected = np.corrcoef(seed, voxels, rowvar=False)[0, 1:]
    found = apply_mask(map_of(images, participant, "BALL"), brain, ensure_finite=False)
    np.testing.assert_allclose(np.tanh(found), expected, atol=5e-5)


def test_the_array_of_the_group_holds_the_maps_row_by_row(images):
    mask = images.results(STUDY) / f"connectivity/voxel/space-{SPACE}_mask.nii.gz"
    participants = table(images, "cohort/participants.tsv")["participant_id"]
    for seed in ("BALL", "BOX", "R03"):
        array = packed(images, seed)
        assert array.flags.f_contiguous
        assert array.shape == (len(participants), int(nib.load(mask).get_fdata().sum()))
        for row, participant in zip(array, participants, strict=True):
            np.testing.assert_array_equal(row, apply_mask(map_of(images, participant, seed), mask))


def test_the_table_of_regions_is_the_mean_of_the_map(images):
    atlas = images.folder / "data/atlas.nii.gz"
    z = pd.read_parquet(images.results(STUDY) / "connectivity/seed-BOX_atlas-Small14_stat-fisherz_group.parquet")
    assert z.index.tolist() == table(images, "cohort/participants.tsv")["participant_id"].tolist()
    seed = nib.load(images.folder / "data/seed.nii.gz").get_fdata() > 0
    labels = np.where(seed, 0, nib.load(atlas).get_fdata()).astype(np.int16)
    masker = NiftiLabelsMasker(nib.Nifti1Image(labels, scans.AFFINE), standardize=None)
    volume = map_of(images, "sub-03", "BOX")
    filled = nib.Nifti1Image(np.nan_to_num(volume.get_fdata())[..., None], volume.affine)
    expected = pd.Series(np.squeeze(masker.fit_transform(filled)), index=small_images.REGIONS)
    assert z.loc["sub-03"].to_numpy() == pytest.approx(expected[z.columns].to_numpy(), abs=1e-5)
    # a seed's own region is no row of its table
    own = pd.read_parquet(images.results(STUDY) / "connectivity/seed-R03_atlas-Small14_stat-fisherz_group.parquet")
    assert own.columns.tolist() == [r for r in small_images.REGIONS if r != "R03"]
    assert own.notna().all(axis=None)


def test_quality_and_seeds_are_described(images):
    qc = table(images, "connectivity/qc.tsv").set_index("participant_id")
    assert qc.loc["sub-04", ["n_timepoints", "n_kept"]].tolist() == [95, 92]
    assert (qc["coverage_BALL"] == 1).all()
    assert (qc["df_left"] > 5).all()
    seeds = table(images, "connectivity/seeds.tsv").set_index("seed")
    assert seeds.loc["BOX", "n_voxels"] == 8
    assert seeds.loc["BOX", "mm3"] == pytest.approx(8 * 16**3)
    assert seeds["n_maps"].tolist() == [12, 12, 12]
    assert len(table(images, "connectivity/seeds_overlap.tsv")) == 3
    files = table(images, "cohort/files.tsv")
    assert files["file"].str.endswith("desc-preproc_bold.nii.gz").all()
    # motion that was measured serves as a covariate
    assert "mean_fd" in table(images, "cohort/participants.tsv")


def plan_of(project, config, name="edited.yaml"):
    return project.plan("--configfile", project.write_config(config, name))


def rules_of(jobs):
    counted: dict[str, int] = {}
    for job in jobs:
        counted[job.rule] = counted.get(job.rule, 0) + 1
    return counted


def test_a_finished_study_reruns_nothing(images):
    assert plan_of(images, small_images.config()) == []


def test_a_new_seed_does_not_make_the_others_again(images):
    config = small_images.config()
    config["seeds"].append({"name": "NEW", "sphere": [24.0, 8.0, 10.0, 20.0]})
    jobs = [job for job in plan_of(images, config) if job.rule != "all"]
    buckets = len(list((images.results(STUDY) / "cohort/images").glob("*.npz")))
    assert rules_of(jobs) == {
        "connectivity_seed_set": 1,
        "cohort_seed_coverage": 1,
        "connectivity_voxel": buckets,
        "connectivity_parcellate": 1,
        "connectivity_pack": 1,
        "connectivity_voxel_qc": 1,
        "connectivity_seed_report": 1,
    }
    assert all(job.matches(seed="NEW") for job in jobs if job.rule in ("connectivity_pack", "connectivity_parcellate"))


def test_a_seed_that_is_left_out_reruns_tables_only(images):
    config = small_images.config()
    del config["seeds"][1]
    jobs = {job.rule for job in plan_of(images, config)} - {"all"}
    assert jobs == {"cohort_seed_coverage", "connectivity_voxel_qc", "connectivity_seed_report"}


def test_a_new_participant_reruns_its_own_bucket(images, tmp_path):
    copied = Project(tmp_path / "copy")
    shutil.copytree(images.folder, copied.folder, copy_function=shutil.copy2)
    data = copied.folder / "data"
    rows = pd.read_csv(data / "participants.tsv", sep="\t", dtype=str).to_dict("records")
    small_images.write_sheet(data, [*rows, small_images.make_person(data, 12)])
    counted = rules_of(plan_of(copied, small_images.config()))
    assert counted["cohort_images"] == counted["connectivity_voxel"] == counted["cohort_confounds"] <= 2
    assert counted["connectivity_pack"] == 3


def test_a_new_seed_leaves_the_files_of_the_others_as_they_are(images, tmp_path):
    copied = Project(tmp_path / "copy")
    shutil.copytree(images.folder, copied.folder, copy_function=shutil.copy2)
    maps = sorted((copied.results(STUDY) / "connectivity").glob("sub-*/*"))
    before = {file: file.stat().st_mtime_ns for file in maps}
    config = small_images.config()
    config["seeds"].append({"name": "NEW", "image": "data/probability.nii.gz", "volumes": [0]})
    copied.make_targets("--configfile", copied.write_config(config))
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert len(list((copied.results(STUDY) / "connectivity").glob("sub-*/*_seed-NEW_*.nii.gz"))) == 12
    assert packed(copied, "NEW").shape == packed(copied, "BALL").shape
    assert table(copied, "connectivity/seeds.tsv")["seed"].tolist() == ["BALL", "BOX", "R03", "NEW"]
    assert np.isfinite(table(copied, "connectivity/qc.tsv")[["tsnr_BALL", "tsnr_NEW"]].to_numpy()).all()
    assert plan_of(copied, config) == []


def test_jobs_of_any_size_give_the_same_bytes(images, tmp_path):
    other = Project.make(tmp_path / "other")
    (other.folder / "data").symlink_to(images.folder / "data")
    config = small_images.config() | {"jobs": {"images_per_job": 50}}
    other.make_targets("--configfile", other.write_config(config), cores=1)
    files = [
        *(f"connectivity/voxel/seed-{seed}_space-{SPACE}_stat-fisherz_group.npy" for seed in ("BALL", "BOX", "R03")),
        *(f"connectivity/seed-{seed}_atlas-Small14_stat-fisherz_group.parquet" for seed in ("BALL", "BOX", "R03")),
        f"connectivity/voxel/space-{SPACE}_mask.nii.gz",
        f"connectivity/sub-07/sub-07_seed-BOX_space-{SPACE}_stat-fisherz_boldmap.nii.gz",
        "connectivity/qc.tsv",
        "connectivity/seeds.tsv",
        "cohort/participants.tsv",
    ]
    for file in files:
        assert (other.results(STUDY) / file).read_bytes() == (images.results(STUDY) / file).read_bytes(), file


def test_all_faults_of_a_cohort_are_told_in_one_message(tmp_path):
    project = Project.make(tmp_path / "faulty")
    data = project.folder / "data"
    rows = small_images.make_data(data)

    def file(number, kind):
        participant = f"sub-{number:02d}"
        base = small_images.folder_of(data, participant) / small_images.stem(participant)
        return {
            "bold": Path(f"{base}_space-{SPACE}_desc-preproc_bold.nii.gz"),
            "json": Path(f"{base}_space-{SPACE}_desc-preproc_bold.json"),
            "mask": Path(f"{base}_space-{SPACE}_desc-brain_mask.nii.gz"),
            "confounds": Path(f"{base}_desc-confounds_timeseries.tsv"),
        }[kind]

    file(0, "bold").write_bytes(file(0, "bold").read_bytes()[:-300])
    values = nib.load(file(1, "bold")).get_fdata(dtype=np.float32)
    values[..., 30] = np.nan
    scans.write_image(file(1, "bold"), values, scans.AFFINE)
    moved = scans.AFFINE.copy()
    moved[0, 3] += 16
    nib.save(nib.Nifti1Image(scans.brain().astype(np.uint8), moved), file(2, "mask"))
    confounds = pd.read_csv(file(3, "confounds"), sep="\t", dtype=str)
    confounds.drop(columns="rot_z").to_csv(file(3, "confounds"), sep="\t", index=False)
    file(4, "json").write_text("{}")
    scans.write_image(file(4, "bold"), nib.load(file(4, "bold")).get_fdata(dtype=np.float32), scans.AFFINE, tr=0.0)
    file(5, "confounds").unlink()
    # the field of view of one ends beside the seed
    narrow = nib.load(file(6, "mask")).get_fdata()
    narrow[6:] = 0
    nib.save(nib.Nifti1Image(narrow.astype(np.uint8), scans.AFFINE), file(6, "mask"))
    # nobody scanned, and nobody described: out with the reason, no fault
    shutil.rmtree(file(7, "bold").parents[1])
    small_images.write_sheet(data, rows[:-1])
    config = small_images.config()
    config["seeds"].append({"name": "NOWHERE", "sphere": [300.0, 0.0, 0.0, 5.0]})
    done = project.run("cohort", "--configfile", project.write_config(config))
    assert done.returncode != 0
    message = (project.results(STUDY) / "logs/cohort.log").read_text()
    assert message.startswith("9 problems in the input:")
    for words in (
        "sub-00_task-rest_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz: cannot be read to its end",
        "are not finite (NaN or infinite) in some volumes: 31;",
        "sub-02_task-rest_space-MNI152NLin2009cAsym_desc-brain_mask.nii.gz: its grid is 12 x 14 x 11 voxels",
        "the strategy 24P needs the columns rot_z, which are missing",
        "its repetition time is in neither its JSON file nor its header",
        "sub-05_task-rest_desc-confounds_timeseries.tsv: no such file",
        "too little of BOX has signal in sub-06 (0 %)",
        "too little of BALL has signal in sub-06 (0 %)",
        "no voxel of NOWHERE has signal in anybody",
    ):
        assert words in message
    assert not list((project.results(STUDY) / "connectivity").glob("sub-*"))

    # the same, with faulty participants left out
    config["cohort"]["faulty"] = "exclude"
    # four are left: too few to compare
    config["contrasts"] = {}
    del config["seeds"][-1]
    project.make_targets("connectivity", "--configfile", project.write_config(config))
    excluded = table(project, "cohort/excluded.tsv").set_index("participant_id")
    assert sorted(excluded.index) == [f"sub-{i:02d}" for i in (0, 1, 2, 3, 4, 5, 7, 11)]
    assert excluded.loc["sub-07", ["step", "reason"]].tolist() == [
        "phenotype",
        "no preprocessed scan of this task and space",
    ]
    assert excluded.loc["sub-11", "reason"] == "no row in participants.tsv"
    # who lacks a seed keeps the others
    participants = table(project, "cohort/participants.tsv")["participant_id"].tolist()
    row = participants.index("sub-06")
    assert np.isnan(packed(project, "BOX")[row]).all()
    assert np.isfinite(packed(project, "R03")[row]).all() or np.isfinite(packed(project, "BALL")[row]).all()
    qc = table(project, "connectivity/qc.tsv").set_index("participant_id")
    assert "BOX" in qc.loc["sub-06", "note"]
    assert np.isfinite(packed(project, "BOX")[participants.index("sub-08")]).all()


def test_a_table_of_images_as_dpabi_leaves_them(tmp_path):
    """Plain NIfTI of two grids, cleaned but for the filter, no confounds but six columns of motion."""
    project = Project.make(tmp_path / "table")
    data = project.folder / "data"
    small_images.make_data(data)
    wide = scans.AFFINE.copy()
    wide[:3, :3] *= 1.1
    rows = []
    for number in range(8):
        name = f"S{number % 2 + 1}-{number % 2 + 1}-{number:04d}"
        files = scans.write_scan(
            data / "tmp",
            name,
            number,
            n_volumes=90 + number,
            ending=".nii",
            dtype=np.int16,
            scaling=(0.05, 900.0),
            affine=wide if number == 5 else scans.AFFINE,
        )
        bold = data / "FunImgARCW" / name / "Filtered.nii"
        bold.parent.mkdir(parents=True)
        files["bold"].rename(bold)
        motion = pd.read_csv(files["confounds"], sep="\t")[list(scans.MOTION)]
        np.savetxt(data / f"rp_{name}.txt", motion.to_numpy())
        rows.append(
            {
                "participant_id": name,
                "group": "MDD" if number % 2 else "HC",
                "bold": f"FunImgARCW/{name}/Filtered.nii",
                "confounds": f"rp_{name}.txt",
                "tr": "2.0",
            }
        )
    pd.DataFrame(rows).to_csv(data / "sheet.tsv", sep="\t", index=False)
    config = small_images.config()
    config |= {
        "cohort": {"format": "table", "participants": "data/sheet.tsv", "mask": "data/brain.nii.gz"},
        "cleaning": {"strategy": "none", "scrub": {"fd": 0.9}},
        "contrasts": {"MDDvsHC": {"case": "MDD", "control": "HC"}},
    }
    done = project.run("cohort", "--configfile", project.write_config(config))
    assert "the images lie on 2 grids: " in (project.results(STUDY) / "logs/cohort.log").read_text()
    assert done.returncode != 0
    config["connectivity"] = {"voxel_size": 16}
    project.make_targets("connectivity", "--configfile", project.write_config(config))
    name = rows[5]["participant_id"]
    volume = nib.load(
        project.results(STUDY) / f"connectivity/sub-{name}/sub-{name}_seed-BOX_space-MNI_stat-fisherz_boldmap.nii.gz"
    )
    assert volume.shape == (12, 14, 12)
    sidecar = json.loads(
        (project.results(STUDY) / "connectivity/voxel/seed-BOX_space-MNI_stat-fisherz_group.json").read_text()
    )
    assert sidecar["participants"] == [row["participant_id"] for row in rows]
    assert sidecar["settings"]["cleaning"]["scrub"] == {"fd": 0.9, "before": 1, "after": 1}
    qc = table(project, "connectivity/qc.tsv")
    assert qc["n_timepoints"].tolist() == [90 + n for n in range(8)]
    assert qc["mean_fd"].notna().all()


def test_sessions_have_arrays_of_their_own(tmp_path):
    project = Project.make(tmp_path / "sessions")
    data = project.folder / "data"
    rows = small_images.make_data(data)[:8]
    shutil.rmtree(data / "derivatives")
    for number, row in enumerate(rows):
        for session in ("pre", "post")[: 1 if number in (2, 6) else 2]:
            scans.write_scan(
                small_images.folder_of(data, row["participant_id"], session),
                small_images.stem(row["participant_id"], session),
                50 + number + 10 * (session == "post"),
            )
    small_images.write_sheet(data, rows)
    config = copy.deepcopy(small_images.config())
    done = project.run("-n", "--configfile", project.write_config(config))
    assert "config key cohort.sessions is missing: participants were scanned in post, pre" in done.text
    config["cohort"]["sessions"] = ["pre", "post"]
    config["seeds"] = config["seeds"][:1]
    project.make_targets("connectivity", "--configfile", project.write_config(config))
    first = packed(project, "BALL")
    voxel = project.results(STUDY) / "connectivity/voxel"
    second = np.load(voxel / f"ses-post_seed-BALL_space-{SPACE}_stat-fisherz_group.npy")
    assert first.shape == second.shape == (8, first.shape[1])
    assert np.isfinite(first).all()
    assert np.flatnonzero(np.isnan(second).all(axis=1)).tolist() == [2, 6]
    assert np.isfinite(np.delete(second, [2, 6], axis=0)).all()
    base = project.results(STUDY) / "connectivity/sub-03"
    mask = nib.load(voxel / f"space-{SPACE}_mask.nii.gz").get_fdata() > 0
    for session, array in (("pre", first), ("post", second)):
        image = nib.load(base / f"sub-03_ses-{session}_seed-BALL_space-{SPACE}_stat-fisherz_boldmap.nii.gz")
        np.testing.assert_array_equal(array[3], image.get_fdata(dtype=np.float32)[mask])
    qc = table(project, "connectivity/qc.tsv")
    assert len(qc) == 14
    assert qc["session"].value_counts().to_dict() == {"pre": 8, "post": 6}
