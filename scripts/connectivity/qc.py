"""What each participant's connectivity rests on."""

from amygene.io.tables import read_matrix, read_table, write_table
from job import start

start(snakemake.log[0])
participants = read_table(snakemake.input.participants, dtype={"participant_id": str})
kept = [c for c in ("participant_id", "site", "group", "n_timepoints", "n_constant", "mean_fd") if c in participants]
qc = participants[kept].set_index("participant_id")
meanings: dict[str, str] = {}
for seed, file in zip(snakemake.params.seeds, snakemake.input.connectivity, strict=True):
    z = read_matrix(file)
    qc[f"n_missing_{seed}"] = z.isna().sum(axis=1)
    qc[f"mean_z_{seed}"] = z.mean(axis=1)
    meanings |= {
        f"n_missing_{seed}": f"regions whose connectivity with {seed} is missing",
        f"mean_z_{seed}": f"mean Fisher z of {seed} with all regions",
    }
write_table(
    snakemake.output.table,
    qc.reset_index(),
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.participants, *snakemake.input.connectivity],
    meanings=meanings,
)
