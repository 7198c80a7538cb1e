"""Count matrices in every format, and every problem of them in one message."""

import gzip

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.io import mmwrite

from amygene.preclinical.counts import expressed, joined, read_counts, read_sheet, read_tissues, tissue_table
from amygene.problems import InputError

GENES = ["Bdnf", "Fos", "Snap25"]
SAMPLES = ["a1", "a2", "b1", "b2"]
VALUES = np.array([[5, 0, 7], [6, 1, 9], [50, 0, 7], [61, 3, 11]])
CONTRASTS = {"BvsA": {"case": "B", "control": "A"}}


@pytest.fixture
def table():
    return pd.DataFrame(VALUES.astype(float), index=SAMPLES, columns=GENES)


@pytest.fixture
def sheet():
    return pd.DataFrame({"group": list("AABB"), "batch": list("xyxy")}, index=pd.Index(SAMPLES, name="sample"))


def write(path, table):
    name = path.name
    if name.endswith(".h5ad"):
        import anndata

        anndata.AnnData(sparse.csr_matrix(table.to_numpy()), table[[]], pd.DataFrame(index=table.columns)).write(path)
    elif name.endswith(".mtx"):
        mmwrite(path, sparse.coo_matrix(table.to_numpy().T.astype(int)))
        with gzip.open(path.parent / "features.tsv.gz", "wt") as stream:
            stream.write("".join(f"{g}\tname\tGene Expression\n" for g in table.columns))
        (path.parent / "barcodes.tsv").write_text("\n".join(table.index) + "\n")
    elif name == "featurecounts.txt":
        wide = table.T.astype(int)
        for i, column in enumerate(["Chr", "Start", "End", "Strand", "Length"]):
            wide.insert(i, column, "1;1")
        wide.index.name = "Geneid"
        path.write_text("# Program:featureCounts v2.0\n" + wide.to_csv(sep="\t"))
    else:
        table.T.astype(int).to_csv(path, sep="," if path.suffix == ".csv" else "\t")


@pytest.mark.parametrize("name", ["c.tsv", "c.csv", "c.mtx", "c.h5ad", "featurecounts.txt"])
def test_every_format_gives_the_same(tmp_path, table, name):
    write(tmp_path / name, table)
    found = read_counts(tmp_path / name)
    assert (found.to_numpy() == VALUES).all()
    assert (list(found.index), list(found.columns)) == (SAMPLES, GENES)


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "c.xlsx").write_text("")
    (tmp_path / "c.h5ad").write_text("no")
    (tmp_path / "c.tsv").write_text("gene\ta\nFos\tmany\n")
    mmwrite(tmp_path / "c.mtx", sparse.coo_matrix(VALUES))
    for name, words in (
        ("none.tsv", "no such file"),
        ("c.xlsx", "its ending is '.xlsx'"),
        ("c.h5ad", "cannot be read as h5ad"),
        ("c.tsv", "1 cells are no counts: 'many' (Fos, a)"),
        ("c.mtx", "features.tsv or genes.tsv"),
    ):
        with pytest.raises(InputError) as error:
            read_counts(tmp_path / name)
        assert words in str(error.value)


def test_sheet(tmp_path):
    path = tmp_path / "sheet.tsv"
    path.write_text("sample\tgroup\n1\tA\n2\tn/a\n")
    assert read_sheet(path, "group", [])["group"].tolist() == ["A", ""]
    with pytest.raises(InputError, match="has no column batch, sex; its columns are sample, group"):
        read_sheet(path, "group", ["batch", "sex"])
    path.write_text("sample\tgroup\n1\tA\n1\tB\n")
    with pytest.raises(InputError, match="sample 1 stands twice"):
        read_sheet(path, "group", [])


def test_joined(table, sheet):
    found = joined("NAc", table.iloc[::-1], sheet, "group", [], CONTRASTS)
    assert found.values.index.tolist() == SAMPLES
    assert found.values.dtypes.eq(np.int64).all()
    sheet.loc["x", ["group", "batch"]] = ["", "x"]
    table.loc["x"] = 1.0
    found = joined("NAc", table, sheet, "group", [], CONTRASTS)
    assert found.left_out == {"x": "no group"}
    assert "x" not in found.values.index


def test_all_problems_of_counts_in_one_message(table, sheet):
    table.iloc[0, 0], table.iloc[1, 1], table.iloc[2, 2] = 0.5, -1, np.nan
    table = table.rename(columns={"Snap25": "Fos"}).rename(index={"b2": "c"})
    with pytest.raises(InputError) as error:
        joined("NAc", table, sheet, "group", [], CONTRASTS)
    text = str(error.value)
    assert "6 problems" in text
    for words in (
        "gene Fos stands twice",
        "1 counts are not whole numbers: 0.5 (Bdnf, a1)",
        "1 counts are negative",
        "1 counts are missing",
        "samples of the sheet that the counts lack: b2",
        "samples of the counts that the sheet lacks: c",
    ):
        assert words in text


def test_a_transposed_matrix_is_told(table, sheet):
    with pytest.raises(InputError, match="transpose it"):
        joined("NAc", table.T, sheet, "group", [], CONTRASTS)


def test_groups_and_covariates(table, sheet):
    with pytest.raises(InputError, match="group 'C' of contrast CvsA has 0 samples"):
        joined("NAc", table, sheet, "group", [], {"CvsA": {"case": "C", "control": "A"}})
    sheet["batch"] = list("xxyy")
    with pytest.raises(InputError, match="'batch' cannot be told from 'group'"):
        joined("NAc", table, sheet, "group", ["batch"], CONTRASTS)
    sheet["batch"] = "x"
    with pytest.raises(InputError, match="'batch' is the same in every sample"):
        joined("NAc", table, sheet, "group", ["batch"], CONTRASTS)
    sheet["batch"], sheet["age"] = list("xyxy"), ["1", "2", "4", "9"]
    with pytest.raises(InputError, match="4 samples are too few for 4 coefficients"):
        joined("NAc", table, sheet, "group", ["batch", "age"], CONTRASTS)


def test_expressed(table):
    assert expressed(table, 5, 3).tolist() == [True, False, True]


@pytest.fixture
def tissue(tmp_path, table, sheet):
    """Files of one tissue; its samples have animals."""
    write(tmp_path / "c.tsv", table)
    sheet.assign(animal=["1", "2", "3", "4"]).reset_index().to_csv(tmp_path / "s.tsv", sep="\t", index=False)
    return {"counts": tmp_path / "c.tsv", "samples": tmp_path / "s.tsv"}


def test_groups_from_behaviour(tissue):
    behaviour = pd.DataFrame(
        {"animal": list("12345"), "FLX": ["responder", "responder", "non-responder", "", "responder"]}
    )
    contrast = {"RvsN": {"case": "responder", "control": "non-responder"}}
    with pytest.raises(InputError, match="group 'non-responder' of contrast RvsN has 1 samples"):
        read_tissues({"NAc": tissue}, "FLX", [], contrast, behaviour)
    behaviour.loc[3, "FLX"] = "non-responder"
    found = read_tissues({"NAc": tissue}, "FLX", [], contrast, behaviour)["NAc"]
    assert found.sheet["FLX"].tolist() == ["responder", "responder", "non-responder", "non-responder"]
    for changed, words in (
        (behaviour.iloc[1:], "animal 1 was not tested"),
        (behaviour.assign(group="x"), "column group is made from the tests of behaviour too"),
    ):
        with pytest.raises(InputError, match=words):
            read_tissues({"NAc": tissue}, "FLX", [], contrast, changed)
    tissue["samples"].write_text("sample\tgroup\na1\tA\n")
    with pytest.raises(InputError, match="has no column animal"):
        read_tissues({"NAc": tissue}, "FLX", [], contrast, behaviour)


def test_problems_of_all_tissues_and_files_in_one_message(tissue, tmp_path):
    (tmp_path / "bad.tsv").write_text("sample\tarm\n")
    with pytest.raises(InputError) as error:
        read_tissues(
            {"A": {"counts": tmp_path / "none.tsv", "samples": tmp_path / "bad.tsv"}, "B": tissue},
            "group",
            [],
            {"XvsA": {"case": "X", "control": "A"}},
        )
    assert len(error.value.problems) == 3
    for words in ("no such file of counts", "has no column group", "tissue B: group 'X'"):
        assert words in str(error.value)


def test_tissue_table(tissue):
    pairs = pd.DataFrame({"mouse_id": ["ENSMUSG1"], "mouse": ["Bdnf"], "human": ["BDNF"]})
    found = read_tissues({"NAc": tissue}, "group", [], CONTRASTS)
    table, kept = tissue_table(found, pairs, 5, 3)
    assert table.iloc[0].tolist() == ["NAc", 4, "n/a", 3, 2, 1, 0.5]
    assert kept[0].tolist() == [True, False, True]
    with pytest.raises(InputError, match="no gene has 1000 counts in 3 samples"):
        tissue_table(found, pairs, 1000, 3)
    with pytest.raises(InputError, match=r"none of its genes \(Bdnf, Snap25\) is in the table of orthologues"):
        tissue_table(found, pairs.iloc[:0], 5, 3)
