"""Tables of connectivity that come ready."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from amygene.connectivity.ready import read_ready
from amygene.connectivity.regions import fisher_z
from amygene.io.problems import InputError

LABELS = ("A", "B", "C", "D")
SEEDS = {"LEFT": ["A"], "RIGHT": ["B"]}
PEOPLE = ["001", "002", "003"]


def table(columns="BCD", people=PEOPLE):
    values = np.random.default_rng(len(columns)).uniform(-0.9, 0.9, (len(people), len(columns)))
    return pd.DataFrame(values, index=pd.Index(people, name="id"), columns=list(columns))


def read(tmp_path, left=None, right=None, scale="fisher-z", ending="tsv"):
    files = {}
    for seed, given in (
        ("LEFT", table() if left is None else left),
        ("RIGHT", table("ACD") if right is None else right),
    ):
        files[seed] = str(tmp_path / f"{seed}.{ending}")
        if ending == "parquet":
            given.to_parquet(files[seed])
        else:
            given.to_csv(files[seed], sep="," if ending == "csv" else "\t", na_rep="n/a")
    return read_ready(files, SEEDS, LABELS, PEOPLE, scale)


def problems(*arguments, **options):
    with pytest.raises(InputError) as error:
        read(*arguments, **options)
    return error.value.problems


@pytest.mark.parametrize("ending", ["tsv", "csv", "parquet"])
def test_values_stay_and_missing_cells_stay_missing(tmp_path, ending):
    given = table("DCB", ["003", "001", "002"])
    given.loc["001", "C"] = np.nan
    z, findings = read(tmp_path, given, ending=ending)
    assert z["LEFT"].columns.tolist() == ["B", "C", "D"]
    assert z["LEFT"].index.tolist() == PEOPLE
    np.testing.assert_allclose(z["LEFT"], given.loc[PEOPLE, ["B", "C", "D"]], rtol=1e-14)
    assert np.isnan(z["LEFT"].loc["001", "C"])
    assert [f["participant_id"] for f in findings] == PEOPLE
    assert [len(f["files"]) for f in findings] == [2, 2, 2]
    assert len({f["values_sha256"] for f in findings}) == 3


def test_the_seed_s_own_regions_are_no_rows_even_if_they_are_given(tmp_path):
    z, _ = read(tmp_path, table("ABCD").assign(A=8.0))
    assert z["LEFT"].columns.tolist() == ["B", "C", "D"]


def test_correlations_are_transformed(tmp_path):
    given = table()
    given.loc["002", "B"] = 1.0
    z, _ = read(tmp_path, given, scale="r")
    np.testing.assert_allclose(z["LEFT"], fisher_z(given.to_numpy()), rtol=1e-14)
    # what is no correlation is refused, never clipped
    given.loc["002", "B"] = -1.25
    assert problems(tmp_path, given, scale="r") == [
        f"{tmp_path}/LEFT.tsv: column 'B': found -1.25 (002) where a correlation belongs (config key cohort.scale is r)"
    ]
    assert read(tmp_path, given)[0]["LEFT"].loc["002", "B"] == -1.25


def test_who_has_no_row_has_a_problem(tmp_path):
    z, findings = read(tmp_path, right=table("ACD", ["001", "003"]))
    assert z["LEFT"].index.tolist() == z["RIGHT"].index.tolist() == ["001", "003"]
    assert [f.get("problem") for f in findings] == [None, f"002: has no row in {tmp_path}/RIGHT.tsv", None]


def test_everything_that_is_wrong_with_the_tables_is_told_in_one_message(tmp_path):
    right = table("ADX", ["001", "7", "001", "8"])
    left = table().astype(object)
    left.loc["002", "C"] = "high"
    text, *others = problems(tmp_path, left, right)
    assert text.startswith(f"{tmp_path}/LEFT.tsv: column 'C': found 'high' (")
    assert others == [
        f"{tmp_path}/RIGHT.tsv: the atlas has no region X",
        f"{tmp_path}/RIGHT.tsv: it lacks the regions (empty cells are missing) C",
        f"{tmp_path}/RIGHT.tsv: the participants sheet does not know 7, 8",
        f"{tmp_path}/RIGHT.tsv: it has more than one row of 001",
    ]


def test_tables_and_seeds_belong_together(tmp_path):
    with pytest.raises(InputError) as error:
        read_ready({"LEFT": str(tmp_path / "absent.tsv"), "OTHER": "o.tsv"}, SEEDS, LABELS, PEOPLE, "r")
    assert error.value.problems == [
        "config key cohort.maps: no table of RIGHT, which seeds names",
        "config key cohort.maps: a table of OTHER, which is none of seeds",
        f"{tmp_path}/absent.tsv: no such file",
    ]
