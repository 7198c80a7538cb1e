"""Sequential p: its definition, its level, and against plain permutation."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.stats.permutation import p_value
from amygene.stats.sequential import draws_needed, is_clear, sequential_p


def by_definition(observed, draws, stop):
    b = 0
    for draw, value in enumerate(draws, start=1):
        b += value >= observed
        if b == stop:
            return b / draw, b, draw
    return (1 + b) / (1 + len(draws)), b, len(draws)


def test_p_is_besag_and_cliffords():
    rng = np.random.default_rng(0)
    draws = rng.normal(size=200)
    observed = np.array([-1.0, 0.0, 0.7, 1.5, 2.2, 9.0])
    reached, used = draws_needed(observed, draws, 10)
    expected = np.array([by_definition(x, draws, 10) for x in observed])
    assert sequential_p(reached, used, 10) == pytest.approx(expected[:, 0])
    assert np.array_equal(np.column_stack([reached, used]), expected[:, 1:])
    assert sequential_p(reached, used, 10).min() >= 1 / 201


@pytest.mark.parametrize("stop", [5, 20])
def test_level_holds_for_any_stop(stop, assert_level):
    rng = np.random.default_rng(stop)
    p = []
    for _ in range(2500):
        reached, used = draws_needed(rng.normal(size=1), rng.normal(size=399), stop)
        p.append(sequential_p(reached, used, stop)[0])
    assert_level(p)
    assert_level(p, 0.2)


def test_it_agrees_with_all_draws_within_its_error_and_draws_less():
    rng = np.random.default_rng(2)
    draws = rng.normal(size=10_000)
    observed = rng.normal(size=300)
    stop = 50
    reached, used = draws_needed(observed, draws, stop)
    plain = p_value((draws[None] >= observed[:, None]).sum(axis=1), len(draws))
    p = sequential_p(reached, used, stop)
    # the relative error of a p that rests on `stop` hits is 1 / sqrt(stop)
    assert np.abs(p / plain - 1).max() < 4 / np.sqrt(stop)
    assert used.mean() < 1500
    assert (p[used == 10_000] == plain[used == 10_000]).all()


def test_ties_are_reached():
    reached, used = draws_needed(np.array([2.0]), np.array([1.0, 2.0, 2.0, 3.0]), 2)
    assert (reached[0], used[0]) == (2, 3)


def test_it_is_clear_when_enough_draws_have_reached_the_largest():
    draws = np.array([1.0, 5.0, 3.0, 4.0])
    assert is_clear(3.0, draws, 3)
    assert not is_clear(3.5, draws, 3)
