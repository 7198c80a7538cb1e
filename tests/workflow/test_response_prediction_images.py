"""Prediction of response from images: a planted connection of responders is found, shuffled responders are not."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from fixtures import scans, small_images
from fixtures.project import Project

pytestmark = pytest.mark.slow

STUDY, N, SESSIONS = small_images.STUDY, 36, ["pre", "post"]
NAME = "prediction-hamd_atlas-Small14_{}"
#: region whose connectivity with the sphere is stronger in those who will respond
PLANTED = "R08"
#: these were not rated after treatment; this one was not scanned before it
UNRATED, NO_BASELINE = (3, 12), 8


def sphere() -> np.ndarray:
    """Voxels of the seed BALL."""
    inside = np.argwhere(scans.brain())
    xyz = nib.affines.apply_affine(scans.AFFINE, inside)
    near = np.linalg.norm(xyz - small_images.SPHERE[:3], axis=1) <= small_images.SPHERE[3]
    found = np.zeros(scans.SHAPE, dtype=bool)
    found[tuple(inside[near].T)] = True
    return found


def make_data(data) -> None:
    """Baseline scans of everybody, a second one of a few, ratings; whether they respond, and the same shuffled."""
    small_images.make_data(data)
    shutil.rmtree(data / "derivatives")
    atlas = nib.load(data / "atlas.nii.gz").get_fdata() == 1 + small_images.REGIONS.index(PLANTED)
    rng = np.random.default_rng(21)
    people, rated = [], {}
    for number in range(N):
        person, responds = f"sub-{number:02d}", number % 2 == 0
        people.append(
            {
                "participant_id": person,
                "site": "north" if number % 4 < 2 else "south",
                # age and depression at baseline say nothing: who responds and who does not are pairs
                "age": 20 + 7 * (number // 2) % 41,
                "group": "PAT",
            }
        )
        came = SESSIONS if number % 6 == 2 else SESSIONS[:1]
        for k, session in enumerate(came):
            if (number, session) == (NO_BASELINE, "pre"):
                continue
            strength = rng.normal(1.8 if responds else 0.2, 0.25)
            scans.write_scan(
                small_images.folder_of(data, person, session),
                small_images.stem(person, session),
                300 + number + 100 * k,
                n_volumes=90,
                planted=(sphere(), atlas, strength),
            )
        before = 18 + 5 * (number // 2) % 13
        after = round(before * (rng.uniform(0.1, 0.45) if responds else rng.uniform(0.6, 1.0)), 1)
        rated[person] = (before, np.nan if number in UNRATED else after)
    pd.DataFrame(people).to_csv(data / "participants.tsv", sep="\t", index=False)
    ratings = pd.DataFrame(
        [(p, *both) for p, both in rated.items()], columns=["participant_id", "hamd_pre", "hamd_post"]
    )
    ratings.to_csv(data / "outcomes.tsv", sep="\t", index=False, na_rep="n/a")
    # ratings change places within sites
    order = np.arange(N)
    for site in (0, 1):
        own = np.flatnonzero(np.arange(N) % 4 // 2 == site)
        order[own] = rng.permutation(own)
    shuffled = ratings.assign(**{c: ratings[c].to_numpy()[order] for c in ("hamd_pre", "hamd_post")})
    shuffled.to_csv(data / "shuffled.tsv", sep="\t", index=False, na_rep="n/a")


def config(outcomes="outcomes.tsv", **changes):
    study = small_images.config()
    study["stages"] = ["response", "report"]
    study["cohort"] |= {"sessions": SESSIONS, "outcome_table": f"data/{outcomes}"}
    study["seeds"] = study["seeds"][:2]
    del study["contrasts"]
    study["response"] = {
        "outcomes": {"HAMD": {"instrument": "hamd", "responder": 0.5}},
        "predictions": {"hamd": {"outcome": "HAMD", "timepoint": "post", "clinical": ["age"]}},
    }
    study["prediction"] = {"models": ["ridge", "logistic"], "repeats": 3, "n_selected": 3, "tested": ["ridge"]}
    study["permutations"] = {"prediction": 100}
    return study | changes


def read(project, table):
    file = project.results(STUDY) / "response" / NAME.format(f"{table}.tsv")
    return pd.read_csv(file, sep="\t", na_values="n/a", keep_default_na=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    """The study was run to its report. Tests leave it as it is."""
    project = Project.make(tmp_path_factory.mktemp("response-prediction") / "project")
    make_data(project.folder / "data")
    project.make_targets("--configfile", project.write_config(config()))
    return project


def test_who_is_predicted(finished):
    """Everybody with a scan at baseline and a rating after treatment, by the reduction of the sheet."""
    people = pd.read_csv(finished.results(STUDY) / "response/prediction-hamd_participants.tsv", sep="\t")
    sheet = pd.read_csv(finished.folder / "data/outcomes.tsv", sep="\t").set_index("participant_id")
    expected = sheet.drop(index=[f"sub-{number:02d}" for number in (*UNRATED, NO_BASELINE)])
    assert people["participant_id"].tolist() == expected.index.tolist()
    rate = 1 - expected["hamd_post"] / expected["hamd_pre"]
    assert (people["contrast-hamd"] == "case").tolist() == (rate >= 0.5).tolist()
    assert people["baseline"].tolist() == expected["hamd_pre"].tolist()


def test_it_sees_connectivity_at_baseline_only(finished):
    """Edges are means of the first session's maps over a region's voxels, without the seed's own."""
    with np.load(finished.results(STUDY) / "response/parts" / NAME.format("sample.npz")) as sample:
        edges, seeds, regions, people = (sample[k] for k in ("edges", "seeds", "regions", "participants"))
    atlas = nib.load(finished.folder / "data/atlas.nii.gz").get_fdata()
    own = {"BALL": sphere(), "BOX": nib.load(finished.folder / "data/seed.nii.gz").get_fdata() > 0}
    for row in range(0, len(people), 8):
        for column, (seed, region) in enumerate(zip(seeds, regions, strict=True)):
            folder = finished.results(STUDY) / "connectivity" / people[row]
            name = f"{people[row]}_ses-pre_seed-{seed}_space-{scans.SPACE}_stat-fisherz_boldmap.nii.gz"
            where = (atlas == 1 + small_images.REGIONS.index(region)) & ~own[seed]
            expected = nib.load(folder / name).get_fdata()[where].mean()
            assert edges[row, column] == pytest.approx(expected, abs=1e-6)


def test_the_planted_connection_predicts(finished):
    found = read(finished, "performance").set_index(["model", "features"])
    best = found.loc["ridge", "all edges"]
    assert best["n"] == 33
    assert best["auc"] > 0.8
    assert best["auc_ci_low"] > 0.6
    assert best["p_permutation"] < 0.05
    assert best["guard"] == "passed"
    alone = found.xs("covariates", level="features").iloc[0]
    assert alone["auc"] < 0.65
    assert best["p_covariates"] < 0.05
    weights = read(finished, "weights").query("model == 'ridge' and features == 'all edges'")
    top = weights.loc[weights["pattern"].abs().idxmax()]
    assert (top["seed"], top["region"]) == ("BALL", PLANTED)
    assert top["pattern"] > 0
    # the area of the first repeat from the scores in the table: of one site and one model, by scikit-learn, weighted by
    # the cases (Janes and Pepe 2009)
    scores = read(finished, "predictions").query("model == 'ridge' and features == 'all edges' and repeat == 1")
    assert len(scores) == 33
    n_cases, total = 0, 0.0
    for _, own in scores.groupby(["site", "fold"]):
        case = own["role"] == "case"
        if 0 < case.sum() < len(case):
            n_cases += case.sum()
            total += case.sum() * roc_auc_score(case, own["decision_value"])
    assert best["auc_tested"] == pytest.approx(total / n_cases, abs=1e-9)


def test_shuffled_responders_are_at_chance(finished, tmp_path):
    """The same images and models when ratings change places: only what uses the ratings runs again."""
    other = Project(tmp_path / "project")
    shutil.copytree(finished.folder, other.folder, symlinks=True)
    file = other.write_config(config("shuffled.tsv"))
    rules = {job.rule for job in other.plan("--configfile", file)}
    assert "response_participants" in rules
    assert not rules & {"connectivity_voxel", "connectivity_parcellate", "cohort_images", "cohort_confounds"}
    other.make_targets("--configfile", file)
    found = read(other, "performance").query("features != 'covariates'")
    # one shuffling of 33 people: the standard deviation of an area is about .1
    assert found["auc"].between(0.2, 0.8).all()
    before = read(finished, "performance").query("features != 'covariates'")
    assert (found["auc"] < before["auc"] - 0.1).all()
    tested = found.dropna(subset=["p_permutation"])
    assert len(tested) == 2
    assert (tested["p_permutation"] > 0.05).all()
    page = (other.results(STUDY) / "report/index.html").read_text(encoding="utf-8")
    assert "Connectivity is not shown to predict response" in page
    # chance, as relabelings see it
    assert tested["auc_null"].between(0.45, 0.55).all()


def test_the_report_compares_it_with_the_clinical_baseline(finished):
    page = (finished.results(STUDY) / "report/index.html").read_text(encoding="utf-8")
    assert NAME.format("performance.tsv") in page
    assert "Connectivity predicts response better than by chance" in page
    assert "the clinical baseline alone has" in page
    assert "optimistic, for comparison only" in page
    sidecar = json.loads((finished.results(STUDY) / "response" / NAME.format("performance.json")).read_text())
    assert sidecar["settings"]["remove_covariates"] is False
    methods = (finished.results(STUDY) / "report/methods.md").read_text(encoding="utf-8")
    assert "{" not in methods
