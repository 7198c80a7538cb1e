"""Seeds on a grid, against nilearn's maskers and against the image they are cut out of."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from nilearn.maskers import NiftiLabelsMasker, NiftiMapsMasker, NiftiSpheresMasker

from amygene.imaging.grid import Grid
from amygene.imaging.images import as_volume
from amygene.imaging.seed_maps import coverage, dice, over_voxels, read_source, weights_on
from amygene.io.problems import InputError

FINE = Grid((40, 44, 36), np.array([[1.0, 0, 0, -20], [0, 1, 0, -22], [0, 0, 1, -18], [0, 0, 0, 1]]))
COARSE = Grid((13, 14, 12), np.array([[-3.0, 0, 0, 18], [0, 3, 0, -20], [0, 0, 3, -17], [0, 0, 0, 1]]))
OBLIQUE = Grid((15, 15, 14), np.array([[2.9, 0.4, 0, -22], [-0.4, 2.9, 0.3, -18], [0, -0.3, 3.1, -18], [0, 0, 0, 1]]))


def centres(grid):
    """MNI mm of every voxel, in the shape of the grid."""
    numbers = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij"), axis=-1)
    return nib.affines.apply_affine(grid.affine, numbers)


def ball(grid, xyz, radius):
    return np.linalg.norm(centres(grid) - xyz, axis=-1) <= radius


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """Two regions, 3 and 8, in 1 mm voxels."""
    values = np.zeros(FINE.shape, dtype=np.int16)
    values[ball(FINE, (-6, 2, 1), 7)] = 3
    values[ball(FINE, (8, 2, 1), 6)] = 8
    path = tmp_path_factory.mktemp("labels") / "labels.nii.gz"
    nib.save(nib.Nifti1Image(values, FINE.affine), path)
    return path


@pytest.fixture(scope="module")
def probabilities(tmp_path_factory):
    """Three neighbours in percent, 1 mm voxels."""
    middles = [(-4, 0, 0), (2, 0, 0), (2, 6, 0)]
    distance = np.stack([np.linalg.norm(centres(FINE) - xyz, axis=-1) for xyz in middles], axis=3)
    values = np.round(100 * np.exp(-0.5 * (distance / 4) ** 2)).astype(np.uint8)
    path = tmp_path_factory.mktemp("maps") / "maps.nii.gz"
    nib.save(nib.Nifti1Image(values, FINE.affine), path)
    return path, values


def random_scan(grid, rng):
    return nib.Nifti1Image(rng.standard_normal((*grid.shape, 30)).astype(np.float32), grid.affine)


def seed_series(scan, weights):
    """Weighted mean over a seed's voxels."""
    values = scan.get_fdata().reshape(-1, 30, order="F")[weights.voxels]
    return weights.values @ values / weights.values.sum()


def correlation(a, b):
    return np.corrcoef(a, b)[0, 1]


def test_regions_on_their_own_grid_are_nilearn_s(labels):
    scan = random_scan(FINE, np.random.default_rng(0))
    expected = NiftiLabelsMasker(labels, standardize=None).fit_transform(scan)
    for j, number in enumerate((3, 8)):
        weights = weights_on(read_source({"kind": "regions", "image": str(labels), "numbers": [number]}), FINE)
        np.testing.assert_allclose(seed_series(scan, weights), expected[:, j], rtol=0, atol=1e-6)


def test_several_regions_are_one_seed(labels):
    both = weights_on(read_source({"kind": "regions", "image": str(labels), "numbers": [3, 8]}), FINE)
    apart = [weights_on(read_source({"kind": "regions", "image": str(labels), "numbers": [n]}), FINE) for n in (3, 8)]
    assert both.voxels.tolist() == sorted(np.concatenate([w.voxels for w in apart]))


@pytest.mark.parametrize("grid", [COARSE, OBLIQUE], ids=["flipped", "oblique"])
def test_regions_on_a_coarse_grid_keep_their_place_and_size(labels, grid):
    weights = weights_on(read_source({"kind": "regions", "image": str(labels), "numbers": [3]}), grid)
    volume = as_volume(weights.values, weights.voxels, grid, 0.0)
    assert volume[ball(grid, (-6, 2, 1), 5)].all()
    assert not volume[~ball(grid, (-6, 2, 1), 9)].any()
    mm3 = len(weights.voxels) * abs(np.linalg.det(grid.affine[:3, :3]))
    assert mm3 == pytest.approx(4 / 3 * np.pi * 7**3, rel=0.1)


def test_a_mask_is_everything_above_zero(labels):
    mask = weights_on(read_source({"kind": "mask", "image": str(labels)}), COARSE)
    regions = weights_on(read_source({"kind": "regions", "image": str(labels), "numbers": [3, 8]}), COARSE)
    assert mask.voxels.tolist() == regions.voxels.tolist()


def probability(path, volumes, weighting, threshold=0.0):
    return {
        "kind": "probability",
        "image": str(path),
        "volumes": volumes,
        "weighting": weighting,
        "threshold": threshold,
    }


@pytest.mark.parametrize("grid", [FINE, COARSE], ids=["own grid", "coarse"])
def test_weighted_seeds_correlate_as_nilearn_s_maps(probabilities, grid):
    path, _ = probabilities
    scan = random_scan(grid, np.random.default_rng(1))
    weights = weights_on(read_source(probability(path, [1], "weighted")), grid)
    image = nib.Nifti1Image(as_volume(weights.values, weights.voxels, grid, 0.0)[..., None], grid.affine)
    expected = NiftiMapsMasker(image, standardize=None).fit_transform(scan)[:, 0]
    # nilearn fits the map by least squares: another scale, the same series
    assert correlation(seed_series(scan, weights), expected) == pytest.approx(1, abs=1e-9)


def test_weights_are_the_probabilities(probabilities):
    path, values = probabilities
    weights = weights_on(read_source(probability(path, [2], "weighted", 0.25)), FINE)
    expected = values[..., 2].ravel(order="F") / 100
    assert weights.voxels.tolist() == np.flatnonzero(expected >= 0.25).tolist()
    np.testing.assert_allclose(weights.values, expected[weights.voxels], atol=1e-6)


def test_weights_on_a_coarse_grid_are_the_mean_over_its_voxels(probabilities):
    path, values = probabilities
    # 3 mm voxels made of exactly 27 of 1 mm
    grid = Grid((12, 13, 11), np.array([[3.0, 0, 0, -19], [0, 3, 0, -21], [0, 0, 3, -17], [0, 0, 0, 1]]))
    weights = weights_on(read_source(probability(path, [0], "weighted")), grid)
    blocks = values[:36, :39, :33, 0].astype(float).reshape(12, 3, 13, 3, 11, 3).mean(axis=(1, 3, 5)) / 100
    found = as_volume(weights.values, weights.voxels, grid, 0.0)
    np.testing.assert_allclose(found, blocks, atol=1e-6)


def test_the_maximum_goes_to_the_most_probable_and_only_a_tie_is_shared(probabilities):
    path, values = probabilities
    seeds = [weights_on(read_source(probability(path, [v], "maximum", 0.25)), FINE) for v in range(3)]
    flat = values.reshape(-1, 3, order="F")
    for v, weights in enumerate(seeds):
        expected = (flat[:, v] == flat.max(axis=1)) & (flat[:, v] >= 25)
        assert weights.voxels.tolist() == np.flatnonzero(expected).tolist()
        assert set(weights.values) == {1.0}
    shared = np.intersect1d(seeds[0].voxels, seeds[1].voxels)
    assert (flat[shared, 0] == flat[shared, 1]).all()


def test_the_maximum_keeps_its_size_on_a_coarse_grid(probabilities):
    path, _ = probabilities
    fine = len(weights_on(read_source(probability(path, [0], "maximum", 0.25)), FINE).voxels)
    coarse = len(weights_on(read_source(probability(path, [0], "maximum", 0.25)), COARSE).voxels) * 27
    assert coarse == pytest.approx(fine, rel=0.2)


def test_several_volumes_are_one_seed(probabilities):
    path, values = probabilities
    union = weights_on(read_source(probability(path, [1, 2], "weighted")), FINE)
    total = np.minimum(values[..., [1, 2]].sum(axis=3) / 100, 1).ravel(order="F")
    np.testing.assert_allclose(union.values, total[union.voxels], atol=1e-6)
    largest = weights_on(read_source(probability(path, [1, 2], "maximum", 0.25)), FINE)
    parts = [weights_on(read_source(probability(path, [v], "maximum", 0.25)), FINE).voxels for v in (1, 2)]
    assert set(largest.voxels) == set(np.concatenate(parts))


@pytest.mark.parametrize("grid", [COARSE, OBLIQUE], ids=["flipped", "oblique"])
@pytest.mark.parametrize("radius", [0.5, 4.0, 7.3])
def test_spheres_are_nilearn_s(grid, radius):
    scan = random_scan(grid, np.random.default_rng(2))
    xyz = (-4.2, 3.1, 0.7)
    weights = weights_on(read_source({"kind": "sphere", "xyz": xyz, "radius": radius}), grid)
    expected = NiftiSpheresMasker([xyz], radius=radius, standardize=None).fit_transform(scan)[:, 0]
    np.testing.assert_allclose(seed_series(scan, weights), expected, rtol=0, atol=1e-6)


def test_a_sphere_outside_the_image_has_no_voxel_and_one_at_its_edge_has_some():
    outside = weights_on(read_source({"kind": "sphere", "xyz": (80, 0, 0), "radius": 5}), COARSE)
    assert len(outside.voxels) == 0
    edge = weights_on(read_source({"kind": "sphere", "xyz": (18, 0, 0), "radius": 5}), COARSE)
    assert 0 < len(edge.voxels) < 4 / 3 * np.pi * 5**3 / 27


def test_a_seed_outside_the_image_has_no_voxel(labels):
    far = Grid((5, 5, 5), np.diag([3.0, 3, 3, 1]) + np.array([[0, 0, 0, 200.0]] * 3 + [[0, 0, 0, 0]]))
    source = read_source({"kind": "mask", "image": str(labels)})
    assert len(weights_on(source, far).voxels) == 0


def test_coverage_is_the_share_of_the_weight_that_has_signal(probabilities):
    path, _ = probabilities
    weights = weights_on(read_source(probability(path, [1], "weighted")), COARSE)
    has_signal = np.ones(np.prod(COARSE.shape), dtype=bool)
    assert coverage(weights, has_signal) == 1
    has_signal[weights.voxels[::2]] = False
    assert coverage(weights, has_signal) == pytest.approx(weights.values[1::2].sum() / weights.values.sum())
    assert (
        coverage(weights_on(read_source({"kind": "sphere", "xyz": (80, 0, 0), "radius": 5}), COARSE), has_signal) == 0
    )


def test_dice_of_known_overlaps():
    a, b = (weights_on(read_source({"kind": "sphere", "xyz": (x, 0, 0), "radius": 5}), FINE) for x in (0, 3))
    shared = len(set(a.voxels) & set(b.voxels))
    assert dice(a, a) == 1
    assert dice(a, b) == 2 * shared / (len(a.voxels) + len(b.voxels))


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"kind": "mask", "image": "absent.nii.gz"}, "absent.nii.gz: no such file"),
        ({"kind": "regions", "numbers": [99]}, "the seed has no voxel in it"),
        ({"kind": "probability", "volumes": [4], "weighting": "weighted", "threshold": 0}, "has the volumes 0 to 0"),
    ],
)
def test_seeds_that_are_not_there_are_named(labels, definition, words):
    with pytest.raises(InputError, match=words):
        read_source({"image": str(labels)} | definition)


def test_a_damaged_image_is_named(tmp_path):
    (tmp_path / "m.nii.gz").write_bytes(b"x" * 50)
    with pytest.raises(InputError, match="no readable NIfTI"):
        read_source({"kind": "mask", "image": str(tmp_path / "m.nii.gz")})


def test_an_image_is_unchanged_on_its_own_grid():
    rng = np.random.default_rng(4)
    values = rng.random((6, 7, 8, 2)).astype(np.float32)
    grid = Grid((6, 7, 8), OBLIQUE.affine)
    mean, where = over_voxels(values, grid.affine, grid)
    np.testing.assert_array_equal(mean, values[tuple(where.T)])
