"""Benjamini and Hochberg's procedure against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.multitest import multipletests

from amygene.stats.multiplicity import benjamini_hochberg, discoveries


@settings(derandomize=True, max_examples=60, deadline=None)
@given(arrays(float, st.integers(1, 40), elements=st.floats(0, 1)))
def test_adjusted_p_equals_statsmodels(p):
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-14)


def test_missing_p_is_no_member_of_the_family():
    p = np.array([0.01, np.nan, 0.04, 0.03, np.nan, 0.5])
    known = ~np.isnan(p)
    found = benjamini_hochberg(p)
    assert found[known] == pytest.approx(multipletests(p[known], method="fdr_bh")[1])
    assert np.isnan(found[~known]).all()


def test_all_missing_stays_missing():
    assert np.isnan(benjamini_hochberg(np.full(3, np.nan))).all()


@pytest.mark.parametrize("level", [0.01, 0.05, 0.2, 1.0])
def test_discoveries_equal_statsmodels_row_by_row(level):
    rng = np.random.default_rng(0)
    p = rng.random((50, 80)) ** rng.integers(1, 5, (50, 1))
    p[0], p[1], p[2] = 1, 0, level * 0.5
    p[3, :40] = level * 40 / 80  # exactly on the line
    expected = [multipletests(row, level, method="fdr_bh")[0].sum() for row in p]
    assert discoveries(p, level).tolist() == expected
    assert len(set(expected)) > 3 or level == 1.0


def test_share_of_false_discoveries_is_below_the_level():
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(300):
        p = np.concatenate([rng.random(80), rng.beta(0.05, 5, 20)])
        found = benjamini_hochberg(p) <= 0.1
        shares.append(found[:80].sum() / max(found.sum(), 1))
    # expected .1 x 80 / 100
    assert np.mean(shares) == pytest.approx(0.08, abs=4 * np.std(shares) / np.sqrt(300))
