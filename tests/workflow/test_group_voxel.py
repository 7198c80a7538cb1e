"""The comparison of voxels from arrays to tables, images and report; how it is dealt to jobs; what an edit reruns."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from nilearn.masking import apply_mask

from fixtures import scans, small_images
from fixtures.project import CHECKOUT, Project

pytestmark = pytest.mark.slow

STUDY, SPACE = small_images.STUDY, scans.SPACE


def config(**changes):
    study = small_images.config()
    study["stages"] = ["connectivity", "group", "sites", "report"]
    study["group"] = {"voxel": {"cluster_p": 0.05, "margin": 1.0}}
    study["contrasts"]["PATvsHC"]["covariates"] = ["age", "site"]
    study["permutations"] = {"group": 200, "sites": 200, "voxels": 250, "voxel_sites": 150}
    study["jobs"]["voxel_permutations_per_shard"] = 100
    study["sites"] = {"min_per_group": 2}
    return study | changes


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    """A folder in which the small study of images was run to its report. Tests leave it as it is."""
    project = Project.make(tmp_path_factory.mktemp("voxels"), CHECKOUT / "resources")
    small_images.make_data(project.folder / "data")
    project.make_targets("--configfile", project.write_config(config()))
    return project


def name(seed="BALL"):
    return f"contrast-PATvsHC_seed-{seed}_space-{SPACE}"


def image(project, stat, seed="BALL"):
    return nib.load(project.results(STUDY) / f"group/{name(seed)}_stat-{stat}_statmap.nii.gz")


def table(project, file):
    return pd.read_csv(project.results(STUDY) / file, sep="\t", na_values="n/a", keep_default_na=False)


def test_t_is_that_of_statsmodels_on_the_participants_maps(finished):
    folder = finished.results(STUDY)
    people = table(finished, "cohort/contrast-PATvsHC_participants.tsv")
    mask = nib.load(folder / f"connectivity/voxel/space-{SPACE}_mask.nii.gz")
    maps = np.array(
        [
            apply_mask(
                folder / f"connectivity/{p}/{p}_seed-BALL_space-{SPACE}_stat-fisherz_boldmap.nii.gz",
                mask,
                ensure_finite=False,
            )
            for p in people["participant_id"]
        ]
    )
    design = np.column_stack([people["group"] == "PAT", np.ones(12), people["age"], people["site"] == "south"]).astype(
        float
    )
    found = apply_mask(image(finished, "t"), mask, ensure_finite=False)
    compared = np.isfinite(found)
    expected = np.array([sm.OLS(y.astype(float), design).fit().tvalues[0] for y in maps.T])
    assert found[compared] == pytest.approx(expected[compared], rel=1e-5)
    # only the seed's own voxels are left out
    seed = nib.load(folder / f"connectivity/voxel/seed-BALL_space-{SPACE}_probseg.nii.gz")
    assert np.array_equal(~compared, apply_mask(seed, mask) > 0)


def test_images_and_clusters_tell_one_story(finished):
    clusters = table(finished, f"group/{name()}_clusters.tsv")
    first = clusters[(clusters["formed_by"] == "height") & (clusters["peak"] == 1)]
    assert len(first)
    t, size = (np.asarray(image(finished, stat).dataobj) for stat in ("t", "logp_desc-size"))
    inverse = np.linalg.inv(image(finished, "t").affine)
    for _, row in first.iterrows():
        place = tuple(
            np.round(nib.affines.apply_affine(inverse, row[["x", "y", "z"]].to_numpy(dtype=float))).astype(int)
        )
        assert t[place] == pytest.approx(row["t"], rel=1e-5)
        assert 10.0 ** -size[place] == pytest.approx(row["p_size"], rel=1e-5)
    sidecar = json.loads((finished.results(STUDY) / f"group/{name()}_clusters.json").read_text())
    assert sidecar["p_from"]["tfce"] == "250 draws, counted"
    assert (np.abs(t[np.isfinite(t)]) > sidecar["cluster_forming_t"]).sum() == first["n_voxels"].sum()
    assert {"logp_desc-equivalence", "g_desc-low"} <= {
        f.name.split("_stat-")[1].removesuffix("_statmap.nii.gz")
        for f in (finished.results(STUDY) / "group").glob(f"{name()}_stat-*.nii.gz")
    }
    loso = table(finished, f"sites/{name()}_loso.tsv")
    assert loso["site"].tolist() == ["north", "south"]
    assert loso["p_heldout_rest"].between(1 / 151, 1).all()


def test_the_report_shows_the_comparison(finished):
    page = (finished.results(STUDY) / "report/index.html").read_text(encoding="utf-8")
    assert "Group difference in voxels" in page
    assert f"{name()}_clusters.tsv" in page
    methods = (finished.results(STUDY) / "report/methods.md").read_text(encoding="utf-8")
    assert "permuted 250 times" in methods
    assert "Smith SM, Nichols TE" in methods


def test_shards_cores_and_threads_change_no_byte(finished, tmp_path):
    other = Project.make(tmp_path / "other", CHECKOUT / "resources")
    (other.folder / "data").symlink_to(finished.folder / "data")
    study = config(stages=["group", "sites"])
    study["jobs"] |= {"voxel_permutations_per_shard": 1000, "images_per_job": 50}
    other.make_targets("--configfile", other.write_config(study), cores=1, environment={"OMP_NUM_THREADS": "2"})
    compared = 0
    for file in sorted(finished.results(STUDY).glob("group/*")) + sorted(finished.results(STUDY).glob("sites/*.tsv")):
        if file.is_file() and f"space-{SPACE}" in file.name:
            twin = other.results(STUDY) / file.relative_to(finished.results(STUDY))
            assert twin.read_bytes() == file.read_bytes(), file.name
            compared += 1
    assert compared > 3 * 20


def test_few_draws_with_a_tail_and_draws_that_stop(finished, tmp_path):
    for draws, words in (("tail", "250 draws"), ("sequential", "sequential: until 20 draws reach it")):
        project = Project.make(tmp_path / draws, CHECKOUT / "resources")
        (project.folder / "data").symlink_to(finished.folder / "data")
        study = config(stages=["group"], group={"voxel": {"cluster_p": 0.05, "draws": draws, "until": 20}})
        target = f"results/{STUDY}/group/{name()}_clusters.tsv"
        project.make_targets(target, "--configfile", project.write_config(study))
        sidecar = json.loads((project.results(STUDY) / f"group/{name()}_clusters.json").read_text())
        assert sidecar["p_from"]["t"].startswith(words)
        found, plain = (table(p, f"group/{name()}_clusters.tsv") for p in (project, finished))
        assert found["t"].tolist() == plain["t"].tolist()
        assert found["p_fwe"].to_numpy() == pytest.approx(plain["p_fwe"].to_numpy(), abs=0.25)


def test_a_finished_study_reruns_nothing(finished):
    assert finished.plan("--configfile", finished.write_config(config(), "again.yaml")) == []


def test_a_new_seed_leaves_the_others_alone(finished):
    study = config(stages=["group", "sites"])
    study["seeds"].append({"name": "NEW", "sphere": [24.0, 8.0, 10.0, 20.0]})
    jobs = finished.plan("--configfile", finished.write_config(study, "seed.yaml"))
    voxel = [job for job in jobs if "voxel" in job.rule and job.rule.startswith(("group", "sites"))]
    assert {job.rule for job in voxel} == {
        "group_voxel_comparison",
        "group_voxel_permute",
        "group_voxel",
        "sites_voxel",
    }
    assert all(job.matches(seed="NEW") for job in voxel)
