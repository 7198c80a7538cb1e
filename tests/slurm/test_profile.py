"""The profile for clusters, as far as no cluster is needed: its groups hold for every study."""

from __future__ import annotations

import re

import pytest
import yaml

from fixtures import small_study
from fixtures.project import CHECKOUT, Project
from fixtures.rules import read_rules

PROFILE = yaml.safe_load((CHECKOUT / "config/profiles/slurm/config.yaml").read_text(encoding="utf-8"))
RULES = read_rules()
SHIPPED = ["config.yaml", "abide.yaml", *sorted(file.name for file in (CHECKOUT / "config").glob("demo-*.yaml"))]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = Project.make(tmp_path_factory.mktemp("profile"))
    small_study.make_data(made.folder / "data")
    return made


def plan(project, config):
    return project.plan("--profile", "config/profiles/slurm", "--configfile", config)


@pytest.mark.parametrize("config", SHIPPED)
def test_no_group_waits_for_itself(project, config):
    assert plan(project, f"config/{config}")


def test_no_group_waits_for_itself_with_every_stage_of_series(project):
    config = small_study.config()
    config["stages"] = [*config["stages"], "report"]
    config["contrasts"]["again"] = config["contrasts"]["PATvsHC"]
    assert plan(project, project.write_config(config))


def test_no_group_waits_for_itself_with_abagen(project):
    config = small_study.config()
    config |= {"atlas": "AAL116", "seeds": ["LAMY"], "expression": {"source": "abagen", "multiverse": True}}
    rules = {job.rule for job in plan(project, project.write_config(config))}
    assert {"expression_abagen", "genes_multiverse"} <= rules


def test_a_group_that_waits_for_itself_is_found(project):
    """Or the tests above show nothing."""
    groups = ("--groups", "cohort_assemble=x", "connectivity_gather=x")
    done = project.run("--dry-run", "--profile", "config/profiles/slurm", *groups)
    assert done.returncode == 1
    assert "Error in group x" in done.text


def test_groups_name_rules_that_run_on_the_cluster():
    for rule in PROFILE["groups"]:
        assert "output" in RULES[rule].sections
        assert "localrule" not in RULES[rule].sections
    assert set(PROFILE["group-components"]) <= set(PROFILE["groups"].values())


def test_downloads_stay_where_snakemake_runs():
    """Nodes of a cluster often have no way out."""
    fetching = {name for name in RULES if re.search("fetch|download|abide_s|environment", name)}
    assert {"fetch_artifact", "abide_series", "abide_sheet", "expression_download"} <= fetching
    assert [name for name in sorted(fetching) if "localrule" not in RULES[name].sections] == []
