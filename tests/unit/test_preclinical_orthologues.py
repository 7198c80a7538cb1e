"""Mouse genes to human genes, one to one."""

import pytest

from amygene.io.problems import InputError
from amygene.preclinical.orthologues import human_names, read_biomart, read_own

HEADER = (
    'Gene stable ID,Gene name,Human gene name,Human gene stable ID,Human homology type,"Human orthology confidence '
    '[0 low, 1 high]",Human Gene-order conservation score\n'
)


def test_biomart_keeps_one_to_one(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(
        HEADER
        + "ENSMUSG1,Cd8b1,CD8B,ENSG1,ortholog_one2one,1,100\n"
        + "ENSMUSG2,Fos,FOS,ENSG2,ortholog_one2one,1,100\n"
        + "ENSMUSG3,Twin,T1,ENSG3,ortholog_one2many,1,100\n"
        + "ENSMUSG4,mt-Tf,,,,,\n"
        # two genes of one name, and one human gene in two pairs
        + "ENSMUSG5,Same,SAMEA,ENSG5,ortholog_one2one,1,100\n"
        + "ENSMUSG6,Same,SAMEB,ENSG6,ortholog_one2one,1,100\n"
        + "ENSMUSG7,Left,BOTH,ENSG7,ortholog_one2one,1,100\n"
        + "ENSMUSG8,Right,BOTH,ENSG8,ortholog_one2one,1,100\n"
    )
    pairs = read_biomart(path)
    assert pairs["mouse"].tolist() == ["Cd8b1", "Fos"]
    # not the upper case of the symbol
    assert human_names(["Cd8b1", "Fos", "Twin", "Same", "Left"], pairs).tolist() == ["CD8B", "FOS", "", "", ""]


def test_ensembl_ids_with_versions(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(HEADER + "ENSMUSG00000021250,Fos,FOS,ENSG2,ortholog_one2one,1,100\n")
    pairs = read_biomart(path)
    assert human_names(["ENSMUSG00000021250.14", "ENSMUSG00000000001"], pairs).tolist() == ["FOS", ""]


def test_a_table_that_is_no_export_of_biomart(tmp_path):
    path = tmp_path / "m.csv"
    with pytest.raises(InputError, match="no such file"):
        read_biomart(path)
    path.write_text(HEADER.replace("Human homology type", "Type") + "ENSMUSG2,Fos,FOS,ENSG2,ortholog_one2one,1,100\n")
    with pytest.raises(InputError, match=r"no column Human homology type; its columns are .*preclinical\.orthologues"):
        read_biomart(path)
    path.write_text(HEADER + "ENSMUSG2,Fos,FOS,ENSG2,ortholog_one2many,1,100\n")
    with pytest.raises(InputError, match="none of its 0 pairs is one-to-one"):
        read_biomart(path)


def test_own_table(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("mouse\thuman\nFos\tFOS\nFos\tFOS\nA\tX\nA\tY\n")
    assert read_own(path)["human"].tolist() == ["FOS"]
    path.write_text("mouse\thuman\nA\tX\nA\tY\n")
    with pytest.raises(InputError, match="none of its 2 pairs is one-to-one"):
        read_own(path)
    path.write_text("rat\thuman\nFos\tFOS\n")
    with pytest.raises(InputError, match="has no column mouse; its columns are rat, human"):
        read_own(path)
