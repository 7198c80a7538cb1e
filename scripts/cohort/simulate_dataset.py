"""The root of a simulated BIDS dataset."""

from amygene.cohort import simulated_scans
from amygene.io.files import replacing
from amygene.io.tables import write_json, write_table
from job import start

start(snakemake.log[0])
output, settings, seed = snakemake.output, snakemake.params.settings, snakemake.params.seed
with replacing(output.sheet) as beside:
    simulated_scans.phenotypes(settings, seed).to_csv(beside, sep="\t", index=False)
write_json(
    output.description,
    {"Name": "simulated by amygene", "BIDSVersion": "1.9.0", "DatasetType": "raw", "License": "CC0"},
)
write_table(
    output.truth,
    simulated_scans.truth(settings),
    sidecar=output.sidecar,
    settings=settings,
    seed=seed,
    note="effect is in standard deviations of the connection over participants",
)
