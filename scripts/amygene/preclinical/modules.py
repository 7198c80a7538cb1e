"""Modules of a co-expression network on several scales, nested, and their hub genes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import TIE, p_value
from amygene.stats.streams import PRECLINICAL_HUBS, stream

#: neighbours by topological overlap that every gene is tied to in the graph that is cut
NEIGHBOURS = 100
#: share of a module's genes that every one of them is tied to; others lie at its rim by chance
TIED = 0.1
#: resolution of the whole network, and by how much it grows with every level
RESOLUTION, GROWTH = 0.5, 2.0
LEVELS = 3


@dataclass(frozen=True)
class Module:
    """A module.

    Attributes
    ----------
    name
        ``M2.1`` is the first module inside ``M2``.
    level : int
        From 1.
    parent
        Name of the module that it lies in; empty on level 1.
    genes : array of int
        Columns of the network.
    """

    name: str
    level: int
    parent: str
    genes: np.ndarray


def nested(overlap: np.ndarray, min_size: int, seed: int) -> list[Module]:
    """Cut the network into modules, and every module into modules again.

    The idea of multiscale networks (MEGENA: Song & Zhang 2015, PLoS Comput Biol 11:e1004574) with kept parts: the graph
    of the nearest neighbours by topological overlap is cut by Leiden's algorithm (Traag et al. 2019, Sci Rep 9:5233)
    for modularity with a resolution that grows with the level. A gene that is tied to fewer than a tenth of its
    module leaves it. Modules below the minimum size are left out; a module is cut further only if two parts or more
    reach it.

    Parameters
    ----------
    overlap : array of shape (n_genes, n_genes)
        From `network.topological_overlap`, and 0 where the genes are not `network.correlated`.
    min_size : int
    seed : int

    Returns
    -------
    list of Module
        A parent before its children; the larger of two siblings first.
    """
    found: list[Module] = []
    _divide(overlap, np.arange(len(overlap)), "", 1, min_size, seed, found)
    return found


def _divide(
    overlap: np.ndarray, genes: np.ndarray, parent: str, level: int, min_size: int, seed: int, found: list[Module]
) -> None:
    if level > LEVELS or len(genes) < 2 * min_size:
        return
    parts = communities(overlap[np.ix_(genes, genes)], RESOLUTION * GROWTH ** (level - 1), seed)
    parts = [part[_tied_share(overlap, genes[part]) >= TIED] for part in parts if len(part) >= min_size]
    large = [part for part in parts if len(part) >= min_size]
    if len(large) < (2 if parent else 1):
        return
    for i, part in enumerate(large, start=1):
        name = f"{parent}.{i}" if parent else f"M{i}"
        found.append(Module(name, level, parent, genes[part]))
        _divide(overlap, genes[part], name, level + 1, min_size, seed, found)


def _tied_share(overlap: np.ndarray, genes: np.ndarray) -> np.ndarray:
    """Share of the others that every gene of a module is tied to."""
    return (overlap[np.ix_(genes, genes)] > 0).sum(axis=0) / (len(genes) - 1)


def communities(overlap: np.ndarray, resolution: float, seed: int) -> list[np.ndarray]:
    """Communities of the graph of nearest neighbours, the largest first.

    Parameters
    ----------
    overlap : array of shape (n_genes, n_genes)

    Returns
    -------
    list of arrays of int
        Rows of `overlap`, every one in one community.
    """
    import leidenalg

    graph = neighbour_graph(overlap)
    cut = leidenalg.find_partition(
        graph,
        leidenalg.RBConfigurationVertexPartition,
        weights="weight",
        resolution_parameter=resolution,
        seed=seed % 2**31,
        n_iterations=-1,
    )
    parts = [np.sort(np.array(part, dtype=int)) for part in cut]
    return sorted(parts, key=lambda part: (-len(part), int(part[0])))


def neighbour_graph(overlap: np.ndarray):
    """Every gene tied to its nearest neighbours by topological overlap, as igraph's Graph with weights."""
    import igraph

    n = len(overlap)
    k = min(NEIGHBOURS, n - 1)
    without = overlap.copy()
    np.fill_diagonal(without, -1)
    near = np.argsort(-without, axis=1, kind="stable")[:, :k]
    pairs = np.sort(np.column_stack([np.repeat(np.arange(n), k), near.ravel()]), axis=1)
    pairs = np.unique(pairs, axis=0)
    pairs = pairs[overlap[pairs[:, 0], pairs[:, 1]] > 0]
    return igraph.Graph(n=n, edges=pairs.tolist(), edge_attrs={"weight": overlap[pairs[:, 0], pairs[:, 1]].tolist()})


def hubs(overlap: np.ndarray, module: np.ndarray, seed: int, index: int, n_permutations: int) -> pd.DataFrame:
    """Strength of every gene of a module, and whether it is more than its share.

    Null hypothesis per gene: the ties inside the module are spread over its pairs of genes at random. The ties are
    shuffled over the pairs, and a gene's strength (the sum of its ties) is compared with that of all genes of the
    shuffled module.

    Parameters
    ----------
    overlap : array of shape (n_genes, n_genes)
    module : array of int, shape (n,)
        Its genes.
    seed, index, n_permutations : int
        Of the shuffles; index is the number of the module.

    Returns
    -------
    DataFrame
        strength, p_hub, q_hub over the module; one row per gene, in the order of `module`.
    """
    n = len(module)
    inside = overlap[np.ix_(module, module)]
    rows, columns = np.triu_indices(n, 1)
    ties = inside[rows, columns]
    strength = inside.sum(axis=0) - np.diag(inside)
    ordered = np.sort(strength * (1 - TIE))
    reached = np.zeros(n, dtype=np.int64)
    for k in range(n_permutations):
        drawn = stream(seed, PRECLINICAL_HUBS, index * 1_000_000 + k).permutation(ties)
        null = np.bincount(rows, drawn, n) + np.bincount(columns, drawn, n)
        # how many of the shuffled strengths reach the smallest, the next, ... of the observed
        reached += np.cumsum(np.bincount(np.searchsorted(ordered, null, side="right"), minlength=n + 1)[::-1])[::-1][1:]
    p = np.empty(n)
    p[np.argsort(strength, kind="stable")] = p_value(reached, n_permutations * n)
    return pd.DataFrame({"strength": strength, "p_hub": p, "q_hub": benjamini_hochberg(p)})


def module_enrichment(
    modules: list[Module], genes: np.ndarray, signatures: dict[str, tuple[set[str], set[str]]]
) -> pd.DataFrame:
    """Are up- or down-regulated genes of a contrast more in a module than by chance? With direction.

    Null hypothesis: the module is a random sample of the network's genes. Hypergeometric; every module, contrast and
    direction is one family. Modules and contrasts come from the same animals, so this describes more than it proves.

    Parameters
    ----------
    modules
        From `nested`.
    genes : array of str, shape (n_genes,)
        Names of the network's genes, the background.
    signatures
        Contrast -> its up- and its down-regulated genes.

    Returns
    -------
    DataFrame
        module, contrast, n_genes, n_up, n_down, p_up, q_up, p_down, q_down, and direction: up or down if that side
        alone, or the more, is enriched at q < .05, else neither.
    """
    from scipy.stats import hypergeom

    rows = []
    for module in modules:
        inside = set(genes[module.genes].tolist())
        for contrast, sides in signatures.items():
            row: dict[str, object] = {"module": module.name, "contrast": contrast, "n_genes": len(inside)}
            for side, listed in zip(("up", "down"), sides, strict=True):
                measured = listed & set(genes.tolist())
                shared = len(measured & inside)
                row[f"n_{side}"] = shared
                row[f"p_{side}"] = min(1.0, float(hypergeom.sf(shared - 1, len(genes), len(measured), len(inside))))
            rows.append(row)
    columns = ["module", "contrast", "n_genes", "n_up", "n_down", "p_up", "p_down"]
    table = pd.DataFrame(rows, columns=columns)
    q = benjamini_hochberg(table[["p_up", "p_down"]].to_numpy(dtype=float).ravel()).reshape(-1, 2)
    table["q_up"], table["q_down"] = q[:, 0], q[:, 1]
    more = np.where(table["p_up"] <= table["p_down"], "up", "down")
    table["direction"] = np.where(q.min(axis=1) < 0.05 if len(q) else [], more, "neither")
    return table[["module", "contrast", "n_genes", "n_up", "n_down", "p_up", "q_up", "p_down", "q_down", "direction"]]


def member_table(
    overlap: np.ndarray, genes: np.ndarray, modules: list[Module], seed: int, n_permutations: int
) -> pd.DataFrame:
    """Genes of every module: module, level, parent, gene, strength, p_hub, q_hub; the strongest first."""
    columns = ["module", "level", "parent", "gene", "strength", "p_hub", "q_hub"]
    parts = []
    for i, module in enumerate(modules):
        part = hubs(overlap, module.genes, seed, i, n_permutations)
        part.insert(0, "gene", genes[module.genes])
        part.insert(0, "parent", module.parent or "n/a")
        part.insert(0, "level", module.level)
        part.insert(0, "module", module.name)
        parts.append(part.sort_values(["strength", "gene"], ascending=[False, True], kind="stable"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def module_table(modules: list[Module], members: pd.DataFrame) -> pd.DataFrame:
    """One row per module: module, level, parent, n_genes, n_hubs, hubs."""
    rows = []
    for module in modules:
        strongest = members[(members["module"] == module.name) & (members["q_hub"] < 0.05)]["gene"].tolist()
        names = ", ".join(strongest[:5]) or "n/a"
        rows.append((module.name, module.level, module.parent or "n/a", len(module.genes), len(strongest), names))
    return pd.DataFrame(rows, columns=["module", "level", "parent", "n_genes", "n_hubs", "hubs"])


def modules_of(members: pd.DataFrame, genes: np.ndarray) -> list[Module]:
    """Modules back from their table."""
    column = {gene: i for i, gene in enumerate(genes.tolist())}
    found = []
    for name, part in members.groupby("module", sort=False):
        inside = np.sort([column[g] for g in part["gene"]])
        parent = part["parent"].iloc[0]
        found.append(Module(str(name), int(part["level"].iloc[0]), "" if pd.isna(parent) else str(parent), inside))
    return found
