"""Fisher's exact test of the genes that follow a map among those specific to a class: a replicate."""

import pandas as pd

from amygene.enrichment.columns import FISHER
from amygene.enrichment.specificity import fisher_table
from amygene.io.tables import check_unchanged, read_table, write_table
from job import start

start(snakemake.log[0])
params, source = snakemake.params, snakemake.input
genes = read_table(source.genes)
check_unchanged(source.p)
measured = genes.loc[genes["q_parametric"].notna(), "gene"]
listed = genes.loc[genes["q_parametric"] < 0.05, "gene"]
table = fisher_table(pd.read_parquet(source.p), listed, measured, params.thresholds)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=source,
    settings={"thresholds": params.thresholds},
    note="replicate: takes genes and regions for independent, so p-values are too small; the test under null maps "
    "stands in the table of sets",
    meanings=FISHER,
)
print(f"{len(listed)} of {len(measured)} genes listed; {int((table['q_fisher'] < 0.05).sum())} tests at q < .05")
