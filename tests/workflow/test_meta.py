"""A small meta-analysis from its files to the report, twice: numbers do not depend on cores, shards or threads."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, sparse

from amygene.meta.simulated import TRUE
from fixtures.project import CHECKOUT, Project

pytestmark = pytest.mark.slow

REGIONS = 82


def write_foci(folder: Path) -> None:
    """Sixteen studies: increases with a common place in nine of them, decreases anywhere. Two files, one Talairach."""
    rng = np.random.default_rng(3)
    rows, sleuth = [], ["//Reference=Talairach"]
    for e in range(16):
        n, name = int(rng.integers(10, 40)), f"Study {e}, <b>20{e:02d}</b>"
        up, down = rng.uniform([-50, -80, -20], [50, 50, 50], (2, 3, 3)).round()
        if e < 9:
            up[0] = (np.array(TRUE) + rng.normal(0, 4, 3)).round()
        if e == 15:
            sleuth += [f"//{name}: increase", f"//Subjects={n}", *("\t".join(map(str, f)) for f in up)]
            continue
        for direction, foci in (("increase", up), ("decrease", down)):
            rows += [(name, n, *f, "MNI", direction, ["SSRI", "other"][e % 2], 4 + e) for f in foci]
    columns = ["experiment", "n_subjects", "x", "y", "z", "space", "contrast", "drug", "weeks"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "foci.tsv", sep="\t", index=False)
    (folder / "sleuth.txt").write_text("\n".join(sleuth) + "\n")


def write_connectome(folder: Path) -> None:
    """A symmetric matrix of the Desikan-Killiany regions, without names, and their names."""
    info = pd.read_csv(CHECKOUT / "resources/imaging-transcriptomics/atlas_regions_info.csv").head(REGIONS)
    rng = np.random.default_rng(4)
    series = rng.standard_normal((200, 7))[:, rng.integers(0, 7, REGIONS)] + rng.standard_normal((200, REGIONS))
    np.savetxt(folder / "matrix.csv", np.corrcoef(series.T) - np.eye(REGIONS), delimiter=",", fmt="%.6f")
    names = [f"{side}_{label}" for side, label in zip(info["hemisphere"], info["label"], strict=True)]
    (folder / "names.csv").write_text(",".join(names) + "\n")


def write_receptors(folder: Path) -> None:
    """Two smooth images of one target, one of another."""
    folder.mkdir()
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = (-90, -126, -72)
    rng = np.random.default_rng(5)
    for name in ("5HTT_dasb_hc30_savli", "5HTT_madam_hc10_fazio", "DAT_fpcit_hc174_dukart"):
        smooth = ndimage.gaussian_filter(rng.standard_normal((46, 55, 46)), 3) + 1
        nibabel.Nifti1Image(smooth.astype(np.float32), affine).to_filename(folder / f"{name}.nii.gz")


def write_database(folder: Path) -> None:
    """Sixty studies in Neurosynth's files; a third reports the planted place and is about ``planning``."""
    folder.mkdir()
    rng, about = np.random.default_rng(6), np.zeros((60, 3))
    about[:20, 0], about[:, 1] = 0.2, rng.random(60) < 0.5
    rows = []
    for s in range(60):
        foci = rng.uniform([-50, -80, -20], [50, 50, 50], (5, 3)).round()
        if s < 20:
            foci[0] = TRUE
        rows += [(s, *f) for f in foci]
    # without the time of writing: sidecars hold the files' hashes
    written = {"sep": "\t", "index": False, "compression": {"method": "gzip", "mtime": 0}}
    pd.DataFrame(rows, columns=["id", "x", "y", "z"]).to_csv(folder / "data_coordinates.tsv.gz", **written)
    pd.DataFrame({"id": range(60), "space": "MNI"}).to_csv(folder / "data_metadata.tsv.gz", **written)
    sparse.save_npz(folder / "data_vocab-terms_source-abstract_type-tfidf_features.npz", sparse.csr_matrix(about))
    (folder / "data_vocab-terms_vocabulary.txt").write_text("planning\nnoise\nrare\n")


def make_study(folder: Path, **jobs: int) -> tuple[Project, str]:
    project = Project.make(folder, CHECKOUT / "resources")
    data = project.folder / "data"
    data.mkdir()
    write_foci(data)
    write_connectome(data)
    write_receptors(data / "pet")
    write_database(data / "database")
    config = {
        "study": "converging",
        "stages": ["meta", "report"],
        "atlas": "DK83",
        "meta": {
            "foci": ["data/foci.tsv", "data/sleuth.txt"],
            "comparisons": {"all": {}, "increase": {"contrast": "increase"}, "decrease": {"contrast": "decrease"}},
            "subgroups": {"SSRI": {"drug": "SSRI"}, "late": {"weeks": {"min": 6}}},
            "contributions": ["drug"],
            "connectome": {"matrix": "data/matrix.csv", "labels": "data/names.csv"},
            "differences": [["increase", "decrease"]],
            "targets": {"Mine": [-30, 50, 10]},
            "receptors": {"folder": "data/pet"},
            "database": {"folder": "data/database", "min_studies": 5},
        },
        "permutations": {"meta": 1300, "meta_network": 200, "meta_followup": 100, "null_maps": 100},
        "jobs": jobs,
    }
    return project, project.write_config(config)


@pytest.fixture(scope="module")
def one(tmp_path_factory) -> Path:
    project, config = make_study(tmp_path_factory.mktemp("one"))
    project.make_targets("--configfile", config)
    return project.results("converging")


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    """The same on one core, in other shards, with several threads wanted."""
    project, config = make_study(tmp_path_factory.mktemp("other"), draws_per_shard=90, left_out_jobs=3)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "2")
    project.make_targets("meta", "--configfile", config, cores=1, environment=threads)
    return project.results("converging")


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "meta" / f"{name}.tsv", sep="\t", na_values=["n/a"], keep_default_na=False)


def test_the_same_bytes(one, other):
    files = sorted(p.relative_to(one) for p in (one / "meta").rglob("*") if p.is_file() and "parts" not in p.parts)
    assert len(files) > 120
    differing = [str(f) for f in files if (one / f).read_bytes() != (other / f).read_bytes()]
    assert differing == []


def test_truth_is_found_and_nothing_else(one):
    analyses = table(one, "analyses").set_index(["comparison", "subgroup"])
    assert analyses.loc[("increase", "all"), "n_significant"] == 1
    assert analyses.loc[("increase", "all"), "n_draws"] == 1300
    assert analyses.loc[("decrease", "all"), "n_significant"] == 0
    assert analyses.loc[("decrease", "all"), "n_draws"] <= 1000
    assert "fewer than 12" in analyses.loc[("increase", "SSRI"), "reason"]
    assert np.isnan(analyses.loc[("increase", "SSRI"), "p_fwe"])
    first = table(one, "comparison-increase_subgroup-all_clusters").iloc[0]
    assert np.linalg.norm(first[["centre_x", "centre_y", "centre_z"]].to_numpy(float) - TRUE) < 8
    assert "Frontal" in first["aal"]
    shares = table(one, "comparison-increase_subgroup-all_contributions")
    assert shares["share"].sum() == pytest.approx(100)
    assert len(table(one, "comparison-increase_subgroup-all_leave-out")) == 15
    # Sleuth's study has no annotation: it is in no comparison that asks for one
    assert analyses.loc[("all", "all"), "n_experiments"] == 16


def test_images_are_the_tables(one):
    stem = "meta/comparison-increase_subgroup-all"
    labels = np.asanyarray(nibabel.load(one / f"{stem}_desc-clusters_dseg.nii.gz").dataobj)
    clusters = table(one, "comparison-increase_subgroup-all_clusters")
    assert np.bincount(labels.ravel())[1:].tolist() == clusters["n_voxels"].tolist()
    z = np.asanyarray(nibabel.load(one / f"{stem}_stat-z_statmap.nii.gz").dataobj)
    assert z[labels == 1].max() == pytest.approx(clusters["peak_z_value"][0], rel=1e-6)
    assert z[labels > 0].min() > 3
    sidecar = json.loads((one / f"{stem}_stat-z_statmap.json").read_text())
    assert sidecar["settings"]["experiments"] == 15


def test_networks_targets_receptors_and_database(one):
    network = table(one, "comparison-increase_network")
    assert len(network) == REGIONS
    assert network["p"].between(0.009, 1).all()
    assert table(one, "comparison-increase_canonical")["network"].tolist() == [
        "VIS",
        "SMN",
        "DAN",
        "SAN",
        "LIM",
        "FPN",
        "DMN",
    ]
    difference = table(one, "difference-increase-decrease_network").set_index("region")["connectivity"]
    parts = [
        table(one, f"comparison-{c}_network").set_index("region")["connectivity"] for c in ("increase", "decrease")
    ]
    assert np.allclose(difference, parts[0] - parts[1])
    targets = table(one, "atlas-DK83_targets")
    assert targets["target"].tolist() == ["5CM", "BeamF3", "AntiSubgenual", "Mine"] * 2 or set(targets["target"]) == {
        "5CM", "BeamF3", "AntiSubgenual", "Mine",
    }  # fmt: skip
    assert targets["distance_edge"].min() < 20
    maps = table(one, "atlas-DK83_similarity")
    assert {"meta-ale_comparison-increase", "meta-network_comparison-decrease"} <= set(maps["map"])
    assert "circuit of increase cluster 1" in set(maps["other"])
    receptors = table(one, "atlas-DK83_receptors")
    assert list(receptors.columns) == ["region", "5HTT", "DAT"]
    inside = table(one, "atlas-DK83_receptor-clusters")
    assert set(inside["receptor"]) == {"5HTT", "DAT"}
    decoding = table(one, "comparison-increase_subgroup-all_decoding")
    assert decoding.iloc[0]["term"] == "planning"
    assert decoding.iloc[0]["q"] < 0.05
    active = table(one, "comparison-increase_subgroup-all_coactivation").iloc[0]
    assert active["p_fwe"] < 0.05


def test_the_report_shows_it(one):
    page = (one / "report/index.html").read_text()
    assert "Where do published effects converge" in page
    assert "increase at Frontal" in page
    assert "&lt;b&gt;2000&lt;/b&gt;" in page
    assert "<b>2000</b>" not in page
    assert "Activation likelihood estimation meta-analysis revisited" in (one / "report/methods.md").read_text()


def test_problems_of_the_foci_stop_the_run(tmp_path):
    project, config = make_study(tmp_path / "p")
    foci = project.folder / "data/foci.tsv"
    foci.write_text(foci.read_text().replace("\tMNI\t", "\tScanner\t", 2))
    done = project.run("meta", "--configfile", config)
    assert done.returncode != 0
    log = (project.results("converging") / "logs/meta_foci.log").read_text()
    assert "row 2: space 'Scanner' is unknown" in log
    assert "row 3: space 'Scanner' is unknown" in log
    assert "Traceback" not in log
