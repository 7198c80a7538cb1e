"""A group map or a map of the user's own, to be held against the meta-analytic ones."""

import nibabel

from amygene.imaging.maps import map_from_image, map_from_table
from amygene.io.tables import MISSING, read_given, read_table, write_table
from job import start

start(snakemake.log[0])
source, columns = snakemake.input, snakemake.params.columns
regions = read_table(source.regions)
if source.get("image"):
    file = source.image
    values = map_from_image(nibabel.load(file), nibabel.load(source.atlas_image), regions, file)
else:
    file = source.table
    table = read_given(file, na_values=[MISSING])
    values = map_from_table(table, columns["region"], columns["value"], regions, file)
write_table(
    snakemake.output.table,
    values.rename("value").rename_axis("region").reset_index(),
    sidecar=snakemake.output.sidecar,
    sources=[file],
    settings=dict(columns),
)
