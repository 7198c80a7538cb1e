"""Null maps by structure: addressed by index, keeping what they should, and holding the level."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.genes.association import parametric_p
from amygene.nulls import moran, shuffled, spin, variogram
from amygene.nulls.autocorrelation import moran_i
from amygene.nulls.stratified import BLOCK
from amygene.stats.map_test import against_null_maps, unit


@pytest.fixture
def value(brain):
    return brain.smooth(1, np.random.default_rng(0), shift=2)[0]


def sphere_of(brain):
    return brain.xyz / np.linalg.norm(brain.xyz, axis=1, keepdims=True)


def spun(value, brain, seed, n_maps):
    return spin.spun_maps(value, sphere_of(brain), brain.xyz[:, 0] > 0, seed, n_maps)


@pytest.mark.parametrize("method", [moran, variogram, spin, shuffled])
@pytest.mark.parametrize("n_maps", [1, BLOCK - 1, BLOCK, BLOCK + 7])
def test_map_i_does_not_depend_on_how_many_maps_there_are(brain, value, method, n_maps):
    def null_maps(seed, n):
        places = (value, brain.structure, brain.xyz)
        return spun(value, brain, seed, n) if method is spin else method.null_maps(*places, seed, n)

    many, few = null_maps(3, BLOCK + 20), null_maps(3, n_maps)
    assert np.array_equal(few, many[:n_maps])
    assert len(np.unique(many.round(9), axis=0)) == BLOCK + 20
    assert not np.array_equal(few, null_maps(4, n_maps))


def test_moran_keeps_mean_variance_and_autocorrelation_of_every_structure(brain, value):
    maps = moran.null_maps(value, brain.structure, brain.xyz, 1, 120)
    for structure in ("cortex", "subcortex", "cerebellum"):
        here = brain.structure == structure
        assert maps[:, here].mean(axis=1) == pytest.approx(np.full(120, value[here].mean()))
        assert maps[:, here].var(axis=1) == pytest.approx(np.full(120, value[here].var()))
        own = moran_i(value[None, here], brain.xyz[here])
        assert moran_i(maps[:, here], brain.xyz[here]) == pytest.approx(np.full(120, own[0]))


def test_shuffling_keeps_every_structures_values_and_nothing_of_their_places(brain, value):
    maps = shuffled.null_maps(value, brain.structure, brain.xyz, 1, 300)
    for structure in ("cortex", "subcortex", "cerebellum"):
        here = brain.structure == structure
        assert (np.sort(maps[:, here], axis=1) == np.sort(value[here])).all()
        # every place takes every value about as often
        assert maps[:, here].mean(axis=0) == pytest.approx(value[here].mean(), abs=5 * value[here].std() / 300**0.5)


def test_variogram_keeps_the_mean_of_every_structure(brain, value):
    maps = variogram.null_maps(value, brain.structure, brain.xyz, 1, 30)
    for structure in ("cortex", "subcortex", "cerebellum"):
        here = brain.structure == structure
        assert maps[:, here].mean(axis=1) == pytest.approx(np.full(30, value[here].mean()))


def test_structures_too_small_for_a_variogram_are_randomised_by_moran(brain, value):
    structure = brain.structure.copy()
    structure[:4] = "brainstem"
    maps = variogram.null_maps(value, structure, brain.xyz, 1, 20)
    own = moran_i(value[None, :4], brain.xyz[:4])
    assert moran_i(maps[:, :4], brain.xyz[:4]) == pytest.approx(np.full(20, own[0]))
    assert maps[:, :4].std(axis=0).min() > 0


@pytest.mark.parametrize("method", [moran, variogram, shuffled])
def test_a_structure_of_one_region_keeps_its_value(brain, value, method):
    structure = brain.structure.copy()
    structure[5] = "brainstem"
    maps = method.null_maps(value, structure, brain.xyz, 1, 10)
    assert (maps[:, 5] == value[5]).all()
    assert maps[:, 4].std() > 0


def test_the_order_of_regions_does_not_matter_to_what_is_kept(brain, value):
    # structures need not stand together in the table
    shuffle = np.random.default_rng(0).permutation(60)
    structure = brain.structure[shuffle]
    maps = moran.null_maps(value[shuffle], structure, brain.xyz[shuffle], 1, 10)
    for name in np.unique(structure):
        here = structure == name
        assert maps[:, here].mean(axis=1) == pytest.approx(np.full(10, value[shuffle][here].mean()))


def test_spin_of_other_structures_is_refused(brain, value):
    with pytest.raises(ValueError, match="other structures have no place on the sphere"):
        spin.null_maps(value, brain.structure, brain.xyz, 1, 5)


def test_spin_finds_the_regions_on_the_sphere_of_their_side(brain, value):
    cortex = brain.structure == "cortex"
    places = (value[cortex], brain.structure[cortex], brain.xyz[cortex])
    maps = spin.null_maps(*places, 1, 20)
    is_right = brain.xyz[cortex, 0] > 0
    for side in (False, True):
        assert (np.sort(maps[:, is_right == side], axis=1) == np.sort(value[cortex][is_right == side])).all()
    assert len(np.unique(maps, axis=0)) == 20


def test_spin_only_moves_values(brain, value):
    is_right = brain.xyz[:, 0] > 0
    maps = spun(value, brain, 1, 20)
    for side in (False, True):
        assert (np.sort(maps[:, is_right == side], axis=1) == np.sort(value[is_right == side])).all()


def false_positive_rates(brain, kind, shift, n_maps=120, n_genes=20, n_nulls=99):
    """Share of unrelated smooth genes at p <= .05, one number per map (genes of one map are not independent)."""
    rng = np.random.default_rng(5)
    rates = []
    for i in range(n_maps):
        value = brain.smooth(1, rng, shift)[0]
        genes = unit(brain.smooth(n_genes, rng, shift).T, 0)
        observed = unit(value, 0)
        if kind == "parametric":
            p = parametric_p(observed @ genes, 60)
        else:
            strata = brain.structure if kind.endswith("stratified") else np.full(60, "all")
            model = {"moran": moran, "variogram": variogram, "shuffled": shuffled}[kind.split()[0]]
            maps = model.null_maps(value, strata, brain.xyz, i, n_nulls)
            p = against_null_maps(observed, unit(maps, 1), genes).p
        rates.append(np.mean(p <= 0.05))
    return np.array(rates)


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.0], ids=["no", "moderate", "strong"])
def test_moran_by_structure_holds_the_level_whatever_the_structures_differ(brain, shift):
    rates = false_positive_rates(brain, "moran stratified", shift)
    assert rates.mean() == pytest.approx(0.05, abs=3 * rates.std() / np.sqrt(len(rates)))


@pytest.mark.parametrize(
    ("kind", "shift", "at_least"),
    [
        ("parametric", 0.0, 0.12),
        ("parametric", 2.0, 0.5),
        ("moran", 2.0, 0.2),
        ("shuffled stratified", 0.0, 0.12),
        ("shuffled stratified", 2.0, 0.12),
    ],
)
def test_nulls_that_mix_structures_or_forget_space_find_what_is_not_there(brain, kind, shift, at_least):
    assert false_positive_rates(brain, kind, shift, n_maps=60).mean() > at_least


def test_variogram_by_structure_is_near_the_level_where_structures_differ(brain):
    # an approximation: above the level in small structures, far below what the other nulls give
    rates = false_positive_rates(brain, "variogram stratified", 2.0, n_maps=50)
    assert 0.02 < rates.mean() < 0.12


def test_power_against_a_gene_that_the_map_follows_within_structures(brain):
    rng = np.random.default_rng(7)
    p = []
    for i in range(40):
        gene = brain.smooth(1, rng, 1.0)[0]
        value = gene + 0.3 * brain.smooth(1, rng)[0]
        maps = moran.null_maps(value, brain.structure, brain.xyz, i, 199)
        p.append(against_null_maps(unit(value, 0), unit(maps, 1), unit(gene[:, None], 0)).p[0])
    assert np.mean(np.array(p) <= 0.05) > 0.9
