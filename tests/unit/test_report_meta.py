"""The report's part on published effects: sentences from the tables, and figures that can be drawn."""

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nibabel.nifti1 import Nifti1Image

from amygene.report.figures import meta as figures_meta
from amygene.report.page import Shown, map_name
from amygene.report.references import REFERENCES, cited
from amygene.report.sections import meta
from amygene.report.style import save
from amygene.settings import complete, read_schema

ROOT = Path(__file__).parents[2]
CLUSTERS = pd.DataFrame(
    {
        "cluster": [1, 2],
        "n_voxels": [135, 40],
        "peak_x": [-36, 4],
        "peak_y": [32, 5],
        "peak_z": [28, 6],
        "centre_x": [-38, 4],
        "centre_y": [30, 5],
        "centre_z": [30, 6],
        "p_fwe": [0.0042, 0.3],
        "aal": ["Frontal_Mid_L 80 %", "no region 100 %"],
    }
)
SHARES = pd.DataFrame({"cluster": 1, "experiment": ["A", "B", "C"], "share": [60.0, 39.5, 0.5]})
LEFT = pd.DataFrame(
    {
        "cluster": 1,
        "experiment": ["A", "B", "C"],
        "n_voxels": [60, 100, 135],
        "n_shared": [60, 100, 135],
        "p_fwe": [0.2, 0.03, 0.004],
    }
)


@pytest.fixture
def picture() -> Shown:
    return Shown(b"png", "figures/a.png")


def words(blocks) -> str:
    return json.dumps([b.get("sentences", "") for b in blocks])


def test_overview_counts_and_names():
    table = pd.DataFrame(
        {
            "comparison": ["up", "up", "up"],
            "subgroup": ["all", "drug", "few"],
            "n_experiments": [20, 14, 7],
            "n_foci": [179, 100, 40],
            "n_subjects": [341, 300, 90],
            "p_fwe": [0.0042, 0.2, np.nan],
            "n_significant": [1, 0, 0],
            "places": ["Frontal_Mid_L (-38, 30, 30; 135 voxels)", None, None],
            "n_draws": [10000, 1000, 0],
            "reason": [None, None, "7 experiments; fewer than 12"],
        }
    )
    blocks, findings = meta.overview(Shown(table, "meta/analyses.tsv"), ["63 of 179 foci were Talairach."])
    assert "2 analyses of convergence made, 1 refused" in findings[0]
    assert "up at Frontal_Mid_L (-38, 30, 30; 135 voxels)" in findings[0]
    assert "Talairach" in words(blocks)
    shown = next(b for b in blocks if b["kind"] == "table")
    assert [row["marked"] for row in shown["rows"]] == [True, False, False]
    _, findings = meta.overview(Shown(table.assign(n_significant=0), "a.tsv"), [])
    assert "Effects converge in none." in findings[0]


def test_comparison_tells_what_it_hangs_on(picture):
    blocks, _ = meta.comparison(
        "up",
        Shown(CLUSTERS, "a.tsv"),
        Shown(SHARES, "b.tsv"),
        picture,
        picture,
        Shown(LEFT, "c.tsv"),
        "p rests on draws",
    )
    text = words(blocks)
    assert "135 voxels around -38, 30, 30 (peak -36, 32, 28), family-wise p = .004" in text
    assert "2 of 3 experiments give 1 % or more" in text
    assert "stays significant 2 of 3 times; not without A." in text


def test_names_of_maps():
    assert map_name("meta-ale_comparison-increase") == "increase, convergence"
    assert map_name("meta-network_comparison-increase") == "increase, networks"


def test_networks_say_which_differ(picture):
    regions = pd.DataFrame({"region": ["a", "b"], "p": [0.001, 0.5], "q": [0.002, 0.5], "z_value": [3.1, 0.2]})
    nets = pd.DataFrame({"network": ["FPN", "DMN"], "p": [0.002, 0.5], "q": [0.01, 0.5], "z_value": [3.0, 0.1]})
    settings = {"foci": 170, "experiments": 20, "median_distance": 1.0, "foci_without_region": 9, "r_unweighted": 0.95}
    lost = pd.DataFrame({"sample": ["A"], "distance": [12.0], "x": [1.0], "y": [2.0], "z": [3.0]})
    blocks, findings = meta.networks(
        {"up": Shown(regions, "a.tsv")}, {"up": Shown(nets, "b.tsv")}, {"up": picture}, picture,
        {"up": Shown(lost, "c.tsv")}, {"up": settings}, "Mean of controls.",
    )  # fmt: skip
    assert findings == [
        "Network convergence, up: 1 of 2 regions and FPN (more, q = .010) differ from random foci at q < .05."
    ]
    assert "9 have none within 10 mm" in words(blocks)
    assert any(b.get("folded") == "foci without a region" for b in blocks)


def test_joins_answer_the_question(picture):
    pairs = pd.DataFrame(
        {
            "map": ["contrast-MDDvsHC_seed-RAMY", "meta-ale_comparison-up"],
            "other": ["meta-ale_comparison-up", "circuit of 5CM"],
            "n_regions": 80,
            "r": [0.31, 0.5],
            "p_null": [0.02, 0.4],
            "q_null": [0.04, 0.4],
        }
    )
    targets = pd.DataFrame({"target": ["5CM"], "x": [-41.0], "y": [16.0], "z": [54.0]})
    receptors = pd.DataFrame(
        {
            "map": ["meta-ale_comparison-up"],
            "receptor": ["DAT"],
            "n_regions": 80,
            "r": [0.2],
            "p_null": [0.3],
            "q_null": [0.3],
        }
    )
    names = {m: map_name(m) if "-" in m else m for m in pd.concat([pairs["map"], pairs["other"]])}
    _, findings = meta.joins(
        Shown(pairs, "a.tsv"), picture, Shown(targets, "b.tsv"), picture,
        (Shown(receptors, "c.tsv"), Shown(receptors.head(0), "d.tsv"), picture),
        ["contrast-MDDvsHC_seed-RAMY"], names, "Replicate.",
    )  # fmt: skip
    assert findings[0] == "MDDvsHC, RAMY and up, convergence: r = 0.31, p = .020 under null maps."
    assert findings[1] == "Replicate."
    assert findings[2].startswith("Receptors: 0 of 1 correlations")


CONFIG = {
    "study": "s",
    "stages": ["meta", "report"],
    "atlas": "DK83",
    "meta": {"foci": ["a.tsv"], "connectome": {"matrix": "m.csv"}, "receptors": {"folder": "pet"}, "database": {}},
}


def test_methods_say_what_was_done():
    schema = read_schema(ROOT / "config/schemas/config.schema.yaml")
    config = complete(CONFIG, schema)
    text, references = cited(meta.methods(config, {}))
    joined = " ".join(text)
    for expected in (
        "10000 sets of random foci",
        "a published connectome",
        "Moran spectral",
        "kernel of 20 participants",
        "voxels with p < 0.001",
    ):
        assert expected in joined
    assert REFERENCES["eickhoff"] in references
    assert REFERENCES["cash"] in references
    plain = copy.deepcopy(config)
    del plain["meta"]["connectome"], plain["meta"]["database"], plain["meta"]["receptors"]
    assert len(meta.methods(plain, {})) == 2
    assert meta.methods(config | {"stages": ["group"]}, {}) == []


@pytest.mark.slow
def test_figures_can_be_drawn(tmp_path):
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = (-90, -126, -72)
    z = np.zeros((46, 55, 46))
    z[14:18, 38:42, 24:28] = 4
    rng = np.random.default_rng(1)
    categories = pd.DataFrame(
        {"cluster": 1, "annotation": ["drug", "drug"], "category": ["SSRI", "other"], "share": [70.0, 30.0]}
    )
    nets = pd.DataFrame(
        {
            "network": list("ABCDEFG"),
            "connectivity": 0.3,
            "null_mean": 0.2,
            "null_low": 0.1,
            "null_high": 0.35,
            "p": 0.01,
            "q": 0.04,
        }
    )
    names = {f"m{i}": f"map {i}" for i in range(5)}
    pairs = [
        {"map": f"m{i}", "other": f"m{j}", "r": rng.uniform(-1, 1), "q_null": 0.04}
        for i in range(5)
        for j in range(i + 1, 5)
    ]
    tests = pd.DataFrame(
        [
            {"map": m, "receptor": r, "r": rng.uniform(-1, 1), "q_null": 0.04}
            for m in ("m0", "m1")
            for r in ("DAT", "NAT")
        ]
    )
    inside = pd.DataFrame(
        {
            "comparison": "up",
            "cluster": 1,
            "receptor": ["DAT", "NAT"],
            "density": 0.5,
            "null_low": 0.2,
            "null_high": 0.7,
            "q_null": 0.3,
        }
    )
    image, labels = Nifti1Image(z, affine), Nifti1Image((z > 0).astype(np.int16), affine)
    blank, no_labels = Nifti1Image(z * 0, affine), Nifti1Image((z * 0).astype(np.int16), affine)
    place = pd.DataFrame({"target": ["5CM"], "x": [-41], "y": [16], "z": [54]})
    figures = {
        "convergence": figures_meta.convergence(rng.uniform(-40, 40, (30, 3)), image, labels, [1], "up"),
        "nothing": figures_meta.convergence(np.zeros((0, 3)), blank, no_labels, [], "up"),
        "contributions": figures_meta.contributions(SHARES, categories, LEFT),
        "alone": figures_meta.contributions(SHARES, categories.head(0), None),
        "canonical": figures_meta.canonical({"up": nets, "down": nets}),
        "similarity": figures_meta.similarity(pd.DataFrame(pairs), names),
        "targets": figures_meta.targets(place, {"up 1": (-38.0, 30.0, 30.0)}),
        "receptors": figures_meta.receptors(tests, inside, names),
    }  # fmt: skip
    for name, figure in figures.items():
        save(figure, tmp_path / f"{name}.svg", tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 3000


@pytest.mark.parametrize(
    ("nulls", "phrase"),
    [("moran", "Moran spectral"), ("variogram", "surrogates whose variogram"), ("shuffled", "replicate of published")],
)
def test_methods_name_the_null_maps_that_were_used(nulls, phrase):
    config = complete(
        CONFIG | {"meta": {"foci": ["a.tsv"], "nulls": nulls}}, read_schema(ROOT / "config/schemas/config.schema.yaml")
    )
    (maps,) = [line for line in meta.methods(config, {}) if line.startswith("Maps beside each other.")]
    assert phrase in maps
