"""Neighbours on the padded grid against distances."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.stats.lattice import Lattice, neighbour_steps


@pytest.mark.parametrize(("connectivity", "reach"), [(6, 1), (18, 2), (26, 3)])
def test_neighbours_are_the_voxels_within_a_distance(connectivity, reach):
    mask = np.random.default_rng(0).random((5, 6, 7)) < 0.6
    lattice = Lattice(mask, connectivity)
    number = {address: i for i, address in enumerate(lattice.address)}
    ijk = np.argwhere(mask)
    for i in range(len(ijk)):
        found = {number[a] for a in lattice.address[i] + lattice.steps if a in number}
        distance2 = ((ijk - ijk[i]) ** 2).sum(axis=1)
        touching = (np.abs(ijk - ijk[i]).max(axis=1) == 1) & (distance2 <= reach)
        assert found == set(np.flatnonzero(touching))


def test_no_step_leaves_the_padded_grid():
    lattice = Lattice(np.ones((2, 3, 4), dtype=bool), 26)
    reached = lattice.address[:, None] + lattice.steps
    assert reached.min() >= 0
    assert reached.max() < np.prod(lattice.padded_shape)
    # the margin: from one end of a row one does not come to the start of the next
    assert len(np.setdiff1d(reached, lattice.address)) == 4 * 5 * 6 - 24


def test_volume_puts_values_where_the_mask_has_them():
    mask = np.random.default_rng(1).random((3, 4, 5)) < 0.5
    values = np.arange(mask.sum()) + 1.0
    assert np.array_equal(Lattice(mask, 6).volume(values, np.nan)[mask], values)
    assert np.isnan(Lattice(mask, 6).volume(values, np.nan)[~mask]).all()


def test_another_number_of_neighbours_is_refused():
    with pytest.raises(ValueError, match="6, 18 or 26 neighbours, got 8"):
        neighbour_steps(8)
