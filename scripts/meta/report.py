"""Part of the report: all analyses of convergence in one table."""

import json

from amygene.report.parts import Files, write_part
from amygene.report.sections import meta
from job import start

start(snakemake.log[0])
source = snakemake.input
with open(source.notes, encoding="utf-8") as stream:
    notes = json.load(stream)["notes"]
shown = meta.overview(Files(snakemake.wildcards.study).table(source.analyses), notes)
write_part(snakemake.output.part, "meta", shown, source)
