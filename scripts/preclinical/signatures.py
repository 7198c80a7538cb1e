"""Read and check the ready signatures."""

from amygene.io.tables import read_table, write_table
from amygene.preclinical.columns import SIGNATURES
from amygene.preclinical.signatures import read_all, signature_table
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
signatures = read_all([], [], params.signatures, params.thresholds)
table = signature_table(signatures, read_table(source.orthologues, dtype=str))
write_table(
    output.table,
    table,
    sidecar=output.sidecar,
    sources=[*source.signatures, source.orthologues],
    settings={"signatures": params.signatures, "thresholds": params.thresholds},
    meanings=SIGNATURES,
)
print(table.to_string(index=False))
