"""One table of a seed's connectivity in all participants who are in."""

from amygene.connectivity.regions import gather
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from job import start

start(snakemake.log[0])
z = gather(map(read_arrays, snakemake.input.parts))
# of sessions a row is a scan
rows = snakemake.params.get("rows", "participant_id")
z = z.loc[read_table(snakemake.input.participants, dtype={rows: str})[rows]]
write_table(
    snakemake.output.table,
    z,
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.participants],
    settings={"seed": snakemake.wildcards.seed, "seed_regions": list(snakemake.params.regions)},
    note="Fisher z of Pearson correlations, "
    f"{'scans' if rows == 'unit' else 'participants'} x regions; regions without signal are missing. "
    "Files the series were read from, with their hashes: cohort/files.tsv",
)
print(f"{z.shape[0]} rows x {z.shape[1]} regions, {int(z.isna().sum().sum())} missing")
