"""Convergent connectivity of one comparison by region of the study's atlas."""

import nibabel
import numpy as np

from amygene.io.tables import read_table, write_table
from amygene.meta.joins import transfer
from job import start

start(snakemake.log[0])
source = snakemake.input
regions, own = read_table(source.regions), read_table(source.connectome_regions)
values = read_table(source.table).set_index("region")["z_value"]
if source.connectome_regions == source.regions:
    values = values.reindex(regions["region"])
else:
    images = [nibabel.load(file) for file in (source.connectome_image, source.image)]
    arrays = [(np.asanyarray(i.dataobj).round().astype(int), i.affine) for i in images]
    values = transfer(values, (*arrays[0], own), (*arrays[1], regions))
write_table(
    snakemake.output.table,
    values.rename("value").rename_axis("region").reset_index(),
    sidecar=snakemake.output.sidecar,
    sources=[source.table, source.regions],
    settings=dict(snakemake.wildcards),
    note="z of convergent connectivity",
)
