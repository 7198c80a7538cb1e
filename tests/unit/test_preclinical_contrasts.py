"""Differential expression against R's DESeq2, its error rate, and what quality tells."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from amygene.preclinical import contrasts

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def kept():
    values = pd.read_csv(REFERENCE / "deseq2_input.csv", index_col=0).T
    sheet = pd.DataFrame({"group": [s[0] for s in values.index]}, index=values.index)
    sheet["batch"] = ["x", "y"] * (len(sheet) // 2)
    truth = pd.read_csv(REFERENCE / "deseq2_tests.csv", index_col="gene")
    return values, sheet, truth, contrasts.fit(values, sheet, "group", ["batch"], "A")


def test_size_factors_are_those_of_deseq2(kept):
    factors = pd.read_csv(REFERENCE / "deseq2_size_factors.csv")["size_factor"].to_numpy()
    assert kept[3].data.obs["size_factors"].to_numpy() == pytest.approx(factors, rel=1e-9)


def test_contrast_is_that_of_deseq2(kept):
    values, _, truth, model = kept
    table = contrasts.wald(model, "B", 0.1, shrink=True).set_index("gene").loc[truth.index]
    assert (table.index == values.columns).all()
    assert table["log2fc"].to_numpy() == pytest.approx(truth["log2fc"].to_numpy(), abs=0.01)
    known = truth["p"].notna() & table["p"].notna()
    assert known.mean() > 0.98
    apart = (np.log10(table["p"]) - np.log10(truth["p"]))[known].abs()
    assert apart.median() < 0.01
    assert np.corrcoef(table["stat"][known], truth["stat"][known])[0, 1] > 0.9995
    # shrinkage draws towards 0 and keeps the sign
    assert (table["log2fc_shrunk"].abs() <= table["log2fc"].abs() + 0.05).mean() > 0.95


def test_over_groups_is_that_of_deseq2(kept):
    _, _, truth, model = kept
    table = contrasts.over_groups(model).set_index("gene").loc[truth.index]
    # dispersions of the two programs differ by a percent or so
    assert np.corrcoef(table["statistic"], truth["lrt"])[0, 1] > 0.9995
    assert table["statistic"].to_numpy() == pytest.approx(truth["lrt"].to_numpy(), rel=0.1, abs=0.1)


def test_stabilised_counts_are_those_of_deseq2(kept):
    values, _, truth, _ = kept
    vst = contrasts.stabilised(values)
    assert np.corrcoef(vst.iloc[0], truth["vst_first"])[0, 1] > 0.9999
    assert np.corrcoef(vst.iloc[-1], truth["vst_last"])[0, 1] > 0.9999
    assert vst.iloc[0].to_numpy() == pytest.approx(truth["vst_first"].to_numpy(), abs=0.1)


def test_quality_finds_the_odd_sample(kept):
    values, sheet, _, _ = kept
    strange = values.copy()
    rng = np.random.default_rng(4)
    strange.iloc[2] = rng.permutation(strange.iloc[2].to_numpy())
    model = contrasts.fit(strange, sheet, "group", [], "A")
    table = contrasts.quality(model, sheet, contrasts.stabilised(strange))
    assert table["median_distance"].idxmax() == 2
    assert table["n_outliers"].idxmax() == 2
    assert (table["library_size"].to_numpy() == strange.sum(axis=1).to_numpy()).all()


def test_distances_are_those_of_scipy(kept):
    from scipy.spatial.distance import pdist, squareform

    vst = np.log2(kept[0] + 1)
    assert contrasts.distances(vst) == pytest.approx(squareform(pdist(vst)), abs=1e-6)


def test_thresholds():
    table = pd.DataFrame({"log2fc": [0.3, -0.3, 0.1, 0.3, 1, 1], "p": [0.01, 0.01, 0.01, 0.06, 0.01, np.nan]})
    table["q"] = [0.05, 0.05, 0.05, 0.05, 0.2, 0.01]
    assert contrasts.passing(table, {"log2fc": 0.2, "p": 0.05, "q": 0.1}).tolist() == [1, -1, 0, 0, 0, 0]


def test_nothing_is_found_where_nothing_is():
    rng = np.random.default_rng(5)
    groups = np.repeat(["A", "B"], 7)
    mean = np.exp(rng.normal(5, 1, 1200))
    values = rng.poisson(rng.gamma(10, mean * rng.lognormal(0, 0.2, (14, 1)) / 10))
    names = [f"s{i}" for i in range(14)]
    values = pd.DataFrame(values, index=names, columns=[f"g{i}" for i in range(1200)])
    sheet = pd.DataFrame({"group": groups}, index=names)
    model = contrasts.fit(values, sheet, "group", [], "A")
    table = contrasts.wald(model, "B", 0.1, shrink=False)
    assert 0.03 < (table["p"] < 0.05).mean() < 0.08
    assert (contrasts.passing(table, {"log2fc": 0.2, "p": 0.05, "q": 0.1}) != 0).sum() <= 3
    over = contrasts.over_groups(model)
    assert 0.03 < (over["p"] < 0.05).mean() < 0.085
