"""The report's part on animal signatures: sentences from the tables, and figures that can be drawn."""

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from amygene.report.figures import preclinical as figures
from amygene.report.page import Shown
from amygene.report.references import REFERENCES, cited
from amygene.report.sections import preclinical
from amygene.report.style import save
from amygene.settings import complete, read_schema

ROOT = Path(__file__).parents[2]
CONTRASTS = ["SUSvsCON", "RESPvsCON"]


def bridge(q):
    return pd.DataFrame(
        {
            "signature": ["SUSvsCON", "M1", "published", "few"],
            "tissue": ["NAc", "NAc", np.nan, np.nan],
            "kind": ["up", "module", "signed", "down"],
            "lost": [0.1, 0.2, 0.4, np.nan],
            "score": [0.5, -0.2, 0.1, np.nan],
            "null_mean": [0.1, 0, 0, np.nan],
            "z_null": [4, -1, 0.5, np.nan],
            "p_null": [q / 3, 0.3, 0.6, np.nan],
            "q_null": [q, 0.4, 0.6, np.nan],
            "p_coexpression": [0.01, 0.2, np.nan, np.nan],
            "p_group": np.nan,
            "p_animals": [np.nan, np.nan, 0.02, np.nan],
            "reason_animals": ["a ready signature has no animals", "a module is of no contrast", np.nan, "few"],
        }
    )


def words(blocks):
    return json.dumps([b.get("sentences", "") for b in blocks])


def test_bridge_in_words():
    assert preclinical.bridged(bridge(0.003), "planted") == (
        "planted: 1 of 3 animal signatures follow the map at q < .05 under null maps and, where animals were "
        "relabeled, p < .05: SUSvsCON up in NAc (with it). 1 of them also stand out (p < .05) among random genes that "
        "are expressed together as much."
    )
    assert "0 of 3" in preclinical.bridged(bridge(0.3), "planted")
    assert "smallest p is that of SUSvsCON up in NAc (p = .100)" in preclinical.bridged(bridge(0.3), "planted")
    assert "no signature has enough" in preclinical.bridged(bridge(0.3).iloc[3:], "planted")
    assert "20 % (median; up to 40 %)" in preclinical.lost(bridge(0.3))


def test_steadiness_in_words():
    table = pd.DataFrame({"cluster": [0, 1, 1, 2], "stability": [np.nan, 1, 0.9, 0.85]})
    assert preclinical.steadiness(table.assign(stability_animals=[np.nan, 0.9, 0.8, 0.75])) == (
        "Of 2 clusters of trajectories all keep their genes together in 75 % of the draws of animals or more (on "
        "average 80 %; with 80 % of the genes drawn 90 %)."
    )
    assert "2 clusters of trajectories all but cluster 2 keep" in preclinical.steadiness(
        table.assign(stability_animals=[np.nan, 0.9, 0.8, 0.7])
    )
    assert "none keep" in preclinical.steadiness(table.assign(stability_animals=0.5))


def test_bridge_blocks():
    shown = Shown(bridge(0.003), "b.tsv")
    blocks, findings = preclinical.bridges({"map-planted": (shown, Shown(b"<svg/>", "b.svg"))})
    assert len(findings) == 1
    table = next(b for b in blocks if b["kind"] == "table")
    assert [row["marked"] for row in table["rows"]] == [True, False, False, False]
    assert "no map" in words(preclinical.bridges({})[0])
    assert not any(b["kind"] == "warning" for b in blocks)
    told = bridge(0.003).assign(reason_animals="3 + 3 animals are too few: no p can be below .05")
    blocks, _ = preclinical.bridges({"map-planted": (Shown(told, "b.tsv"), None)})
    warning = next(b for b in blocks if b["kind"] == "warning")
    assert "1 signatures are of contrasts with so few animals" in json.dumps(warning)


def test_methods_say_what_was_done():
    schema = read_schema(ROOT / "config/schemas/config.schema.yaml")
    given = yaml.safe_load((ROOT / "config/demo-preclinical.yaml").read_text())
    texts, references = cited(preclinical.methods(complete(copy.deepcopy(given), schema), {}))
    assert len(texts) == 3
    assert "with batch in the model: Wald tests of 9 contrasts" in texts[0]
    assert "more than 25 %" in texts[1]
    assert REFERENCES["deseq2"] in references
    given["preclinical"].pop("responders")
    assert len(preclinical.methods(complete(given | {"preclinical": given["preclinical"]}, schema), {})) == 2
    assert preclinical.methods(complete(given, schema) | {"stages": ["genes"]}, {}) == []


@pytest.fixture
def modules():
    table = pd.DataFrame({"module": ["M1", "M1.1", "M1.2", "M2"], "parent": [np.nan, "M1", "M1", np.nan]})
    return table.assign(level=[1, 2, 2, 1], n_genes=[100, 50, 40, 60], n_hubs=1, hubs="g1")


def test_sunburst_lies_inside_its_parent(modules):
    enrichment = pd.DataFrame({"module": ["M1"], "contrast": ["SUSvsCON"], "direction": ["up"]})
    figure = figures.sunbursts(modules, enrichment, ["SUSvsCON"])
    one, inner, second, other = figure.axes[0].patches
    assert one.theta1 <= inner.theta1 < inner.theta2 <= one.theta2
    assert second.theta2 == pytest.approx(inner.theta1)
    assert one.theta2 - one.theta1 == pytest.approx(360 * 100 / 160)
    assert other.theta2 == pytest.approx(one.theta1)
    assert figures.sunbursts(modules.iloc[:0], enrichment, ["a"]) is None


def test_a_module_is_drawn_the_same_again():
    row, column = np.triu_indices(12, 1)
    kept = (row + column) % 3 == 0
    ties = {"gene": np.array(list("abcdefghijkl")), "row": row[kept], "column": column[kept]}
    ties["tie"] = np.linspace(0.1, 0.9, kept.sum())
    members = pd.DataFrame({"module": "M1", "gene": ties["gene"], "strength": np.arange(1.0, 13), "q_hub": 1.0})
    first, second = (figures.network(ties, members, "M1").axes[0].collections[0].get_offsets() for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.slow
def test_figures_can_be_drawn(tmp_path, modules):
    rng = np.random.default_rng(1)
    order = ["A", "B/C", "D"]
    samples = pd.DataFrame({"sample": list("abcdef"), "group": order * 2, "library_size": 100.0, "pc1": rng.random(6)})
    samples = samples.assign(pc2=rng.random(6), pc1_share=0.5, pc2_share=0.2)
    table = pd.DataFrame(
        {"gene": list("wxyz") * 2, "contrast": np.repeat(CONTRASTS, 4), "log2fc": rng.standard_normal(8)}
    )
    shapes = pd.DataFrame(rng.random((40, 3)), columns=order).assign(cluster=[1, 2] * 20, stability_animals=0.9)
    processes = pd.DataFrame({"contrast": "SUSvsCON", "direction": ["up", "down"], "set": ["one", "two"]})
    ties = {"gene": np.array(list("abcd")), "row": np.array([0, 0, 1]), "column": np.array([1, 2, 3])}
    ties["tie"] = np.array([0.3, 0.2, 0.1])
    members = pd.DataFrame({"module": "M1", "gene": list("abcd"), "strength": [4, 3, 2, 1], "q_hub": [0.01, 1, 1, 1]})
    bars = pd.DataFrame({"kind": "up; NAc", "sets": ["a & b", "a"], "n_sets": [2, 1], "n_genes": [5, 2]})
    ranks = pd.DataFrame({"one": ["NAc, a"], "other": ["PFC, a"], "rho": [0.5], "largest": [5.0]})
    animals = pd.DataFrame({"animal": ["m", "n"], "FLX": ["responder", "non-responder"]})
    tests = pd.DataFrame({"SIT1": [0.5, 0.5], "SIT2": [1.0, 0.5]}, index=["m", "n"])
    shares = pd.DataFrame({"step": ["FLX"], "n_animals": [2], "share": [0.5], "share_low": [0.1], "share_high": [0.9]})
    drawn = [
        figures.quality(samples, rng.random((6, 6)), order),
        figures.differential(table.assign(direction=[1, 0, -1, 0] * 2)),
        figures.differential(table.assign(direction=0)),
        figures.trajectories(shapes, order),
        figures.ontology(processes.assign(q_hypergeometric=0.01)),
        figures.network(ties, members, "M1"),
        figures.behaviour(animals, tests, shares, {"FLX": ["SIT1", "SIT2"]}),
        figures.upset(bars, ["up; NAc"]),
        figures.venn(bars, CONTRASTS, ("NAc", "PFC")),
        figures.rank_ranks(ranks, rng.standard_normal((1, 39, 39))),
        figures.bridge(bridge(0.003)),
    ]
    for i, figure in enumerate(drawn):
        save(figure, tmp_path / f"{i}.svg", tmp_path / f"{i}.png")
        assert (tmp_path / f"{i}.png").stat().st_size > 2000
    assert figures.trajectories(shapes.assign(cluster=0), order) is None
    assert figures.ontology(processes.assign(q_hypergeometric=1.0)) is None
    assert figures.bridge(bridge(0.1).iloc[3:]) is None
    assert figures.upset(bars.iloc[:0], []) is None
    assert figures.rank_ranks(ranks.iloc[:0], np.empty((0, 39, 39))) is None


def test_bars_of_processes_that_are_surer_than_a_number():
    table = pd.DataFrame({"contrast": "a", "direction": "up", "set": ["Axonogenesis (GO:0007409)", "x"]})
    figure = figures.ontology(table.assign(q_hypergeometric=[0.0, 0.01]))
    assert [bar.get_width() for bar in figure.axes[0].patches] == pytest.approx([2, 300])
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["x (a)", "Axonogenesis (a)"]


def test_a_union_that_is_cut_says_so(monkeypatch):
    table = pd.DataFrame(
        {"gene": list("wxyz"), "contrast": "a", "log2fc": [1.0, 3, -2, 0.5], "direction": [1, 1, -1, 0]}
    )
    assert figures.differential(table).axes[1].get_title("left") == "Union of changed genes (3)"
    monkeypatch.setattr(figures, "N_UNION", 2)
    assert figures.differential(table).axes[1].get_title("left") == "Union of changed genes (2 largest of 3)"


def test_like_genes_are_side_by_side():
    values = np.array([[1.0, 1], [-3, 2], [1.1, 1], [-3, 2.1], [1, 1.1]])
    order = figures._by_likeness(values).tolist()
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert abs(order.index(1) - order.index(3)) == 1
    assert figures._by_likeness(values[:1]).tolist() == [0]


def test_venn_has_the_numbers():
    bars = pd.DataFrame({"kind": "up; SUSvsCON, tissues", "sets": ["NAc & PFC", "PFC"], "n_genes": [5, 2]})
    figure = figures.venn(bars, CONTRASTS, ("NAc", "PFC"))
    assert [t.get_text() for t in figure.axes[0].texts] == ["0", "5", "2", "NAc", "PFC"]
    assert [t.get_text() for t in figure.axes[1].texts][:3] == ["0", "0", "0"]
