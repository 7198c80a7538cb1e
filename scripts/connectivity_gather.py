"""One table of a seed's connectivity in all participants who are in."""

import pandas as pd

from amygene.connectivity import gather
from amygene.files import read_arrays
from amygene.tables import read_table, write_table
from job import start

start(snakemake.log[0])
people, regions, values = gather(map(read_arrays, snakemake.input.parts))
z = pd.DataFrame(values, index=people, columns=regions)
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
