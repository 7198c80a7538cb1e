"""Figures and sentences of published findings, and of collections made from expression."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from amygene.report.figures import enrichment as figures_enrichment
from amygene.report.figures import evidence as figures_evidence
from amygene.report.page import Shown
from amygene.report.sections import enrichment, evidence

PNG = Shown(b"", "x.png")


def texts(figure):
    figure.canvas.draw()
    return " ".join(t.get_text() for t in figure.findobj(plt.Text))


def findings():
    columns = [
        "study", "modality", "measure", "comparison", "population", "region", "side", "target", "target_side",
        "direction", "relation", "note",
    ]  # fmt: skip
    none = (None, None)
    rows = [
        ("A 2001", "rs-fMRI", "connectivity", "controls", "TRD", "amygdala", "left", "insula", None, "lower", *none),
        ("B 2002", "rs-fMRI", "connectivity", "controls", "TRD", "insula", None, "insula", None, "higher", *none),
        ("C 2003", "MRS", "GABA", "before treatment", "MDD", "insula", None, None, None, "higher", None, None),
        ("D 2004", "VBM", "volume", "controls", "TRD", "amygdala", None, None, None, "no difference", None, None),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def claims(testable=True):
    table = (
        findings().iloc[:2].assign(claim=["t:2", "t:3"], testable=[testable, False], reason=[None, "no end is a seed"])
    )
    numbers = {"mean_t": -1.2, "p_claim": 0.01, "q_claim": 0.02, "g": -0.4, "g_ci_low": -0.7, "g_ci_high": -0.1}
    table = table.assign(seed_is="named", n_connections=2, agrees=[True, None], **numbers)
    if not testable:
        table["reason"] = "is about symptoms"
    return table


def agreement(p=0.03):
    return pd.DataFrame(
        [["all claims", 1, 1, 0.5, p, 1.1, 0.02]],
        columns=["scope", "n_claims", "n_agree", "null_agree", "p_agree", "mean_score", "p_score"],
    )


def test_findings_are_counted_at_both_ends_and_by_direction():
    figure = figures_evidence.by_region(findings())
    left, after, _ = figure.axes
    assert [t.get_text() for t in left.get_yticklabels()] == ["insula", "amygdala"]
    # insula against others: one lower (its end of A), one higher (B, once: both ends are the same)
    widths = {(round(p.get_y() + p.get_height() / 2), p.get_width()) for p in left.patches if p.get_width()}
    assert widths == {(0, -1.0), (0, 1.0), (1, -1.0)}
    assert [p.get_width() for p in after.patches if p.get_width()] == [1.0]


def test_a_claim_shows_its_direction_and_whether_the_study_agrees():
    figure = figures_evidence.against_study(claims(), "MDD", "HC")
    words = texts(figure)
    assert "A 2001: left amygdala –\ninsula" in words
    assert "B 2002" not in words
    assert "Hedges g, MDD against HC" in words
    arrow = next(t for t in figure.axes[0].texts if getattr(t, "arrow_patch", None) is not None)
    assert arrow.xy[0] < arrow.xyann[0] < 0
    assert "no finding can be tested" in texts(figures_evidence.against_study(claims(False), "MDD", "HC"))


def test_sentences_count_and_give_reasons():
    said = evidence.agreement("MDDvsHC", "MDD", claims(), agreement())
    assert said[0].startswith(
        "MDDvsHC: 1 of 1 published findings of connectivity that can be tested have this study's sign"
    )
    assert "0.5 on average when groups are relabeled, p = .030; with their sizes, p = .020" in said[0]
    assert "1 alone at q < .05 in their direction: A 2001" in said[0]
    assert said[1] == "The findings are about TRD; this study's cases are MDD."
    assert "1 of 2 findings cannot be tested by this contrast. Reasons: no end is a seed (1)." in said[2]
    none = evidence.agreement("MDDvsHC", "MDD", claims(False), agreement(np.nan))
    assert none[0] == "MDDvsHC: none of 2 published findings of connectivity can be tested here."
    assert "is about symptoms (2)" in none[1]
    words = evidence.collected(findings())
    assert words.startswith("4 findings of 4 studies, 2 of them of connectivity. They are about: TRD (3), MDD (1).")


def test_the_section_has_a_part_for_everything():
    tested = evidence.Tested(
        "MDDvsHC", "MDD", "HC", Shown(claims(), "c.tsv"), Shown(agreement(), "a.tsv"), PNG
    )  # fmt: skip
    treatment = claims().assign(map=["A, pre to post"] * 2, estimate=0.1, ci_low=0.0, ci_high=0.2, p=0.3)
    pooled = pd.DataFrame({"outcome": ["x"], "k": [2], "effect_size": [0.1]})
    blocks, sentences = evidence.part(
        Shown(findings(), "f.tsv"),
        PNG,
        [tested],
        {"change-x": Shown(treatment, "t.tsv")},
        (Shown(pooled, "p.tsv"), PNG),
    )
    files = [block["file"] for block in blocks if block["kind"] == "table"]
    assert files == ["f.tsv", "c.tsv", "a.tsv", "c.tsv", "t.tsv", "p.tsv"]
    assert len(sentences) == 2
    assert sentences[1].startswith(
        "change x: published findings about treatment with this study's sign: 1 of 1 (A, pre to post)"
    )
    assert not any(block["kind"] == "warning" for block in blocks)
    told, _ = evidence.part(Shown(findings(), "f.tsv"), PNG, [tested], {}, None, simulated=True)
    assert told[0]["kind"] == "warning"
    assert "says nothing about the findings" in told[0]["text"]
    empty = {"change-x": Shown(treatment.assign(testable=False), "t.tsv")}
    _, sentences = evidence.part(Shown(findings(), "f.tsv"), PNG, [], empty, None)
    assert sentences == ["change x: none of 2 published findings of connectivity can be tested here."]


def test_a_forest_per_outcome():
    table = pd.DataFrame(
        {
            "outcome": ["x"], "k": [2], "effect_size": [0.3], "ci_low": [0.1], "ci_high": [0.5],
            "prediction_low": [np.nan], "prediction_high": [np.nan], "i2": [0.25], "p_egger": [0.2],
        }
    )  # fmt: skip
    studies = pd.DataFrame(
        {"outcome": "x", "study": ["A", "B"], "effect_size": [0.2, 0.4], "ci_low": 0.0, "ci_high": 0.6, "weight": 0.5}
    )
    words = texts(figures_evidence.pooled(table, studies))
    assert "I² = 25 %, Egger p = 0.2" in words
    assert "pooled" in words
    assert "no outcome with two studies" in texts(figures_evidence.pooled(table.iloc[:0], studies.iloc[:0]))


def sets(names):
    return pd.DataFrame(
        {"set": names, "p_null": 0.01, "q_null": [0.01] + [0.5] * (len(names) - 1), "p_group": np.nan, "z_null": 2.0}
    )


def fisher(names, thresholds):
    rows = [(name, t, 0.001 if name == names[0] else 0.9) for t in thresholds for name in names]
    table = pd.DataFrame(rows, columns=["set", "threshold", "q_fisher"])
    return table.assign(p_fisher=table["q_fisher"])


def test_stages_and_regions_make_a_grid():
    names = ["Cortex: fetal", "Amygdala: fetal", "Cortex: adult"]
    known = pd.DataFrame(
        {"set": names, "stage": ["fetal", "fetal", "adult"], "region": ["Cortex", "Amygdala", "Cortex"]}
    )
    # a class too small to be tested is in the grid, but has no bubble
    figure = figures_enrichment.classes(sets(names[:2]), known, fisher(names, [0.05, 0.01]))
    upper, lower = figure.axes[:2]
    assert [t.get_text() for t in upper.get_yticklabels()] == ["Cortex", "Amygdala"]
    assert [t.get_text() for t in lower.get_xticklabels()] == ["fetal", "adult"]
    offsets = upper.collections[0].get_offsets().tolist()
    assert offsets == [[0.0, 0.0], [0.0, 1.0]]
    widths = upper.collections[0].get_linewidths()
    assert widths[0] > widths[1]
    assert "pSI < 0.05" in lower.get_title(loc="left")
    assert sum(len(c.get_offsets()) for c in lower.collections) == 3


def test_classes_without_stages_show_every_threshold():
    names = ["Astro", "Neuron"]
    known = pd.DataFrame({"set": names})
    figure = figures_enrichment.classes(sets(names), known, fisher(names, [0.05, 0.01, 0.001]))
    right = figure.axes[1]
    assert [t.get_text() for t in right.get_xticklabels()] == ["pSI < 0.05", "pSI < 0.01", "pSI < 0.001"]
    assert sum(len(c.get_offsets()) for c in right.collections) == 6


def test_the_replicate_is_counted_by_threshold():
    words = enrichment.over_represented(fisher(["a", "b"], [0.05, 0.01]))
    assert words.endswith("finds classes at q < .05: 1 of 2 at pSI < 0.05, 1 of 2 at pSI < 0.01.")
    assert "a replicate" in words
