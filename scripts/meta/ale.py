"""Where the experiments of one analysis converge, and the pilot of random foci; or why it is not made."""

import numpy as np

from amygene.io.files import read_arrays, write_arrays
from amygene.io.tables import read_table
from amygene.meta.ale import converge
from amygene.meta.brain import Brain
from amygene.meta.chance import largest_by_chance
from amygene.meta.foci import from_text
from amygene.meta.plan import PILOT
from amygene.meta.selection import merge, refusal, select
from amygene.meta.store import pack
from job import start

start(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
grid = Brain.from_arrays(read_arrays(snakemake.input.grid))
experiments = merge(select(from_text(read_table(snakemake.input.foci, dtype=str)), *params.rules))
reason = refusal(len(experiments))
found, largest = None, np.zeros(0, dtype=np.int64)
if reason is None:
    found = converge(experiments, grid, params.voxel_p)
    if len(found.sizes):
        analysis = f"{wildcards.comparison} {wildcards.subgroup}"
        largest = largest_by_chance(experiments, grid, found.threshold, params.seed, analysis, 0, PILOT)
write_arrays(snakemake.output[0], **pack(experiments, found, largest, reason))
if found:
    largest_found = found.sizes.max(initial=0)
    print(f"{len(experiments)} experiments, {len(found.sizes)} clusters, the largest {largest_found} voxels")
else:
    print(reason)
