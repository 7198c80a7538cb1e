"""Leave every site out, on maps."""

from dataclasses import asdict

import numpy as np

from amygene.io.files import read_arrays
from amygene.io.tables import write_table
from amygene.models.voxel_comparison import VoxelComparison
from amygene.sites.regions import loso_table
from amygene.sites.voxels import leave_sites_out
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
arrays = read_arrays(source.comparison)
names = arrays["site_names"].tolist()
comparison = VoxelComparison.from_arrays(np.load(source.maps, mmap_mode="r", allow_pickle=False), arrays)
held = range(len(names)) if len(names) > 1 else range(0)
found = leave_sites_out(comparison, held, params.seed, params.permutations, params.min_per_group) if held else {}
write_table(
    snakemake.output.table,
    loso_table({names[site]: asdict(left_out) for site, left_out in found.items()}),
    sidecar=snakemake.output.sidecar,
    sources=[source.connectivity],
    settings={**params.model, "permutations": params.permutations, "min_per_group": params.min_per_group},
    seed=params.seed,
    note="r_with_full is a replicate: the maps share most participants, so compare it with its null band only; "
    "r_heldout_rest with its p is the test",
)
for site, left_out in found.items():
    print(f"{names[site]}: r with all {left_out.r_with_full:.3f}, alone against the rest {left_out.r_heldout_rest:.3f}")
