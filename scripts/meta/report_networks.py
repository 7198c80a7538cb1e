"""Part of the report: convergent connectivity."""

import json

import nibabel

from amygene.io.tables import read_table
from amygene.report.brain import brain_figure
from amygene.report.figures.meta import canonical
from amygene.report.parts import Files, write_part
from amygene.report.sections import meta
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files = Files(snakemake.wildcards.study)
regions = dict(zip(params.names, map(files.table, source.tables), strict=True))
networks = dict(zip(params.names, map(files.table, source.canonical), strict=True))
unmapped = dict(zip(params.comparisons, map(files.table, source.unmapped), strict=True))
atlas, image = read_table(source.regions), nibabel.load(source.image)
brains, settings = {}, {}
for name, sidecar, svg, png in zip(params.comparisons, source.sidecars, output.svg, output.png, strict=True):
    save(brain_figure(regions[name].content.set_index("region")["z_value"], atlas, image, "z"), svg, png)
    brains[name] = files.picture(png)
    with open(sidecar, encoding="utf-8") as stream:
        settings[name] = json.load(stream)["settings"]
save(canonical({name: shown.content for name, shown in networks.items()}), output.canonical_svg, output.canonical_png)
with open(source.connectome, encoding="utf-8") as stream:
    note = json.load(stream)["note"]
shown = meta.networks(regions, networks, brains, files.picture(output.canonical_svg), unmapped, settings, note)
write_part(output.part, "meta", shown, source)
