"""Random field theory and topological FDR against SPM12's own functions, and against simulated fields."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from amygene.stats.random_field import (
    TField,
    cluster_p,
    ec_densities,
    expected_clusters,
    extent_p,
    peak_p,
    resel_counts,
)
from amygene.stats.topological_fdr import cluster_q, peak_q


@pytest.fixture
def studies(reference):
    return [part for _, part in reference("spm_topological").groupby("study")]


def test_p_and_q_are_spm12s(studies):
    assert len(studies) == 5
    for part in studies:
        first = part.iloc[0]
        df, threshold = first["df"], first["threshold"]
        resels = first[["r0", "r1", "r2", "r3"]].to_numpy(dtype=float)
        fwhm = first[["fwhm_x", "fwhm_y", "fwhm_z"]].to_numpy(dtype=float)
        field = TField(df, resels, fwhm)
        size, height = part["size"].to_numpy(), part["height"].to_numpy()
        close = {"rel": 1e-6, "abs": 1e-12}
        assert expected_clusters(threshold, field) == pytest.approx(first["expected"], **close)
        assert extent_p(size, threshold, field) == pytest.approx(part["extent_p"].to_numpy(), **close)
        assert cluster_p(size, threshold, field) == pytest.approx(part["cluster_p"].to_numpy(), **close)
        assert cluster_q(size, threshold, field) == pytest.approx(part["cluster_q"].to_numpy(), **close)
        assert peak_p(height, field) == pytest.approx(part["peak_p"].to_numpy(), **close)
        assert peak_q(height, threshold, field) == pytest.approx(part["peak_q"].to_numpy(), **close)


def test_the_density_in_0_dimensions_is_the_tail_of_t():
    for t in (0.5, 3.1, 8.0):
        assert ec_densities(t, 40)[0] == pytest.approx(stats.t.sf(t, 40), rel=1e-12)
        assert ec_densities(t, np.inf)[0] == pytest.approx(stats.norm.sf(t), rel=1e-12)


def test_a_t_field_with_many_degrees_of_freedom_is_gaussian():
    assert ec_densities(3.5, 1e7) == pytest.approx(ec_densities(3.5, np.inf), rel=1e-5)


def test_resels_of_a_box_are_its_intrinsic_volumes():
    # a box of 10 x 7 x 4 voxels spans 9 x 6 x 3 steps
    mask = np.zeros((14, 12, 9), dtype=bool)
    mask[2:12, 3:10, 1:5] = True
    a, b, c = 9 / 3, 6 / 2, 3 / 1.5
    assert resel_counts(mask, (3, 2, 1.5)) == pytest.approx([1, a + b + c, a * b + a * c + b * c, a * b * c])


def test_resels_of_a_hollow_box_count_its_cavity():
    mask = np.ones((7, 7, 7), dtype=bool)
    mask[2:5, 2:5, 2:5] = False
    # Euler characteristic of a hollow ball is 2
    assert resel_counts(mask, (1, 1, 1))[0] == 2


def test_a_single_slice_has_no_volume():
    mask = np.ones((8, 9, 1), dtype=bool)
    resels = resel_counts(mask, (2, 2, 1))
    assert resels == pytest.approx([1, 3.5 + 4, 3.5 * 4, 0])
    assert 0 < extent_p(np.array([5]), 3.0, TField(50, resels, np.array([2, 2, 1])))[0] < 1


def test_a_set_of_points_has_no_extent():
    assert extent_p(np.array([3, 9]), 3.0, TField(50, np.array([4.0, 0, 0, 0]), np.full(3, 2.0))).tolist() == [1, 1]


@pytest.mark.slow
def test_the_expected_number_of_clusters_is_that_of_smooth_gaussian_fields():
    from scipy import ndimage

    from amygene.stats.clusters import structure

    rng = np.random.default_rng(0)
    shape, fwhm, threshold = (40, 40, 40), 6.0, 2.9
    sigma = fwhm / np.sqrt(8 * np.log(2))
    count = []
    for _ in range(150):
        noise = ndimage.gaussian_filter(rng.standard_normal([n + 24 for n in shape]), sigma, truncate=5)
        smooth = noise[12:-12, 12:-12, 12:-12] / np.sqrt((1 / (2 * sigma * np.sqrt(np.pi))) ** 3)
        count.append(ndimage.label(smooth > threshold, structure(6))[1])
    expected = expected_clusters(
        threshold, TField(np.inf, resel_counts(np.ones(shape, bool), [fwhm] * 3), np.full(3, fwhm))
    )
    error = np.std(count) / np.sqrt(len(count))
    assert abs(np.mean(count) - expected) < 3 * error + 0.05 * expected
