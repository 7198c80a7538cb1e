"""Which processes do the changed genes belong to? Over-representation with the measured genes as background."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from amygene.enrichment.scores import hypergeometric_p
from amygene.enrichment.sets import measured_sets
from amygene.preclinical.orthologues import human_names
from amygene.preclinical.signatures import Signature
from amygene.stats.multiplicity import benjamini_hochberg

COLUMNS = ("contrast", "direction", "set", "n_genes", "n_listed", "expected", "p_hypergeometric", "q_hypergeometric")


def over_represented(
    lists: Mapping[tuple[str, str], Iterable[str]],
    background: Sequence[str],
    collection: Mapping[str, Sequence[str]],
    min_size: int,
    max_size: int,
) -> pd.DataFrame:
    """Hypergeometric test of every list in every set; every list is a family of its own.

    Null hypothesis: the list is a random sample of the background. Genes of a process are expressed together, which
    this does not know.

    Parameters
    ----------
    lists
        (contrast, direction) -> human genes.
    background
        Human orthologues of the genes that were tested.
    collection
        Set -> human genes.
    min_size, max_size : int
        Sets with fewer or more genes in the background are left out.

    Returns
    -------
    DataFrame
        `COLUMNS`; of every list the sets that hold any of its genes, the smallest p first.
    """
    genes = np.array(sorted(set(background)), dtype=object)
    names, membership = measured_sets(collection, genes.tolist(), min_size, max_size)
    sizes = np.asarray(membership.sum(axis=1)).astype(int)
    parts = []
    for (contrast, direction), members in lists.items():
        listed = np.isin(genes, np.array(sorted(set(members)), dtype=object))
        if not names or not listed.any():
            continue
        p, n_listed = hypergeometric_p(membership, listed)
        part = pd.DataFrame(
            {
                "contrast": contrast,
                "direction": direction,
                "set": names,
                "n_genes": sizes,
                "n_listed": n_listed,
                "expected": sizes * listed.sum() / len(genes),
                "p_hypergeometric": p,
                "q_hypergeometric": benjamini_hochberg(p),
            }
        )
        parts.append(part[part["n_listed"] > 0].sort_values("p_hypergeometric", kind="stable"))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def of_signatures(
    signatures: Sequence[Signature],
    pairs: pd.DataFrame,
    collection: Mapping[str, Sequence[str]],
    min_size: int,
    max_size: int,
) -> pd.DataFrame:
    """Up and down genes of every contrast of one tissue, by way of their orthologues; parameters as above.

    Genes whose p is missing in a contrast were tested in the tissue and stay in the background.
    """
    lists: dict[tuple[str, str], list[str]] = {}
    background: list[str] = []
    for signature in signatures:
        human = human_names(signature.table["gene"].tolist(), pairs)
        background = human[human != ""].tolist()
        for side, sign in (("up", 1), ("down", -1)):
            chosen = (signature.table["direction"] == sign).to_numpy() & (human != "")
            lists[signature.name, side] = human[chosen].tolist()
    return over_represented(lists, background, collection, min_size, max_size)
