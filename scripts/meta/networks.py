"""Voxels that the connectome's regions share with the canonical networks."""

import nibabel
import numpy as np

from amygene.imaging.atlas import region_numbers
from amygene.imaging.grid import grid_of
from amygene.io.tables import read_table, write_table
from amygene.meta.network import overlap
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
regions = read_table(source.regions)
if source.get("image"):
    image, atlas = nibabel.load(source.image), nibabel.load(source.atlas_image)
    numbers = region_numbers(atlas)
    by_number = regions.set_index("index")["region"]
    ijk = np.argwhere(np.isin(numbers, by_number.index))
    xyz = grid_of(numbers, atlas.affine).xyz(ijk)
    found = overlap(region_numbers(image), image.affine, xyz, by_number.loc[numbers[tuple(ijk.T)]].tolist())
    names = dict(enumerate(params.names, 1))
    found = found[found["network"].isin(names)]
    found = found.assign(network=found["network"].map(names))
    sources = [source.image, source.atlas_image]
else:
    found = read_table(source.shares)
    found = found[found["atlas"] == params.atlas].drop(columns="atlas")
    sources = [source.shares]
write_table(
    snakemake.output.table, found, sidecar=snakemake.output.sidecar, sources=sources, settings={"names": params.names}
)
