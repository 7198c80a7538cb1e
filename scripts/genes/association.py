"""Correlate the map and its null maps with one chunk of the genes."""

from amygene.genes.association import chunk_columns, correlate, expression_of
from amygene.io.files import read_arrays, write_arrays
from job import start

start(snakemake.log[0])
maps = read_arrays(snakemake.input.maps)
matrix = read_arrays(snakemake.input.expression)
columns = chunk_columns(len(matrix["gene"]), int(snakemake.wildcards.chunk), snakemake.params.n_chunks)
expression = expression_of(matrix, maps["region"])[:, columns]
found, n = correlate(maps["observed"], maps["null_maps"], expression, snakemake.params.correlation)
# a map that is not of groups has none that relabeled groups give
groups = {}
if len(maps["relabeled"]):
    beside, _ = correlate(
        maps["observed"], maps["relabeled"], expression, snakemake.params.correlation, maps["structure"]
    )
    groups = {
        "group_distance": beside.score - beside.null_mean,
        "group_exceedances": beside.exceedances,
        "group_maxima": beside.maxima,
    }
write_arrays(
    snakemake.output[0],
    gene=matrix["gene"][columns],
    column=columns,
    n=n,
    r=found.score,
    null_mean=found.null_mean,
    exceedances=found.exceedances,
    maxima=found.maxima,
    **groups,
)
