"""What is left of the significant clusters without each experiment."""

import json

import pandas as pd

from amygene.io.tables import write_table
from amygene.meta.columns import CLUSTERS
from job import start

start(snakemake.log[0])
rows = []
for file in snakemake.input.parts:
    with open(file, encoding="utf-8") as stream:
        rows += json.load(stream)["rows"]
columns = ["cluster", "experiment", "n_voxels", "n_shared", "p_fwe"]
table = pd.DataFrame(rows, columns=["order", *columns]).sort_values(["cluster", "order"], kind="stable")[columns]
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.table],
    settings={**snakemake.wildcards, "draws": snakemake.params.draws},
    seed=snakemake.params.seed,
    meanings=CLUSTERS,
    note="the cluster that shares most voxels with the full analysis's; none: n_voxels 0, p_fwe 1",
)
