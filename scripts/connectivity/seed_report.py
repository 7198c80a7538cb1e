"""What the seeds are on the grid of the maps, and how they overlap."""

import numpy as np

from amygene.connectivity.seed_report import overlap_table, seed_table
from amygene.imaging.images import as_volume, read_volume, write_image
from amygene.imaging.seed_maps import read_sources, weights_on
from amygene.io.tables import read_table, write_table
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
grid, _mask = read_volume(source.mask)
sources = {name: s for f in source.sources for name, s in read_sources(f).items()}
_grid, count = read_volume(source.coverage)
weights = {name: weights_on(sources[name], grid) for name in params.seeds}
for name, file in zip(params.seeds, output.images, strict=True):
    own = weights[name]
    write_image(file, as_volume(own.values.astype(np.float32), own.voxels, grid, 0), grid)
qc = read_table(source.qc, dtype={"participant_id": str, "session": str})
note = (
    "subregions of the amygdala (Juelich) are not parts of the amygdala of AAL or another atlas: they overlap it poorly"
)
write_table(
    output.table,
    seed_table(sources, weights, grid, count.ravel(order="F"), qc),
    sidecar=output.sidecar,
    sources=[source.qc, source.mask],
    settings={"seeds": params.definitions},
    note=note,
)
write_table(
    output.overlap,
    overlap_table(weights),
    sidecar=output.overlap_sidecar,
    sources=[source.mask],
    settings={"seeds": params.definitions},
    note=note,
)
