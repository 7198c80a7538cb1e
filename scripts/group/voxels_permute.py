"""Of one shard of relabelings the largest t, cluster and score of every draw."""

import numpy as np

from amygene.io.files import read_arrays, write_arrays
from amygene.models.draws import draw_shard
from amygene.models.voxel_comparison import VoxelComparison
from amygene.stats.lattice import Lattice
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
arrays = read_arrays(source.comparison)
found = draw_shard(
    VoxelComparison.from_arrays(np.load(source.maps, mmap_mode="r", allow_pickle=False), arrays),
    Lattice(arrays["analysed"], params.connectivity),
    float(arrays["threshold"]),
    arrays,
    params.seed,
    int(snakemake.wildcards.shard),
    params.stop,
    params.until,
)
write_arrays(snakemake.output[0], **found)
print(f"{len(found['maxima'])} draws")
