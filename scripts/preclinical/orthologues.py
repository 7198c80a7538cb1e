"""One-to-one orthologues."""

from amygene.io.tables import write_table
from amygene.preclinical.columns import ORTHOLOGUES
from amygene.preclinical.orthologues import read_biomart, read_own
from job import start

start(snakemake.log[0])
read = read_own if snakemake.params.own else read_biomart
table = read(snakemake.input[0])
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input[0]],
    meanings=ORTHOLOGUES,
)
print(f"{len(table)} one-to-one orthologues")
