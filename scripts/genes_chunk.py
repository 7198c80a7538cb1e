"""Correlate the map and its null maps with one chunk of the genes."""

from amygene.files import read_arrays, write_arrays
from amygene.genes import chunk_columns, correlate, expression_of, ranks
from job import start

start(snakemake.log[0])
maps = read_arrays(snakemake.input.maps)
matrix = read_arrays(snakemake.input.expression)
columns = chunk_columns(len(matrix["gene"]), int(snakemake.wildcards.chunk), snakemake.params.n_chunks)
observed, null_maps = maps["observed"], maps["null_maps"]
expression = expression_of(matrix, maps["region"])[:, columns]
if snakemake.params.correlation == "spearman":
    observed, null_maps, expression = ranks(observed, 0), ranks(null_maps, 1), ranks(expression, 0)
found, n = correlate(observed, null_maps, expression)
write_arrays(
    snakemake.output[0],
    gene=matrix["gene"][columns],
    column=columns,
    n=n,
    r=found.score,
    null_mean=found.null_mean,
    exceedances=found.exceedances,
    maxima=found.maxima,
)
