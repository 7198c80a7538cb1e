"""Where voxels lie, and which is nearest."""

from __future__ import annotations

import numpy as np
from nibabel.affines import apply_affine

from amygene.imaging.grid import Grid, nearest, standard_grid
from fixtures import scans

OBLIQUE = np.array([[2.9, 0.4, 0, -80], [-0.4, 2.9, 0.3, -100], [0, -0.3, 3.1, -60], [0, 0, 0, 1]])


def test_grids_are_the_same_to_a_thousandth_of_a_millimetre():
    grid = Grid((60, 70, 60), OBLIQUE)
    nudged = OBLIQUE.copy()
    nudged[0, 3] += 5e-4
    assert grid.same_as(Grid((60, 70, 60), nudged))
    nudged[0, 0] += 1e-3  # 6/100 mm at the far end
    assert not grid.same_as(Grid((60, 70, 60), nudged))
    assert not grid.same_as(Grid((60, 70, 61), OBLIQUE))
    assert str(Grid((2, 3, 4), scans.AFFINE)) == "2 x 3 x 4 voxels of 16 x 16 x 16 mm from (88, -120, -70)"


def test_places_are_nibabel_s_and_come_back():
    grid = Grid((4, 3, 2), OBLIQUE)
    ijk = np.argwhere(np.ones(grid.shape))
    assert np.allclose(grid.everywhere(), apply_affine(OBLIQUE, ijk))
    assert np.allclose(grid.places(grid.everywhere()), ijk)
    assert grid.holds(np.array([[0, 0, 0], [3, 2, 1], [4, 0, 0], [0, -1, 0]])).tolist() == [True, True, False, False]
    assert np.isclose(grid.volume, abs(np.linalg.det(OBLIQUE[:3, :3])))


def test_values_are_those_of_the_nearest_voxel():
    image = np.arange(24).reshape(2, 3, 4)
    xyz = np.array([[0.9, 0, 0], [2.0, 4.4, 6.0], [9.0, 0, 0], [-1.1, 0, 0]])
    assert nearest(image, np.diag([2.0, 2, 2, 1]), xyz).tolist() == [image[0, 0, 0], image[1, 2, 3], 0, 0]
    several = np.stack([image, -image], axis=-1)
    assert nearest(several, np.diag([2.0, 2, 2, 1]), xyz)[1].tolist() == [image[1, 2, 3], -image[1, 2, 3]]


def test_spm_s_box():
    assert standard_grid(2).shape == (91, 109, 91)
    assert standard_grid(3).shape == (61, 73, 61)
