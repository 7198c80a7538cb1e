"""Figures draw what they are given, in the cases that break pictures: nothing significant, one site, missing values."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from amygene.report.figures import cohort, enrichment, genes, group, sites
from amygene.report.style import save, short


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(figure):
    figure.canvas.draw()
    return " ".join(t.get_text() for axes in figure.axes for t in axes.findobj(plt.Text))


def roi(n=30, q=0.01):
    rng = np.random.default_rng(0)
    t = rng.standard_normal(n) * 3
    return pd.DataFrame(
        {
            "region": [f"R{i}" for i in range(n)],
            "t": t,
            "q": q,
            "p_fwe": q * 2,
            "g": t / 10,
            "g_ci_low": t / 10 - 0.2,
            "g_ci_high": t / 10 + 0.2,
        }
    )


def test_effects_show_the_largest_differences_first():
    table = roi()
    table.loc[3, "t"] = np.nan
    figure = group.effects(table, "title")
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    largest = table.loc[table["t"].abs().idxmax(), "region"]
    assert shown[-1] == largest
    assert len(shown) == group.N_REGIONS
    assert "R3" not in shown


def test_harmonisation_leaves_out_what_could_not_be_estimated():
    rows = [
        (w, f"R{i}", np.nan if w == "random-effects" else i + 0.1 * k)
        for k, w in enumerate(("covariate", "none", "combat", "random-effects"))
        for i in range(5)
    ]
    figure = group.harmonisation(pd.DataFrame(rows, columns=["site_effects", "region", "g"]))
    assert len(figure.axes) == 2


def test_a_site_that_cannot_be_tested_says_why():
    table = pd.DataFrame(
        {
            "site": ["A", "B"],
            "n_case": [10, 5],
            "n_control": [10, 0],
            "r_with_full": [0.8, 0.9],
            "r_null_low": [0.5, 0.5],
            "r_null_high": [0.9, 0.9],
            "r_heldout_rest": [0.4, np.nan],
            "p_heldout_rest": [0.0004, np.nan],
            "note": [None, "one group only"],
        }
    )
    words = texts(sites.leave_one_out(table))
    assert "one group only" in words
    assert "p < 0.001" in words
    assert "A  (10 / 10)" in words


def test_forests_draw_every_site_and_the_pooled_row():
    table = roi(5)
    forest = pd.DataFrame(
        [
            {
                "region": r,
                "site": s,
                "n_case": 5,
                "n_control": 5,
                "g": 0.1,
                "g_ci_low": -0.2,
                "g_ci_high": 0.4,
                "i2": 0.25 if s == "pooled" else np.nan,
            }
            for r in table["region"]
            for s in ("A", "B", "pooled")
        ]
    )
    figure = sites.forests(forest, table)
    assert len(figure.axes) == sites.N_FORESTS
    assert "I² = 25 %" in texts(figure)


def genes_table(q):
    rng = np.random.default_rng(1)
    r = rng.uniform(-0.6, 0.6, 200)
    return pd.DataFrame(
        {
            "gene": [f"G{i}" for i in range(200)],
            "r": r,
            "null_mean": 0.0,
            "p_null": rng.uniform(0.001, 1, 200),
            "q_null": q,
            "p_group": np.nan,
        }
    )


@pytest.mark.parametrize("q", [0.01, 0.9])
def test_genes_are_drawn_with_and_without_significant_ones(q):
    counts = {"level": 0.05, "genes_q_parametric": 12, "p_count": 0.03}
    figure = genes.genes(genes_table(q), counts, np.repeat(np.arange(40), np.arange(40)))
    words = texts(figure)
    assert "observed 12" in words
    assert "mathdefault" not in words
    table = genes_table(q)
    assert table.loc[table["r"].idxmax(), "gene"] in words


def test_nulls_draw_one_panel_per_structure():
    rows = [(s, 20, "variogram", d, 1.0, 1.0, 0.5, 1.5) for s in ("cortex", "subcortex") for d in range(5)] + [
        ("cortex", 20, "mean", np.nan, 0, 0, 0, 0)
    ]
    columns = ["structure", "n_regions", "measure", "distance", "observed", "null_median", "null_low", "null_high"]
    figure = genes.nulls(pd.DataFrame(rows, columns=columns))
    assert [a.get_title(loc="left").split()[0] for a in figure.axes] == ["cortex", "subcortex"]


def test_bubbles_show_the_smallest_p_on_top():
    table = pd.DataFrame(
        {
            "set": [f"s{i}" for i in range(40)],
            "n_genes": 20,
            "score": 0.1,
            "p_null": np.linspace(0.001, 1, 40),
            "q_null": 0.5,
            "p_group": np.nan,
            "z_null": 1.0,
        }
    )
    figure = enrichment.bubbles(table, "KEGG")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[-1] == "s0"
    assert len(labels) == enrichment.N_SETS


@pytest.mark.parametrize("sizes", [[3, 2, 1], [1, 1]])
def test_network_draws_clusters_and_counts_the_lonely(sizes):
    cluster = np.repeat(np.arange(len(sizes)) + 1, sizes)
    n = len(cluster)
    clusters = pd.DataFrame(
        {
            "set": [f"s{i}" for i in range(n)],
            "cluster": cluster,
            "representative": [f"s{c}" for c in cluster],
            "n_genes": 10,
            "score": 0.1,
        }
    )
    similarity = (cluster[:, None] == cluster[None]).astype(float)
    figure = enrichment.network(clusters, similarity)
    assert f"{sizes.count(1)} sets share their genes with no other" in figure._supxlabel.get_text()


def test_calibration_draws_a_bar_per_null_and_shift():
    rows = [
        ("real", shift, null, 0.05, 0.01)
        for shift in ("none", "strong")
        for null in ("parametric", "moran, stratified")
    ]
    figure = genes.calibration(pd.DataFrame(rows, columns=["genes", "shift", "null", "rate", "error"]))
    assert len(figure.axes[0].patches) == 4


@pytest.mark.parametrize("motion", [True, False])
def test_quality_with_and_without_motion(motion):
    rng = np.random.default_rng(0)
    qc = pd.DataFrame({"site": ["A", "B"] * 20, "n_timepoints": 200, "mean_z_RAMY": rng.standard_normal(40)})
    if motion:
        qc["mean_fd"] = rng.uniform(0, 0.3, 40)
    figure = cohort.quality(qc, pd.Series([True, False] * 20), "RAMY")
    assert len(figure.axes) == (3 if motion else 2)


def test_a_figure_gives_the_same_bytes_twice(tmp_path):
    for name in ("a", "b"):
        save(group.effects(roi(), "title"), tmp_path / f"{name}.svg", tmp_path / f"{name}.png")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_long_names_are_cut():
    assert short("x" * 50, 10) == "x" * 9 + "…"
    assert short("short") == "short"
