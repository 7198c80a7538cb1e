"""One table of a seed's connectivity in all participants who are in."""

import numpy as np
import pandas as pd

from amygene.files import read_arrays
from amygene.tables import read_table, write_table
from job import start

start(snakemake.log[0])
parts = [read_arrays(f) for f in snakemake.input.parts]
z = pd.DataFrame(
    np.concatenate([part["z"] for part in parts]),
    index=np.concatenate([part["participant_id"] for part in parts]),
    columns=parts[0]["region"],
)
z = z.loc[read_table(snakemake.input.participants, dtype={"participant_id": str})["participant_id"]]
write_table(
    snakemake.output.table,
    z,
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.participants],
    settings={"seed": snakemake.wildcards.seed, "seed_regions": list(snakemake.params.regions)},
    note="Fisher z of Pearson correlations, participants x regions; regions without signal are missing. "
    "Files the series were read from, with their hashes: cohort/files.tsv",
)
print(f"{z.shape[0]} participants x {z.shape[1]} regions, {int(z.isna().sum().sum())} missing")
