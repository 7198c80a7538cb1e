"""One table of a seed's connectivity in all participants who are in."""

import pyarrow as pa
import pyarrow.parquet as pq
from job import start

from amygene.tables import read_table, write_table

start(snakemake.log[0])
parts = pa.concat_tables([pq.read_table(f) for f in snakemake.input.parts]).to_pandas().set_index("participant_id")
participants = read_table(snakemake.input.participants, dtype={"participant_id": str})["participant_id"]
write_table(
    snakemake.output.table,
    parts.loc[participants],
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.participants],
    settings={"seed": snakemake.wildcards.seed, "seed_regions": list(snakemake.params.regions)},
    note="Fisher z of Pearson correlations, participants x regions; regions without signal are missing. "
    "Files the series were read from, with their hashes: cohort/files.tsv",
)
print(f"{len(participants)} participants x {parts.shape[1]} regions, {int(parts.loc[participants].isna().sum().sum())} missing")
