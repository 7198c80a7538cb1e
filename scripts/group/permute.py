"""Count, over one shard of relabelings, how often chance reaches the observed difference."""

from amygene.io.files import read_arrays, write_arrays
from amygene.models.comparison import Comparison, count_exceedances
from job import start

start(snakemake.log[0])
comparison = Comparison.from_arrays(read_arrays(snakemake.input[0]))
first, stop = int(snakemake.wildcards.shard), snakemake.params.stop
exceedances, maxima, maps = count_exceedances(comparison, snakemake.params.seed, first, stop)
write_arrays(snakemake.output[0], exceedances=exceedances, maxima=maxima, maps=maps)
