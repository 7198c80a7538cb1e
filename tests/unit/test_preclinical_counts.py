"""Count matrices in every format, and every problem of them in one message."""

import gzip

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.io import mmwrite

from amygene.io.problems import InputError
from amygene.io.tables import read_given
from amygene.preclinical.counts import checked_sheet, expressed, joined, read_counts, read_tissues, tissue_table

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


def test_packed_tables_and_those_of_r(tmp_path, table):
    wide = table.T.astype(int)
    for name, sep in (("c.tsv.gz", "\t"), ("c.csv.gz", ","), ("c.txt.gz", "\t")):
        wide.to_csv(tmp_path / name, sep=sep)
        assert (read_counts(tmp_path / name).to_numpy() == VALUES).all()
    # write.table(counts, sep = "\\t", quote = FALSE): the header is one cell shorter
    text = wide.to_csv(sep="\t").split("\t", 1)[1]
    (tmp_path / "r.tsv").write_text(text)
    found = read_counts(tmp_path / "r.tsv")
    assert (list(found.index), list(found.columns)) == (SAMPLES, GENES)
    packed = (tmp_path / "c.tsv.gz").read_bytes()
    (tmp_path / "half.tsv.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "plain.tsv.gz").write_text("no")
    for name in ("half.tsv.gz", "plain.tsv.gz"):
        with pytest.raises(InputError, match=f"{name}: cannot be unpacked .*copy it again"):
            read_counts(tmp_path / name)


HEAD = "%%MatrixMarket matrix coordinate integer general\n3 4 2\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (HEAD + "1 1 5\n", "cannot be read as a Matrix Market file (Truncated file"),
        (HEAD + "1 1 5\n" * 3, "Too many lines"),
        (HEAD + "1 1 five\n2 1 1\n", "Invalid integer"),
        (HEAD + "9 1 5\n2 1 1\n", "index out of bounds"),
        (HEAD.split("\n", 1)[1] + "1 1 5\n2 1 1\n", "Missing banner"),
        (HEAD.replace("integer", "complex") + "1 1 5 0\n2 1 1 1\n", "complex numbers"),
        (HEAD.replace("3 4", "4 3") + "1 1 5\n2 1 1\n", "is 4 x 3, its names are 3 genes x 4 samples; give genes x"),
    ],
)
def test_matrix_market_files_that_are_none(tmp_path, content, words):
    (tmp_path / "genes.tsv").write_text("\n".join(GENES))
    (tmp_path / "barcodes.tsv").write_text("\n".join(SAMPLES))
    (tmp_path / "c.mtx").write_text(content)
    with pytest.raises(InputError) as error:
        read_counts(tmp_path / "c.mtx")
    assert f"{tmp_path / 'c.mtx'}: " in str(error.value)
    assert words in str(error.value)
    (tmp_path / "c.mtx.gz").write_bytes(gzip.compress(HEAD.encode() * 50)[:40])
    with pytest.raises(InputError, match=r"cannot be read as a Matrix Market file .*copy it again"):
        read_counts(tmp_path / "c.mtx.gz")
    (tmp_path / "barcodes.tsv").unlink()
    (tmp_path / "barcodes.tsv.gz").write_bytes(gzip.compress(b"a1\n")[:8])
    with pytest.raises(InputError, match=r"barcodes.tsv.gz: cannot be unpacked"):
        read_counts(tmp_path / "c.mtx")


@pytest.mark.filterwarnings("ignore:Element")
def test_h5ad_without_raw_counts(tmp_path, table):
    import anndata
    import h5py

    names = table[[]], pd.DataFrame(index=table.columns)
    one = anndata.AnnData(np.log1p(VALUES), *names)
    one.layers["raw"] = VALUES
    one.write(tmp_path / "layer.h5ad")
    with pytest.raises(
        InputError, match=r"layer.h5ad: X holds no whole numbers .*\(layers: raw\); name the layer of raw"
    ):
        read_counts(tmp_path / "layer.h5ad")
    one = anndata.AnnData(obs=names[0], var=names[1])
    one.layers["raw"] = VALUES
    one.write(tmp_path / "none.h5ad")
    with pytest.raises(InputError, match="neither a layer counts nor X; its layers are raw"):
        read_counts(tmp_path / "none.h5ad")
    with h5py.File(tmp_path / "other.h5ad", "w") as file:
        file["x"] = [1]
    with pytest.raises(InputError, match="cannot be read as h5ad"):
        read_counts(tmp_path / "other.h5ad")


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ("sample\tgroup\tgroup\na1\tA\tA\n", "column group stands twice in the header"),
        ("sample\tgroup\na1\tA\n \tB\n", "row 3 has no sample; name it"),
        ("sample\tgroup\na1\t\na2\tNA\nb1\t\nb2\t \n", "every sample lacks a value of group; fill in the sheet"),
        ("sample\tgroup\na1\tA\na2\tA\nb1\tB\nb2\tB\nzz\tB\n", "that the counts lack: zz; correct their names"),
    ],
)
def test_sheets_that_say_too_little(tmp_path, table, sheet, words):
    write(tmp_path / "c.tsv", table)
    (tmp_path / "s.tsv").write_text(sheet)
    files = {"counts": str(tmp_path / "c.tsv"), "samples": str(tmp_path / "s.tsv")}
    with pytest.raises(InputError) as error:
        read_tissues({"NAc": files}, "group", [], CONTRASTS)
    assert words in str(error.value)
    # blanks around a name are none of it
    (tmp_path / "s.tsv").write_text("sample\tgroup\na1 \tA\na2\t A\nb1\tB\nb2\tB \n")
    assert read_tissues({"NAc": files}, "group", [], CONTRASTS)["NAc"].sheet["group"].tolist() == list("AABB")


def test_counts_that_no_sequencer_gives(tmp_path, table, sheet):
    huge = table.copy()
    huge.iloc[0, 0] = 1e30
    with pytest.raises(InputError, match=r"1 counts are larger than 2147483647: 1e\+30 \(Bdnf, a1\)"):
        joined("NAc", huge, sheet, "group", [], CONTRASTS)
    silent = table.copy()
    silent.loc["b1"] = 0
    with pytest.raises(InputError, match="sample b1 has no count at all; leave it out"):
        joined("NAc", silent, sheet, "group", [], CONTRASTS)
    with pytest.raises(InputError, match="1 genes of the counts have no name"):
        joined("NAc", table.rename(columns={"Fos": " "}), sheet, "group", [], CONTRASTS)
    (tmp_path / "c.tsv").write_text("gene\ta1\n")
    with pytest.raises(InputError, match="has no gene"):
        read_counts(tmp_path / "c.tsv")


def test_sheet(tmp_path):
    def read_sheet(path, variable, covariates):
        return checked_sheet(path, read_given(path, dtype=str, keep_default_na=False), variable, covariates)

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
