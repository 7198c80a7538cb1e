"""Compare the gene correlations of one map between variants of the expression matrix."""

from amygene.expression.multiverse import multiverse_table
from amygene.io.tables import read_matrix, read_table, write_table
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
matrices = dict(zip(params.variants, map(read_matrix, source.matrices), strict=True))
table = multiverse_table(read_table(source.map), matrices, params.correlation)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[source.map, *source.matrices],
    settings={"correlation": params.correlation, "variants": params.variants},
    note="each variant changes one choice of the main analysis; r over the regions that map and variant have",
)
