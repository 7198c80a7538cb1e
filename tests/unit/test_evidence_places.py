"""Which connections a finding is about, and the reason when there are none."""

from __future__ import annotations

import pandas as pd
import pytest

from amygene.evidence.places import Place, connections
from amygene.evidence.table import in_atlas

PLACES = {
    "amygdala": Place("region", ("A_L",), ("A_R",), (), ""),
    "insula": Place("region", ("I_L",), ("I_R",), (), ""),
    "limbic": Place("network", ("A_L", "H_L"), ("A_R", "H_R"), ("M",), ""),
    "habenula": Place("region", (), (), (), "too small"),
    "midbrain": Place("region", (), (), ("M",), ""),
}
SEEDS = {"LAMY": ["A_L"], "RAMY": ["A_R"], "IMAGE": []}
MEASURED = {
    "LAMY": {"A_R", "I_L", "I_R", "H_L", "H_R", "M"},
    "RAMY": {"A_L", "I_L", "I_R", "H_L", "H_R"},
    "IMAGE": {"I_L"},
}


def finding(**changes):
    row = {
        "modality": "rs-fMRI", "comparison": "controls", "direction": "higher", "region": "amygdala", "side": "right",
        "target": "insula", "target_side": None,
    }  # fmt: skip
    return pd.Series(row | changes)


def found(**changes):
    return connections(finding(**changes), PLACES, SEEDS, MEASURED, ["controls"], "X")


def test_a_side_that_is_not_known_is_both():
    claim = found()
    assert claim.edges == (("RAMY", "I_L"), ("RAMY", "I_R"))
    assert (claim.seed_is, claim.reason) == ("named", "")
    assert found(target_side="left").edges == (("RAMY", "I_L"),)
    assert set(found(side=None, target_side="left").edges) == {("LAMY", "I_L"), ("RAMY", "I_L")}


def test_a_connection_of_two_seeds_is_taken_from_the_map_that_has_it():
    claim = found(side="left", target="amygdala", target_side="right")
    assert claim.edges == (("LAMY", "A_R"),)
    measured = MEASURED | {"LAMY": {"I_L"}}
    arguments = (PLACES, SEEDS, measured, ["controls"], "X")
    assert connections(finding(side="left", target="amygdala"), *arguments).edges == (("RAMY", "A_L"),)


def test_either_end_may_hold_the_seed():
    assert found(region="insula", side="left", target="amygdala", target_side="right").edges == (("RAMY", "I_L"),)


def test_a_network_that_holds_the_seed_is_said_to():
    claim = found(region="limbic", side=None, target="limbic")
    assert claim.seed_is == "part of network"
    # within the network, without the seed itself; RAMY's map has no value in M; that of both seeds counts once
    expected = [
        ("LAMY", "H_L"), ("LAMY", "A_R"), ("LAMY", "H_R"), ("LAMY", "M"), ("RAMY", "H_L"), ("RAMY", "H_R"),
    ]  # fmt: skip
    assert sorted(claim.edges) == sorted(expected)
    assert found(target="limbic").seed_is == "named"


def test_a_seed_of_several_regions_lies_within_an_end_as_a_whole():
    seeds = {"BOTH": ["A_L", "A_R"]}
    arguments = (PLACES, seeds, {"BOTH": {"I_L"}}, ["controls"], "X")
    assert connections(finding(side="both"), *arguments).edges == (("BOTH", "I_L"),)
    assert connections(finding(side="right"), *arguments).reason == "no end is a seed of this run"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"modality": "task-fMRI"}, "task-fMRI, not at rest"),
        ({"comparison": "before treatment"}, "is about change with treatment"),
        ({"comparison": "nonresistant"}, "is about patients with and without resistance to treatment"),
        ({"direction": "altered"}, "no direction is given"),
        ({"direction": "no difference"}, "finds no difference"),
        ({"target": None}, "names one end only"),
        ({"target": "moon"}, "moon is not in the table of regions for X"),
        ({"target": "habenula"}, "habenula has no region in X: too small"),
        ({"region": "insula", "side": None, "target": "insula"}, "no end is a seed of this run"),
        ({"side": "left", "target": "amygdala", "target_side": "left"}, "both ends are the seed"),
        ({"target": "midbrain"}, "the map has no value in its regions"),
    ],
)
def test_the_reason_is_given(changes, reason):
    claim = found(**changes)
    assert claim.edges == ()
    assert claim.reason == reason


def test_findings_stand_beside_the_regions_that_they_are_about():
    findings = pd.DataFrame(
        {
            "region": ["amygdala", "amygdala", "habenula", "nucleus of nowhere"],
            "side": ["left", None, "both", "left"],
            "target": ["insula", "limbic", None, "amygdala"],
            "target_side": ["both", "right", None, "right"],
        }
    )
    table = in_atlas(findings, PLACES)
    assert table["region_in_atlas"].tolist() == ["A_L", "A_L; A_R", None, None]
    assert table["target_in_atlas"].tolist() == ["I_L; I_R", "A_R; H_R", None, "A_R"]
    assert "region_in_atlas" not in findings
