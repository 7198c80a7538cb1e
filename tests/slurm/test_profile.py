"""The profile for clusters, as far as no cluster is needed: its groups hold for every study."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter

import pytest
import yaml

import cluster_groups
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


def in_order(jobs, groups=PROFILE["groups"]):
    """Groups so that none waits for a later one, however many of their jobs share a cluster job; or CycleError."""
    maker = {file: groups.get(job.rule, job.rule) for job in jobs for file in job.output}
    graph = {}
    for job in jobs:
        group = groups.get(job.rule, job.rule)
        graph.setdefault(group, set()).update({maker[f] for f in job.input if f in maker} - {group})
    return list(TopologicalSorter(graph).static_order())


def plan(project, config):
    """Groups of a study in order; Snakemake looks only for those that wait for themselves."""
    return in_order(project.plan("--profile", "config/profiles/slurm", "--configfile", config))


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
    assert {"expression_abagen", "map"} <= set(plan(project, project.write_config(config)))


def test_a_group_that_waits_for_itself_is_found(project):
    """Or the tests above show nothing."""
    groups = ("--groups", "cohort_assemble=x", "connectivity_gather=x")
    done = project.run("--dry-run", "--profile", "config/profiles/slurm", *groups)
    assert done.returncode == 1
    assert "Error in group x" in done.text


def test_groups_that_wait_for_each_other_are_found(project):
    """Snakemake does not see it, since no job of one group waits for its own: the cluster would wait for ever."""
    jobs = project.plan("--configfile", "config/config.yaml")
    around = {"group_comparison": "x", "sites_table": "x", "group_table": "y", "cohort_contrast": "y"}
    with pytest.raises(CycleError):
        in_order(jobs, around)


def test_a_rule_on_the_cluster_is_in_a_group_or_large():
    handed_out = {n for n, rule in RULES.items() if "output" in rule.sections and "localrule" not in rule.sections}
    assert set(PROFILE["groups"]) | cluster_groups.LARGE == handed_out
    assert not set(PROFILE["groups"]) & cluster_groups.LARGE
    named = [rule for rules in cluster_groups.TOGETHER.values() for rule in rules]
    assert len(named) == len(set(named))
    assert set(named) | set(cluster_groups.COMPONENTS) <= {*PROFILE["groups"], *PROFILE["groups"].values()}
    assert set(PROFILE["group-components"]) <= set(PROFILE["groups"].values())


def test_the_profile_is_what_the_rules_say():
    """Otherwise: uv run python scripts/cluster_groups.py"""
    text = cluster_groups.PROFILE.read_text(encoding="utf-8")
    assert cluster_groups.written(text) == text


def test_a_new_rule_joins_by_itself(tmp_path, monkeypatch):
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "new.smk").write_text(
        'rule new_table:\n    output:\n        "a",\n\n\n'
        'use rule new_table as report_new with:\n    output:\n        "b",\n\n\n'
        'rule new_download:\n    output:\n        "c",\n    localrule: True\n\n\n'
        'rule new:\n    input:\n        "a",\n'
    )
    monkeypatch.setattr(cluster_groups, "ROOT", tmp_path)
    assert cluster_groups.groups() == {"new_table": "new_table", "report_new": "report"}
    assert yaml.safe_load(cluster_groups.section())["group-components"] == {"new_table": 5, "report": 5}


def test_downloads_stay_where_snakemake_runs():
    """Nodes of a cluster often have no way out."""
    fetching = {name for name in RULES if re.search("fetch|download|abide_s|environment", name)}
    assert {"fetch_artifact", "abide_series", "abide_sheet", "expression_download"} <= fetching
    assert [name for name in sorted(fetching) if "localrule" not in RULES[name].sections] == []
