"""Specificity index and pSI: by hand, by plain loops, by the authors' R function; null p; Fisher's test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amygene.enrichment.sets import read_gmt, write_gmt
from amygene.enrichment.specificity import (
    average_ranks,
    check_expression,
    fisher_table,
    specific_sets,
    specificity_index,
    specificity_p,
    specificity_table,
)
from amygene.io.problems import InputError

REFERENCE = Path(__file__).parents[1] / "reference"


def plain_index(expression, own, low):
    """The definition, gene by gene and class by class."""
    ranked = [g for g in range(len(expression)) if expression[g][own] >= low]
    index = [float("nan")] * len(expression)
    for g in ranked:
        total = 0.0
        others = [k for k in range(len(expression[0])) if k != own]
        for k in others:
            folds = [expression[h][own] / expression[h][k] if expression[h][k] else float("inf") for h in ranked]
            mine = expression[g][own] / expression[g][k] if expression[g][k] else float("inf")
            total += 1 + sum(f > mine for f in folds) + (sum(f == mine for f in folds) - 1) / 2
        index[g] = total / len(others)
    return np.array(index)


def test_a_small_example_by_hand():
    # folds of A over B: 4, 1, 0.5, infinite; over C: 2, 4, 1, 1
    expression = np.array([[8, 2, 4], [4, 4, 1], [2, 4, 2], [1, 0, 1.0]])
    # ranks over B 2, 3, 4, 1; over C 2, 1, 3.5, 3.5
    np.testing.assert_array_equal(specificity_index(expression, 0, 0.3), [2, 2, 3.75, 2.25])
    # the last gene is not expressed enough: the others are ranked without it
    np.testing.assert_array_equal(specificity_index(expression, 0, 1.5), [1.5, 1.5, 3, np.nan])


def test_equal_folds_share_their_rank():
    np.testing.assert_array_equal(average_ranks(np.array([[1, 3, 3, np.inf, np.inf]])), [5, 3.5, 3.5, 1.5, 1.5])


def test_against_plain_loops():
    rng = np.random.default_rng(1)
    expression = rng.integers(0, 6, (60, 5)).astype(float)  # zeros and ties
    for own in range(5):
        np.testing.assert_allclose(
            specificity_index(expression, own, 1.0), plain_index(expression.tolist(), own, 1.0), rtol=1e-12
        )


@pytest.fixture(scope="module")
def reference():
    """Input, and index and p by the R function (200 draws)."""
    table = pd.read_csv(REFERENCE / "specificity_input.csv", index_col="gene")
    theirs = pd.read_csv(REFERENCE / "specificity_psi.csv", skipinitialspace=True)
    wide = {what: theirs.pivot(index="gene", columns="class", values=what).loc[table.index] for what in ("index", "p")}
    return table, wide


def test_index_equals_that_of_the_authors_r_function(reference):
    table, theirs = reference
    for i, name in enumerate(table.columns):
        ours = specificity_index(table.to_numpy(), i, 0.3)
        np.testing.assert_allclose(ours, theirs["index"][name], rtol=1e-12)
        assert np.isnan(ours).any()


def test_p_equals_that_of_the_authors_r_function_within_monte_carlo_error(reference):
    table, theirs = reference
    for i, name in enumerate(table.columns):
        ours = specificity_p(table.to_numpy(), i, 0.3, 200, 5)
        both = theirs["p"][name].notna().to_numpy()
        assert both.sum() > 100
        # null values of one draw are ranks of the same genes: the error is that of fewer independent ones
        p = ours[both]
        error = 4.5 * np.sqrt(2 * p * (1 - p) / (200 * both.sum()) * 3) + 3 / (200 * both.sum())
        assert (np.abs(p - theirs["p"][name][both]) < error).all()


def test_p_is_uniform_when_no_gene_is_specific():
    """Classes independent of each other, 24 tables of 300 genes: rates at three levels, and the whole distribution."""
    found = []
    for study in range(24):
        rng = np.random.default_rng([2, study])
        expression = rng.lognormal(1, 1, (300, 5))
        found.append(specificity_p(expression, study % 5, 1e-9, 20, study))
    p = np.concatenate(found)
    for level in (0.01, 0.05, 0.5):
        # genes of one table are ranked against each other, which makes the rate less variable, not more
        assert np.mean(p < level) == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / len(p)))
    assert stats.kstest(p, "uniform").statistic < 1.63 / np.sqrt(len(p))
    assert p.min() >= 1 / (1 + 20 * 300)


def test_planted_genes_are_found_and_others_are_not():
    rng = np.random.default_rng(3)
    expression = rng.lognormal(1, 0.7, (1000, 8))
    expression[:25, 2] *= 30
    p = specificity_p(expression, 2, 0.3, 20, 1)
    # the null holds their values too, so that p reaches their share of the genes, .025
    assert (p[:25] < 0.03).mean() > 0.9
    few = specificity_p(np.delete(expression, np.s_[2:25], axis=0), 2, 0.3, 20, 1)
    assert (few[:2] < 0.003).all()
    others = p[25:][~np.isnan(p[25:])]
    assert (others < 0.05).mean() < 0.05
    # they are no more specific to another class than others are: less
    assert (specificity_p(expression, 5, 0.3, 20, 1)[:25] < 0.05).mean() < 0.1


def test_a_draw_depends_on_its_number_and_class_only():
    rng = np.random.default_rng(4)
    expression = rng.lognormal(1, 1, (50, 4))
    one = specificity_p(expression, 1, 0.3, 5, 7)
    np.testing.assert_array_equal(one, specificity_p(expression, 1, 0.3, 5, 7))
    assert (one != specificity_p(expression, 1, 0.3, 5, 8)).any()


def test_a_class_without_expressed_genes_has_no_p():
    expression = np.array([[0.0, 1, 2], [0, 3, 1]])
    assert np.isnan(specificity_p(expression, 0, 0.3, 5, 1)).all()


def test_sets_hold_genes_below_the_threshold_the_most_specific_first():
    p = pd.DataFrame({"A": [0.04, 0.01, np.nan], "B": [0.5, 0.9, 0.2]}, index=["g", "h", "i"])
    assert specific_sets(p, 0.05) == {"A": ["h", "g"]}


def test_table_of_all_classes_and_its_sets_as_a_file(tmp_path):
    """Every column is the p of that class alone; sets that are written are read again."""
    rng = np.random.default_rng(4)
    expression = pd.DataFrame(rng.lognormal(size=(60, 3)), index=[f"G{i}" for i in range(60)], columns=["A", "B", "C"])
    expression.loc["G7", "B"] = 500.0
    table = specificity_table(expression, 0.3, 50, 9)
    assert table.index.name == "gene"
    for i, name in enumerate("ABC"):
        np.testing.assert_array_equal(table[name], specificity_p(expression.to_numpy(), i, 0.3, 50, 9))
    sets = specific_sets(table, 0.05)
    assert sets["B"][0] == "G7"
    write_gmt(tmp_path / "sets.gmt", sets, "pSI < 0.05")
    assert read_gmt(tmp_path / "sets.gmt") == sets
    assert (tmp_path / "sets.gmt").read_text().splitlines()[list(sets).index("B")].startswith("B\tpSI < 0.05\tG7")


def test_fishers_test_equals_that_of_r(reference):
    """On p of the R function, so that the tables of counts are the same."""
    table, theirs = reference
    listed = [f"G{i}" for i in (*range(1, 13), *range(31, 41))]
    found = fisher_table(theirs["p"], listed, table.index, [0.2, 0.05])
    told = pd.read_csv(REFERENCE / "specificity_fisher.csv", skipinitialspace=True)
    assert found["set"].tolist() == told["class"].tolist()
    np.testing.assert_allclose(found["p_fisher"], told["p"], rtol=1e-10)
    first = found.iloc[0]
    assert (first["n_genes"], first["n_listed"]) == (
        (theirs["p"]["A"] < 0.2).sum(),
        (theirs["p"]["A"][listed] < 0.2).sum(),
    )
    for _, rows in found.groupby("threshold"):
        np.testing.assert_allclose(rows["q_fisher"], stats.false_discovery_control(rows["p_fisher"]))


def test_odds_ratio_by_hand_and_the_background():
    p = pd.DataFrame({"A": [0.01, 0.01, 0.01, 0.9, 0.9, 0.9, 0.9, 0.01]}, index=list("abcdefgh"))
    # h is not measured; listed a, b, d: specific 2 of 3, others 1 of 4
    found = fisher_table(p, ["a", "b", "d", "h"], list("abcdefgxyz"), [0.05]).iloc[0]
    assert (found["n_genes"], found["n_listed"], found["odds_ratio"]) == (3, 2, (2 * 3) / (1 * 1))
    assert found["p_fisher"] == pytest.approx(stats.hypergeom.sf(1, 7, 3, 3))


def test_a_table_is_made_ready():
    table = pd.DataFrame(
        {"A": [1.0, 5, 2, 3], "B": [1.0, 5, np.nan, 3], "C": [1.0, 5, 2, 3]}, index=["g", "g", "h", "i"]
    )
    ready = check_expression(table, "x.tsv")
    assert ready.index.tolist() == ["g", "i"]
    assert ready.loc["g", "A"] == 5


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (pd.DataFrame({"A": [1.0], "B": [2.0]}), r"x.tsv: has 2 classes \(A, B\); specificity needs 3"),
        (pd.DataFrame({"A": [1.0], "B": [-2.0], "C": [1.0]}), "values below 0 in B; give expression on a linear scale"),
        (pd.DataFrame({"A": [np.nan], "B": [2.0], "C": [1.0]}), "no gene has a value in every class"),
    ],
)
def test_what_is_no_expression_is_told(table, told):
    with pytest.raises(InputError, match=told):
        check_expression(table, "x.tsv")
