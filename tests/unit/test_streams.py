"""Random streams are addressed, not consumed."""

from __future__ import annotations

from itertools import product

import numpy as np

from amygene.stats import streams
from amygene.stats.permutation import draw_orders

PURPOSES = [v for k, v in vars(streams).items() if k.isupper()]


def test_a_stream_depends_on_seed_purpose_and_index_alone():
    alone = streams.stream(1, streams.NULL_MAPS, 5).random(4)
    for i in range(5):
        streams.stream(1, streams.NULL_MAPS, i).random(100)
    assert np.array_equal(streams.stream(1, streams.NULL_MAPS, 5).random(4), alone)


def test_no_two_streams_are_alike():
    assert len(PURPOSES) == len(set(PURPOSES)) >= 3
    first = {float(streams.stream(s, p, i).random()) for s, p, i in product((1, 2), PURPOSES, range(50))}
    assert len(first) == 2 * len(PURPOSES) * 50


def test_relabelings_share_no_stream_with_other_draws():
    # a relabeling's stream has a key of one number, the others have two
    keys = np.random.default_rng(np.random.SeedSequence(1, spawn_key=(streams.NULL_MAPS,))).random(6)
    order = draw_orders(1, np.array([streams.NULL_MAPS]), np.zeros(6, dtype=int))[0]
    assert order.tolist() == np.argsort(keys).tolist()
    for purpose in PURPOSES:
        assert not np.array_equal(streams.stream(1, purpose, 0).random(6), keys)
