"""Count the genes that the false discovery rate lets through, for the map and for every null map."""

import numpy as np

from amygene.files import read_arrays, write_arrays
from amygene.genes import count_test, expression_of, ranks
from job import start

start(snakemake.log[0])
maps = read_arrays(snakemake.input.maps)
observed, null_maps = maps["observed"], maps["null_maps"]
expression = expression_of(read_arrays(snakemake.input.expression), maps["region"])
if snakemake.params.correlation == "spearman":
    observed, null_maps, expression = ranks(observed, 0), ranks(null_maps, 1), ranks(expression, 0)
counted = count_test(observed, null_maps, expression)
write_arrays(snakemake.output[0], observed=np.array(counted.observed), null=counted.null)
