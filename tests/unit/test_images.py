"""Images are read as nibabel reads them, whatever their type, scaling, axes and compression; damage is named."""

from __future__ import annotations

import gzip

import nibabel as nib
import numpy as np
import pytest
from nilearn.image import smooth_img

from amygene.imaging.grid import Grid
from amygene.imaging.images import (
    as_volume,
    examine,
    file_order,
    read_header,
    read_mask,
    read_volume,
    read_voxels,
    write_image,
)
from amygene.io.problems import InputError
from fixtures import scans

OBLIQUE = np.array([[2.9, 0.4, 0, -80], [-0.4, 2.9, 0.3, -100], [0, -0.3, 3.1, -60], [0, 0, 0, 1]])
INSIDE = scans.brain()
VOXELS = file_order(INSIDE)


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(0)
    return (1000 + 20 * rng.standard_normal((*scans.SHAPE, 25))).astype(np.float32)


def in_mask(image):
    """nibabel's values of the mask's voxels, [time x voxel] in the order of the file."""
    return np.stack([volume.ravel(order="F")[VOXELS] for volume in np.moveaxis(image.get_fdata(), 3, 0)])


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("affine", [scans.AFFINE, OBLIQUE], ids=["flipped", "oblique"])
@pytest.mark.parametrize(
    ("dtype", "scaling"),
    [
        (np.float32, None),
        (np.float64, None),
        (np.int16, None),
        (np.int16, (0.05, 900.0)),
        (np.uint8, (0.5, 900.0)),
        (np.int32, (0.001, 0.0)),
        (">f4", None),
        (">i2", (0.05, 900.0)),
    ],
)
def test_values_are_nibabel_s(tmp_path, values, ending, affine, dtype, scaling):
    path = tmp_path / f"bold{ending}"
    native = np.dtype(dtype).newbyteorder("=")
    scans.write_image(path, values, affine, native, scaling, tr=1.5)
    image = nib.load(path)
    if np.dtype(dtype).byteorder == ">":
        swapped = nib.Nifti1Image(np.asanyarray(image.dataobj.get_unscaled()), affine, image.header)
        header = swapped.header.as_byteswapped(">")
        content = header.binaryblock + b"\0" * 4
        content += np.asanyarray(image.dataobj.get_unscaled()).astype(dtype).tobytes(order="F")
        path.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
        image = nib.load(path)
        assert image.header.endianness == ">"
    header = read_header(path)
    assert header.grid.shape == scans.SHAPE
    np.testing.assert_allclose(header.grid.affine, affine, atol=1e-5)
    assert (header.n_volumes, header.repetition_time) == (25, pytest.approx(1.5))
    np.testing.assert_allclose(read_voxels(header, VOXELS), in_mask(image), rtol=1e-6)
    assert examine(header, VOXELS).has_signal.all()


def test_smoothing_is_nilearn_s(tmp_path, values):
    path = tmp_path / "bold.nii.gz"
    spoilt = values.copy()
    spoilt[~INSIDE] = np.nan
    for content in (values, spoilt):
        scans.write_image(path, content, scans.AFFINE)
        expected = in_mask(smooth_img(nib.load(path), 20.0))
        np.testing.assert_allclose(read_voxels(read_header(path), VOXELS, smoothing=20.0), expected, rtol=2e-6)


@pytest.mark.parametrize(("unit", "step", "seconds"), [("sec", 2.5, 2.5), ("msec", 2500, 2.5), ("sec", 0, None)])
def test_repetition_time_comes_in_seconds_or_not_at_all(tmp_path, values, unit, step, seconds):
    image = nib.Nifti1Image(values, scans.AFFINE)
    image.header.set_xyzt_units("mm", unit)
    image.header["pixdim"][4] = step
    nib.save(image, tmp_path / "b.nii.gz")
    assert read_header(tmp_path / "b.nii.gz").repetition_time == (seconds and pytest.approx(seconds))


def test_voxels_that_do_not_vary_have_no_signal(tmp_path, values):
    still = values.copy()
    still[np.unravel_index(VOXELS[[3, 50]], scans.SHAPE, order="F")] = 77
    still[np.unravel_index(VOXELS[10], scans.SHAPE, order="F")] = np.nan
    scans.write_image(tmp_path / "b.nii.gz", still, scans.AFFINE)
    found = examine(read_header(tmp_path / "b.nii.gz"), VOXELS)
    assert np.flatnonzero(~found.has_signal).tolist() == [3, 10, 50]


def test_volumes_that_are_not_finite_are_named(tmp_path, values):
    broken = values.copy()
    broken[..., [6, 7, 8, 20]] = np.nan
    broken[0, 0, 0, 2] = np.inf  # outside the mask: no matter
    scans.write_image(tmp_path / "b.nii.gz", broken, scans.AFFINE)
    with pytest.raises(InputError) as caught:
        examine(read_header(tmp_path / "b.nii.gz"), VOXELS)
    assert caught.value.problems == [
        f"{tmp_path}/b.nii.gz: {len(VOXELS)} of {len(VOXELS)} voxels in the mask are not finite (NaN or infinite) in "
        "some volumes: 7-9, 21; preprocess the scan again"
    ]


def test_the_same_scan_saved_twice_has_the_same_hash_and_another_scan_another(tmp_path, values):
    whole = np.round(values)
    scans.write_image(tmp_path / "a.nii.gz", whole, scans.AFFINE, np.int16)
    scans.write_image(tmp_path / "b.nii", whole, scans.AFFINE, np.float32)
    whole[5, 6, 5, 3] += 1
    scans.write_image(tmp_path / "c.nii", whole, scans.AFFINE, np.float32)
    a, b, c = (examine(read_header(tmp_path / f), VOXELS).values_sha256 for f in ("a.nii.gz", "b.nii", "c.nii"))
    assert a == b != c


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.99999])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_file_that_is_cut_short_is_named(tmp_path, values, ending, share):
    path = tmp_path / f"b{ending}"
    scans.write_image(path, values, scans.AFFINE)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError) as caught:
        examine(read_header(path), VOXELS)
    assert caught.value.problems[0].startswith(f"{path}: ")
    assert any(words in caught.value.problems[0] for words in ("cut short or damaged", "is no readable NIfTI"))


def test_every_flipped_byte_of_a_compressed_file_is_found(tmp_path, values):
    path = tmp_path / "b.nii.gz"
    scans.write_image(path, values, scans.AFFINE)
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    for position in [*rng.integers(1000, len(content), 10), len(content) - 6, len(content) - 2]:
        damaged = content.copy()
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="cut short or damaged"):
            examine(read_header(path), VOXELS)


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("b.nii.gz", (5, 5, 5), "expected a 4D image, found shape 5 x 5 x 5"),
        ("b.nii.gz", (5, 5, 5, 19), "19 volumes, at least 20 are needed"),
        ("b.nii.gz", None, "no such file"),
        ("b.img", (5, 5, 5, 30), r"images end in .nii or .nii.gz"),
    ],
)
def test_what_is_no_scan_is_named(tmp_path, name, shape, words):
    if shape:
        nib.save(nib.Nifti1Image(np.ones(shape, dtype=np.float32), np.eye(4)), tmp_path / name)
    with pytest.raises(InputError, match=words):
        read_header(tmp_path / name)


def test_files_of_another_kind_are_named(tmp_path):
    (tmp_path / "b.nii").write_bytes(b"hello" * 100)
    (tmp_path / "b.nii.gz").write_bytes(b"hello" * 100)
    nib.save(nib.Nifti1Image(np.zeros((4, 4, 4, 25), dtype=np.complex64), np.eye(4)), tmp_path / "c.nii")
    for name, words in (("b.nii", "no readable NIfTI"), ("b.nii.gz", "no readable NIfTI"), ("c.nii", "complex64")):
        with pytest.raises(InputError, match=words):
            read_header(tmp_path / name)


def test_masks_may_have_any_values_above_zero(tmp_path):
    mask = np.zeros((4, 5, 6), dtype=np.float32)
    mask[1, 2, 3], mask[2, 2, 2], mask[0, 0, 0], mask[3, 3, 3] = 0.2, 255, np.nan, -1
    nib.save(nib.Nifti1Image(mask, np.eye(4)), tmp_path / "m.nii.gz")
    grid, inside = read_mask(tmp_path / "m.nii.gz")
    assert grid.shape == (4, 5, 6)
    assert np.argwhere(inside).tolist() == [[1, 2, 3], [2, 2, 2]]
    assert file_order(inside).tolist() == [1 + 2 * 4 + 3 * 20, 2 + 2 * 4 + 2 * 20][::-1]
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6, 1), dtype=np.float32), np.eye(4)), tmp_path / "m.nii.gz")
    with pytest.raises(InputError, match="the mask is empty"):
        read_mask(tmp_path / "m.nii.gz")


def test_a_written_map_is_read_back_by_nibabel_and_has_the_same_bytes_every_time(tmp_path):
    grid = Grid(scans.SHAPE, scans.AFFINE)
    numbers = np.arange(len(VOXELS), dtype=np.float32)
    volume = as_volume(numbers, VOXELS, grid)
    assert np.isnan(volume[~INSIDE]).all()
    write_image(tmp_path / "a.nii.gz", volume, grid)
    write_image(tmp_path / "b.nii.gz", volume, grid)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    image = nib.load(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(image.get_fdata(dtype=np.float32).ravel(order="F")[VOXELS], numbers)
    np.testing.assert_allclose(image.affine, scans.AFFINE)
    found, again = read_volume(tmp_path / "a.nii.gz")
    assert found.same_as(grid)
    np.testing.assert_array_equal(again, volume)


def test_the_header_says_the_space_that_is_asked_for(tmp_path):
    grid = Grid((2, 3, 4), np.diag([2.0, 2, 2, 1]))
    for space, codes in ((None, [2, 0]), ("mni", [4, 4])):
        write_image(tmp_path / "a.nii.gz", np.ones(grid.shape, dtype=np.int16), grid, space=space)
        header = nib.load(tmp_path / "a.nii.gz").header
        assert [int(header["sform_code"]), int(header["qform_code"])] == codes
        assert header.get_data_dtype() == np.int16
