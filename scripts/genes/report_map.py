"""Part of the report: a map of the user's own on the brain."""

import nibabel

from amygene.io.files import replacing
from amygene.io.tables import read_table
from amygene.report.brain import brain_figure, viewer
from amygene.report.parts import Files, write_part
from amygene.report.sections import genes
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, wildcards = snakemake.input, snakemake.output, snakemake.wildcards
files = Files(wildcards.study)
values = read_table(source.map).set_index("region")["value"]
regions = read_table(source.regions)
image = nibabel.load(source.image) if source.get("image") else None
save(brain_figure(values, regions, image, "value"), *output.figure)
with replacing(output.viewer) as beside:
    beside.write_text(viewer(values, regions, image) if image else "", encoding="utf-8")
shown = genes.own_map(wildcards.map, files.picture(output.figure[1]), files.text(output.viewer))
write_part(output.part, "genes", shown, source)
