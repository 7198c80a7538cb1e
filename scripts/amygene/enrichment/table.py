"""The tables of the stage enrichment."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from amygene.enrichment.scores import RandomSets, coexpression_test, hypergeometric_p, redundant, set_test
from amygene.genes.association import OnGenes, following
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import monte_carlo_error, p_max

#: sets that follow the map are clustered; if there are none, the first by p
N_SHOWN = 20
#: of very many significant sets only the first are clustered
N_CLUSTERED = 300


def set_table(
    sets: list[str],
    membership: sparse.csr_array,
    on: OnGenes,
    genes: pd.DataFrame,
    score: str,
    random_sets: RandomSets,
    n_random: int,
) -> pd.DataFrame:
    """All tests of one collection; the collection is the family of q and p_fwe.

    Parameters
    ----------
    sets, membership
        From `genesets.measured_sets`.
    on
        The map, its null maps and the genes; without relabeled maps (the map is not of groups) p_group is missing.
        The means of structures, which those maps do not keep, are taken out for it.
    genes
        ``_genes.tsv`` of the same genes, for r and q_parametric.
    score, random_sets, n_random
        As of `enrichment.coexpression_test`.
    """
    found, z = set_test(on.observed, on.null_maps, on.expression, membership, score)
    p_group = p_fwe_group = np.full(len(sets), np.nan)
    if len(on.relabeled):
        by_groups, z_group = set_test(on.observed, on.relabeled, on.expression, membership, score, on.structure)
        p_group, p_fwe_group = by_groups.p, p_max(z_group, by_groups.maxima)
    beside = coexpression_test(genes["r"].to_numpy(), membership, score, random_sets, n_random)
    p_hypergeometric, n_listed = hypergeometric_p(membership, (genes["q_parametric"] < 0.05).to_numpy())
    n_maps = len(found.maxima)
    return pd.DataFrame(
        {
            "set": sets,
            "n_genes": np.diff(membership.indptr),
            "score": found.score,
            "p_null": found.p,
            "q_null": benjamini_hochberg(found.p),
            "p_fwe": p_max(z, found.maxima),
            "p_coexpression": beside.p,
            "p_hypergeometric": p_hypergeometric,
            "q_hypergeometric": benjamini_hochberg(p_hypergeometric),
            "null_mean": found.null_mean,
            "z_null": z,
            "p_error": monte_carlo_error(found.p, n_maps),
            "q_coexpression": benjamini_hochberg(beside.p),
            "coexpression": beside.own,
            "coexpression_random": beside.matched,
            "n_listed": n_listed,
            "p_group": p_group,
            "p_fwe_group": p_fwe_group,
        }
    )


def cluster_table(table: pd.DataFrame, membership: sparse.csr_array) -> pd.DataFrame:
    """Significant sets grouped by the genes they share; the best set of a cluster stands for it.

    Returns
    -------
    DataFrame
        set, cluster, representative, q_null, p_group, score; the clusters in the order of their best set. If no set
        follows the map the first 20 by p are clustered, so that a picture can be drawn; q_null and p_group say so.
    """
    ordered = np.lexsort((-table["z_null"].abs(), table["p_null"]))
    significant = ordered[following(table).to_numpy()[ordered]][:N_CLUSTERED]
    chosen = significant if len(significant) else ordered[:N_SHOWN]
    part = table.iloc[chosen][["set", "n_genes", "score", "z_null", "p_null", "q_null", "p_group"]].reset_index(
        drop=True
    )
    part.insert(1, "cluster", redundant(membership[chosen]))
    part.insert(2, "representative", part.groupby("cluster")["set"].transform("first"))
    return part.sort_values(["cluster"], kind="stable").reset_index(drop=True)
