"""One shard of random foci; nothing to do where the pilot was enough."""

import numpy as np

from amygene.io.files import read_arrays, write_arrays
from amygene.meta.brain import Brain
from amygene.meta.chance import largest_by_chance
from amygene.meta.store import unpack
from job import start

start(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
stored = unpack(read_arrays(snakemake.input.ale))
largest = np.zeros(0, dtype=np.int64)
if stored.found and not stored.settled:
    grid = Brain.from_arrays(read_arrays(snakemake.input.grid))
    analysis = f"{wildcards.comparison} {wildcards.subgroup}"
    first = int(wildcards.shard)
    largest = largest_by_chance(
        stored.experiments, grid, stored.found.threshold, params.seed, analysis, first, params.stop
    )
write_arrays(snakemake.output[0], largest=largest)
print(f"{len(largest)} draws")
