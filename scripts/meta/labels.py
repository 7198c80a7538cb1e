"""Names of the places in the grid: AAL and Juelich."""

import nibabel
import numpy as np
import pandas as pd

from amygene.imaging.atlas import aal116_regions
from amygene.io.files import read_arrays, write_arrays
from amygene.meta.anatomy import most_probable, sample_labels, volumes_of
from amygene.meta.grid import Grid
from job import start

start(snakemake.log[0])
source = snakemake.input
grid = Grid.from_arrays(read_arrays(source.grid))
with open(source.aal_names) as stream:
    aal = aal116_regions(stream.read().splitlines())
image = nibabel.load(source.aal)
areas = nibabel.load(source.juelich)
names = pd.read_csv(source.juelich_names)
write_arrays(
    snakemake.output[0],
    aal=sample_labels(np.asanyarray(image.dataobj).round().astype(int), image.affine, grid).astype(np.int16),
    aal_numbers=aal["index"].to_numpy(),
    aal_names=aal["region"].to_numpy(dtype=str),
    juelich=most_probable(volumes_of(source.juelich), areas.affine, grid).astype(np.int16),
    juelich_numbers=np.arange(1, len(names) + 1),
    juelich_names=names["name"].str.removeprefix("GM_").to_numpy(dtype=str),
)
