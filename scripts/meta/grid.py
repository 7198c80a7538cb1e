"""The voxels in which effects may converge."""

from importlib.metadata import distribution

import nibabel
import numpy as np

from amygene.io.files import write_arrays
from amygene.meta.brain import make_brain
from job import start

start(snakemake.log[0])
# the masks stand in packages; importing NiMARE to ask it for one would take ten seconds
mask = "nimare/resources/templates/tpl-MNI152NLin6Asym_res-02_desc-brain_mask.nii.gz"
template = nibabel.load(str(distribution("nimare").locate_file(mask)))
brain, gray = np.asanyarray(template.dataobj) > 0, None
if snakemake.params.mask == "gray":
    from nilearn.datasets import load_mni152_gm_template
    from nilearn.image import resample_to_img

    probability = load_mni152_gm_template(resolution=2)
    probability = resample_to_img(
        probability, template, interpolation="continuous", force_resample=True, copy_header=True
    )
    gray = np.asanyarray(probability.dataobj)
grid = make_brain(brain, gray, template.affine)
write_arrays(snakemake.output[0], **grid.to_arrays(), brain=brain)
print(f"{int(grid.mask.sum())} voxels of {grid.size:g} mm ({snakemake.params.mask})")
