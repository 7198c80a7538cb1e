"""Activation likelihood estimation against its definition, by brute force, and against scipy."""

import numpy as np
import pytest
from scipy import ndimage

from amygene.meta.ale import STEP, Experiments, Model, clusters, converge, value_null
from amygene.meta.kernel import fwhm, kernel
from fixtures.meta import ball, random_experiments


def by_definition(experiments: Experiments, grid) -> np.ndarray:
    """Modelled activations of all experiments, each kernel placed voxel by voxel; shape (n_experiments, nx, ny, nz)."""
    maps = np.zeros((len(experiments), *grid.mask.shape))
    ijk = grid.voxels_of_foci(experiments.xyz)
    for e in range(len(experiments)):
        cube = kernel(experiments.n_subjects[e], grid.size)
        half = len(cube) // 2
        for focus in ijk[experiments.starts[e] : experiments.starts[e + 1]]:
            for offset in np.ndindex(cube.shape):
                place = tuple(focus + np.array(offset) - half)
                if all(0 <= p < n for p, n in zip(place, grid.mask.shape, strict=True)):
                    maps[e][place] = max(maps[e][place], cube[offset])
    return maps


def test_kernel_widths_of_eickhoff():
    """Templates alone 8.41 mm, and 17.12 mm / sqrt(n) of subjects, in quadrature."""
    assert fwhm(1e12) == pytest.approx(5.7 / (2 * np.sqrt(2 / np.pi)) * np.sqrt(8 * np.log(2)))
    assert fwhm(20) == pytest.approx(np.hypot(8.4106, 17.1164 / np.sqrt(20)), abs=1e-3)
    assert fwhm(10) > fwhm(40)


def test_kernel_is_a_probability_of_that_width():
    cube = kernel(20, 2.0)
    assert cube.sum() == pytest.approx(1)
    place = (np.arange(len(cube)) - len(cube) // 2) * 2.0
    variance = (cube.sum(axis=(1, 2)) * place**2).sum()
    # cut at four standard deviations, sampled in voxels
    assert np.sqrt(variance) == pytest.approx(float(fwhm(20)) / np.sqrt(8 * np.log(2)), rel=0.01)


def test_ale_is_its_definition():
    grid = ball()
    experiments = random_experiments(grid, np.random.default_rng(3), n=5)
    expected = np.where(grid.mask, 1 - np.prod(1 - by_definition(experiments, grid), axis=0), 0)
    found = converge(experiments, grid, 0.001)
    assert np.abs(found.ale - expected).max() < 1e-14


def test_many_foci_of_one_experiment_are_no_convergence():
    grid = ball()
    one = Experiments(("A",), np.array([20]), np.array([0, 5]), np.zeros((5, 3)))
    single = Experiments(("A",), np.array([20]), np.array([0, 1]), np.zeros((1, 3)))
    assert np.allclose(converge(one, grid, 0.001).ale, converge(single, grid, 0.001).ale, atol=1e-16)


def test_null_of_values_against_all_combinations():
    """Two experiments in a small ball: every pair of voxels is as likely."""
    grid = ball(radius=12.0)
    experiments = random_experiments(grid, np.random.default_rng(4), n=2)
    model = Model(experiments, grid)
    places = model.places(grid.voxels_of_foci(experiments.xyz))
    first, second = (np.floor(model.modelled(places, e) / STEP + 0.5) * STEP for e in range(2))
    exact = np.sort((1 - (1 - first[:, None]) * (1 - second[None])).ravel())
    null = value_null(model, places)
    for value in np.quantile(exact, [0.5, 0.9, 0.99, 0.999]):
        share = np.mean(np.floor(exact / STEP + 0.5) >= np.floor(value / STEP + 0.5))
        assert null.p(np.array([value]))[0] == pytest.approx(share, abs=2e-3)


def test_p_is_never_zero_and_falls():
    grid = ball()
    model = Model(random_experiments(grid, np.random.default_rng(5)), grid)
    null = value_null(
        model, model.places(np.argwhere(grid.mask)[:: len(np.argwhere(grid.mask)) // 60][: model.starts[-1]])
    )
    p = null.p(np.linspace(0, 0.9, 500))
    assert (np.diff(p) <= 0).all()
    assert p[0] == 1
    assert p[-1] > 0


def test_threshold_is_the_p_asked_for():
    grid = ball()
    experiments = random_experiments(grid, np.random.default_rng(6))
    model = Model(experiments, grid)
    null = value_null(model, model.places(grid.voxels_of_foci(experiments.xyz)))
    threshold = null.threshold(0.001)
    assert null.p(np.array([threshold + STEP]))[0] <= 0.001 < null.p(np.array([threshold]))[0]


def test_clusters_share_faces_and_come_by_size():
    ale = np.zeros((6, 6, 6))
    ale[0, 0, 0] = ale[0, 0, 1] = ale[0, 1, 1] = 1
    ale[1, 2, 2] = 1  # touches a corner only
    ale[4, 4, 4] = ale[4, 4, 5] = 1
    labels, sizes = clusters(ale, 0.5)
    assert sizes.tolist() == [3, 2, 1]
    assert labels[0, 0, 0] == labels[0, 1, 1] == 1
    assert labels[4, 4, 5] == 2
    assert labels[1, 2, 2] == 3


def test_largest_clusters_against_scipy():
    """The draws' fast path against maps made and labelled one by one."""
    grid = ball()
    rng = np.random.default_rng(7)
    experiments = random_experiments(grid, rng)
    model = Model(experiments, grid)
    everywhere = model.places(np.argwhere(grid.mask))
    draws = everywhere[rng.integers(len(everywhere), size=(40, len(experiments.xyz)))]
    threshold = float(np.quantile(converge(experiments, grid, 0.001).ale[grid.mask], 0.97))
    expected = []
    for places in draws:
        ale = np.where(grid.mask, -np.expm1(model.log_sums(places)), 0)
        labels, n = ndimage.label(ale > threshold)
        expected.append(np.bincount(labels.ravel(), minlength=n + 1)[1:].max(initial=0))
    assert model.largest_clusters(draws, threshold).tolist() == expected
    assert len(set(expected)) > 3
    # a draw leaves nothing behind for the next
    assert model.largest_clusters(draws[::-1], threshold).tolist() == expected[::-1]


def test_foci_at_the_edge_and_beyond_stay_in_the_grid():
    grid = ball()
    far = Experiments(("A", "B"), np.array([10, 12]), np.array([0, 1, 2]), np.array([[900.0, 0, 0], [0, 0, -44.0]]))
    found = converge(far, grid, 0.001)
    assert np.isfinite(found.ale).all()
    assert found.ale[grid.mask].max() < 1
