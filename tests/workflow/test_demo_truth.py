"""The demo finds what was planted and little where nothing was; its tables have the columns that others rely on.

A run of the demo in the checkout is used if nothing of it would run again; otherwise it runs here, which takes minutes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from amygene.settings import read_schema
from fixtures.project import CHECKOUT, RESOURCES, Project, jobs_by_rule

pytestmark = pytest.mark.slow

SCHEMA = read_schema(CHECKOUT / "config/schemas/config.schema.yaml")
PLANTED = SCHEMA["properties"]["cohort"]["properties"]["simulated"]["properties"]
CATEGORY = PLANTED["category"]["default"]
#: the tables that other people's programs read: their columns, which come first and in this order
COLUMNS = {
    "group/contrast-MDDvsHC_seed-{seed}_atlas-DK83_stat-t_roi.tsv": (
        "region n_case n_control beta se t df p q p_fwe g g_ci_low g_ci_high"
    ),
    "sites/contrast-MDDvsHC_seed-{seed}_atlas-DK83_loso.tsv": (
        "site n_case n_control r_with_full r_null_low r_null_high r_heldout_rest p_heldout_rest"
    ),
    "genes/contrast-MDDvsHC_seed-{seed}_atlas-DK83_genes.tsv": (
        "gene n_regions r p_parametric q_parametric p_null q_null p_fwe"
    ),
    "enrichment/contrast-MDDvsHC_seed-{seed}_atlas-DK83_collection-GOBP_sets.tsv": (
        "set n_genes score p_null q_null p_fwe p_coexpression p_hypergeometric q_hypergeometric"
    ),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """Folder of the demo's results."""
    stages = ["sites", "enrichment"]
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--dry-run", *stages]
    plan = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if plan.returncode == 0 and not jobs_by_rule(plan.stdout + plan.stderr):
        return CHECKOUT / "results/demo"
    project = Project.make(tmp_path_factory.mktemp("demo") / "project", RESOURCES)
    project.make_targets(*stages)
    return project.results("demo")


def read(demo: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(demo / name, sep="\t", na_values="n/a", keep_default_na=False)


def group_map(demo: Path, seed: str) -> pd.DataFrame:
    return read(demo, f"group/contrast-MDDvsHC_seed-{seed}_atlas-DK83_stat-t_roi.tsv").set_index("region")


def sets(demo: Path, seed: str, collection: str) -> pd.DataFrame:
    name = f"enrichment/contrast-MDDvsHC_seed-{seed}_atlas-DK83_collection-{collection}_sets.tsv"
    return read(demo, name).set_index("set")


@pytest.fixture(scope="module")
def truth(demo) -> pd.DataFrame:
    return read(demo, "cohort/simulated/truth.tsv").set_index("region")


def test_the_cohort_is_of_the_papers_size(demo):
    people = read(demo, "cohort/participants.tsv")
    counts = people["contrast-MDDvsHC"].value_counts()
    assert counts["case"] >= 200
    assert counts["control"] >= 350
    assert people["site"].nunique() >= 4
    assert people["n_timepoints"].nunique() >= 4
    assert (people["n_constant"] > 0).any()
    # some were made to be left out
    assert len(read(demo, "cohort/excluded.tsv")) > 0


@pytest.mark.parametrize("seed", ["LAMY", "RAMY"])
def test_tables_have_the_columns_that_others_read(demo, seed):
    for name, columns in COLUMNS.items():
        expected = columns.split()
        found = read(demo, name.format(seed=seed)).columns.tolist()
        assert found[: len(expected)] == expected


def test_planted_regions_are_found(demo, truth):
    found = group_map(demo, "RAMY")
    lowered = truth.index[truth["lowered"]]
    assert set(lowered) == set(PLANTED["regions"]["default"])
    assert (found.loc[lowered, "q"] < 0.05).all()
    assert (found.loc[lowered, "g_ci_high"] < 0).all()
    # nowhere is a difference found whose planted value has the other sign
    planted = truth.loc[found.index, "planted"]
    significant = found["q"] < 0.05
    assert (np.sign(found["beta"])[significant] == np.sign(planted)[significant]).all()
    assert found["t"].corr(planted) > 0.9


def test_planted_category_is_found(demo):
    found = sets(demo, "RAMY", "GOBP").loc[CATEGORY]
    assert found["score"] > found["null_mean"]
    assert found["p_null"] < 0.001
    assert found["q_null"] < 0.05
    assert found["p_fwe"] < 0.05


def test_planted_difference_holds_at_every_site_that_is_left_out(demo):
    loso = read(demo, "sites/contrast-MDDvsHC_seed-RAMY_atlas-DK83_loso.tsv")
    assert (loso["p_heldout_rest"] < 0.05).all()
    assert (loso["r_heldout_rest"] > 0).all()


def test_nothing_is_found_where_nothing_was_planted(demo):
    found = group_map(demo, "LAMY")
    assert (found["q"] >= 0.05).all()
    assert (found["p_fwe"] >= 0.05).all()
    # 3 Monte-Carlo errors above 5 % of 82 regions, as if they were independent
    assert (found["p"] < 0.05).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(found))
    genes = read(demo, "genes/contrast-MDDvsHC_seed-LAMY_atlas-DK83_genes.tsv")
    assert (genes["q_null"] >= 0.05).all()
    for collection in ("GOBP", "KEGG", "LAKE", "CELLS"):
        assert (sets(demo, "LAMY", collection)["q_null"] >= 0.05).all()
    loso = read(demo, "sites/contrast-MDDvsHC_seed-LAMY_atlas-DK83_loso.tsv")
    assert loso["p_heldout_rest"].min() > 0.05 / len(loso)
