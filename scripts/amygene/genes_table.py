"""The tables of the stage genes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from amygene.genes import LEVEL, CountTest, parametric_p
from amygene.stats.multiplicity import benjamini_hochberg
from amygene.stats.permutation import monte_carlo_error, p_max, p_value


def gene_table(chunks: Sequence[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """Put the chunks together, genes in the order of the matrix.

    Returns
    -------
    DataFrame
        gene, n_regions, r, p_parametric, q_parametric, p_null, q_null, p_fwe, null_mean, p_error. The family of
        q and p_fwe is all genes.
    """
    order = np.argsort(np.concatenate([c["column"] for c in chunks]))
    joined = {k: np.concatenate([c[k] for c in chunks])[order] for k in ("gene", "n", "r", "null_mean", "exceedances")}
    maxima = np.max([c["maxima"] for c in chunks if len(c["gene"])], axis=0)
    r = joined["r"]
    p_parametric = parametric_p(r, joined["n"])
    p_null = np.where(np.isnan(r), np.nan, p_value(joined["exceedances"], len(maxima)))
    return pd.DataFrame(
        {
            "gene": joined["gene"],
            "n_regions": joined["n"],
            "r": r,
            "p_parametric": p_parametric,
            "q_parametric": benjamini_hochberg(p_parametric),
            "p_null": p_null,
            "q_null": benjamini_hochberg(p_null),
            "p_fwe": p_max(r - joined["null_mean"], maxima),
            "null_mean": joined["null_mean"],
            "p_error": monte_carlo_error(p_null, len(maxima)),
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
