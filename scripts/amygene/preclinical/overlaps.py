"""Do groups and tissues share their genes? Exact tests of overlaps between any number of sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from amygene.stats.multiplicity import benjamini_hochberg

#: of so many sets at most every combination is tested
MAX_SETS = 6


def overlap_p(sizes: Sequence[int], n_background: int, observed: int) -> tuple[float, float]:
    """Probability that random sets of these sizes share at least as many genes, exactly.

    Null hypothesis: the sets are drawn independently from the background. With two sets it is the hypergeometric test;
    with more, the number shared by the first k is hypergeometric given the number shared by the first k - 1 (Wang et
    al. 2015, Sci Rep 5:16923). Genes are expressed together, so real sets overlap more often than that.

    Parameters
    ----------
    sizes
        Of the sets, two or more.
    n_background, observed : int
        Genes that could be in any set; genes in all of them.

    Returns
    -------
    p, expected : float
    """
    from scipy.stats import hypergeom

    first, *middle, last = sorted(sizes, reverse=True)
    # probability of every number of genes that the sets so far share
    share = np.zeros(first + 1)
    share[first] = 1
    for size in middle:
        n = np.flatnonzero(share)
        k = np.arange(min(n.max(), size) + 1)
        share = share[n] @ hypergeom.pmf(k[None], n_background, n[:, None], size)
    n = np.flatnonzero(share)
    p = float(share[n] @ hypergeom.sf(observed - 1, n_background, n, last))
    expected = float(np.prod([s / n_background for s in sizes]) * n_background)
    return min(p, 1.0), expected


def overlap_table(sets: Mapping[str, set[str]], background: set[str], kind: str) -> pd.DataFrame:
    """Every combination of two or more sets (of up to 6; of more, pairs).

    Parameters
    ----------
    sets
        Name -> genes; genes outside the background do not count.
    background
        Genes that are measured for all sets.
    kind
        What the sets are, to stand in the table.

    Returns
    -------
    DataFrame
        kind, sets (names joined by `` & ``), n_sets, n_background, smallest, n_shared (in all of these sets), only (in
        these and in no other set), expected, fold, p, q over the table's own rows.
    """
    inside = {name: genes & background for name, genes in sets.items()}
    most = len(inside) if len(inside) <= MAX_SETS else 2
    rows = []
    for size in range(2, most + 1):
        for names in combinations(inside, size):
            shared = set.intersection(*(inside[n] for n in names))
            others = set().union(*(genes for n, genes in inside.items() if n not in names))
            sizes = [len(inside[n]) for n in names]
            p, expected = overlap_p(sizes, len(background), len(shared)) if min(sizes) else (1.0, 0.0)
            rows.append(
                (kind, " & ".join(names), size, len(background), min(sizes), len(shared), len(shared - others),
                 expected, len(shared) / expected if expected else np.nan, p)
            )  # fmt: skip
    columns = ["kind", "sets", "n_sets", "n_background", "smallest", "n_shared", "only", "expected", "fold", "p"]
    table = pd.DataFrame(rows, columns=columns)
    table["q"] = benjamini_hochberg(table["p"].to_numpy(dtype=float))
    return table


def exclusive(sets: Mapping[str, set[str]]) -> pd.DataFrame:
    """Genes in exactly these sets, for every combination that has any: the bars of an UpSet plot.

    Returns
    -------
    DataFrame
        sets (names joined by `` & ``), n_sets, n_genes; the largest first.
    """
    names = list(sets)
    member = {g: tuple(n for n in names if g in sets[n]) for n in names for g in sorted(sets[n])}
    counts = pd.Series(list(member.values()), dtype=object).value_counts()
    rows = [(" & ".join(key), len(key), int(n)) for key, n in counts.items()]
    table = pd.DataFrame(rows, columns=["sets", "n_sets", "n_genes"])
    return table.sort_values(["n_genes", "n_sets", "sets"], ascending=[False, True, True]).reset_index(drop=True)
