"""Hedges g of two groups by pingouin (which takes the approximation 1 - 3 / (4 df - 1) for the correction)."""

from pathlib import Path

import pandas as pd
import pingouin

HERE = Path(__file__).parent

data = pd.read_csv(HERE / "hedges_input.csv")
case = data["case"] == 1
rows = [
    {
        "outcome": column,
        "cohen": pingouin.compute_effsize(data.loc[case, column], data.loc[~case, column], eftype="cohen"),
        "hedges": pingouin.compute_effsize(data.loc[case, column], data.loc[~case, column], eftype="hedges"),
    }
    for column in data.columns[1:]
]
pd.DataFrame(rows).to_csv(HERE / "hedges_pingouin.csv", index=False, lineterminator="\n")
