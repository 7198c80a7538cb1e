"""Part of the report: patients against controls before and after, of one seed, in regions or clusters of voxels."""

from amygene.report.figures import response as figures_response
from amygene.report.parts import Files, write_part
from amygene.report.sections import response
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params, wildcards = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards
files = Files(wildcards.study)
controls = files.table(source.controls)
if params.clusters:
    draw, part = figures_response.clusters_against_controls, response.cluster_normalisation_part
else:
    draw, part = figures_response.against_controls, response.normalisation_part
save(draw(controls.content, params.margin), *output.figure)
shown = part(wildcards.normalisation, wildcards.seed, controls, files.picture(output.figure[0]), params.margin)
write_part(output.part, "response", shown, source)
