"""Part of the report: patients against controls before and after, of one seed."""

from amygene.report import figures_response
from amygene.report.parts import Files, write_part
from amygene.report.sections import response
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, wildcards, margin = snakemake.input, snakemake.output, snakemake.wildcards, snakemake.params.margin
files = Files(wildcards.study)
controls = files.table(source.controls)
save(figures_response.against_controls(controls.content, margin), output.svg, output.png)
shown = response.normalisation_part(
    wildcards.normalisation, wildcards.seed, controls, files.picture(output.svg), margin
)
write_part(output.part, "response", shown, source)
