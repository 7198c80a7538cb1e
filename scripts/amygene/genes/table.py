"""The tables of the stage genes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from amygene.genes.association import LEVEL, CountTest, parametric_p
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import monte_carlo_error, p_max, p_value


def gene_table(chunks: Sequence[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """Put the chunks together, genes in the order of the matrix.

    Returns
    -------
    DataFrame
        gene, n_regions, r, p_parametric, q_parametric, p_null, q_null, p_fwe, null_mean, p_error, p_group,
        p_fwe_group. The family of q and p_fwe is all genes. The last two are missing when the map is not of groups.
    """
    order = np.argsort(np.concatenate([c["column"] for c in chunks]))

    def joined(name: str) -> np.ndarray:
        return np.concatenate([c[name] for c in chunks])[order]

    def largest(name: str) -> np.ndarray:
        return np.max([c[name] for c in chunks if len(c["gene"])], axis=0)

    r, null_mean, maxima = joined("r"), joined("null_mean"), largest("maxima")
    p_group = p_fwe_group = np.full(len(r), np.nan)
    if "group_maxima" in chunks[0]:
        group_maxima = largest("group_maxima")
        p_group = np.where(np.isnan(r), np.nan, p_value(joined("group_exceedances"), len(group_maxima)))
        p_fwe_group = p_max(joined("group_distance"), group_maxima)
    p_parametric = parametric_p(r, joined("n"))
    p_null = np.where(np.isnan(r), np.nan, p_value(joined("exceedances"), len(maxima)))
    return pd.DataFrame(
        {
            "gene": joined("gene"),
            "n_regions": joined("n"),
            "r": r,
            "p_parametric": p_parametric,
            "q_parametric": benjamini_hochberg(p_parametric),
            "p_null": p_null,
            "q_null": benjamini_hochberg(p_null),
            "p_fwe": p_max(r - null_mean, maxima),
            "null_mean": null_mean,
            "p_error": monte_carlo_error(p_null, len(maxima)),
            "p_group": p_group,
            "p_fwe_group": p_fwe_group,
        }
    )


def count_summary(table: pd.DataFrame, test: CountTest) -> dict[str, Any]:
    """The count test and the numbers of genes that each way of testing finds."""
    low, median, high = np.percentile(test.null, [2.5, 50, 97.5])
    return {
        "n_genes": int(table["r"].notna().sum()),
        "level": LEVEL,
        "genes_q_parametric": test.observed,
        "null_count_median": median,
        "null_count_low": low,
        "null_count_high": high,
        "p_count": test.p,
        "genes_q_null": int((table["q_null"] < LEVEL).sum()),
        "genes_p_fwe": int((table["p_fwe"] < LEVEL).sum()),
        "note": "genes_q_parametric takes regions for independent; p_count says whether so many are more than "
        "null maps give",
    }
