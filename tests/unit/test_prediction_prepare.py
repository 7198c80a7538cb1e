"""What is fitted to edges before a classifier sees them."""

from __future__ import annotations

import numpy as np
import pytest

from amygene.models.harmonisation import fit_combat
from amygene.prediction import prepare
from fixtures.prediction import LOADED, make_sample

COUNTS = [(25, 25), (20, 30), (30, 20)]


@pytest.fixture
def sample():
    return make_sample(np.random.default_rng(0), COUNTS, n_edges=12)


def prepared(sample, train, harmonise=LOADED["harmonise"], remove=True):
    x = prepare.columns(sample)
    return prepare.Prepared.fit(x, train, prepare.pipeline(sample.edges.shape[1], harmonise, remove)), x


def test_steps_are_those_of_their_parts(sample):
    train = np.flatnonzero(np.arange(150) % 4 > 0)
    found, _ = prepared(sample, train)
    kept = sample.covariates[:, :2]
    combat = fit_combat(sample.edges[train], sample.sites[train], kept[train])
    z = combat.apply(sample.edges, sample.sites, kept)
    z = np.where(np.isnan(z), np.nanmean(z[train], axis=0), z)
    design = np.column_stack([np.ones(150), kept])
    z = z - design @ np.linalg.lstsq(design[train], z[train], rcond=None)[0]
    z = (z - z[train].mean(axis=0)) / z[train].std(axis=0)
    assert found.z == pytest.approx(z, abs=1e-9)


def test_training_part_is_standardised_and_clean_of_covariates(sample):
    train = np.flatnonzero(np.arange(150) % 3 > 0)
    z = prepared(sample, train)[0].z[train]
    assert z.mean(axis=0) == pytest.approx(np.zeros(12), abs=1e-12)
    assert z.std(axis=0) == pytest.approx(np.ones(12))
    for j in (0, 1):
        r = np.corrcoef(z.T, sample.covariates[train, j])[-1, :-1]
        assert np.abs(r).max() < 1e-9


def test_nothing_of_the_others_changes_what_was_fitted(sample):
    train = np.arange(90)
    before = prepared(sample, train)[0].z[:120]
    sample.edges[120:] = 1e3
    assert np.array_equal(prepared(sample, train)[0].z[:120], before)


def test_sites_stay_when_nothing_harmonises(sample):
    everybody = np.arange(150)

    def site_spread(harmonise):
        z = prepared(sample, everybody, harmonise)[0].z
        return np.std([z[sample.sites == s].mean(axis=0) for s in range(3)], axis=0).mean()

    assert site_spread("") > 0.4
    assert site_spread(LOADED["harmonise"]) < 0.1


def test_a_participant_of_an_unseen_site_is_left_as_it_is(sample):
    train = np.flatnonzero(sample.sites < 2)
    found, x = prepared(sample, train, remove=False)
    edges = np.where(np.isnan(sample.edges), 0, sample.edges)
    seen = found.steps.named_steps["harmonise"].transform(x)[:, :12]
    there = sample.sites == 2
    assert np.where(np.isnan(seen), 0, seen)[there] == pytest.approx(edges[there])
    assert seen[~there] != pytest.approx(edges[~there])


def test_controls_bring_an_unseen_site_to_the_controls_of_the_others():
    rng = np.random.default_rng(1)
    sample = make_sample(rng, [(100, 100), (100, 100), (100, 400)], n_edges=8, effect=1.0, n_planted=4, missing=0.0)
    train = np.flatnonzero(sample.sites < 2)
    found, x = prepared(sample, train, remove=False)
    controls = np.flatnonzero((sample.sites == 2) & (sample.case == 0))[:200]
    others = np.setdiff1d(np.flatnonzero(sample.sites == 2), controls)
    z = found.by_controls(x, others, controls, sample.case)
    there, here = sample.case[others] == 0, train[sample.case[train] == 0]
    assert z[there].mean(axis=0) == pytest.approx(found.z[here].mean(axis=0), abs=0.2)
    # the difference of the groups is left in place
    difference = z[~there].mean(axis=0) - z[there].mean(axis=0)
    of_others = found.z[train[sample.case[train] == 1]].mean(axis=0) - found.z[here].mean(axis=0)
    assert difference == pytest.approx(of_others, abs=0.35)
    as_they_are = found.z[others][there].mean(axis=0) - found.z[here].mean(axis=0)
    assert np.abs(as_they_are).mean() > 0.3


def test_controls_do_not_look_at_the_groups_of_the_tested(sample):
    train = np.flatnonzero(sample.sites < 2)
    found, x = prepared(sample, train)
    site = np.flatnonzero(sample.sites == 2)
    controls = site[sample.case[site] == 0][:10]
    rows = np.setdiff1d(site, controls)
    z = found.by_controls(x, rows, controls, sample.case)
    other = sample.case.copy()
    other[rows] = 1 - other[rows]
    assert np.array_equal(found.by_controls(x, rows, controls, other), z)


def test_without_controls_or_harmonisation_they_stay(sample):
    train = np.flatnonzero(sample.sites < 2)
    rows = np.flatnonzero(sample.sites == 2)
    for harmonise, controls in ((LOADED["harmonise"], rows[:0]), ("", rows[-8:])):
        found, x = prepared(sample, train, harmonise)
        assert np.array_equal(found.by_controls(x, rows[:5], controls, sample.case), found.z[rows[:5]])


def test_an_edge_that_the_training_part_lacks_says_nothing(sample):
    train = np.arange(100)
    sample.edges[:100, 4] = np.nan
    z = prepared(sample, train)[0].z
    assert np.isfinite(z).all()
    assert np.ptp(z[:, 4]) == pytest.approx(0, abs=1e-9)
