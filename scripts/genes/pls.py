"""The combination of genes that follows the map."""

import numpy as np
import pandas as pd

from amygene.genes.association import complete_expression
from amygene.genes.pls import pls
from amygene.io.files import read_arrays
from amygene.io.tables import write_table
from job import start

start(snakemake.log[0])
params = snakemake.params
maps = read_arrays(snakemake.input.maps)
matrix = read_arrays(snakemake.input.expression)
names, expression = complete_expression(matrix, maps["region"])
found = pls(
    maps["observed"],
    maps["null_maps"],
    expression,
    params.components,
    params.seed,
    params.bootstraps,
)
settings = {"components": params.components, "bootstraps": params.bootstraps}
write_table(
    snakemake.output.genes,
    pd.DataFrame({"gene": names, "weight": found.weights, "z_bootstrap": found.z}),
    sidecar=snakemake.output.genes_sidecar,
    sources=[snakemake.input.expression],
    settings=settings,
    seed=params.seed,
    note=f"first component; {len(matrix['gene']) - len(names)} genes with missing or constant expression are left out",
)
write_table(
    snakemake.output.components,
    pd.DataFrame({"component": np.arange(1, params.components + 1), "explained": found.explained, "p_null": found.p}),
    sidecar=snakemake.output.components_sidecar,
    sources=[snakemake.input.expression],
    settings=settings,
    seed=params.seed,
)
