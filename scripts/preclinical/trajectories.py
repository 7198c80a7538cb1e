"""Genes that differ over groups, clustered by how they go from group to group."""

import pandas as pd

from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.preclinical.columns import TRAJECTORIES
from amygene.preclinical.consensus import with_stability
from amygene.preclinical.signatures import group_order
from amygene.preclinical.trajectories import clusters, trajectories
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
data, over = read_arrays(source.stabilised), read_table(source.over_groups, dtype={"gene": str})
vst = pd.DataFrame(data["values"], index=data["sample"], columns=data["gene"])
order = group_order(params.order, params.contrasts, data["group"].tolist())
differing = over.loc[over["q"] < params.q, "gene"]
table = clusters(trajectories(vst[differing], data["group"], order), params.min_size)
table = with_stability(table, vst, data["group"], order, params.seed, params.resamples)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=list(source),
    settings={"q": params.q, "min_size": params.min_size, "resamples": params.resamples, "order": order},
    seed=params.seed,
    meanings=TRAJECTORIES | {g: f"mean of {g}, in standard deviations over groups" for g in order},
)
