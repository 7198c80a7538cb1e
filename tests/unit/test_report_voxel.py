"""Pictures and sentences of the comparison of voxels, in the cases that break them."""

from __future__ import annotations

import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from amygene.imaging.images import Grid
from amygene.models.cluster_tables import table_columns
from amygene.report.figures.group_voxels import (
    Background,
    VoxelMaps,
    projections,
    side_by_side,
    slices,
    strongest,
    viewer,
)
from amygene.report.page import Shown
from amygene.report.sections import group_voxels, response_voxels

WORDS = group_voxels.contrast_words("MDDvsHC", {"case": "MDD", "control": "HC"})
SIDECAR = {
    "participants": {"case": 39, "control": 45},
    "voxels": 28983,
    "fwhm_mm": [7.0, 7.5, 8.0],
    "p_from": dict.fromkeys(("t", "size", "mass", "tfce"), "500 draws, counted"),
    "critical_t": 4.61,
    "smallest_g": 0.62,
    "smallest_g_fwe": 1.234,
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def background():
    return Background()


def maps(peak=5.0):
    """A bump of t at MNI -24, 30, 16 (or none), on a grid of 6 mm."""
    affine = np.diag([-6.0, 6, 6, 1])
    affine[:3, 3] = [90, -126, -72]
    grid = Grid((31, 37, 32), affine)
    xyz = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1) @ affine[:3, :3].T + affine[:3, 3]
    distance2 = ((xyz - [-24, 30, 16]) ** 2).sum(axis=-1)
    t = np.where(((xyz - [0, -18, 10]) ** 2 / np.array([70, 90, 70.0]) ** 2).sum(axis=-1) < 1, 0.1, np.nan)
    t = t + peak * np.exp(-distance2 / 200)
    significant = np.abs(t) > 3
    return VoxelMaps(t, np.where(significant, 0.01, 1), np.where(significant, 0.02, 0.5), 3.0, grid)


def table(rows):
    """A table of clusters, a row per dictionary; what is not given is missing."""
    frame = pd.DataFrame(
        rows, columns=[*table_columns(), "aal_peak", "aal_regions", "harvard_oxford_peak", "harvard_oxford_regions"]
    )
    numbers = [c for c in table_columns() if c != "formed_by"]
    return frame.astype(dict.fromkeys(numbers, float))


def cluster(t=-5.0, p=0.004, **more):
    row = {"formed_by": "height", "cluster": 1, "peak": 1, "x": -24, "y": 30, "z": 16, "t": t, "n_voxels": 80}
    row |= {"p_size": p, "p_mass": p, "q_size_rft": p, "cluster_p_tfce": p, "p_fwe": p, "aal_peak": "Frontal_Mid_L"}
    return row | more


def test_slices_show_the_brain_from_above_with_left_on_the_left(background):
    plane = background.plane(2, 16.0)
    assert (np.diff(plane[0, :, 0]) > 0).all()  # left to right
    assert (np.diff(plane[:, 0, 1]) < 0).all()  # front above
    assert (plane[..., 2] == 16).all()
    m = maps()
    shown = background.look(m.t, m.grid.affine, plane, np.nan)
    row, column = np.unravel_index(np.nanargmax(shown), shown.shape)
    assert plane[row, column, :2] == pytest.approx([-24, 30], abs=4)
    # outside the voxels that were analysed nothing is painted
    assert np.isnan(shown[0, 0])


@pytest.mark.parametrize("peak", [5.0, 0.0])
def test_pictures_are_drawn_with_and_without_clusters(background, peak, tmp_path):
    shown = maps(peak)
    figure = slices(shown, background)
    assert len(figure.axes) == 4  # three rows and a colour bar
    figure.savefig(tmp_path / "slices.png")
    figure = projections(shown)
    # axes overlap, and a later one's background would cut the brain before it
    assert not any(axes.patch.get_visible() for axes in figure.axes if axes.name == "3d")
    figure.savefig(tmp_path / "projections.png")
    assert (tmp_path / "projections.png").stat().st_size > 20_000


def test_seeds_stand_side_by_side_with_their_strongest_cluster(background):
    several = table([cluster(), cluster(cluster=2, p=0.0001, t=4.0, aal_peak="Insula_R"), cluster(peak=2, p=np.nan)])
    assert strongest(several)["aal_peak"] == "Insula_R"
    figure = side_by_side({"LCMA": (maps(), several), "RCMA": (maps(0), table([])), "X": (maps(), several)}, background)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0].startswith("LCMA: Insula_R, t = 4.0, 80 voxels, p =")
    assert titles[1] == "RCMA: no cluster"


def test_the_viewer_asks_nothing_of_the_network():
    html = viewer(maps())
    # it opens at the bump
    affine = np.array(json.loads(re.search(r'"affine": (\[\[.*?\]\])', html)[1]))
    place = json.loads(re.search(r'"numSlice": (\{.*?\})', html)[1])
    xyz = affine[:3, :3] @ [place[axis] for axis in "XYZ"] + affine[:3, 3]
    assert np.abs(xyz - [-24, 30, 16]).max() <= 6
    assert "<canvas" in html
    assert 'src="http' not in html


def test_nothing_found_is_not_called_no_difference():
    words = group_voxels.difference(table([cluster(p=0.4)]), WORDS, "LCMA")
    assert "no cluster differs between MDD and HC; the smallest p of a cluster's size is .400 (Frontal_Mid_L)" in words
    assert "not evidence that there is no difference" in words
    assert "no cluster differs" in group_voxels.difference(table([]), WORDS, "LCMA")


def test_clusters_are_named_with_their_direction_and_counted_by_every_method():
    rows = [cluster(), cluster(cluster=2, t=4.2, p=0.3, q_size_rft=0.04, aal_peak="Insula_R")]
    rows += [cluster(formed_by="tfce"), cluster(formed_by="tfce", peak=2, cluster_p_tfce=np.nan)]
    words = group_voxels.difference(table(rows), WORDS, "LCMA")
    assert "LCMA is less connected in MDD with Frontal_Mid_L (80 voxels, peak t = -5.00 at -24, 30, 16)" in words
    assert "1 by size, 1 by mass, 2 by topological FDR, 1 by TFCE" in words
    assert "Insula_R" not in words  # significant by nothing that is two-sided


def test_what_only_topological_fdr_finds_is_told_without_the_rest():
    rows = [cluster(p=0.2, p_mass=0.2, q_size_rft=0.3), cluster(cluster=2, p=0.3, p_mass=0.3, q_size_rft=0.04)]
    rows[1]["aal_peak"] = "Insula_R"
    words = group_voxels.difference(table(rows), WORDS, "LCMA")
    assert "with Insula_R" in words
    assert "Frontal_Mid_L" not in words
    assert "0 by size, 0 by mass, 1 by topological FDR, 0 by TFCE" in words


def test_p_over_several_tests_are_told():
    several = {"tests": ["a", "b", "c"], "over_tests": "the smallest p of any test, draw by draw"}
    words = group_voxels.behind(SIDECAR | several)
    assert (
        "of scores: 500 draws, counted. All four are over the 3 tests of this effect: by the smallest p of any test, "
        "draw by draw. With"
    ) in words
    assert "tests" not in group_voxels.behind(SIDECAR)
    assert "5 responders and 4 PAT" in group_voxels.behind(SIDECAR | {"participants": {"responder": 5, "PAT": 4}})


def test_the_smallest_effect_that_could_be_found_is_told():
    words = group_voxels.behind(SIDECAR)
    assert (
        "With a power of 80 % the sample finds g = 0.62 in one voxel looked at by itself (p < .05), and g = 1.23 in "
        "one voxel family-wise by height (|t| > 4.6)"
    ) in words
    # too few draws for a family-wise p below .05; sites pooled with random effects
    few = group_voxels.behind(SIDECAR | {"critical_t": None, "smallest_g_fwe": None})
    assert "g = 0.62" in few
    assert "family-wise by height" not in few
    assert "power" not in group_voxels.behind(SIDECAR | {"smallest_g": None, "smallest_g_fwe": None})
    alone = {k: v for k, v in SIDECAR.items() if not k.startswith("smallest")}
    assert "finds r = 0.43 in" in group_voxels.behind(alone | {"smallest_r": 0.43, "smallest_r_fwe": 0.7})
    shown = group_voxels.behind(SIDECAR | {"equivalent_voxels": 1200, "settings": {"margin": 0.8}})
    assert "In 1200 voxels the difference is shown to be smaller than 0.8 standard deviations" in shown


def test_methods_say_how_several_tests_of_treatment_were_corrected():
    def text(draws):
        voxel = {"connectivity": 18, "cluster_p": 0.001, "draws": draws, "until": 50, "margin": None}
        response = {"changes": {"x": {"groups": None}}, "associations": {}, "normalisation": {}}
        config = {"stages": ["response"], "response": response, "group": {"voxel": voxel}}
        (said,) = response_voxels.methods(config | {"permutations": {"voxels": 5000}}, {})
        return said

    assert "the share of draws that have as small a p in any of them [{westfall}]" in text("plain")
    assert "Bonferroni" not in text("plain")
    assert "over all tests of an effect: corrected by Bonferroni's method." in text("sequential")


def test_a_place_without_a_region_is_told_by_its_clusters_or_by_its_position():
    rows = [cluster(aal_peak=None, aal_regions="Cingulum Mid R 35 %; Cingulum_Mid_L 12 %")]
    assert "with Cingulum Mid R (80 voxels" in group_voxels.difference(table(rows), WORDS, "LCMA")
    rows = [cluster(aal_peak=None, harvard_oxford_peak=None)]
    assert "with -24, 30, 16 (80 voxels" in group_voxels.difference(table(rows), WORDS, "LCMA")


def test_a_part_holds_everything_of_every_seed_and_can_be_written():
    loso = pd.DataFrame(
        {"site": ["A"], "r_with_full": [0.8], "r_null_low": [0.6], "r_null_high": [0.9], "r_heldout_rest": [0.3]}
        | {"p_heldout_rest": [0.01], "note": [None]}
    )
    picture, page = Shown(b"png", "figures/a.png"), Shown("<html>", "figures/a.html")
    shown = {"table": Shown(table([cluster()]), "group/a.tsv"), "slices": picture, "projections": picture}
    shown |= {"viewer": page, "loso": Shown(loso, "sites/a.tsv")}
    seeds = {"LCMA": shown, "RCMA": shown | {"loso": None}}
    blocks, findings = group_voxels.part(WORDS, picture, seeds, SIDECAR)
    json.dumps(blocks)
    kinds = [block["kind"] for block in blocks]
    assert kinds.count("figure") == 5
    assert kinds.count("viewer") == 2
    assert kinds.count("table") == 3
    assert len(findings) == 2
    clusters = next(block for block in blocks if block["kind"] == "table")
    assert [row["marked"] for row in clusters["rows"]] == [True]
    assert next(c for c in clusters["columns"] if c["name"] == "x")["meaning"] == "position of the peak, MNI mm"
    assert "39 cases and 45 controls, 28983 voxels, smoothness 7.0 x 7.5 x 8.0 mm" in str(blocks)


@pytest.mark.parametrize(
    ("draws", "words"), [("plain", "(1 + b)"), ("tail", "Pareto"), ("sequential", "until 50 permutations")]
)
def test_methods_say_how_p_were_made(draws, words):
    voxel = {"connectivity": 18, "cluster_p": 0.001, "draws": draws, "until": 50, "margin": 0.3}
    config = {"group": {"voxel": voxel}, "permutations": {"voxels": 5000}}
    text = group_voxels.methods(config, {"MDDvsHC": {}})[0]
    assert words in text
    assert "5000 times" in text
    assert "smaller than 0.3 standard deviations" in text
    assert group_voxels.methods(config, {}) == []
