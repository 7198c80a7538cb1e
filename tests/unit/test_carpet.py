"""Which scans are shown as carpets, and that a carpet shows the scan."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from amygene.connectivity.carpet import N_LINES, ORDER, carpet, chosen
from amygene.imaging.grid import Grid
from amygene.imaging.scans import Scan
from fixtures import scans

CLEANING = scans.CLEANING


def test_the_least_the_median_and_the_most_motion():
    qc = pd.DataFrame(
        {"participant_id": list("abcdea"), "session": list("111112"), "mean_fd": [0.3, 0.1, 0.5, 0.2, 0.4, 9]}
    )
    assert chosen(qc) == [("b", "least motion"), ("a", "median"), ("c", "most motion")]
    assert chosen(qc[:2]) == [("b", "shown"), ("a", "shown")]
    assert len(chosen(qc.assign(mean_fd=np.nan))) == 3


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("carpet")
    files = scans.write_scan(folder, "sub-1_task-rest", 1, spikes=[30])
    scan = Scan("", "", *(str(files[k]) for k in ("bold", "mask", "confounds")))
    labels = np.zeros(scans.SHAPE, dtype=np.int16)
    labels[:4], labels[4:7], labels[7:9] = 1, 2, 3
    regions = pd.DataFrame({"index": [1, 2, 3], "structure": ["cerebellum", "cortex", None]})
    atlas = nib.Nifti1Image(labels, scans.AFFINE)
    made = carpet(scan, scans.brain(), Grid(scans.SHAPE, scans.AFFINE), regions, atlas, CLEANING)
    return nib.load(files["bold"]).get_fdata(), made


def test_lines_are_voxels_by_structure_with_unit_variance(shown):
    values, (displacement, kept, before, after, layer) = shown
    assert before.shape == after.shape == (len(layer), 80)
    assert len(layer) <= N_LINES
    assert [name for name in ORDER if name in layer] == ["cortex", "cerebellum", "other"]
    ranks = [ORDER.index(name) for name in layer]
    assert ranks == sorted(ranks)
    assert np.flatnonzero(~kept).tolist() == [29, 30, 31]
    assert displacement[30] > 0.5
    np.testing.assert_allclose(before.std(axis=1), 1)
    # every line is a voxel of its structure
    inside = np.where(scans.brain()[..., None], values, np.nan)
    scaled = (inside - inside.mean(axis=3, keepdims=True)) / inside.std(axis=3, keepdims=True)
    for name, part in (("cortex", slice(4, 7)), ("cerebellum", slice(0, 4)), ("other", slice(7, None))):
        voxels = scaled[part].reshape(-1, 80)
        for line in before[layer == name][:5]:
            assert np.nanmin(np.abs(voxels - line).max(axis=1)) < 1e-4


def test_volumes_that_are_left_out_are_missing_after_cleaning(shown):
    _, (_, kept, _, after, _) = shown
    assert np.isnan(after[:, ~kept]).all()
    assert np.isfinite(after[:, kept]).all()
    # what all voxels share is gone
    shared = np.nanmean(after, axis=0)[kept].std()
    assert shared < 0.35
