"""Volumes that voxels share, against points thrown into them, by hand and against nilearn."""

from __future__ import annotations

import time

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nibabel.affines import apply_affine
from nilearn.maskers import NiftiLabelsMasker
from scipy.ndimage import gaussian_filter

from amygene.imaging.grid import Grid, standard_grid
from amygene.imaging.labels import label_by_number, label_by_probability
from amygene.imaging.overlap import blocks_around_one, half_filled, overlap, shares, whole
from amygene.imaging.parcels import region_means, region_weights, transfer
from amygene.imaging.seed_maps import read_source, weights_on

#: points along every edge of a voxel
N = 10


def lattice(size, origin, turned=None):
    """Affine of voxels of a size (mm), the centre of the first at a place, maybe turned."""
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) if turned is None else turned) * np.broadcast_to(size, 3)
    affine[:3, 3] = origin
    return affine


def rotation(*degrees):
    x, y, z = np.deg2rad(degrees)
    cx, sx, cy, sy, cz, sz = np.cos(x), np.sin(x), np.cos(y), np.sin(y), np.cos(z), np.sin(z)
    rx = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return rx @ ry @ np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])


#: the atlas fills about (-12, 12) mm; name -> its voxels and the map's
LATTICES = {
    "1 to 2, centres on centres": (1, 0, lattice(2, -12)),
    "1 to 2, edges on edges": (1, 0, lattice(2, -11.5)),
    "1 to 3, edges on edges": (1, 0, lattice(3, -12)),
    "1 to 4, centres on centres": (1, 0, lattice(4, -12)),
    "1.5 to 2": (1.5, 0, lattice(2, -12)),
    "2 to 2": (2, 0, lattice(2, -12)),
    "2 to 2, shifted by half a voxel": (2, 1, lattice(2, -12)),
    "2 to 3": (2, 0, lattice(3, -12)),
    "1 to 2, shifted by odd fractions": (1, (0.37, -0.21, 0.5), lattice(2, -12)),
    "coarse atlas: 3 to 2": (3, 0, lattice(2, -12)),
    "coarse atlas: 3 to 1": (3, 0, lattice(1, -13)),
    "voxels that are no cubes": ((1, 2, 3), 0, lattice((3, 2.5, 1.5), -12)),
    "other axes": (1, 0, lattice(2, (-12, 12, -12), np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]]))),
    "oblique": (1, 0, lattice(2, (-14, -12, -11), rotation(12, -8, 25))),
    "oblique, coarse atlas": (3, 0, lattice(2, (-14, -12, -11), rotation(12, -8, 25))),
}


def patches(shape, rng, n=5):
    """Regions 0 (outside) to n of irregular form, about 4 voxels across."""
    fields = gaussian_filter(rng.standard_normal((n + 1, *shape)), (0, 1.5, 1.5, 1.5))
    return fields.argmax(axis=0).astype(np.int16)


@pytest.fixture(params=list(LATTICES), scope="module")
def case(request):
    """An atlas, a grid, and the share of every voxel that every region fills, by points."""
    size, shift, affine = LATTICES[request.param]
    rng = np.random.default_rng(1)
    shape = np.ceil(25 / np.broadcast_to(size, 3)).astype(int)
    start = -((shape - 1) * np.broadcast_to(size, 3)) / 2
    # centres of a lattice without a shift lie at whole multiples of its voxels, as those of atlases of the MNI brain do
    start = np.round(start / np.broadcast_to(size, 3)) * np.broadcast_to(size, 3) + np.broadcast_to(shift, 3)
    atlas = nib.Nifti1Image(patches(shape, rng), lattice(size, start))
    steps = nib.affines.voxel_sizes(affine)
    grid = Grid(tuple(int(n) for n in np.ceil(26 / steps)), affine)
    return request.param, atlas, grid, thrown(atlas, grid, rng)


def thrown(atlas, grid, rng, n_regions=5):
    """Share of every voxel in every region, shape (n_regions, *grid.shape): N³ points per voxel, one in each part."""
    numbers, inverse = np.asarray(atlas.dataobj), np.linalg.inv(atlas.affine)
    ijk = np.argwhere(np.ones(grid.shape))
    counts = np.zeros((n_regions + 1, len(ijk)))
    for part in np.argwhere(np.ones((N, N, N))):
        at = ijk - 0.5 + (part + rng.random(ijk.shape)) / N
        place = np.floor(apply_affine(inverse @ grid.affine, at) + 0.5).astype(int)
        inside = ((place >= 0) & (place < numbers.shape)).all(axis=1)
        found = np.zeros(len(ijk), dtype=int)
        found[inside] = numbers[tuple(place[inside].T)]
        counts[found, np.arange(len(ijk))] += 1
    return (counts[1:] / N**3).reshape(n_regions, *grid.shape)


def test_weights_are_the_share_of_every_voxel_that_a_region_fills(case):
    name, atlas, grid, truth = case
    weights = region_weights(atlas, np.arange(1, 6), grid).toarray() / whole(atlas.affine, grid)
    found = np.stack([row.reshape(grid.shape, order="F") for row in weights])
    error = found - truth
    # that of the points: a border through a voxel cuts a hundred of its thousand parts
    assert np.abs(error).max() < 0.05
    assert np.sqrt((error**2).mean()) < 0.006
    assert abs(error.mean()) < 5e-4
    assert found.min() >= 0
    # points are as good as points: where grids are oblique a full voxel may seem 3 % too full
    assert found.sum(axis=0).max() < (1.04 if name.startswith("oblique") else 1 + 1e-9)


def rounded(atlas, numbers, grid):
    """How voxels were counted before: centres of the finer lattice, halves rounded to even."""
    labels = np.asarray(atlas.dataobj)
    ijk = np.argwhere(labels > 0)
    voxels = np.round(apply_affine(np.linalg.inv(grid.affine) @ atlas.affine, ijk)).astype(int)
    inside = ((voxels >= 0) & (voxels < grid.shape)).all(axis=1)
    counts = np.zeros((len(numbers), *grid.shape))
    np.add.at(counts, (labels[tuple(ijk[inside].T)] - 1, *voxels[inside].T), 1)
    return counts.reshape(len(numbers), -1, order="F")


@pytest.mark.parametrize("smooth", [0, 6], ids=["white noise", "6 mm"])
def test_region_means_are_the_right_ones(case, smooth):
    name, atlas, grid, truth = case
    rng = np.random.default_rng(2)
    sd = smooth / 2.355 / nib.affines.voxel_sizes(grid.affine)
    exact = truth.reshape(5, -1, order="F")
    weights = region_weights(atlas, np.arange(1, 6), grid)
    maps = [rng.standard_normal(grid.shape) for _ in range(40)]
    maps = [(gaussian_filter(m, sd) if smooth else m).ravel(order="F") for m in maps]
    expected = np.array([exact @ m / exact.sum(axis=1) for m in maps])
    found = np.array([region_means(m, weights) for m in maps])
    assert [np.corrcoef(a, b)[0, 1] for a, b in zip(expected.T, found.T, strict=True)] == pytest.approx(
        [1] * 5, abs=2e-3
    )
    if name == "1 to 2, centres on centres" and not smooth:
        old = rounded(atlas, np.arange(1, 6), grid)
        assert set(np.unique(old)) >= {1, 27}
        before = np.array([old @ m / old.sum(axis=1) for m in maps])
        assert max(np.corrcoef(a, b)[0, 1] for a, b in zip(expected.T, before.T, strict=True)) < 0.9


def test_voxels_within_a_region_weigh_the_same(case):
    name, atlas, grid, _ = case
    solid = nib.Nifti1Image(np.ones(atlas.shape, dtype=np.int16), atlas.affine)
    places = np.linalg.inv(atlas.affine) @ grid.affine
    corners = np.abs(places[:3, :3]).sum(axis=1) / 2
    at = apply_affine(places, np.argwhere(np.ones(grid.shape)))
    within = ((at - corners > -0.5) & (at + corners < np.array(atlas.shape) - 0.5)).all(axis=1)
    within = within.reshape(grid.shape).ravel(order="F")
    weights = region_weights(solid, np.array([1]), grid).toarray()[0][within]
    assert weights == pytest.approx(whole(atlas.affine, grid), rel=0.06 if name.startswith("oblique") else 1e-9)
    if name == "1 to 2, centres on centres":
        before = rounded(solid, [1], grid)[0][within]
        # of 100 voxels a mean was worth 51 (Kish): it is worth 100
        assert before.sum() ** 2 / (before**2).sum() / len(before) < 0.55


@pytest.mark.parametrize("name", ["1 to 3, edges on edges", "2 to 2", "1 to 2, edges on edges"])
def test_whole_voxels_are_counted_as_they_were(name):
    size, _, affine = LATTICES[name]
    rng = np.random.default_rng(3)
    n = int(24 / size) + 1
    atlas = nib.Nifti1Image(patches((n, n, n), rng), lattice(size, -12))
    if name == "1 to 2, edges on edges":
        # no rounding of halves here either: centres of the finer lattice lie a quarter of a voxel off
        atlas = nib.Nifti1Image(np.asarray(atlas.dataobj), lattice(1, -12))
    grid = Grid((8, 9, 9), affine)
    weights = region_weights(atlas, np.arange(1, 6), grid)
    assert weights.toarray().tolist() == rounded(atlas, np.arange(1, 6), grid).tolist()
    assert set(np.unique(weights.data % 1)) == {0.0}


def test_rounding_of_an_affine_moves_no_edge():
    atlas = nib.Nifti1Image(patches((25, 25, 25), np.random.default_rng(3)), lattice(1, -12))
    near = lattice(3, -12).astype(np.float32).astype(float)
    near[:3] += np.random.default_rng(0).uniform(-2e-6, 2e-6, (3, 4))
    exact, found = (region_weights(atlas, np.arange(1, 6), Grid((8, 8, 8), a)) for a in (lattice(3, -12), near))
    assert found.toarray().tolist() == exact.toarray().tolist()


def test_volumes_by_hand():
    values = np.array([1.0, 2.0, 4.0]).reshape(3, 1, 1)
    affine = np.diag([1.0, 2, 2, 1])
    # 2 mm voxels over centres at -1, 1, 3: the first has half of the first voxel, and so on
    grid = Grid((3, 1, 1), lattice(2, (-1, 0, 0)))
    sums, box = overlap(values, affine, grid)
    assert sums.ravel().tolist() == [0.5, 0.5 + 2 + 2, 2]
    assert box == (slice(0, 3), slice(0, 1), slice(0, 1))
    assert whole(affine, grid) == 2
    assert shares(values, affine, grid).ravel().tolist() == [0.25, 2.25, 1]
    assert half_filled(values > 0, affine, grid).ravel().tolist() == [False, True, False]
    assert half_filled(values > 0, affine, Grid((3, 1, 1), lattice(2, (0, 0, 0)))).ravel().tolist() == [
        True,
        True,
        False,
    ]


def test_an_image_without_values_or_elsewhere_fills_nothing():
    grid = Grid((3, 3, 3), np.eye(4))
    assert not shares(np.zeros((2, 2, 2)), np.eye(4), grid).any()
    for affine in (lattice(1, 100), lattice(1, 100, rotation(10, 10, 10))):
        assert not shares(np.ones((2, 2, 2)), affine, grid).any()


def test_where_every_voxel_lies_in_one_region_means_are_nilearn_s():
    """Blocks of 6 mm, whose edges are those of the voxels of both lattices."""
    rng = np.random.default_rng(4)
    blocks = rng.integers(0, 6, (4, 4, 4)).astype(np.int16)
    fine = nib.Nifti1Image(blocks.repeat(6, 0).repeat(6, 1).repeat(6, 2), lattice(1, -11.5))
    for size, n in ((2, 12), (3, 8), (1, 24), (1.5, 16)):
        grid = Grid((n, n, n), lattice(size, -12 + size / 2))
        values = rng.standard_normal(grid.shape)
        masker = NiftiLabelsMasker(fine, standardize=None, dtype="float64", resampling_target="data")
        expected = np.squeeze(masker.fit_transform(nib.Nifti1Image(values[..., None], grid.affine)))
        found = region_means(values.ravel(order="F"), region_weights(fine, np.arange(1, 6), grid))
        np.testing.assert_allclose(found, expected, atol=1e-6)


# labels


def test_a_voxel_has_the_region_that_fills_most_of_it(case):
    name, atlas, grid, truth = case
    regions = pd.DataFrame({"index": np.arange(1, 6), "region": list("abcde")})
    found = label_by_number(atlas, regions, grid).number
    ranked = np.sort(np.concatenate([1 - truth.sum(axis=0, keepdims=True), truth]), axis=0)
    clear = ranked[-1] - ranked[-2] > 0.1
    expected = np.where(truth.max(axis=0) > 1 - truth.sum(axis=0), truth.argmax(axis=0), -1)
    assert clear.mean() > 0.5
    if name == "1 to 3, edges on edges":
        # as it was: the voxel in the middle
        assert blocks_around_one(atlas.affine, grid)
        place = np.round(apply_affine(np.linalg.inv(atlas.affine), grid.everywhere())).astype(int)
        inside = ((place >= 0) & (place < atlas.shape)).all(axis=1)
        middle = np.zeros(len(place), dtype=int)
        middle[inside] = np.asarray(atlas.dataobj)[tuple(place[inside].T)]
        assert (found.ravel() + 1).tolist() == middle.tolist()
    else:
        assert blocks_around_one(atlas.affine, grid) == (name == "2 to 2")
        assert (found == expected)[clear].all()


def test_the_most_probable_region_is_that_of_the_mean_over_the_voxel():
    first = np.array([90, 10, 10, 10, 90]).reshape(5, 1, 1)
    second = np.array([0, 60, 60, 0, 0]).reshape(5, 1, 1)
    affine = np.diag([1.0, 2, 2, 1])
    grid = Grid((2, 1, 1), lattice(2, (1, 0, 0)))
    # means over voxels 0.5, 1, 0.5: 30 and 45; in the other, 40 (voxels 2 to 4, halves) and 15
    assert label_by_probability(iter([first, second]), affine, ["a", "b"], grid).number.ravel().tolist() == [1, 0]


def test_equal_shares_are_the_first_region_s_and_none_only_where_more_lies_outside():
    atlas = nib.Nifti1Image(
        np.array([2, 1, 1, 0, 0, 0, 1, 1], dtype=np.int16).reshape(8, 1, 1), np.diag([1.0, 2, 2, 1])
    )
    regions = pd.DataFrame({"index": [1, 2], "region": ["a", "b"]})
    grid = Grid((4, 1, 1), lattice(2, (0.5, 0, 0)))
    assert label_by_number(atlas, regions, grid).number.ravel().tolist() == [0, 0, -1, 0]


# seeds, other atlases


def test_seeds_are_the_voxels_that_a_region_fills_by_half(case, tmp_path):
    _, atlas, grid, truth = case
    nib.save(atlas, tmp_path / "a.nii.gz")
    definition = {"kind": "regions", "image": str(tmp_path / "a.nii.gz"), "numbers": [2, 4]}
    weights = weights_on(read_source(definition), grid)
    inside = np.zeros(grid.shape, dtype=bool).ravel(order="F")
    inside[weights.voxels] = True
    share = (truth[1] + truth[3]).ravel(order="F")
    clear = np.abs(share - 0.5) > 0.05
    assert (inside == (share >= 0.5))[clear].all()


def test_values_of_another_atlas_are_the_mean_over_what_a_region_shares(case):
    _, atlas, grid, truth = case
    coarse = np.zeros(grid.shape, dtype=np.int16)
    middle = tuple(n // 2 for n in grid.shape)
    coarse[: middle[0]], coarse[middle[0] :] = 1, 2
    values = pd.Series({"a": 1.0, "b": -3.0, "c": 2.0, "d": 7.0, "e": 0.5})
    source = pd.DataFrame({"index": np.arange(1, 6), "region": list("abcde")})
    target = pd.DataFrame({"index": [1, 2], "region": ["x", "y"]})
    found = transfer(values, (atlas, source), (nib.Nifti1Image(coarse, grid.affine), target))
    shared, total = truth.sum(axis=0), np.tensordot(values.to_numpy(), truth, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        painted = np.where(shared >= 0.5, total / shared, np.nan)
    for region, number in (("x", 1), ("y", 2)):
        if np.isfinite(painted[coarse == number]).mean() > 0.55:
            assert found[region] == pytest.approx(np.nanmean(painted[coarse == number]), abs=0.25)


def test_a_large_atlas_takes_seconds():
    rng = np.random.default_rng(5)
    numbers = np.kron(rng.permutation(216).reshape(6, 6, 6), np.ones((30, 36, 30))).astype(np.int16)
    numbers[numbers > 116] = 0
    atlas = nib.Nifti1Image(numbers, lattice(1, (-90, -125, -71)))
    start = time.process_time()
    weights = region_weights(atlas, np.arange(1, 117), standard_grid(2))
    assert time.process_time() - start < 20
    assert weights.sum() == pytest.approx(np.count_nonzero(numbers), rel=0.01)
