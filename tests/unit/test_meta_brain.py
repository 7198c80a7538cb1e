"""The grid: where a coordinate lies."""

import numpy as np
import pytest

from amygene.meta.brain import Brain, make_brain
from fixtures.meta import ball

AFFINE = np.array([[2.0, 0, 0, -90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])


def test_voxel_centres_are_themselves():
    grid = ball()
    ijk = np.argwhere(grid.mask)
    assert np.array_equal(grid.voxels_of_foci(grid.xyz(ijk)), ijk)


def test_halves_go_left_front_and_up():
    """As the nearest voxel of SPM's grid, whose x runs to the left."""
    grid = Brain.of(np.ones((91, 109, 91), dtype=bool), AFFINE)
    odd = np.array([[-37.0, 31.0, 27.0], [37.0, -31.0, -27.0]])
    spm = AFFINE.copy()
    spm[0, 0], spm[0, 3] = -2, 90
    inverse = np.linalg.inv(spm)
    in_spm = np.floor(odd @ inverse[:3, :3].T + inverse[:3, 3] + 0.5)
    expected = in_spm @ spm[:3, :3].T + spm[:3, 3]
    assert np.array_equal(grid.xyz(grid.voxels_of_foci(odd)), expected)
    assert np.array_equal(grid.xyz(grid.voxels_of_foci(odd)), [[-38.0, 32.0, 28.0], [36.0, -30.0, -26.0]])


def test_a_coordinate_moves_less_than_half_a_voxel():
    grid = Brain.of(np.ones((91, 109, 91), dtype=bool), AFFINE)
    xyz = np.random.default_rng(1).uniform(-60, 60, (200, 3))
    assert np.abs(grid.xyz(grid.voxels_of_foci(xyz)) - xyz).max() <= 1


def test_gray_is_a_part_of_the_brain():
    brain = ball(size=2.0)
    gray = np.zeros(brain.mask.shape)
    gray[: len(gray) // 2] = 0.8
    found = make_brain(brain.mask, gray, brain.affine)
    assert found.mask.any()
    assert not (found.mask & ~brain.mask).any()
    assert found.mask.sum() < 0.7 * brain.mask.sum()


def test_axes_that_run_elsewhere_are_refused():
    turned = AFFINE.copy()
    turned[0, 0] = -2
    with pytest.raises(ValueError, match="run to the right"):
        make_brain(np.ones((3, 3, 3), dtype=bool), None, turned)


def test_arrays_and_back():
    grid = ball()
    again = Brain.from_arrays(grid.to_arrays())
    assert np.array_equal(again.mask, grid.mask)
    assert np.array_equal(again.affine, grid.affine)
