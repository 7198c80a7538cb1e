"""BrainSpan's archive: read, averaged over regions and stages, refused with what is wrong."""

from __future__ import annotations

import shutil
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from amygene.enrichment.brainspan import read_brainspan, weeks
from amygene.io.problems import InputError
from fixtures.brainspan import AGES, write_archive

CONFIG = Path(__file__).parents[2] / "config"
REGIONS = pd.read_csv(CONFIG / "brainspan_regions.tsv", sep="\t")
STAGES = pd.read_csv(CONFIG / "brainspan_stages.tsv", sep="\t")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("brainspan") / "genes_matrix_csv.zip"
    return path, write_archive(path, [f"GENE{i}" for i in range(40)], {("AMY", "16 pcw"): ["GENE3"]})


def test_ages_in_weeks_after_conception():
    assert weeks("8 pcw") == 8
    assert weeks("0 mos") == 38
    assert weeks("12 mos") == pytest.approx(weeks("1 yrs"))
    assert weeks("21 yrs") == pytest.approx(38 + 21 * 52.1786, abs=0.01)
    assert np.isnan(weeks("adult"))


def test_stages_follow_each_other_without_a_gap():
    limits = [(weeks(a), weeks(b)) for a, b in zip(STAGES["from"], STAGES["until"], strict=True)]
    assert all(before[1] == pytest.approx(after[0]) for before, after in pairwise(limits))
    assert len(STAGES) == 10
    assert REGIONS["region"].nunique() == 6
    assert not REGIONS["acronym"].duplicated().any()


def test_classes_are_means_over_the_samples_of_a_region_and_stage(archive):
    path, samples = archive
    expression, classes = read_brainspan(path, REGIONS, STAGES)
    assert expression.columns.tolist() == classes["set"].tolist()
    assert len(classes) == 10 * 6  # thalamus has no sample at 8 weeks, but one at 12
    with zipfile.ZipFile(path) as opened, opened.open("genes_matrix_csv/expression_matrix.csv") as stream:
        matrix = np.loadtxt(stream, delimiter=",")[:, 1:]
    own = ((samples["age"].isin(["8 pcw", "12 pcw"])) & samples["structure_acronym"].isin(["DFC", "V1C"])).to_numpy()
    np.testing.assert_allclose(expression["Cortex: Early fetal"], matrix[:, own].mean(axis=1))
    row = classes.set_index("set").loc["Cortex: Early fetal"]
    assert (row["n_samples"], row["n_donors"]) == (4, 2)
    assert classes.set_index("set").loc["Thalamus: Early fetal", "n_samples"] == 1
    assert classes["n_samples"].sum() == len(samples)
    assert expression.loc["GENE3"].idxmax() == "Amygdala: Early mid-fetal"


def test_every_age_of_the_archive_falls_into_the_stage_of_kang():
    expected = [0, 0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9]
    limits = [(weeks(a), weeks(b)) for a, b in zip(STAGES["from"], STAGES["until"], strict=True)]
    found = [next(i for i, (low, high) in enumerate(limits) if low <= weeks(age) < high) for age in AGES]
    assert found == expected


def changed(archive, tmp_path, name, change):
    """The archive with another text in one file; None leaves it out."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(archive[0]) as old, zipfile.ZipFile(path, "w") as new:
        for member in old.namelist():
            text = old.read(member).decode()
            if member.endswith(name):
                text = change(text)
            if text is not None:
                new.writestr(member, text)
    return path


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("rows_metadata.csv", lambda t: None, "the archive lacks rows_metadata.csv; it holds"),
        (
            "rows_metadata.csv",
            lambda t: t.replace("gene_symbol", "symbol"),
            "rows_metadata.csv lacks gene_symbol; it has",
        ),
        ("rows_metadata.csv", lambda t: t.rsplit("\n", 2)[0], "has 40 rows and 83 samples, the metadata 39 genes"),
        ("columns_metadata.csv", lambda t: t.replace("4 mos", "baby"), "ages 'baby' are none of '8 pcw'"),
        (
            "columns_metadata.csv",
            lambda t: t.replace("CBC", "XYZ"),
            "structures XYZ are not in config/brainspan_regions.tsv",
        ),
        ("expression_matrix.csv", lambda t: t.replace("\n1,", "\n1,low", 1).replace("1,", "1,low", 1), "holds text"),
    ],
)
def test_what_is_wrong_is_told(archive, tmp_path, name, change, told):
    with pytest.raises(InputError, match=told):
        read_brainspan(changed(archive, tmp_path, name, change), REGIONS, STAGES)


def test_no_archive_is_told(archive, tmp_path):
    with pytest.raises(InputError, match=r"no such file; download the archive from brainspan\.org"):
        read_brainspan(tmp_path / "x.zip", REGIONS, STAGES)
    cut = tmp_path / "cut.zip"
    shutil.copy(archive[0], cut)
    cut.write_bytes(cut.read_bytes()[:500])
    with pytest.raises(InputError, match="cannot be read as BrainSpan's zip archive"):
        read_brainspan(cut, REGIONS, STAGES)
