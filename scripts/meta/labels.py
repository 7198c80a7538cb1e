"""Names of the places in the grid: AAL and Juelich."""

import nibabel
import pandas as pd

from amygene.imaging.atlas import aal116_regions
from amygene.imaging.labels import label_by_number, label_by_probability, to_arrays, volumes_of
from amygene.io.files import read_arrays, write_arrays
from amygene.meta.brain import Brain
from job import start

start(snakemake.log[0])
source = snakemake.input
grid = Brain.from_arrays(read_arrays(source.grid))
with open(source.aal_names) as stream:
    aal = label_by_number(nibabel.load(source.aal), aal116_regions(stream.readlines()), grid)
names = pd.read_csv(source.juelich_names)["name"].str.removeprefix("GM_").tolist()
juelich = label_by_probability(volumes_of(source.juelich), nibabel.load(source.juelich).affine, names, grid)
write_arrays(snakemake.output[0], **to_arrays({"aal": aal, "juelich": juelich}))
