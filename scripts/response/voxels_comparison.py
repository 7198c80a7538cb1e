"""Maps and design of one test of treatment and one seed: what every draw starts from."""

import numpy as np

from amygene.group.voxels import observe, open_maps, write_maps
from amygene.imaging.images import read_volume
from amygene.imaging.seed_maps import read_sources, weights_on
from amygene.io.files import replacing, write_arrays
from amygene.io.tables import read_table
from amygene.models.site_effects import COVARIATE
from amygene.models.voxel_comparison import VoxelComparison
from amygene.response.members import TEXT
from amygene.response.voxel_designs import sample_of
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
analysis = params.analysis
arrays, has_map = {}, {}
for session, file, rows in zip(analysis["sessions"], source.connectivity, source.rows, strict=True):
    arrays[session], people = open_maps(file, rows)
    has_map[session] = {p for p, known in zip(people, ~np.isnan(arrays[session][:, 0]), strict=True) if known}
sessions, participants, outcomes = (
    read_table(source[name], dtype=TEXT) for name in ("sessions", "participants", "outcomes")
)
sample = sample_of(analysis, params.model, sessions, participants, outcomes, has_map)
grid, mask = read_volume(source.mask)
own = weights_on(read_sources(source.sources)[snakemake.wildcards.seed], grid)
row = {p: i for i, p in enumerate(people)}
with replacing(output.maps) as beside:
    maps, analysed = write_maps(
        [(arrays[session], weights) for session, weights in sample.weights.items()],
        np.array([row[p] for p in sample.people]),
        mask > 0,
        own.voxels,
        beside,
    )
    sites = np.zeros(len(sample.people), dtype=int)
    comparison = VoxelComparison(maps, sample.design, sites, COVARIATE, sample.exchange, sample.effect)
    observed = observe(comparison, analysed, params.connectivity, params.cluster_p)
write_arrays(
    output.comparison,
    **comparison.arrays(),
    **observed,
    analysed=analysed,
    affine=grid.affine,
    who=np.array(list(sample.counts), dtype=str),
    n_who=np.array(list(sample.counts.values())),
)
print(
    f"{sample.counts}, {int(analysed.sum())} of {int((mask > 0).sum())} voxels of the mask (not those of the seed "
    f"itself); cluster-forming t {float(observed['threshold']):.4f}"
)
