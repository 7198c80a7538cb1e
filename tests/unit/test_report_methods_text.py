"""The methods section says what was done, from the settings."""

import re
from pathlib import Path

import pytest

from amygene.report.methods_text import methods
from amygene.settings import complete, read_schema

SCHEMA = read_schema(Path(__file__).parents[2] / "config/schemas/config.schema.yaml")


def text(model=None, **changes):
    config = complete(
        {
            "study": "s",
            "cohort": {"format": "table", "participants": "p.tsv"},
            "atlas": "DK83",
            "contrasts": {"X": {"case": "MDD", "control": "HC", "covariates": ["age", "site"]}},
            "expression": {"source": "DK83"},
            **changes,
        },
        SCHEMA,
    )
    model = {"covariates": ["age", "site"], "exchange_within": "site", "site_effects": "covariate"} | (model or {})
    paragraphs, references = methods(config, {"X": model}, {"amygene": "0.1"})
    return "\n".join(paragraphs), references


def test_every_citation_has_its_reference_in_order():
    words, references = text()
    cited = [int(n) for group in re.findall(r"\[([\d,]+)\]", words) for n in group.split(",")]
    assert cited[0] == 1
    assert sorted(set(cited)) == list(range(1, len(references) + 1))
    first_use = list(dict.fromkeys(cited))
    assert first_use == sorted(first_use)
    assert "{" not in words
    assert "}" not in words


@pytest.mark.parametrize(
    ("way", "phrase"),
    [
        ("covariate", "intercept of its own"),
        ("none", "not modelled"),
        ("combat", "with ComBat, which"),
        ("combat-mean", "ComBat without its variance step"),
        ("random-effects", "Hartung"),
    ],
)
def test_the_way_to_deal_with_sites_is_the_one_used(way, phrase):
    assert phrase in text({"site_effects": way})[0]


@pytest.mark.parametrize(
    ("nulls", "phrase", "absent"),
    [
        ("moran", "subcortex and cerebellum by Moran", "variogram"),
        ("variogram", "subcortex and cerebellum by surrogates whose variogram", "replicate"),
        ("shuffled", "replicate of published practice that ignores spatial autocorrelation", "Moran"),
        # other structures are left out: nothing is made within them
        ("spin", "null maps, made by rotations of the cortex", "separately"),
    ],
)
def test_the_null_maps_are_those_used(nulls, phrase, absent):
    (genes,) = [line for line in text(genes={"nulls": nulls})[0].splitlines() if line.startswith("Genes.")]
    assert phrase in genes
    assert absent not in genes


def test_the_prediction_is_harmonised_as_asked():
    stages = {"stages": ["prediction", "report"]}
    assert "with ComBat [" in text(**stages)[0]
    means = text(**stages, prediction={"harmonise": "combat-mean"})[0]
    assert "ComBat without its variance step" in means
    assert "with the shift of ComBat estimated" in means
    assert "ComBat" not in text(**stages, prediction={"harmonise": "none"})[0]


def test_settings_reach_the_text():
    words, _ = text(
        permutations={"group": 1234, "null_maps": 4321},
        genes={"nulls": "variogram", "correlation": "spearman"},
        enrichment={"score": "mean_abs_r", "gsea": ["KEGG"], "min_size": 7},
        seed=99,
    )
    for phrase in (
        "1234 permutations",
        "4321 null maps",
        "variogram follows",
        "Spearman",
        "mean absolute correlation",
        "gene set enrichment",
        "7 to",
        "99",
    ):
        assert phrase in words


def test_stages_that_did_not_run_are_not_described():
    words, _ = text(stages=["cohort", "connectivity", "group"], expression={})
    assert "Genes." not in words
    assert "held-out" not in words


def test_free_exchange_is_said():
    assert "exchanged freely" in text({"exchange_within": None})[0]


def image_text(**changes):
    config = complete(
        {
            "study": "s",
            "cohort": {"format": "bids", "root": "r"},
            "atlas": "DK83",
            "seeds": ["LCMA"],
            "stages": ["group"],
            "contrasts": {"X": {"case": "MDD", "control": "HC"}},
            **changes,
        },
        SCHEMA,
    )
    model = {"covariates": [], "exchange_within": "site", "site_effects": "none"}
    paragraphs, references = methods(config, {"X": model}, {"amygene": "0.1"}, images=True)
    return "\n".join(paragraphs), "\n".join(references)


def test_the_cleaning_of_images_is_the_one_used():
    words, references = image_text()
    for phrase in (
        "24 head-motion parameters and the mean signals of white matter and cerebrospinal fluid",
        "above 0.5 mm, 1 before and 1 after each were scrubbed",
        "filtered (0.01 to 0.1 Hz)",
        "fewer than 15 degrees of freedom",
        "LCMA; probabilistic seeds: the most probable area",
    ):
        assert phrase in words
    assert "Lindquist" in references
    assert "{" not in words


@pytest.mark.parametrize(
    ("cleaning", "there", "not_there"),
    [
        (
            {"strategy": "none", "filtered": True},
            "had been filtered (0.01 to 0.1 Hz) before",
            "confounds were filtered",
        ),
        ({"strategy": "none", "scrub": None}, "no confounds were regressed out", "scrubbed"),
        ({"strategy": "aCompCor", "band_pass": [0.01, None]}, "filtered (above 0.01 Hz)", "white matter and the whole"),
        ({"strategy": ["csf", "heart"], "smoothing": 6}, "the columns csf, heart", "24 head-motion"),
        ({"strategy": "24P+WM/CSF+GSR", "discard": 10}, "the first 10 volumes", "aCompCor"),
    ],
)
def test_other_ways_to_clean_images(cleaning, there, not_there):
    words, _ = image_text(cleaning=cleaning)
    assert there in words
    assert not_there not in words


def test_collections_made_from_expression_are_described():
    made = [{"name": "AGES", "brainspan": "x.zip"}, {"name": "CELLTYPES", "specificity": "x.tsv"}]
    words, references = text(enrichment={"collections": ["KEGG", *made]})
    assert "Sets of AGES, CELLTYPES hold the genes specific to each class" in words
    assert "AGES: BrainSpan's RNA sequencing" in words
    assert any(r.startswith("Dougherty") for r in references)
    words, references = text(enrichment={"collections": ["KEGG"]})
    assert "specificity index" not in words
    assert not any(r.startswith("Kang") for r in references)


def test_published_findings_are_described_with_their_review():
    words, references = text(stages=["group", "evidence"], permutations={"group": 1234})
    assert "one-sided in its direction over 1234 relabelings" in words
    assert any(r.startswith("Kotoula") for r in references)
    _, references = text(stages=["group", "evidence"], evidence={"tables": ["own.tsv"]})
    assert not any(r.startswith("Kotoula") for r in references)
    words, _ = text(stages=["group"])
    assert "Published findings" not in words


def test_response_on_maps_says_what_was_exchanged():
    cohort = {"format": "bids", "root": "r", "sessions": ["pre", "post"], "outcome_table": "o.tsv"}
    response = {
        "outcomes": {"HAMD": {"responder": 0.5}},
        "changes": {"arms": {"groups": {"variable": "arm", "levels": ["a", "b"]}}},
        "associations": {"hamd": {"outcome": "HAMD"}},
    }
    asked = {"cohort": cohort, "stages": ["response"], "permutations": {"voxels": 700}}
    words, references = image_text(**asked, response=response)
    paragraph = next(p for p in words.split("\n") if p.startswith("Treatment response in voxels."))
    assert "participants change places as whole blocks" in paragraph
    assert "flips the sign of the map of change" in paragraph
    assert "partial correlation" in paragraph
    assert "700 times" in paragraph
    assert "Multi-level block permutation" in references
    less = image_text(**asked, response=response | {"associations": {}})[0]
    assert "partial correlation given" not in less.split("Treatment response in voxels.")[1].split("\n")[0]
    assert "Treatment response in voxels" not in image_text()[0]
