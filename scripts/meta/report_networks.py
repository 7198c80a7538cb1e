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
for i, (name, sidecar) in enumerate(zip(params.comparisons, source.sidecars, strict=True)):
    pair = output.brains[2 * i : 2 * i + 2]
    save(brain_figure(regions[name].content.set_index("region")["z_value"], atlas, image, "z"), *pair)
    brains[name] = files.picture(pair[1])
    with open(sidecar, encoding="utf-8") as stream:
        settings[name] = json.load(stream)["settings"]
save(canonical({name: shown.content for name, shown in networks.items()}), *output.canonical)
with open(source.connectome, encoding="utf-8") as stream:
    note = json.load(stream)["note"]
shown = meta.networks(regions, networks, brains, files.picture(output.canonical[0]), unmapped, settings, note)
write_part(output.part, "meta", shown, source)
