"""Variants of the expression matrix: which there are, and how far their gene correlations are from the main ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amygene.expression.ahba import DONORS, PASSED_ON
from amygene.expression.multiverse import STABLE, compare, gene_correlations, multiverse_table, variants
from amygene.io.columns import known
from amygene.settings import read_schema

SCHEMA = read_schema(Path(__file__).parents[2] / "config/schemas/config.schema.yaml")
KEYS = SCHEMA["properties"]["expression"]["properties"]
DEFAULTS = {key: entry["default"] for key, entry in KEYS.items() if "default" in entry}
SCIPY = {"pearson": stats.pearsonr, "spearman": stats.spearmanr}


def settings(**changes):
    return DEFAULTS | {"multiverse": True} | changes


# which variants


def test_without_multiverse_there_is_the_main_analysis_only():
    (main,) = variants(settings(multiverse=False)).items()
    assert main[0] == "main"
    assert set(main[1]) == {*PASSED_ON, "stability", "donors", "left_only"}
    assert main[1]["donors"] == list(DONORS)
    assert main[1]["left_only"] is False


def test_every_variant_changes_one_choice():
    found = variants(settings())
    assert list(found) == [
        "main", *[f"without{d}" for d in DONORS], "left", "mirrored", "stable", "structures"
    ]  # fmt: skip
    main = found.pop("main")
    changed = {name: {key for key in main if one[key] != main[key]} for name, one in found.items()}
    for donor in DONORS:
        assert changed.pop(f"without{donor}") == {"donors"}
        assert found[f"without{donor}"]["donors"] == [d for d in DONORS if d != donor]
    # samples of one side only are not mirrored
    lr_mirror = {"lr_mirror"} if main["lr_mirror"] else set()
    assert changed == {
        "left": {"left_only"} | lr_mirror,
        "mirrored": {"lr_mirror"},
        "stable": {"stability"},
        "structures": {"norm_structures"},
    }
    assert found["left"]["lr_mirror"] is None
    assert found["stable"]["stability"] == STABLE


def test_a_variant_that_is_what_main_is_anyway_is_left_out():
    chosen = settings(lr_mirror="bidirectional", stability=0.3, norm_structures=True, donors=list(DONORS[:3]))
    found = variants(chosen)
    assert list(found) == ["main", *[f"without{d}" for d in DONORS[:3]], "left"]


# gene correlations


def example(n_regions=20, n_genes=30, seed=0):
    rng = np.random.default_rng(seed)
    names = [f"r{i}" for i in range(n_regions)]
    matrix = pd.DataFrame(rng.normal(size=(n_regions, n_genes)), index=names, columns=[f"G{j}" for j in range(n_genes)])
    return pd.Series(rng.normal(size=n_regions), index=names), matrix


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_r_equals_scipy_over_the_regions_that_both_have(correlation):
    values, matrix = example()
    matrix = matrix.sample(frac=1, random_state=1)  # another order
    matrix["G5"] = 2.0
    matrix.loc["r3"] = np.nan
    r, n = gene_correlations(values.drop("r7"), matrix.drop(index="r9"), correlation)
    both = [f"r{i}" for i in range(20) if i not in (3, 7, 9)]
    assert n == 17
    for gene in matrix.columns.drop("G5"):
        assert r[gene] == pytest.approx(SCIPY[correlation](values[both], matrix.loc[both, gene]).statistic, abs=1e-13)
    assert np.isnan(r["G5"])


def test_comparison_equals_scipy_over_the_genes_that_both_have():
    rng = np.random.default_rng(0)
    main = pd.Series(rng.uniform(-1, 1, 40), index=[f"G{i}" for i in range(40)])
    variant = (main + rng.normal(0, 0.3, 40)).sample(30, random_state=0)
    main["G1"] = np.nan
    variant["NEW"] = 0.5
    both = sorted(set(main.dropna().index) & set(variant.index))
    found = compare(main, variant)
    assert found["n_genes"] == len(both) < 30
    assert found["rho_with_main"] == pytest.approx(stats.spearmanr(main[both], variant[both]).statistic, abs=1e-13)
    assert found["rms_difference"] == pytest.approx(np.sqrt(((main[both] - variant[both]) ** 2).mean()))
    assert found["n_sign_changes"] == sum(main[gene] * variant[gene] < 0 for gene in both) > 0


def map_table(values):
    table = pd.DataFrame({"region": values.index, "structure": "cortex", "x": 1.0, "value": values.to_numpy()})
    return table.assign(used=True, reason=None)


def test_main_comes_first_and_agrees_with_itself():
    values, matrix = example()
    rng = np.random.default_rng(1)
    near, far = (matrix + sd * rng.normal(size=matrix.shape) for sd in (0.3, 3))
    table = multiverse_table(map_table(values), {"main": matrix, "near": near, "far": far}, "pearson")
    assert set(table) <= set(known())
    assert table["variant"].tolist() == ["main", "near", "far"]
    assert table.loc[0, ["n_regions", "n_genes", "rho_with_main", "rms_difference", "n_sign_changes"]].tolist() == [
        20, 30, pytest.approx(1), 0, 0
    ]  # fmt: skip
    assert table.loc[1, "rho_with_main"] > table.loc[2, "rho_with_main"]
    assert table.loc[1, "rms_difference"] < table.loc[2, "rms_difference"]


def test_regions_that_main_lacks_enter_a_variant_that_has_them_if_their_structure_is_used():
    values, whole = example()
    table = map_table(values)
    table.loc[[0, 1, 2, 3], "used"] = False
    table.loc[[0, 1, 2, 3], "reason"] = ["no expression", "no expression", "no expression", "no value"]
    table.loc[1, "structure"] = "cerebellum"  # no other region of it is used
    table.loc[2, "x"] = np.nan
    main = whole.copy()
    main.iloc[:3] = np.nan
    found = multiverse_table(table, {"main": main, "whole": whole}, "pearson")
    assert found["n_regions"].tolist() == [16, 17]
    r = gene_correlations(values.drop(["r1", "r2", "r3"]), whole, "pearson")[0]
    r_main = gene_correlations(values.drop(["r0", "r1", "r2", "r3"]), whole, "pearson")[0]
    assert found.loc[1, "rms_difference"] == pytest.approx(np.sqrt(((r - r_main) ** 2).mean()))
