"""Maps and design of one contrast and seed: what every permutation starts from."""

import numpy as np

from amygene.group.voxels import make_voxel_comparison, observe, open_maps
from amygene.imaging.images import read_volume
from amygene.imaging.seed_maps import read_sources, weights_on
from amygene.io.files import replacing, write_arrays
from amygene.io.tables import read_table
from amygene.models.site_effects import SiteEffects
from job import start

start(snakemake.log[0])
source, output, params, wildcards = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards
z, people = open_maps(source.maps, source.rows)
participants = read_table(source.participants, dtype={"participant_id": str, "site": str})
grid, mask = read_volume(source.mask)
own = weights_on(read_sources(source.sources)[wildcards.seed], grid)
with replacing(output.maps) as beside:
    comparison, analysed, names = make_voxel_comparison(
        z,
        people,
        mask > 0,
        own.voxels,
        participants,
        wildcards.contrast,
        beside,
        SiteEffects(**params.site_effects),
        **params.model,
    )
    observed = observe(comparison, analysed, params.connectivity, params.cluster_p)
write_arrays(
    output.comparison,
    **comparison.arrays(),
    **observed,
    analysed=analysed,
    affine=grid.affine,
    site_names=np.array(names, dtype=str),
    who=np.array(["case", "control"]),
    n_who=np.array([int(comparison.design.case.sum()), int((1 - comparison.design.case).sum())]),
)
print(
    f"{len(comparison.sites)} participants with a map, {int(analysed.sum())} of {int((mask > 0).sum())} voxels of the "
    f"mask (not those of the seed itself); cluster-forming t {float(observed['threshold']):.4f}"
)
