"""A seed stands for regions of the atlas in use, and one that does not is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from amygene.seeds import check_seeds, seed_regions

TABLE = [
    {"seed": "LAMY", "atlas": "AAL116", "regions": "Amygdala_L"},
    {"seed": "LAMY", "atlas": "DK83", "regions": "L_amygdala"},
    {"seed": "BOTH", "atlas": "AAL116", "regions": "Amygdala_L; Amygdala_R"},
]


@pytest.mark.parametrize(
    ("seed", "atlas", "expected"),
    [
        ("LAMY", "AAL116", ["Amygdala_L"]),
        ("LAMY", "DK83", ["L_amygdala"]),
        ("BOTH", "AAL116", ["Amygdala_L", "Amygdala_R"]),
        ("LAMY", "Power264", ["LAMY"]),
        ("Insula_L", "AAL116", ["Insula_L"]),
        ("OWN", "AAL116", ["x", "y"]),
    ],
)
def test_a_seed_is_looked_up_for_the_atlas_or_taken_for_a_region(seed, atlas, expected):
    assert seed_regions(seed, atlas, TABLE, {"OWN": ["x", "y"]}) == expected


def test_the_config_s_own_seed_goes_before_the_table():
    assert seed_regions("LAMY", "AAL116", TABLE, {"LAMY": ["x"]}) == ["x"]


def test_seeds_that_the_atlas_does_not_have_are_named_with_what_to_do():
    labels = ["Insula_L", "Amygdala_L", "Amygdala_R", "Insula_R"]
    seeds = {"LAMY": ["Amygdala_L"], "CMA": ["CMA"], "MIX": ["Amygdala_L", "x", "y"]}
    such = "such as Amygdala_L, Amygdala_R, Insula_L and 1 more"
    advice = f"add a row to config/seeds.tsv or name regions of the atlas ({such})"
    assert check_seeds(seeds, labels, "AAL116") == [
        f"config key seeds: CMA stands for CMA, which the atlas AAL116 does not have; {advice}",
        f"config key seeds: MIX stands for x, y, which the atlas AAL116 does not have; {advice}",
    ]
    assert check_seeds({"LAMY": ["Amygdala_L"]}, labels, "AAL116") == []


def test_the_table_that_comes_along_names_both_amygdalae_of_both_atlases():
    with open(Path(__file__).parents[2] / "config/seeds.tsv") as stream:
        table = list(csv.DictReader(stream, delimiter="\t"))
    found = {(row["seed"], row["atlas"]): row["regions"] for row in table}
    assert found["LAMY", "AAL116"] == "Amygdala_L"
    assert found["RAMY", "AAL116"] == "Amygdala_R"
    assert found["LAMY", "DK83"] == "L_amygdala"
    assert found["RAMY", "DK83"] == "R_amygdala"
