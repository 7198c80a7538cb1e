"""Count the genes that the false discovery rate lets through, for the map and for every null map."""

import numpy as np

from amygene.genes.association import count_test, expression_of
from amygene.io.files import read_arrays, write_arrays
from job import start

start(snakemake.log[0])
maps = read_arrays(snakemake.input.maps)
expression = expression_of(read_arrays(snakemake.input.expression), maps["region"])
counted = count_test(maps["observed"], maps["null_maps"], expression, snakemake.params.correlation)
write_arrays(snakemake.output[0], observed=np.array(counted.observed), null=counted.null)
