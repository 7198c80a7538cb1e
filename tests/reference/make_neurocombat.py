"""ComBat by neuroCombat."""

from pathlib import Path

import pandas as pd
from neuroCombat import neuroCombat

HERE = Path(__file__).parent

data = pd.read_csv(HERE / "combat_input.csv")
outcomes = [c for c in data if c.startswith("y")]
adjusted = neuroCombat(
    dat=data[outcomes].to_numpy().T,
    covars=data[["site", "group", "age"]],
    batch_col="site",
    categorical_cols=["group"],
    continuous_cols=["age"],
)["data"]
pd.DataFrame(adjusted.T, columns=outcomes).to_csv(HERE / "combat_neurocombat.csv", index=False, lineterminator="\n")
