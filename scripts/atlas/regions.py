"""Make the table of the atlas's regions."""

from pathlib import Path

import nibabel
import pandas as pd

from amygene.cohort.rest_meta_mdd import BLOCKS
from amygene.imaging import atlas
from amygene.io.tables import read_given, write_table
from job import start

start(snakemake.log[0])
name, labels, image = snakemake.wildcards.atlas, snakemake.input.get("labels"), snakemake.input.get("image")
if name == "AAL116":
    regions = atlas.aal116_regions(Path(labels).read_text().splitlines())
elif name == "DK83":
    regions = atlas.dk83_regions(pd.read_csv(labels))
elif labels is None:
    first, last = BLOCKS[name]
    regions = atlas.numbered_regions(name, last - first + 1)
else:
    regions = atlas.user_regions(read_given(labels), labels)
regions = atlas.locate(regions, nibabel.load(image), image) if image else atlas.unlocated(regions)
write_table(
    snakemake.output.table,
    regions,
    sidecar=snakemake.output.sidecar,
    sources=[f for f in (labels, image) if f],
)
