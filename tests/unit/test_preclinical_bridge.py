"""Animal signatures against a map: by hand, against the stage enrichment, planted truth, and error rates."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from amygene.enrichment.scores import RandomSets, make_pools, set_test
from amygene.genes.association import OnGenes
from amygene.nulls import moran
from amygene.preclinical.animals import relabeled_p
from amygene.preclinical.bridge import (
    Weights,
    all_weights,
    animals_p,
    bridge_table,
    difference_against_random,
    mapped,
    orthologues_of,
    signed_test,
    weights_of,
)
from amygene.preclinical.signatures import Signature
from amygene.stats.map_test import unit

N_GENES, N_MAPS = 300, 400
STRATA = np.array(["cortex"] * 40 + ["subcortex"] * 14)
NO_GROUPS = np.empty((0, 54))


def brain(seed):
    """Places of regions, smooth expression that differs between structures, and names."""
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(-60, 60, (54, 3))
    kernel = np.exp(-((xyz[:, None] - xyz[None]) ** 2).sum(axis=2) / 2 / 30**2)
    root = np.linalg.cholesky(kernel + 1e-6 * np.eye(54))
    common = root @ rng.standard_normal((54, 6))
    expression = common @ rng.standard_normal((6, N_GENES)) + root @ rng.standard_normal((54, N_GENES))
    expression += 1.5 * (STRATA == "cortex")[:, None] * rng.standard_normal(N_GENES)
    return xyz, root, expression, rng


@pytest.fixture(scope="module")
def world():
    xyz, root, expression, rng = brain(1)
    names = np.array([f"G{i}" for i in range(N_GENES)])
    profiles = unit(expression, 0)
    random_sets = RandomSets(profiles, 3, make_pools(profiles, 3))
    return xyz, root, expression, names, random_sets, rng


def test_sets_have_the_scores_of_enrichment(world):
    xyz, root, expression, _, _, rng = world
    observed = root @ rng.standard_normal(54)
    maps = moran.null_maps(observed, STRATA, xyz, 1, N_MAPS)
    membership = sparse.csr_array((rng.random((6, N_GENES)) < 0.1).astype(float))
    for strata in (None, STRATA):
        truth, z = set_test(observed, maps, expression, membership, "mean_r", strata)
        found, own_z = signed_test(observed, maps, expression, membership.toarray(), strata)
        assert found.score == pytest.approx(truth.score)
        assert (found.exceedances == truth.exceedances).all()
        assert own_z == pytest.approx(z)
        assert found.maxima == pytest.approx(truth.maxima)


def test_signed_score_is_the_weighted_mean_correlation(world):
    xyz, root, expression, _, _, rng = world
    observed = root @ rng.standard_normal(54)
    weights = rng.standard_normal((2, N_GENES))
    r = np.array([np.corrcoef(observed, g)[0, 1] for g in expression.T])
    found, _ = signed_test(observed, moran.null_maps(observed, STRATA, xyz, 1, 50), expression, weights)
    assert found.score == pytest.approx((weights * r).sum(axis=1) / np.abs(weights).sum(axis=1))


def test_mapped_counts_what_is_lost():
    human = {"Fos": "FOS", "Arc": "ARC", "Odd": "ODD", "Bdnf": "BDNF"}
    measured = {"FOS": 0, "ARC": 1, "BDNF": 2}
    direction, stat = np.array([1, -1, 1, 0, 1]), np.array([3.0, -4, 2, 0.5, np.nan])
    up, down, both, signed = weights_of("s", "NAc", ["Fos", "Arc", "Odd", "Bdnf", "Mouseonly"], direction, stat)
    found = mapped(up, human, measured)
    assert (found.n_genes, found.n_orthologues, found.n_measured) == (3, 2, 1)
    assert found.vector.tolist() == [1, 0, 0]
    assert mapped(down, human, measured).vector.tolist() == [0, 1, 0]
    assert mapped(both, human, measured).vector.tolist() == [1, -1, 0]
    # without a statistic no weight; around the mean of the measured ones
    assert mapped(signed, human, measured).vector == pytest.approx(np.array([3, -4, 0.5]) - (-0.5 / 3))


def test_planted_bridge_is_found_and_the_small_is_told(world):
    xyz, root, expression, names, random_sets, rng = world
    genes = unit(expression, 0)
    observed = genes[:, :30].mean(axis=1) - genes[:, 30:60].mean(axis=1)
    observed = observed / observed.std() + 0.4 * root @ rng.standard_normal(54)
    maps = moran.null_maps(observed, STRATA, xyz, 1, N_MAPS)
    human = {f"g{i}": f"G{i}" for i in range(N_GENES)}
    direction = np.zeros(N_GENES)
    direction[:30], direction[30:60] = 1, -1
    stat = direction * 3 + rng.standard_normal(N_GENES)
    other = rng.permutation(direction[60:]) * 0
    other[:20] = 1
    signatures = [
        *weights_of("true", "NAc", list(human), direction, stat),
        Weights("other", "NAc", "up", {f"g{i}": 1.0 for i in rng.choice(np.arange(60, N_GENES), 30, replace=False)}),
        Weights("few", "NAc", "module", {"g1": 1.0, "g2": 1.0}),
    ]
    table = bridge_table(
        signatures, human, OnGenes(names, expression, observed, maps, NO_GROUPS, STRATA), random_sets, 500, 10
    )
    assert table["kind"].tolist() == ["up", "down", "up-down", "signed", "up", "module"]
    assert (table["q_null"][2:4] < 0.05).all()
    assert (table["score"][[0, 2, 3]] > 0).all()
    assert table["score"][1] < 0
    assert table["p_coexpression"][2] < 0.05
    assert table["p_null"][4] > 0.05
    # this map is what most genes have in common, and long profiles all lie along it
    assert 0 < table["p_coexpression"][3] <= 1
    pairs = genes[:, :30].T @ genes[:, :30]
    assert table["coexpression"][0] == pytest.approx((pairs.sum() - 30) / (30 * 29))
    assert table["coexpression_random"].notna().tolist() == [True, True, False, False, True, False]
    assert table["p_animals"].isna().all()
    assert table["reason_animals"].tolist() == [
        *["a ready signature has no animals"] * 5, "fewer than 10 measured genes",
    ]  # fmt: skip
    assert np.isnan(table["p_null"][5])
    assert table["reason"][5] == "fewer than 10 measured genes"
    assert table["p_group"].isna().all()


def test_relabeled_groups_give_their_p(world):
    xyz, root, expression, names, random_sets, rng = world
    observed = unit(expression, 0)[:, :30].mean(axis=1)
    maps = moran.null_maps(observed, STRATA, xyz, 1, 100)
    relabeled = (root @ rng.standard_normal((54, 99))).T
    human = {f"g{i}": f"G{i}" for i in range(N_GENES)}
    true = [Weights("true", "", "up", {f"g{i}": 1.0 for i in range(30)})]
    on = OnGenes(names, expression, observed, maps, relabeled, STRATA)
    table = bridge_table(true, human, on, random_sets, 100, 10)
    assert table["p_group"][0] < 0.05
    assert table["tissue"][0] == "n/a"


def studies(brain, n_studies):
    """Smooth maps, and smooth genes with common factors: everything unrelated."""
    rng = np.random.default_rng(22)
    for i in range(n_studies):
        observed = brain.smooth(1, rng, 1.0)[0]
        genes = np.repeat(brain.smooth(4, rng, 1.0), 12, axis=0) + brain.smooth(48, rng, 1.0)
        maps = moran.null_maps(observed, brain.structure, brain.xyz, i, 199)
        yield observed, maps, genes.T, rng


def test_level_over_unrelated_maps(brain, assert_level):
    """Signed vectors of all genes; genes of one factor against those of another."""
    signed, sides = [], []
    for observed, maps, expression, rng in studies(brain, 500):
        two = np.zeros(48)
        two[:12], two[12:24] = 1 / 12, -1 / 12
        found, _ = signed_test(observed, maps, expression, np.stack([rng.standard_normal(48), two]))
        signed.append(found.p[0])
        sides.append(found.p[1])
    assert_level(signed)
    assert_level(sides)


def test_level_of_random_sets_on_two_sides(world, assert_level):
    _, root, expression, _, random_sets, rng = world
    profiles = unit(expression, 0)
    p = []
    for i in range(200):
        r = unit(root @ rng.standard_normal(54), 0) @ profiles
        up, down = np.split(rng.choice(N_GENES, 40, replace=False), 2)
        p.append(difference_against_random(r, up, down, random_sets, 199, i))
    assert_level(p)


def test_every_form_of_signatures_and_modules():
    table = pd.DataFrame({"gene": ["g1", "g2"], "direction": [1, 0], "stat": [2.0, -1.0]})
    members = pd.DataFrame({"module": ["M1", "M1", "M1.1"], "gene": ["g1", "g2", "g2"]})
    found = all_weights([Signature("a", "NAc", table)], {"NAc": members})
    assert [(w.name, w.kind) for w in found] == [
        ("a", "up"), ("a", "down"), ("a", "up-down"), ("a", "signed"), ("M1", "module"), ("M1.1", "module"),
    ]  # fmt: skip
    assert found[3].weights == {"g1": 2.0, "g2": -1.0}
    assert found[4].weights == {"g1": 1.0, "g2": 1.0}


def test_orthologues_of_all_signatures_together():
    """One signature names two genes by id, the other three: together most are ids, so symbols are none."""
    pairs = pd.DataFrame({"mouse_id": ["ENSMUSG01", "ENSMUSG02"], "mouse": ["Fos", "Jun"], "human": ["FOS", "JUN"]})
    one = Weights("a", "T", "up", {"ENSMUSG01.3": 1.0, "ENSMUSG09": 1.0})
    other = Weights("b", "T", "up", {"ENSMUSG02": 1.0, "ENSMUSG01.3": 1.0, "Jun": 1.0})
    assert orthologues_of([one, other], pairs) == {
        "ENSMUSG01.3": "FOS", "ENSMUSG02": "JUN", "ENSMUSG09": "", "Jun": "",
    }  # fmt: skip


def test_animals_of_the_contrasts_of_tissues_are_relabeled(world):
    *_, rng = world
    data = {"values": rng.standard_normal((14, 6)), "gene": np.array([f"g{i}" for i in range(6)])}
    data["group"] = np.repeat(["A", "B", "C"], [5, 5, 4])
    stat = np.array([9.0, 5, 4, 3, -3, -4])
    forms = weights_of("AvsB", "NAc", data["gene"].tolist(), np.sign(stat) * (np.abs(stat) > 2), stat)
    signatures = [Weights("M1", "NAc", "module", {"g2": 1.0, "g3": 1.0}), *forms, Weights("own", "", "signed", {})]
    # g0 has no orthologue, that of g1 is not measured
    human = {f"g{i}": f"G{i}" for i in range(1, 6)}
    names, r = np.array(["G5", "G2", "G3", "G4"]), np.array([0.5, 0.2, 0.3, 0.4])
    found = animals_p(signatures, human, names, r, {"NAc": data}, {"AvsB": {"case": "A", "control": "B"}}, 3, 50)
    p = relabeled_p(data["values"][:10, 2:], data["group"][:10] == "A", r[[1, 2, 3, 0]], {"up": 2, "down": 2}, 3, 0, 50)
    assert found == {i + 1: (p[form], "n/a") for i, form in enumerate(("up", "down", "up-down", "signed"))}
    observed, maps = rng.standard_normal(54), rng.standard_normal((50, 54))
    expression = rng.standard_normal((54, 4))
    on = OnGenes(names, expression, observed, maps, NO_GROUPS, STRATA)
    sets = RandomSets(unit(expression, 0), 3, make_pools(unit(expression, 0), 3))
    table = bridge_table(signatures, human, on, sets, 100, 2, found)
    assert table["reason_animals"].tolist() == [
        "a module is of no contrast", *["n/a"] * 4, "fewer than 2 measured genes",
    ]  # fmt: skip
    assert table["p_animals"][1:5].tolist() == [p for p, _ in found.values()]
    # what is not tested has no p of animals either
    few = bridge_table(signatures, human, on, sets, 100, 3, found)
    assert few["p_animals"].notna().tolist() == [False, False, False, False, True, False]
    # 20 relabelings of 3 + 3 animals, two of which have the score
    small = data | {"values": data["values"][[0, 1, 2, 5, 6, 7]], "group": data["group"][[0, 1, 2, 5, 6, 7]]}
    told = animals_p(signatures, human, names, r, {"NAc": small}, {"AvsB": {"case": "A", "control": "B"}}, 3, 50)
    assert {note for _, note in told.values()} == {"3 + 3 animals are too few: no p can be below .05"}
