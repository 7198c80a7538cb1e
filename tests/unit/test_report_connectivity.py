"""The section of a cohort of images says what the maps rest on."""

from __future__ import annotations

import matplotlib.pyplot as plt
import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from amygene.report.figures.connectivity import Carpet, carpets, cleaning_quality, mean_maps, seed_places
from amygene.report.page import Shown
from amygene.report.sections import connectivity

AFFINE = np.array([[8.0, 0, 0, -90], [0, 8, 0, -126], [0, 0, 8, -72], [0, 0, 0, 1]])
SHAPE = (23, 28, 23)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def qc(n=12):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{i}" for i in range(n)],
            "mean_fd": rng.uniform(0.05, 0.3, n),
            "scrubbed": rng.uniform(0, 0.2, n),
            "df_left": rng.uniform(18, 40, n),
            "tsnr_A": rng.uniform(20, 60, n),
            "tsnr_B": np.nan,
        }
    )


def image(volume):
    return nib.Nifti1Image(volume.astype(np.float32), AFFINE)


def seed(at):
    volume = np.zeros(SHAPE)
    volume[at] = 1
    return image(volume)


def carpet(title, displacement=True):
    rng = np.random.default_rng(1)
    kept = np.ones(50, dtype=bool)
    kept[10:13] = False
    after = rng.standard_normal((40, 50))
    after[:, ~kept] = np.nan
    layer = np.repeat(["cortex", "subcortex", "other"], [20, 10, 10])
    return Carpet(title, rng.random(50) if displacement else None, kept, rng.standard_normal((40, 50)), after, layer)


def test_a_carpet_has_three_panels_per_scan():
    figure = carpets([carpet("a"), carpet("b", displacement=False)], 0.5)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    assert titles == ["a", "b"]
    names = {text.get_text() for text in figure.legends[0].get_texts()}
    assert names == {"cortex", "subcortex", "other"}
    images = [image for axes in figure.axes for image in axes.images if image.get_array().shape == (40, 50)]
    assert len(images) == 4
    assert len(carpets([carpet("a")], None).axes) >= 3


def test_quality_is_drawn_with_and_without_motion():
    for table in (qc(), qc().assign(mean_fd=np.nan)):
        figure = cleaning_quality(table, ["A", "B"], 15)
        offsets = figure.axes[1].collections[0].get_offsets()
        np.testing.assert_allclose(offsets[:, 1], table["df_left"])
        assert [label.get_text() for label in figure.axes[2].get_xticklabels()] == ["A", "B"]


def test_seeds_are_drawn_where_they_lie():
    seeds = {"L": seed((14, 15, 6)), "R": seed((8, 15, 6)), "NONE": image(np.zeros(SHAPE))}
    figure = seed_places(seeds, image(np.ones(SHAPE)))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["L", "R", "NONE"]


def test_mean_maps_have_a_row_per_seed():
    rng = np.random.default_rng(2)
    figure = mean_maps({name: image(rng.standard_normal(SHAPE)) for name in ("LCMA", "RCMA")})
    assert {text.get_text() for text in figure.texts} == {"LCMA", "RCMA"}


def tables():
    seeds = pd.DataFrame({"seed": ["LLBA", "LAMY"], "kind": ["probability", "regions"], "n_maps": [12, 10]})
    overlap = pd.DataFrame({"seed": ["LLBA"], "other_seed": ["LAMY"], "dice": [0.36], "n_common": [9]})
    return seeds, overlap


def part(seeds, overlap):
    picture = Shown(b"x", "figures/x.png")
    return connectivity.part(
        Shown(qc(), "connectivity/qc.tsv"),
        Shown(seeds, "connectivity/seeds.tsv"),
        Shown(overlap, "connectivity/seeds_overlap.tsv"),
        *[picture] * 4,
    )


def test_the_section_says_what_is_left_and_who_lacks_a_map():
    blocks, findings = part(*tables())
    assert len(findings) == 1
    assert findings[0].startswith("Images: 12 scans, mean framewise displacement 0.")
    said = " ".join(s for block in blocks if block["kind"] == "words" for s in block["sentences"])
    assert "LAMY has a map in 10 of 12 participants" in said
    assert "LLBA has a map" not in said
    assert "head motion not known" in connectivity.left(qc().assign(mean_fd=np.nan))


def test_subregions_are_never_called_parts_of_an_atlas_s_amygdala():
    seeds, overlap = tables()
    (warning,) = [block for block in part(seeds, overlap)[0] if block["kind"] == "warning"]
    assert "are not parts of an atlas's amygdala" in warning["text"]
    assert "Dice coefficient of 0.36 (LLBA and LAMY)" in warning["text"]
    same = seeds.assign(kind="probability")
    assert not [block for block in part(same, overlap)[0] if block["kind"] == "warning"]
