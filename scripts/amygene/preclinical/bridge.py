"""Which animal signatures follow the map? Sets and signed vectors of genes under null maps of the human brain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from amygene.enrichment.scores import RandomSets, coexpression_test
from amygene.genes.association import OnGenes
from amygene.preclinical.animals import relabeled_p, smallest_p
from amygene.preclinical.orthologues import human_names
from amygene.preclinical.random_weights import random_weights_p
from amygene.preclinical.signatures import Signature
from amygene.stats.map_test import MapTest, against_null_maps, null_sd, unit, within_structures
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import TIE, monte_carlo_error, p_max, p_value


@dataclass(frozen=True)
class Weights:
    """One signature as weights of mouse genes.

    Attributes
    ----------
    name, tissue, kind
        Kind: ``up``, ``down``, ``module`` (sets: every weight is 1), ``up-down`` (up genes against down genes, each
        side with the same total), ``signed`` (every measured gene, by its statistic).
    weights : dict
        Gene -> weight, in the animal's names.
    """

    name: str
    tissue: str
    kind: str
    weights: dict[str, float]


@dataclass(frozen=True)
class Mapped:
    """A signature on the genes of the expression matrix.

    Attributes
    ----------
    n_genes, n_orthologues, n_measured : int
        Genes of the signature; those with a one-to-one orthologue; those whose orthologue is measured in the map's
        regions.
    vector : array of shape (n_expression_genes,)
    """

    n_genes: int
    n_orthologues: int
    n_measured: int
    vector: np.ndarray


def weights_of(name: str, tissue: str, genes: Sequence[str], direction: np.ndarray, stat: np.ndarray) -> list[Weights]:
    """The four forms of a differential signature.

    Parameters
    ----------
    genes : list of str, direction, stat : arrays of shape (n_genes,)
        As of `signatures.Signature`; a gene without a statistic has no weight.
    """
    gene = np.asarray(genes, dtype=object)
    up, down = gene[direction > 0].tolist(), gene[direction < 0].tolist()
    known = np.isfinite(stat)
    forms = [
        Weights(name, tissue, "up", dict.fromkeys(up, 1.0)),
        Weights(name, tissue, "down", dict.fromkeys(down, 1.0)),
        Weights(name, tissue, "up-down", {**dict.fromkeys(up, 1.0), **dict.fromkeys(down, -1.0)}),
        Weights(name, tissue, "signed", dict(zip(gene[known].tolist(), stat[known].tolist(), strict=True))),
    ]
    return forms


def mapped(signature: Weights, human: dict[str, str], measured: dict[str, int]) -> Mapped:
    """Carry a signature over to human genes.

    Parameters
    ----------
    human
        Mouse gene -> its one-to-one orthologue.
    measured
        Human gene -> column of the expression matrix.
    """
    vector = np.zeros(len(measured))
    n_orthologues = 0
    for gene, weight in signature.weights.items():
        other = human.get(gene, "")
        n_orthologues += bool(other)
        if other in measured:
            vector[measured[other]] = weight
    n_measured = sum(human.get(g, "") in measured for g in signature.weights)
    if signature.kind == "up-down":
        for side in (vector > 0, vector < 0):
            vector[side] /= max(side.sum(), 1)
    elif signature.kind == "signed" and n_measured:
        # around its own mean, or the mean expression of all genes would count
        here = np.array([measured[human[g]] for g in signature.weights if human.get(g, "") in measured])
        vector[here] -= vector[here].mean()
    return Mapped(len(signature.weights), n_orthologues, n_measured, vector)


def signed_test(
    observed: np.ndarray,
    null_maps: np.ndarray,
    expression: np.ndarray,
    vectors: np.ndarray,
    strata: np.ndarray | None = None,
) -> tuple[MapTest, np.ndarray]:
    """Weighted mean correlation of genes with the map against the same under the null maps.

    Null hypothesis per vector: the map is one of its null maps. The score is ``sum(w r) / sum(|w|)``; with weights of 1
    it is the mean correlation of `enrichment.set_test`. Two-sided around the null mean.

    Parameters
    ----------
    observed : array of shape (n_regions,)
    null_maps : array of shape (n_maps, n_regions)
    expression : array of shape (n_regions, n_genes)
        Nothing missing, no constant gene.
    vectors : array of shape (n_vectors, n_genes)
    strata
        As of `genes.correlate`.

    Returns
    -------
    MapTest, and z : array of shape (n_vectors,)
        As of `enrichment.set_test`.
    """
    one, maps, genes = unit(observed, 0), unit(null_maps, 1), unit(expression, 0)
    if strata is not None:
        one, maps = within_structures(one, strata), within_structures(maps, strata)
    profiles = (vectors @ genes.T).T / np.abs(vectors).sum(axis=1)
    spread = null_sd(maps, profiles)
    found = against_null_maps(one, maps, profiles / spread)
    return MapTest(
        found.score * spread, found.null_mean * spread, found.exceedances, found.maxima
    ), found.score - found.null_mean


def difference_against_random(
    r: np.ndarray, up: np.ndarray, down: np.ndarray, random_sets: RandomSets, n_random: int, index: int
) -> float:
    """p of up genes against down genes under random genes that are expressed together as much, on either side.

    Null hypothesis: the two sides follow the map no more differently than two random sets of their sizes and
    co-expressions.
    """
    sides = []
    for k, members in enumerate((up, down)):
        own = random_sets.coexpression(members[None])[0]
        drawn = random_sets.draw(len(members), own, n_random, 2 * index + k)
        sides.append(r[drawn].mean(axis=1))
    null = sides[0] - sides[1]
    distance = abs(r[up].mean() - r[down].mean() - null.mean())
    return float(p_value(np.sum(np.abs(null - null.mean()) >= distance * (1 - TIE)), n_random))


#: streams of random sets of differences lie beyond those of any collection of sets
_DIFFERENCES = 1_000_000


def bridge_table(
    signatures: Sequence[Weights],
    human: dict[str, str],
    on: OnGenes,
    random_sets: RandomSets,
    n_random: int,
    min_size: int,
    animals: Mapping[int, tuple[float, str]] | None = None,
) -> pd.DataFrame:
    """Every signature against one map; all of them are the family of q and p_fwe.

    Parameters
    ----------
    signatures, human
        As of `mapped`.
    on
        As of `enrichment.table.set_table`.
    random_sets, n_random
        As of `enrichment.coexpression_test`; of ``signed`` vectors the weights are drawn (`random_weights_p`).
    min_size : int
        Signatures with fewer measured genes (of ``up-down``: on either side) are told, not tested.
    animals
        From `animals_p`.

    Returns
    -------
    DataFrame
        One row per signature, in the order given; numbers are missing where ``reason`` says why, and p_animals where
        ``reason_animals`` does (or it says why none can be small).
    """
    measured = {name: j for j, name in enumerate(on.gene.tolist())}
    found = [mapped(s, human, measured) for s in signatures]
    sides = [
        min((m.vector > 0).sum(), (m.vector < 0).sum()) if s.kind == "up-down" else m.n_measured
        for s, m in zip(signatures, found, strict=True)
    ]
    tested = np.flatnonzero(np.array(sides) >= min_size)
    columns = ("score", "p_null", "q_null", "p_fwe", "p_coexpression", "null_mean", "z_null", "p_error")
    matched = ("coexpression", "coexpression_random")
    numbers = {c: np.full(len(found), np.nan) for c in (*columns, *matched, "p_group", "p_fwe_group")}
    if len(tested):
        vectors = np.stack([found[i].vector for i in tested])
        result, z = signed_test(on.observed, on.null_maps, on.expression, vectors)
        numbers["score"][tested], numbers["null_mean"][tested] = result.score, result.null_mean
        numbers["p_null"][tested], numbers["z_null"][tested] = result.p, z
        numbers["q_null"][tested] = benjamini_hochberg(result.p)
        numbers["p_fwe"][tested] = p_max(z, result.maxima)
        numbers["p_error"][tested] = monte_carlo_error(result.p, len(result.maxima))
        if len(on.relabeled):
            by_groups, z_group = signed_test(on.observed, on.relabeled, on.expression, vectors, on.structure)
            numbers["p_group"][tested] = by_groups.p
            numbers["p_fwe_group"][tested] = p_max(z_group, by_groups.maxima)
        r = on.r
        sets = [i for i in tested.tolist() if signatures[i].kind in ("up", "down", "module")]
        if sets:
            membership = sparse.csr_array(np.stack([(found[i].vector != 0).astype(float) for i in sets]))
            beside = coexpression_test(r, membership, "mean_r", random_sets, n_random)
            numbers["p_coexpression"][sets] = beside.p
            numbers["coexpression"][sets], numbers["coexpression_random"][sets] = beside.own, beside.matched
        for i in tested.tolist():
            if signatures[i].kind == "up-down":
                up, down = np.flatnonzero(found[i].vector > 0), np.flatnonzero(found[i].vector < 0)
                numbers["p_coexpression"][i] = difference_against_random(
                    r, up, down, random_sets, n_random, _DIFFERENCES + i
                )
            elif signatures[i].kind == "signed":
                numbers["p_coexpression"][i] = random_weights_p(
                    found[i].vector, unit(on.observed, 0), random_sets, n_random, i
                )
    n_genes = np.array([m.n_genes for m in found])
    n_measured = np.array([m.n_measured for m in found])
    few = f"fewer than {min_size} measured genes"
    reasons = [
        "n/a" if side >= min_size else few + (" on a side" if s.kind == "up-down" else "")
        for s, side in zip(signatures, sides, strict=True)
    ]
    known = {i: found for i, found in (animals or {}).items() if reasons[i] == "n/a"}
    return pd.DataFrame(
        {
            "signature": [s.name for s in signatures],
            "tissue": [s.tissue or "n/a" for s in signatures],
            "kind": [s.kind for s in signatures],
            "n_genes": n_genes,
            "n_orthologues": [m.n_orthologues for m in found],
            "n_measured": n_measured,
            "lost": np.where(n_genes > 0, 1 - n_measured / np.maximum(n_genes, 1), np.nan),
            **numbers,
            "p_animals": [known[i][0] if i in known else np.nan for i in range(len(found))],
            "reason": reasons,
            "reason_animals": [
                known[i][1] if i in known else reason if reason != "n/a" else without_animals(s)
                for i, (s, reason) in enumerate(zip(signatures, reasons, strict=True))
            ],
        }
    )


def all_weights(signatures: Sequence[Signature], members: Mapping[str, pd.DataFrame]) -> list[Weights]:
    """Every form of every signature, then the modules.

    Parameters
    ----------
    members
        Tissue -> ``_members.tsv``.
    """
    found = []
    for one in signatures:
        table = one.table
        found += weights_of(
            one.name,
            one.tissue,
            table["gene"].tolist(),
            table["direction"].to_numpy(),
            table["stat"].to_numpy(dtype=float),
        )
    for tissue, table in members.items():
        for name, part in table.groupby("module", sort=False):
            found.append(Weights(str(name), tissue, "module", dict.fromkeys(part["gene"], 1.0)))
    return found


def orthologues_of(signatures: Sequence[Weights], pairs: pd.DataFrame) -> dict[str, str]:
    """Human symbol of every gene of the signatures, empty without a one-to-one orthologue.

    Parameters
    ----------
    pairs
        As of `orthologues.human_names`, which takes all genes together for symbols or for Ensembl ids.
    """
    genes = sorted({gene for one in signatures for gene in one.weights})
    return dict(zip(genes, human_names(genes, pairs).tolist(), strict=True))


def animals_p(
    signatures: Sequence[Weights],
    human: Mapping[str, str],
    names: np.ndarray,
    r: np.ndarray,
    tissues: Mapping[str, Mapping[str, np.ndarray]],
    contrasts: Mapping[str, Mapping[str, str]],
    seed: int,
    n_permutations: int,
) -> dict[int, tuple[float, str]]:
    """`relabeled_p` of every form of the contrasts' signatures.

    Parameters
    ----------
    signatures, human
        As of `bridge_table`.
    names, r : arrays of shape (n_genes,)
        Genes of the expression matrix, and their correlation with the map.
    tissues
        Tissue -> ``values`` (samples x genes, variance-stabilised), ``gene``, ``group``.
    contrasts
        Name -> case, control.
    seed, n_permutations : int

    Returns
    -------
    dict
        Number of the signature -> p, and why it cannot be below .05 (n/a if it can).
    """
    column = {name: j for j, name in enumerate(names.tolist())}
    forms: dict[tuple[str, str], dict[str, int]] = {}
    for i, one in enumerate(signatures):
        if one.kind != "module" and one.tissue in tissues:
            forms.setdefault((one.tissue, one.name), {})[one.kind] = i
    found: dict[int, tuple[float, str]] = {}
    for index, ((tissue, name), numbers) in enumerate(forms.items()):
        data, contrast = tissues[tissue], contrasts[name]
        places = [column.get(human.get(gene, ""), -1) for gene in data["gene"].tolist()]
        genes = np.flatnonzero(np.array(places) >= 0)
        rows = np.isin(data["group"], [contrast["case"], contrast["control"]])
        sizes = {
            side: sum(human.get(g, "") in column for g in signatures[numbers[side]].weights) for side in ("up", "down")
        }
        is_case = data["group"][rows] == contrast["case"]
        n_case, n_control = int(is_case.sum()), int((~is_case).sum())
        p = relabeled_p(
            data["values"][np.ix_(rows, genes)],
            is_case,
            r[np.array(places)[genes]],
            sizes,
            seed,
            index,
            n_permutations,
        )
        few = f"{n_case} + {n_control} animals are too few: no p can be below .05"
        note = few if smallest_p(n_case, n_control) >= 0.05 else "n/a"
        found |= {i: (p[form], note) for form, i in numbers.items() if form in p}
    return found


def without_animals(signature: Weights) -> str:
    """Why a signature that is tested has no p under relabeled animals."""
    return "a module is of no contrast" if signature.kind == "module" else "a ready signature has no animals"
