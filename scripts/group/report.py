"""Part of the report: where the groups differ, for one contrast and seed."""

import nibabel

from amygene.io.files import replacing
from amygene.io.tables import read_table
from amygene.report.brain import brain_figure, viewer
from amygene.report.figures.group import effects, harmonisation
from amygene.report.parts import Files, write_part
from amygene.report.sections import group
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, wildcards = snakemake.input, snakemake.output, snakemake.wildcards
files = Files(wildcards.study)
roi = files.table(source.roi)
regions = read_table(source.regions)
image = nibabel.load(source.image) if source.get("image") else None
values = roi.content.set_index("region")["t"]
save(brain_figure(values, regions, image, "t"), *output.brain)
with replacing(output.viewer) as beside:
    beside.write_text(viewer(values, regions, image) if image else "", encoding="utf-8")
title = f"{wildcards.contrast}: connectivity of {wildcards.seed}"
save(effects(roi.content, title), *output.effects)
save(harmonisation(read_table(source.harmonisation)), *output.harmonisation)
shown = group.part(
    wildcards.contrast,
    snakemake.params.contrast,
    wildcards.seed,
    roi,
    files.picture(output.brain[1]),
    files.text(output.viewer),
    files.picture(output.effects[0]),
    files.picture(output.harmonisation[0]),
)
write_part(output.part, "group", shown, source)
