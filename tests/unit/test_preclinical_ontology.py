"""Over-representation against scipy, and the background is what was measured."""

import pytest
from scipy import stats

from amygene.preclinical.ontology import COLUMNS, over_represented

GENES = [f"G{i}" for i in range(40)]
SETS = {"first": [*GENES[:10], "NOT1", "NOT2"], "second": GENES[20:28], "tiny": GENES[:2]}


def test_against_scipy():
    table = over_represented({("SUSvsCON", "up"): ["G1", "G2", "G3", "G30", "OTHER"]}, GENES, SETS, 5, 100)
    assert table["set"].tolist() == ["first"]
    row = table.iloc[0]
    assert (row["n_genes"], row["n_listed"], row["expected"]) == (10, 3, 1.0)
    truth = stats.fisher_exact([[3, 1], [7, 29]], alternative="greater").pvalue
    assert row["p_hypergeometric"] == pytest.approx(truth)
    # both sets are the family, the one without a listed gene too
    assert row["q_hypergeometric"] == pytest.approx(min(1, 2 * truth))


def test_nothing_listed():
    table = over_represented({("a", "up"): [], ("a", "down"): ["OTHER"]}, GENES, SETS, 5, 100)
    assert table.empty
    assert list(table) == list(COLUMNS)
