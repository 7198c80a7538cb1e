"""How much do gene correlations depend on choices in processing expression?

Published pipelines differ in choices that shift the correlation of a map with a gene (Markello 2021, eLife
10:e72129). Here one choice is changed at a time, and each variant is compared with the main analysis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from amygene.expression.ahba import PASSED_ON, chosen_donors
from amygene.genes.association import ranks
from amygene.stats.map_test import unit

#: differential stability of the variant with stable genes only
STABLE = 0.1


def variants(expression: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Name -> settings of the main analysis and, if ``multiverse`` is wanted, of its variants.

    Parameters
    ----------
    expression
        The config's section.

    Returns
    -------
    dict
        ``main``; ``without9861`` and so on, one donor left out; ``left``, samples of the left hemisphere only;
        ``mirrored``, samples mirrored both ways; ``stable``, genes with a differential stability of at least
        `STABLE`; ``structures``, genes normalised within structures. A variant that is what main is anyway is
        left out.
    """
    main = {key: expression[key] for key in (*PASSED_ON, "stability")}
    main |= {"donors": chosen_donors(expression["donors"]), "left_only": False}
    if not expression["multiverse"]:
        return {"main": main}
    changes: dict[str, dict[str, Any]] = {
        f"without{donor}": {"donors": [d for d in main["donors"] if d != donor]} for donor in main["donors"]
    }
    changes |= {
        "left": {"left_only": True, "lr_mirror": None},
        "mirrored": {"lr_mirror": "bidirectional"},
        "stable": {"stability": max(STABLE, main["stability"])},
        "structures": {"norm_structures": True},
    }
    changed = {name: main | change for name, change in changes.items()}
    return {"main": main, **{name: settings for name, settings in changed.items() if settings != main}}


def gene_correlations(values: pd.Series, expression: pd.DataFrame, correlation: str) -> tuple[pd.Series, int]:
    """Correlation of a map with every gene over the regions that both have.

    Parameters
    ----------
    values
        By region.
    expression
        Regions x genes; complete in every region that it has.
    correlation
        ``pearson`` or ``spearman``.

    Returns
    -------
    r
        By gene; missing for a gene that does not vary.
    n_regions
        Regions it rests on.
    """
    both = expression.index[expression.notna().any(axis=1)].intersection(values.index)
    x, y = values[both].to_numpy(dtype=float), expression.loc[both].to_numpy(dtype=float)
    if correlation == "spearman":
        x, y = ranks(x, 0), ranks(y, 0)
    return pd.Series(unit(x, 0) @ unit(y, 0), index=expression.columns), len(both)


def compare(r_main: pd.Series, r_variant: pd.Series) -> dict[str, Any]:
    """Gene correlations of a variant against those of the main analysis, over the genes that both have.

    Returns
    -------
    dict
        n_genes; rho_with_main (Spearman's correlation of r over genes), rms_difference of r, n_sign_changes.
    """
    both = pd.concat([r_main, r_variant], axis=1, join="inner").dropna().to_numpy()
    main, variant = both.T
    return {
        "n_genes": len(both),
        "rho_with_main": float(unit(ranks(main, 0), 0) @ unit(ranks(variant, 0), 0)),
        "rms_difference": float(np.sqrt(np.mean((variant - main) ** 2))),
        "n_sign_changes": int((main * variant < 0).sum()),
    }


def multiverse_table(table: pd.DataFrame, matrices: Mapping[str, pd.DataFrame], correlation: str) -> pd.DataFrame:
    """Compare the variants of one map.

    Parameters
    ----------
    table
        The map (`maps.used_regions`). Regions that it leaves out for want of expression enter a variant that has
        them, if others of their structure are used.
    matrices
        Variant -> regions x genes; ``main`` is one of them.
    correlation
        ``pearson`` or ``spearman``.

    Returns
    -------
    DataFrame
        variant, n_regions, n_genes, rho_with_main, rms_difference, n_sign_changes; main first.
    """
    structures = table.loc[table["used"], "structure"]
    could = (table["reason"] == "no expression") & table["structure"].isin(structures) & table["x"].notna()
    values = table[table["used"] | could].set_index("region")["value"]
    found = {name: gene_correlations(values, matrix, correlation) for name, matrix in matrices.items()}
    main, _ = found["main"]
    rows = [{"variant": name, "n_regions": n, **compare(main, r)} for name, (r, n) in found.items()]
    return pd.DataFrame(rows)
