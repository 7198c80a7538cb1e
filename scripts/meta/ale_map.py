"""Convergence of one comparison by region of the study's atlas."""

import nibabel
import numpy as np
import pandas as pd

from amygene.imaging.parcels import region_means, region_weights
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.brain import Brain
from amygene.meta.store import unpack
from job import start

start(snakemake.log[0])
source = snakemake.input
grid, regions = Brain.from_arrays(read_arrays(source.grid)), read_table(source.regions)
stored, image = unpack(read_arrays(source.ale)), nibabel.load(source.image)
z = np.where(grid.mask, stored.found.z if stored.found else np.nan, np.nan)
value = region_means(z.ravel(order="F"), region_weights(image, regions["index"], grid))
write_table(
    snakemake.output.table,
    pd.DataFrame({"region": regions["region"], "value": value}),
    sidecar=snakemake.output.sidecar,
    sources=[source.regions],
    settings=dict(snakemake.wildcards),
    note=stored.refused or "mean over the region's voxels of the z of ALE",
)
