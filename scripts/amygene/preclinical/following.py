"""Which signatures follow a map: one rule for tables and figures."""

from __future__ import annotations

import pandas as pd

from amygene.genes.association import following


def holding(table: pd.DataFrame) -> pd.Series:
    """Rows of a table of signatures that follow the map.

    They do as `genes.following`, and where animals were relabeled, with p < .05 under that too.
    """
    return following(table) & ~(table["p_animals"] >= 0.05)
