"""Pools of genes that are expressed together, to draw random sets from."""

from amygene.enrichment.scores import make_pools
from amygene.genes.association import complete_expression, ranks
from amygene.io.files import read_arrays, write_arrays
from amygene.stats.map_test import unit
from job import start

start(snakemake.log[0])
maps = read_arrays(snakemake.input.maps)
_, expression = complete_expression(read_arrays(snakemake.input.expression), maps["region"])
if snakemake.params.correlation == "spearman":
    expression = ranks(expression, 0)
write_arrays(snakemake.output[0], **make_pools(unit(expression, 0), snakemake.params.seed))
