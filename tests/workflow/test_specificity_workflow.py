"""Collections from BrainSpan's archive and a table of cell types, through the workflow to the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fixtures import small_study
from fixtures.brainspan import STRUCTURES, write_archive
from fixtures.project import Project

pytestmark = pytest.mark.slow

#: genes that follow the map, specific to the amygdala in the early mid-fetal period; others, to the grown cerebellum
FOLLOWING = [f"GENE{i}" for i in range(20)]
OTHERS = [f"GENE{i}" for i in range(100, 120)]
MAP = "map-own_atlas-Small30_collection-STAGES"


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Project:
    project = Project.make(tmp_path_factory.mktemp("specificity"))
    data = project.folder / "data"
    small_study.make_data(data)
    rng = np.random.default_rng(8)
    expression = pd.read_csv(data / "expression.tsv", sep="\t", index_col="region")
    own = pd.read_csv(data / "map.tsv", sep="\t").set_index("region")["value"]
    expression[FOLLOWING] = own.to_numpy()[:, None] + 0.5 * rng.standard_normal((len(own), len(FOLLOWING)))
    expression.to_csv(data / "expression.tsv", sep="\t")
    genes = expression.columns.tolist()
    write_archive(data / "brainspan.zip", genes, {("AMY", "16 pcw"): FOLLOWING, ("CBC", "40 yrs"): OTHERS})
    cells = pd.DataFrame(
        rng.lognormal(1, 1, (len(genes), 4)), index=genes, columns=["Ntsr+", "Glt25d2", "Pnoc+", "Astro"]
    )
    cells.to_csv(data / "cells.csv", index_label="gene")
    config = small_study.config() | {"stages": ["enrichment", "report"], "cohort": {"format": "none"}, "contrasts": {}}
    config["enrichment"] = {
        "collections": [
            {"name": "STAGES", "brainspan": "data/brainspan.zip", "draws": 10},
            {"name": "CELLTYPES", "specificity": "data/cells.csv", "draws": 10, "thresholds": [0.1, 0.02]},
        ],
        "random_sets": 100,
    }
    config["permutations"]["null_maps"] = 1000
    project.make_targets("--configfile", project.write_config(config))
    return project


def read(study: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(study.results("small") / "enrichment" / name, sep="\t")


def test_classes_are_regions_by_stages(study):
    classes = read(study, "collection-STAGES_classes.tsv")
    assert len(classes) == 60
    assert classes["n_samples"].sum() == 12 * len(STRUCTURES) - 1


def test_the_planted_class_is_found_under_null_maps_and_by_the_replicate(study):
    sets = read(study, f"{MAP}_sets.tsv").set_index("set")
    planted = sets.loc["Amygdala: Early mid-fetal"]
    assert planted["n_genes"] >= len(FOLLOWING)
    assert planted["p_null"] == sets["p_null"].min()
    assert planted["p_fwe"] < 0.05
    assert sets.loc["Cerebellum: Young adulthood", "p_fwe"] > 0.05
    fisher = read(study, f"{MAP}_fisher.tsv")
    assert len(fisher) == 60 * 4
    found = fisher[fisher["q_fisher"] < 0.05]
    assert "Amygdala: Early mid-fetal" in set(found["set"])
    assert "Cerebellum: Young adulthood" not in set(found["set"])


def test_the_replicate_is_fishers_test_of_the_tables(study):
    genes = pd.read_csv(study.results("small") / "genes/map-own_atlas-Small30_genes.tsv", sep="\t").set_index("gene")
    psi = pd.read_parquet(study.results("small") / "enrichment/collection-CELLTYPES_psi.parquet")
    listed = genes["q_parametric"] < 0.05
    fisher = read(study, "map-own_atlas-Small30_collection-CELLTYPES_fisher.tsv")
    assert set(fisher["threshold"]) == {0.1, 0.02}
    for _, row in fisher.iterrows():
        specific = psi[row["set"]].reindex(genes.index) < row["threshold"]
        counts = pd.crosstab(
            pd.Categorical(specific, [True, False]), pd.Categorical(listed, [True, False]), dropna=False
        )
        assert row["p_fisher"] == pytest.approx(stats.fisher_exact(counts, alternative="greater").pvalue, rel=1e-8)


def test_sets_hold_the_genes_below_the_first_threshold(study):
    psi = pd.read_parquet(study.results("small") / "enrichment/collection-CELLTYPES_psi.parquet")
    lines = (study.results("small") / "enrichment/collection-CELLTYPES_sets.gmt").read_text().splitlines()
    sets = {line.split("\t")[0]: set(line.split("\t")[2:]) for line in lines}
    assert sets == {name: set(psi.index[psi[name] < 0.1]) for name in psi.columns}


def test_the_report_shows_and_explains_them(study):
    report = study.results("small") / "report"
    for collection in ("STAGES", "CELLTYPES"):
        assert (report / f"figures/map-own_atlas-Small30_collection-{collection}_classes.svg").stat().st_size > 5000
    text = (report / "methods.md").read_text()
    assert "specificity index" in text
    assert "BrainSpan" in text
    assert "replicate" in (report / "index.html").read_text()
