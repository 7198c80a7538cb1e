"""Processes of up- and down-regulated genes."""

from amygene.enrichment.sets import read_gmt
from amygene.io.tables import read_table, write_table
from amygene.preclinical.columns import ONTOLOGY
from amygene.preclinical.ontology import of_signatures
from amygene.preclinical.signatures import of_contrasts
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
signatures = of_contrasts(read_table(source.contrasts, dtype={"gene": str}), snakemake.wildcards.tissue)
table = of_signatures(
    signatures, read_table(source.orthologues, dtype=str), read_gmt(source.gmt), params.min_size, params.max_size
)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=list(source),
    settings={"min_size": params.min_size, "max_size": params.max_size},
    meanings=ONTOLOGY,
    note="genes of a process are expressed together, which the hypergeometric test does not know",
)
