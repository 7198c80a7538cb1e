"""The values of a map by region of the atlas, and where expression is known too."""

import nibabel

from amygene.imaging.atlas import strangers
from amygene.imaging.maps import map_from_image, map_from_table, used_regions
from amygene.io.tables import MISSING, read_given, read_table, write_table
from job import start

start(snakemake.log[0])
source, columns = snakemake.input, snakemake.params.columns
regions, note = read_table(source.regions), None
if source.get("image"):
    file = source.image
    values = map_from_image(nibabel.load(file), nibabel.load(source.atlas_image), regions, file)
else:
    file = source.table
    table = read_given(file, na_values=[MISSING])
    values = map_from_table(table, columns["region"], columns["value"], regions, file)
    note = strangers(table[columns["region"]], regions)
known = read_table(source.coverage)["in_expression"]
table = used_regions(values, regions, known, snakemake.params.null, snakemake.params.cortex_only, file)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[file, source.coverage],
    settings={**columns, "null": snakemake.params.null},
    note=note,
)
print(note or "every row is a region of the atlas")
for reason, left_out in table[~table["used"]].groupby("reason"):
    print(f"left out, {reason}: {', '.join(left_out['region'])}")
