"""One matrix does what nilearn's signal.clean does."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from nilearn import signal
from scipy.interpolate import CubicSpline

from amygene.cleaning.operator import SHORTEST_FILTERED, cleaning_operator, degrees_of_freedom, kept_volumes

N = 150
TR = 2.0
BAND = (0.01, 0.1)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(0)
    return 50 + np.cumsum(rng.standard_normal((N, 40)), axis=0)


@pytest.fixture(scope="module")
def regressors():
    rng = np.random.default_rng(1)
    return np.cumsum(rng.standard_normal((N, 26)), axis=0)


def clean(series, kept, regressors=None, band=None, detrend=True):
    """nilearn's own way."""
    return signal.clean(
        series,
        detrend=detrend,
        standardize=None,
        sample_mask=None if kept.all() else np.flatnonzero(kept),
        confounds=regressors,
        filter="butterworth" if band else False,
        high_pass=band[0] if band else None,
        low_pass=band[1] if band else None,
        t_r=TR,
    )


ALL = np.ones(N, dtype=bool)
#: no censored volume in the place that mirrors another
SOME = ~np.isin(np.arange(N), [4, 5, 6, 30, 31, 99])
ENDS = ~np.isin(np.arange(N), [0, 1, 2, 60])


@pytest.mark.parametrize("kept", [ALL, SOME, ENDS], ids=["all", "scrubbed", "start"])
@pytest.mark.parametrize("band", [None, BAND, (0.01, None), (None, 0.1)], ids=["-", "band", "high", "low"])
@pytest.mark.parametrize("n_confounds", [0, 1, 26])
@pytest.mark.parametrize("detrend", [True, False])
def test_the_matrix_equals_nilearn(series, regressors, kept, band, n_confounds, detrend):
    confounds = regressors[:, :n_confounds] if n_confounds else None
    matrix = cleaning_operator(kept, confounds, repetition_time=TR, band=band, detrend=detrend)
    expected = clean(series, kept, confounds, band, detrend)
    assert matrix.shape == (kept.sum(), N)
    np.testing.assert_allclose(matrix @ series, expected, rtol=0, atol=1e-10)


@pytest.fixture
def mended(monkeypatch):
    """nilearn with its interpolation corrected: it inverts a list of indices, meant is the mask."""

    def interpolate(volumes, sample_mask, t_r, extrapolate):
        kept = np.zeros(len(volumes), dtype=bool)
        kept[sample_mask] = True
        times = np.arange(len(volumes)) * t_r
        filled = CubicSpline(times[kept], volumes[kept], extrapolate=extrapolate)(times)
        volumes[~kept] = filled[~kept]
        return volumes

    monkeypatch.setattr(signal, "_interpolate_volumes", interpolate)


@pytest.mark.parametrize(
    "censored", [[0, N - 1], [20, N - 21], [0, 1, 70, N - 2, N - 1]], ids=["both ends", "mirrored", "many"]
)
def test_scrubbed_volumes_are_filled_wherever_they_lie(series, regressors, mended, censored):
    kept = ~np.isin(np.arange(N), censored)
    matrix = cleaning_operator(kept, regressors, repetition_time=TR, band=BAND)
    expected = clean(series, kept, regressors, BAND)
    np.testing.assert_allclose(matrix @ series, expected, rtol=0, atol=1e-10)


def test_what_happens_in_a_scrubbed_volume_does_not_matter(series, regressors):
    kept = ~np.isin(np.arange(N), [20, N - 21])
    spoilt = series.copy()
    spoilt[~kept] += 1e4
    matrix = cleaning_operator(kept, regressors, repetition_time=TR, band=BAND)
    np.testing.assert_allclose(matrix @ spoilt, matrix @ series, atol=1e-8)


def test_nilearn_still_has_the_defect_that_is_worked_around(series):
    """When this fails nilearn was mended: `cleaning_operator` may hand the mask over to it."""
    kept = ~np.isin(np.arange(N), [20, N - 21])
    spoilt = series.copy()
    spoilt[~kept] += 1e4
    assert np.abs(clean(spoilt, kept, None, BAND) - clean(series, kept, None, BAND)).max() > 1


def test_confounds_trend_and_mean_are_gone(series, regressors):
    matrix = cleaning_operator(ALL, regressors)
    for gone in (regressors, np.ones((N, 1)), np.arange(N)[:, None]):
        assert np.abs(matrix @ gone).max() < 1e-9 * np.abs(gone).max()


def test_the_band_is_kept_and_the_rest_goes():
    matrix = cleaning_operator(ALL, repetition_time=TR, band=BAND)
    middle = slice(40, -40)
    for frequency, share in ((0.03, 1.0), (0.05, 1.0), (0.2, 0.0), (0.002, 0.0)):
        wave = np.sin(2 * np.pi * frequency * TR * np.arange(N))
        kept = np.std((matrix @ wave)[middle]) / np.std(wave)
        assert kept == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("n", [SHORTEST_FILTERED - 1, SHORTEST_FILTERED])
def test_the_shortest_scan_that_can_be_filtered(n):
    if n < SHORTEST_FILTERED:
        with pytest.raises(ValueError, match="padlen"):
            cleaning_operator(np.ones(n, dtype=bool), repetition_time=TR, band=BAND)
    else:
        assert cleaning_operator(np.ones(n, dtype=bool), repetition_time=TR, band=BAND).shape == (n, n)


@pytest.mark.parametrize(("kept", "n_confounds"), [(ALL, 0), (ALL, 26), (SOME, 26), (SOME, 5)])
def test_degrees_of_freedom_of_a_regression_are_volumes_minus_regressors(regressors, kept, n_confounds):
    matrix = cleaning_operator(kept, regressors[:, :n_confounds] if n_confounds else None)
    assert degrees_of_freedom(matrix) == pytest.approx(kept.sum() - 2 - n_confounds)


def test_degrees_of_freedom_of_a_filter_are_about_the_frequencies_in_its_band():
    for high, low in ((0.01, 0.1), (0.02, 0.06)):
        frequencies = np.fft.rfftfreq(N, TR)
        inside = 2 * np.count_nonzero((frequencies > high) & (frequencies < low))
        found = degrees_of_freedom(cleaning_operator(ALL, repetition_time=TR, band=(high, low)))
        assert 0.65 * inside < found < 1.1 * inside


def test_correlations_of_cleaned_noise_have_the_variance_that_the_degrees_of_freedom_say(regressors):
    """The variance of r between independent series is 1 / df (Davey 2013, the effective number of samples)."""
    rng = np.random.default_rng(3)
    matrix = cleaning_operator(SOME, regressors[:, :8], repetition_time=TR, band=BAND)
    cleaned = matrix @ rng.standard_normal((N, 1200))
    cleaned -= cleaned.mean(axis=0)
    cleaned /= np.linalg.norm(cleaned, axis=0)
    r = cleaned[:, :600].T @ cleaned[:, 600:]
    assert 1 / r.var() == pytest.approx(degrees_of_freedom(matrix), rel=0.05)


def test_a_matrix_that_keeps_nothing_leaves_no_degrees_of_freedom():
    assert degrees_of_freedom(np.empty((0, 10))) == 0
    assert degrees_of_freedom(np.zeros((3, 10))) == 0


def test_neighbours_of_a_jump_go_too():
    displacement = np.zeros(12)
    displacement[[0, 5, 6, 11]] = 0.6
    kept = kept_volumes(displacement, 0.5, before=1, after=2)
    assert np.flatnonzero(~kept).tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 10, 11]
    assert np.flatnonzero(~kept_volumes(displacement, 0.5, before=0, after=0)).tolist() == [0, 5, 6, 11]


def test_a_displacement_at_the_threshold_stays():
    assert kept_volumes(np.array([0, 0.5, 0.5000001]), 0.5, before=0, after=0).tolist() == [True, True, False]


def test_first_volumes_and_those_before_the_steady_state_go():
    unsteady = np.array([True, False, True, False, False])
    assert kept_volumes(None, None, unsteady=unsteady, n_volumes=5).tolist() == [False, True, False, True, True]
    assert kept_volumes(None, None, discard=2, n_volumes=5).tolist() == [False, False, True, True, True]
    assert kept_volumes(np.ones(3), None).all()
