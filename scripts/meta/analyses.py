"""All analyses in one table, those that were refused too."""

import json

import pandas as pd

from amygene.io.tables import write_table
from amygene.meta.columns import CLUSTERS
from job import start

start(snakemake.log[0])
params, rows = snakemake.params, []
for file in snakemake.input.rows:
    with open(file, encoding="utf-8") as stream:
        rows.append(json.load(stream))
write_table(
    snakemake.output.table,
    pd.DataFrame(rows),
    sidecar=snakemake.output.sidecar,
    sources=snakemake.input.rows,
    settings={"comparisons": params.comparisons, "subgroups": params.subgroups, "draws": params.draws},
    seed=params.seed,
    meanings=CLUSTERS,
)
