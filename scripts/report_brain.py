"""The map on the brain, still and interactive."""

import nibabel

from amygene.files import replacing
from amygene.report.brain import brain_figure, viewer
from amygene.report.style import save
from amygene.tables import read_table
from job import start

start(snakemake.log[0])
values = read_table(snakemake.input.map).set_index("region")[snakemake.params.value]
regions = read_table(snakemake.input.regions)
image = nibabel.load(snakemake.input.image) if snakemake.input.get("image") else None
save(brain_figure(values, regions, image, snakemake.params.value), snakemake.output.svg, snakemake.output.png)
with replacing(snakemake.output.viewer) as beside:
    beside.write_text(viewer(values, regions, image) if image else "", encoding="utf-8")
