"""Which region of AAL and of Harvard-Oxford every voxel lies in."""

import nibabel
import numpy as np
import pandas as pd

from amygene.imaging.atlas import aal116_regions
from amygene.imaging.images import read_volume
from amygene.imaging.labels import label_by_number, label_by_probability, to_arrays, volumes_of
from amygene.io.files import write_arrays
from job import start

start(snakemake.log[0])
source = snakemake.input
grid, mask = read_volume(source.mask)
with open(source.aal_names) as stream:
    aal = label_by_number(nibabel.load(source.aal), aal116_regions(stream.readlines()), grid)
names = pd.read_csv(source.harvard_oxford_names)["name"].str.replace("_", " ").tolist()
affine = nibabel.load(source.harvard_oxford).affine
harvard_oxford = label_by_probability(volumes_of(source.harvard_oxford), affine, names, grid)
atlases = {atlas: labels.within(mask > 0) for atlas, labels in (("aal", aal), ("harvard_oxford", harvard_oxford))}
for atlas, labels in atlases.items():
    print(f"{atlas}: {np.mean(labels.number >= 0):.0%} of the voxels lie in a region")
write_arrays(snakemake.output[0], **to_arrays(atlases))
