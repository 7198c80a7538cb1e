"""Ready signatures."""

import numpy as np
import pandas as pd
import pytest

from amygene.io.problems import InputError
from amygene.preclinical.signatures import Signature, of_contrasts, read_signature, signature_table
from amygene.stats.multiplicity import benjamini_hochberg

COLUMNS = {"gene": "gene", "log2fc": "log2fc", "p": "p", "q": "q"}
THRESHOLDS = {"log2fc": 0.2, "p": 0.05, "q": 0.1}


def test_read(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("gene,log2fc,p\nFos,1.5,0.0455\nArc,-2,1e-9\nBdnf,.1,1e-9\nNone,n/a,n/a\n")
    found = read_signature(path, "mine", COLUMNS, THRESHOLDS)
    assert found.table["stat"].tolist()[0] == pytest.approx(2, abs=1e-3)
    assert found.table["stat"].tolist()[1] < -6
    assert found.table["q"].tolist()[:3] == pytest.approx(benjamini_hochberg(np.array([0.0455, 1e-9, 1e-9])))
    assert (found.genes(1), found.genes(-1)) == (["Fos"], ["Arc"])


def test_problems(tmp_path):
    path = tmp_path / "s.tsv"
    path.write_text("gene\tlogFC\tp\nFos\t1\t1\n")
    with pytest.raises(InputError, match=r"no column log2fc; its columns are gene, logFC, p .*signatures\.mine"):
        read_signature(path, "mine", COLUMNS, THRESHOLDS)
    path.write_text("gene\tlog2fc\tp\nFos\tbig\t1.5\nFos\t1\t0.5\n")
    with pytest.raises(InputError) as error:
        read_signature(path, "mine", COLUMNS, THRESHOLDS)
    for words in ("found 'big' where a number belongs", "1.5 is no probability", "gene Fos stands twice"):
        assert words in str(error.value)


def test_genes_without_a_name_and_no_genes(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("gene,log2fc,p\n,1,.5\nArc,inf,.3\n ,1,.2\n")
    with pytest.raises(InputError) as error:
        read_signature(path, "mine", COLUMNS, THRESHOLDS)
    assert error.value.problems == [
        f"{path}: row 2, 4 has no gene; name it, or remove the row",
        f"{path}: column log2fc: found 'inf' where a number belongs",
    ]
    path.write_text("gene,log2fc,p\n")
    with pytest.raises(InputError, match=r"has no gene \(config key preclinical\.signatures\.mine\)"):
        read_signature(path, "mine", COLUMNS, THRESHOLDS)


def test_what_signatures_hold():
    table = pd.DataFrame({"gene": ["Fos", "Arc", "Odd", "Odd2"], "direction": [1, -1, 1, 0]})
    pairs = pd.DataFrame({"mouse_id": ["a", "b"], "mouse": ["Fos", "Arc"], "human": ["FOS", "ARC"]})
    found = signature_table([Signature("own", "", table)], pairs)
    assert found.iloc[0].tolist() == ["own", 4, 2, 1, 2, 0.5]
    human = table.assign(gene=["FOS", "ARC", "BDNF", "X"])
    with pytest.raises(
        InputError, match=r"signature own: none of its genes \(FOS, ARC, BDNF and 1 more\) is in the table"
    ):
        signature_table([Signature("own", "", human)], pairs)


def test_of_contrasts():
    table = pd.DataFrame({"contrast": ["b", "b", "a"], "gene": ["x", "y", "x"], "direction": [1, -1, 0]})
    first, second = of_contrasts(table, "NAc")
    assert (first.name, first.tissue, first.genes(1), second.name, second.genes(1)) == ("b", "NAc", ["x"], "a", [])
