"""Convergence of one comparison by region of the study's atlas."""

import nibabel
import numpy as np
import pandas as pd

from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.anatomy import labels_at
from amygene.meta.grid import Grid
from amygene.meta.joins import parcellate, region_rows
from amygene.meta.store import unpack
from job import start

start(snakemake.log[0])
source = snakemake.input
grid, regions = Grid.from_arrays(read_arrays(source.grid)), read_table(source.regions)
stored, image = unpack(read_arrays(source.ale)), nibabel.load(source.image)
numbers = np.asanyarray(image.dataobj).round().astype(int)
ijk = np.argwhere(np.ones(grid.mask.shape, dtype=bool))
row = region_rows(labels_at(numbers, image.affine, grid.xyz(ijk)), regions["index"].tolist())
z = stored.found.z.ravel() if stored.found else np.full(grid.mask.size, np.nan)
value = parcellate(np.nan_to_num(z), grid.mask.ravel() & np.isfinite(z), row, len(regions))
write_table(
    snakemake.output.table,
    pd.DataFrame({"region": regions["region"], "value": value}),
    sidecar=snakemake.output.sidecar,
    sources=[source.regions],
    settings=dict(snakemake.wildcards),
    note=stored.refused or "mean over the region's voxels of the z of ALE",
)
