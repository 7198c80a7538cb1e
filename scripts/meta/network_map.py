"""Convergent connectivity of one comparison by region of the study's atlas."""

import nibabel

from amygene.imaging.parcels import transfer
from amygene.io.tables import read_table, write_table
from job import start

start(snakemake.log[0])
source = snakemake.input
regions, own = read_table(source.regions), read_table(source.connectome_regions)
values = read_table(source.table).set_index("region")["z_value"]
if source.connectome_regions == source.regions:
    values = values.reindex(regions["region"])
else:
    images = [nibabel.load(file) for file in (source.connectome_image, source.image)]
    values = transfer(values, (images[0], own), (images[1], regions))
write_table(
    snakemake.output.table,
    values.rename("value").rename_axis("region").reset_index(),
    sidecar=snakemake.output.sidecar,
    sources=[source.table, source.regions],
    settings=dict(snakemake.wildcards),
    note="z of convergent connectivity",
)
