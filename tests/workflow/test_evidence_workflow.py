"""Published findings against the small study, through the workflow to the report, recomputed from its shards."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from fixtures import small_study
from fixtures.project import Project, starts

pytestmark = pytest.mark.slow

HEAD = "study\tmodality\tmeasure\tcomparison\tregion\tside\ttarget\ttarget_side\tdirection\teffect\teffect_size\tse"
CONNECTION = "rs-fMRI\tconnectivity\tcontrols\tamygdala"
FINDINGS = [
    f"One 2001\t{CONNECTION}\tleft\tfront\tn/a\tlower\tg\t-0.4\t0.2",
    f"Two 2002\t{CONNECTION}\tleft\tfront\tn/a\tlower\tg\t-0.2\t0.1",
    f"Three 2003\t{CONNECTION}\tn/a\tback\tleft\tlower\tn/a\tn/a\tn/a",
    f"Four 2004\t{CONNECTION}\tright\tfront\tleft\thigher\tn/a\tn/a\tn/a",
    "Five 2005\trs-fMRI\tconnectivity\tbefore treatment\tamygdala\tright\tfront\tleft\tlower\tn/a\tn/a\tn/a",
    "Six 2006\tMRS\tGABA\tcontrols\tfront\tleft\tn/a\tn/a\tlower\tn/a\tn/a\tn/a",
]
PLACES = """name\tkind\tatlas\tleft\tright\tmidline\tnote
amygdala\tregion\tSmall30\tAmygdala_L\tAmygdala_R\tn/a\tn/a
front\tregion\tSmall30\tCor00;Cor01\tCor02\tn/a\tn/a
back\tnetwork\tSmall30\tCor10;Cor11;Cer25\tCor12\tn/a\tn/a
"""
CLAIMS = "evidence/contrast-PATvsHC_atlas-Small30_claims.tsv"


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Project:
    project = Project.make(tmp_path_factory.mktemp("evidence"))
    data = project.folder / "data"
    small_study.make_data(data)
    (data / "own.tsv").write_text("\n".join([HEAD, *FINDINGS]) + "\n")
    (data / "places.tsv").write_text(PLACES)
    config = small_study.config() | {"stages": ["group", "evidence", "report"], "maps": {}, "expression": {}}
    config["evidence"] = {"tables": ["data/own.tsv"], "regions": "data/places.tsv"}
    project.make_targets("--configfile", project.write_config(config))
    return project


def read(study: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(study.results("small") / name, sep="\t", na_values="n/a", keep_default_na=False)


@pytest.fixture(scope="module")
def maps(study) -> dict[str, tuple[pd.Series, pd.DataFrame]]:
    """Seed -> observed t, and t of every relabeling, from the tables and shards of the stage group."""
    found = {}
    for seed in ("LEFT", "Amygdala_R"):
        stem = f"group/contrast-PATvsHC_seed-{seed}_atlas-Small30"
        shards = study.results("small") / "group/shards"
        with np.load(shards / f"contrast-PATvsHC_seed-{seed}_atlas-Small30_comparison.npz") as arrays:
            regions = arrays["region"]
        with np.load(shards / f"contrast-PATvsHC_seed-{seed}_atlas-Small30_from-0.npz") as arrays:
            drawn = pd.DataFrame(arrays["maps"], columns=regions)
        found[seed] = read(study, f"{stem}_stat-t_roi.tsv").set_index("region")["t"], drawn
    return found


def edges(row: pd.Series) -> list[list[str]]:
    return [edge.split(" – ") for edge in row["connections"].split("; ")]


def test_findings_are_tested_or_the_reason_is_given(study):
    claims = read(study, CLAIMS).set_index("study")
    assert claims["testable"].tolist() == [True, True, True, True, False]
    assert claims.loc["Five 2005", "reason"] == "is about change with treatment"
    assert edges(claims.loc["One 2001"]) == [["LEFT", "Cor00"], ["LEFT", "Cor01"], ["LEFT", "Cor02"]]
    assert edges(claims.loc["Four 2004"]) == [["Amygdala_R", "Cor00"], ["Amygdala_R", "Cor01"]]
    assert claims.loc["Three 2003", "n_connections"] == 6


def test_statistics_and_p_are_those_of_the_shards(study, maps):
    claims = read(study, CLAIMS)
    counts = np.zeros(300)
    for _, row in claims[claims["testable"]].iterrows():
        sign = 1 if row["direction"] == "higher" else -1
        observed = np.mean([maps[seed][0][region] for seed, region in edges(row)])
        drawn = np.mean([maps[seed][1][region].fillna(0) for seed, region in edges(row)], axis=0)
        assert row["mean_t"] == pytest.approx(observed)
        assert row["p_claim"] == pytest.approx((1 + np.sum(sign * drawn >= sign * observed - 1e-9)) / 301)
        assert row["agrees"] == (sign * observed > 0)
        counts += sign * drawn > 0
    agreement = read(study, "evidence/contrast-PATvsHC_atlas-Small30_agreement.tsv").iloc[0]
    n = int(claims.loc[claims["testable"], "agrees"].astype(bool).sum())
    assert (agreement["n_claims"], agreement["n_agree"]) == (4, n)
    assert agreement["p_agree"] == pytest.approx((1 + (counts >= n).sum()) / 301)
    assert agreement["null_agree"] == pytest.approx(counts.mean())


def test_effect_sizes_are_pooled(study):
    pooled = read(study, "evidence/pooled.tsv")
    assert pooled["k"].tolist() == [2]
    weight = np.array([1 / 0.04, 1 / 0.01])
    assert pooled["effect_size"][0] == pytest.approx((weight * [-0.4, -0.2]).sum() / weight.sum())  # tau2 is 0
    assert read(study, "evidence/studies.tsv")["weight"].tolist() == pytest.approx([0.2, 0.8])


def test_findings_tell_where_they_lie(study):
    findings = read(study, "evidence/atlas-Small30_findings.tsv").set_index("study")
    assert findings.loc["Six 2006", "region_in_atlas"] == "Cor00; Cor01"
    assert len(findings) == 6


def test_the_report_says_it(study):
    report = study.results("small") / "report"
    part = json.loads((report / "parts/evidence.json").read_text())
    assert any("of 4 published findings of connectivity" in sentence for sentence in part["findings"])
    page = (report / "index.html").read_text()
    assert "is about change with treatment" in page
    assert "Egger" in (report / "methods.md").read_text()
    for name in ("evidence_findings", "evidence_pooled", "contrast-PATvsHC_atlas-Small30_evidence"):
        assert (report / f"figures/{name}.svg").stat().st_size > 3000
        assert (report / f"figures/{name}.png").stat().st_size > 3000


def test_shards_change_no_byte(study, tmp_path):
    """One shard of 300 relabelings, or three of 100."""
    before = {name: data for name, data in study.contents("small").items() if name.startswith("evidence/")}
    config = yaml.safe_load((study.folder / "study.yaml").read_text())
    other = Project.make(tmp_path / "other")
    shutil.copytree(study.folder / "data", other.folder / "data")
    config["jobs"]["permutations_per_shard"] = 100
    other.make_targets("evidence", "--configfile", other.write_config(config), cores=1)
    assert len(list((other.results("small") / "group/shards").glob("*from-200.npz"))) == 2
    assert {n: d for n, d in other.contents("small").items() if n.startswith("evidence/")} == before
    assert len(before) == 10


def test_an_edited_table_reruns_what_reads_it(study):
    text = (study.folder / "data/own.tsv").read_text()
    with study.edited("data/own.tsv", text.replace("higher", "lower")):
        assert starts(study.plan("--configfile", "study.yaml")) == {
            "evidence_findings", "evidence_claims", "evidence_pooled",
        }  # fmt: skip


def test_what_is_wrong_with_a_table_is_told(study):
    text = (study.folder / "data/own.tsv").read_text()
    with study.edited("data/own.tsv", text.replace("higher", "up")):
        done = study.run("evidence", "--configfile", "study.yaml")
    assert done.returncode != 0
    assert "column 'direction' is none of higher, lower, no difference, altered in row 5 (up)" in done.text
