"""Expression in the atlas's order, and the profile of a gene set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from amygene.expression.alignment import align, genes_from_dates, read_dk83, set_profile
from amygene.io.problems import InputError

REGIONS = pd.DataFrame(
    {"region": ["a", "b", "c", "d", "e"], "structure": ["cortex", "cortex", "subcortex", "subcortex", "cortex"]}
)


EMBEDDED = Path(__file__).parents[2] / "resources/imaging-transcriptomics/gene_expression_data.csv"


def problems(function, *args):
    with pytest.raises(InputError) as caught:
        function(*args)
    return caught.value.problems


def test_rows_come_in_the_atlases_order_and_those_without_values_are_dropped_and_told():
    expression = pd.DataFrame(
        {"G1": [1.0, 2, np.nan, 4], "G2": [5.0, np.nan, np.nan, 8], "NONE": np.nan}, index=["d", "x", "b", "a"]
    )
    kept, coverage = align(expression, REGIONS, "m.csv")
    assert kept.index.tolist() == ["a", "d"]
    assert kept.to_dict("list") == {"G1": [4, 1], "G2": [8, 5]}  # a gene measured nowhere is no gene
    assert coverage["region"].tolist() == REGIONS["region"].tolist()
    assert coverage["structure"].tolist() == REGIONS["structure"].tolist()
    assert coverage["in_expression"].tolist() == [True, False, False, True, False]
    assert coverage["n_genes"].tolist() == [2, 0, 0, 2, 0]


def test_a_gene_that_is_measured_in_some_regions_keeps_its_gaps():
    expression = pd.DataFrame({"G1": [1.0, 2], "G2": [np.nan, 3]}, index=["a", "b"])
    kept, coverage = align(expression, REGIONS, "m.csv")
    assert np.isnan(kept.loc["a", "G2"])
    assert coverage["n_genes"].tolist() == [1, 2, 0, 0, 0]


def test_everything_that_is_wrong_is_told_together():
    expression = pd.DataFrame(np.ones((3, 3)), index=["x", "y", "x"], columns=["G", "H", "G"])
    assert problems(align, expression, REGIONS, "m.csv") == [
        "m.csv: region x stands twice",
        "m.csv: gene G stands twice",
        "m.csv: no row is a region of the atlas; found x, y, x, the atlas has a, b, c, d and 1 more",
    ]


def test_the_profile_is_the_mean_of_standardised_genes_without_the_means_of_structures():
    rng = np.random.default_rng(0)
    expression = pd.DataFrame(rng.normal(3, 2, (5, 4)), index=list("edcba"), columns=["G", "H", "I", "J"])
    profile = set_profile(expression, ["H", "ABSENT", "J"], REGIONS)
    expected = np.zeros(5)
    for gene in ("H", "J"):
        values = np.array([expression.loc[region, gene] for region in "abcde"])
        expected += (values - values.mean()) / values.std() / 2
    cortex = np.array([True, True, False, False, True])
    for here in (cortex, ~cortex):
        expected[here] -= expected[here].mean()
    assert profile == pytest.approx(expected, abs=1e-14)
    assert profile[cortex].sum() == pytest.approx(0, abs=1e-14)


def test_a_set_without_measured_genes_has_no_profile():
    expression = pd.DataFrame(np.ones((5, 1)), index=list("abcde"), columns=["G"])
    assert problems(set_profile, expression, ["X"], REGIONS) == [
        "none of the genes of the set is in the expression matrix"
    ]


def test_dates_become_genes_again_and_other_names_stay():
    dates = ["A1BG", "Mar-01", "Mar-02", "Mar-01", "Mar-11", "Mar-02", "MARCKS", "Sep-02", "Sep-14", "HLA-A", "NKX2-1"]
    assert genes_from_dates(dates) == [
        "A1BG", "MTARC1", "MTARC2", "MARCHF1", "MARCHF11", "MARCHF2", "MARCKS", "SEPTIN2", "SEPTIN14", "HLA-A", "NKX2-1"
    ]  # fmt: skip


def test_the_real_matrix_is_in_the_order_of_the_symbols_that_its_dates_were():
    if not EMBEDDED.is_file():
        pytest.skip("the embedded matrix has not been downloaded (a run of the demo does)")
    genes = read_dk83(EMBEDDED).columns
    assert genes.is_unique
    was = genes.to_series().replace({r"^MTARC(\d+)$": r"MARC\1", r"^MARCHF(\d+)$": r"MARCH\1"}, regex=True)
    was = was.replace(r"^SEPTIN(\d+)$", r"SEPT\1", regex=True).to_numpy()
    assert (was != genes).sum() == 12 + 11
    for changed in np.flatnonzero(was != genes):
        around = was[changed - 1 : changed + 2].tolist()
        assert around == sorted(around)
