"""Maps of one participant against nilearn's maskers and numpy's corrcoef."""

from __future__ import annotations

import warnings

import nibabel as nib
import numpy as np
import pytest
from nilearn.image import smooth_img
from nilearn.maskers import NiftiLabelsMasker, NiftiMasker, NiftiSpheresMasker

from amygene.cleaning.confounds import read_confounds, read_metadata, select_confounds
from amygene.connectivity.voxels import (
    BLOCK,
    correlate,
    resample,
    session_maps,
    signal_to_noise,
)
from amygene.imaging.grid import Grid, standard_grid
from amygene.imaging.images import file_order, read_header
from amygene.imaging.scans import Scan
from amygene.imaging.seed_maps import SeedsOnGrids, read_source
from amygene.io.problems import InputError
from fixtures import scans

INSIDE = scans.brain()
HAS_SIGNAL = INSIDE.ravel(order="F")
CLEANING = scans.CLEANING
SPHERES = {"A": ((-24.0, 0.0, -22.0), 20.0), "B": ((24.0, 8.0, 10.0), 25.0)}


def sources():
    return SeedsOnGrids(
        {name: read_source({"kind": "sphere", "xyz": xyz, "radius": radius}) for name, (xyz, radius) in SPHERES.items()}
    )


def as_scan(files, **others):
    return Scan("", "", str(files["bold"]), str(files["mask"]), str(files["confounds"]), **others)


def kept_by_hand(table):
    """Volumes that no jump above .5 mm touches, counted out."""
    fd = table["framewise_displacement"].fillna(0).to_numpy()
    return [t for t in range(len(fd)) if not any(fd[u] > 0.5 for u in (t - 1, t, t + 1) if 0 <= u < len(fd))]


def by_nilearn(files, cleaning=CLEANING):
    """Cleaned series of voxels (file order) and seeds by nilearn's maskers: [time x voxel], {seed: [time]}."""
    table = read_confounds(files["confounds"])
    confounds = select_confounds(cleaning["strategy"], table, read_metadata(files["confounds"]), "x")
    band = cleaning["band_pass"] if not cleaning["filtered"] else None
    kept = kept_by_hand(table) if cleaning["scrub"] else list(range(len(table)))
    options = {
        "detrend": True,
        "standardize": None,
        "high_pass": band[0] if band else None,
        "low_pass": band[1] if band else None,
        "t_r": scans.TR,
        "smoothing_fwhm": cleaning["smoothing"] or None,
    }
    given = {
        "confounds": confounds if confounds.shape[1] else None,
        "sample_mask": np.array(kept) if len(kept) < len(table) else None,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        brain = NiftiMasker(str(files["mask"]), dtype="float64", **options).fit()
        voxels = brain.transform(str(files["bold"]), **given)
        seeds = {
            name: NiftiSpheresMasker([xyz], radius=radius, mask_img=str(files["mask"]), dtype="float64", **options)
            .fit()
            .transform(str(files["bold"]), **given)[:, 0]
            for name, (xyz, radius) in SPHERES.items()
        }
    # nilearn's voxels are in C order
    order = np.argsort(np.argsort(np.flatnonzero(INSIDE)))
    volume = np.empty((len(voxels), *INSIDE.shape))
    volume[:, INSIDE] = voxels[:, order]
    return volume, seeds


def check(maps, volume, seeds, tolerance):
    """r of every voxel within a tolerance of numpy's."""
    for name, seed in seeds.items():
        found = maps[name].z
        assert np.isnan(found[~INSIDE]).all()
        expected = np.corrcoef(seed, volume[:, INSIDE], rowvar=False)[0, 1:]
        np.testing.assert_allclose(np.tanh(found[INSIDE]), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"strategy": "24P+WM/CSF+GSR"},
        {"strategy": "aCompCor", "scrub": None},
        {"strategy": "none", "scrub": None},
        {"band_pass": None},
        {"filtered": True, "strategy": "none"},
        {"smoothing": 24.0},
    ],
    ids=lambda c: " ".join(f"{k}={v}" for k, v in c.items()) or "default",
)
def test_maps_equal_nilearn_s_maskers_and_corrcoef(tmp_path, changes):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 1, spikes=[20, 43, 44])
    cleaning = CLEANING | changes
    grid, maps = session_maps([as_scan(files)], HAS_SIGNAL, sources(), cleaning, 0.5)
    assert grid.same_as(Grid(scans.SHAPE, scans.AFFINE))
    check(maps, *by_nilearn(files, cleaning), tolerance=5e-5)


@pytest.mark.parametrize(
    ("dtype", "scaling", "ending"),
    [(np.int16, (0.05, 900.0), ".nii.gz"), (np.int16, (0.05, 900.0), ".nii"), (np.float64, None, ".nii")],
)
def test_scaled_integers_and_uncompressed_files(tmp_path, dtype, scaling, ending):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 2, dtype=dtype, scaling=scaling, ending=ending)
    _, maps = session_maps([as_scan(files)], HAS_SIGNAL, sources(), CLEANING, 0.5)
    check(maps, *by_nilearn(files), tolerance=5e-5)


def test_a_label_image_as_seed_equals_nilearn(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 3)
    labels = np.zeros(scans.SHAPE, dtype=np.int16)
    labels[4:6, 6:8, 5:7] = 7
    nib.save(nib.Nifti1Image(labels, scans.AFFINE), tmp_path / "labels.nii.gz")
    seed = read_source({"kind": "regions", "image": str(tmp_path / "labels.nii.gz"), "numbers": [7]})
    _, maps = session_maps([as_scan(files)], HAS_SIGNAL, SeedsOnGrids({"L": seed}), CLEANING, 0.5)
    table = read_confounds(files["confounds"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        masker = NiftiLabelsMasker(
            str(tmp_path / "labels.nii.gz"),
            detrend=True,
            standardize=None,
            high_pass=0.01,
            low_pass=0.1,
            t_r=scans.TR,
            dtype="float64",
        )
        expected = masker.fit().transform(str(files["bold"]), confounds=select_confounds("24P+WM/CSF", table, {}, "x"))[
            :, 0
        ]
    volume, _ = by_nilearn(files)
    check(maps, volume, {"L": expected}, tolerance=5e-5)


def test_runs_are_cleaned_apart_centred_and_put_one_after_the_other(tmp_path):
    runs = [
        scans.write_scan(tmp_path, f"sub-1_task-rest_run-{i}", 10 + i, n_volumes=n, spikes=spikes)
        for i, n, spikes in ((1, 70, [30]), (2, 95, []))
    ]
    _, maps = session_maps([as_scan(files) for files in runs], HAS_SIGNAL, sources(), CLEANING, 0.5)
    parts = [by_nilearn(files) for files in runs]
    volume = np.concatenate([v - v.mean(axis=0) for v, _ in parts])
    seeds = {name: np.concatenate([s[name] - s[name].mean() for _, s in parts]) for name in SPHERES}
    check(maps, volume, seeds, tolerance=5e-5)


def test_a_run_that_scrubbing_leaves_nothing_of_does_not_count(tmp_path):
    good = scans.write_scan(tmp_path, "sub-1_task-rest_run-1", 4)
    bad = scans.write_scan(tmp_path, "sub-1_task-rest_run-2", 5, spikes=list(range(1, 80, 2)))
    _, both = session_maps([as_scan(good), as_scan(bad)], HAS_SIGNAL, sources(), CLEANING, 0.5)
    _, alone = session_maps([as_scan(good)], HAS_SIGNAL, sources(), CLEANING, 0.5)
    for name in SPHERES:
        np.testing.assert_array_equal(both[name].z, alone[name].z)
    with pytest.raises(InputError, match="too few volumes are left after scrubbing"):
        session_maps([as_scan(bad)], HAS_SIGNAL, sources(), CLEANING, 0.5)


def test_a_seed_without_enough_signal_has_no_map(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 6)
    _, whole = session_maps([as_scan(files)], HAS_SIGNAL, sources(), CLEANING, 0.5)
    assert whole["A"].coverage == 1
    # the field of view ends in the middle of the seed
    numbers = np.stack(np.meshgrid(*[np.arange(n) for n in scans.SHAPE], indexing="ij"), axis=-1)
    left = nib.affines.apply_affine(scans.AFFINE, numbers)[..., 0] > -16
    cut = (INSIDE & left).ravel(order="F")
    _, maps = session_maps([as_scan(files)], cut, sources(), CLEANING, 0.5)
    assert maps["A"].z is None
    assert 0 < maps["A"].coverage < 0.5
    assert np.isnan(maps["A"].tsnr)
    assert maps["B"].z is not None
    _, maps = session_maps([as_scan(files)], cut, sources(), CLEANING, 0.1)
    assert maps["A"].z is not None
    assert maps["A"].tsnr > 0


def test_the_seed_s_signal_to_noise_is_mean_by_standard_deviation(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 7)
    values = nib.load(files["bold"]).get_fdata()
    ratio = values.mean(axis=3) / np.where(INSIDE, values.std(axis=3, ddof=1), np.nan)
    numbers = np.stack(np.meshgrid(*[np.arange(n) for n in scans.SHAPE], indexing="ij"), axis=-1)
    _, maps = session_maps([as_scan(files)], HAS_SIGNAL, sources(), CLEANING, 0.5)
    for name, (xyz, radius) in SPHERES.items():
        near = np.linalg.norm(nib.affines.apply_affine(scans.AFFINE, numbers) - xyz, axis=-1) <= radius
        assert maps[name].tsnr == pytest.approx(ratio[near & INSIDE].mean(), rel=1e-6)
    assert signal_to_noise(np.array([[1.0, 10], [3, 14]]), np.array([1.0, 3])) == pytest.approx(
        (2 / np.sqrt(2) + 3 * 12 / np.sqrt(8)) / 4
    )


def test_a_seed_does_not_depend_on_the_others(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 8)
    _, both = session_maps([as_scan(files)], HAS_SIGNAL, sources(), CLEANING, 0.5)
    _, alone = session_maps([as_scan(files)], HAS_SIGNAL, SeedsOnGrids({"B": sources().sources["B"]}), CLEANING, 0.5)
    np.testing.assert_allclose(both["B"].z, alone["B"].z, atol=1e-6)


def test_many_blocks_give_what_one_product_gives():
    rng = np.random.default_rng(0)
    n_voxels = 2 * BLOCK + 123
    series = (1e4 + 5 * rng.standard_normal((40, n_voxels))).astype(np.float32)
    operator = rng.standard_normal((33, 40))
    operator -= operator.mean(axis=1, keepdims=True)  # takes the mean away, as every cleaning does
    seeds = [(np.array([5, BLOCK, n_voxels - 1]), np.array([1.0, 2, 3])), (np.array([7]), np.array([1.0]))]
    exact = operator @ series.astype(np.float64)
    exact -= exact.mean(axis=0)
    found = correlate([(series.copy(), operator)], seeds)
    for row, (voxels, weights) in zip(found, seeds, strict=True):
        seed = exact[:, voxels] @ weights
        r = seed @ exact / np.linalg.norm(seed) / np.linalg.norm(exact, axis=0)
        others = np.setdiff1d(np.arange(n_voxels), voxels)
        np.testing.assert_allclose(np.tanh(row[others]), r[others], atol=5e-5)
    assert found[1, 7] > 7  # with itself: clipped, finite


def test_maps_are_resampled_as_nilearn_does_inside_and_missing_stays_missing():
    from nilearn.image import resample_img

    rng = np.random.default_rng(0)
    grid, target = standard_grid(4.0), standard_grid(3.0)
    rough = nib.Nifti1Image(rng.standard_normal(grid.shape).astype(np.float32), grid.affine)
    volume = np.asarray(smooth_img(rough, 16).dataobj, dtype=np.float32)
    volume[:19] = np.nan
    found = resample(volume, grid, target)
    filled = np.nan_to_num(volume, nan=0.0)
    expected = resample_img(
        nib.Nifti1Image(filled, grid.affine),
        target.affine,
        target.shape,
        interpolation="linear",
        force_resample=True,
        copy_header=True,
    ).get_fdata()
    x = target.affine[0, 0] * np.arange(target.shape[0]) - 90
    border = grid.affine[0, 0] * 19 - 90
    assert np.isnan(found[x < border - 4]).all()
    inside = np.zeros(target.shape, dtype=bool)
    inside[np.flatnonzero(x > border)[0] :, 1:-1, 1:-1] = True
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-5)
    # at the border missing values do not count as 0
    edge = np.flatnonzero((x < border) & (x > border - 2))
    assert np.isfinite(found[edge]).any()
    assert resample(volume, grid, grid) is volume


def test_the_standard_grid_is_spm_s_box():
    grid = standard_grid(3.0)
    assert grid.shape == (61, 73, 61)
    assert grid.affine[:3, 3].tolist() == [-90, -126, -72]
    assert standard_grid(2.0).shape == (91, 109, 91)
    assert standard_grid(4.0).shape == (46, 55, 46)


def test_a_scan_that_was_exchanged_after_its_check_is_named(tmp_path):
    files = scans.write_scan(tmp_path, "sub-1_task-rest", 9)
    with pytest.raises(InputError, match="has another grid than when it was checked"):
        session_maps([as_scan(files)], HAS_SIGNAL[:-1], sources(), CLEANING, 0.5)
    assert file_order(INSIDE).tolist() == np.flatnonzero(HAS_SIGNAL).tolist()
    assert read_header(files["bold"]).n_volumes == 80
