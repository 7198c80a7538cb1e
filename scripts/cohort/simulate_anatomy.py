"""What simulated participants share."""

import numpy as np
from nilearn.datasets import load_mni152_brain_mask, load_mni152_gm_template, load_mni152_wm_template
from nilearn.image import resample_img

from amygene.cohort.simulated_scans import SUBREGIONS, make_anatomy
from amygene.imaging.grid import standard_grid
from amygene.imaging.seed_maps import read_source, weights_on
from amygene.io.files import write_arrays
from job import start

start(snakemake.log[0])
grid = standard_grid(snakemake.params.voxel_size)


def on_grid(image):
    """In the shape of the grid."""
    moved = resample_img(image, grid.affine, grid.shape, interpolation="linear", force_resample=True, copy_header=True)
    return np.asarray(moved.dataobj, dtype=float)


brain = on_grid(load_mni152_brain_mask(resolution=2)) > 0.5
gray, white = (on_grid(load(resolution=2)) for load in (load_mni152_gm_template, load_mni152_wm_template))
# volumes 6 to 11 of the atlas, in the order of the names
seeds = {
    name: weights_on(
        read_source(
            {
                "kind": "probability",
                "image": snakemake.input.juelich,
                "volumes": [6 + j],
                "weighting": "weighted",
                "threshold": 0.25,
            }
        ),
        grid,
    )
    for j, name in enumerate(SUBREGIONS)
}
anatomy = make_anatomy(grid, brain, gray, white, seeds, snakemake.params.seed)
write_arrays(snakemake.output[0], **anatomy.arrays())
