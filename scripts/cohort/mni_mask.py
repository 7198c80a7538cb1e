"""Take the brain mask of the MNI152 template out of nilearn."""

import numpy as np
from nilearn.datasets import load_mni152_brain_mask

from amygene.imaging.grid import Grid
from amygene.imaging.images import write_image
from job import start

start(snakemake.log[0])
mask = load_mni152_brain_mask(resolution=2)
grid = Grid(mask.shape, np.asarray(mask.affine))
write_image(snakemake.output[0], (np.asarray(mask.dataobj) > 0).astype(np.uint8), grid)
