"""Part of the report: leaving one site out, for one contrast and seed."""

from amygene.io.tables import read_table
from amygene.report.figures.sites import forests, leave_one_out
from amygene.report.parts import Files, write_part
from amygene.report.sections import sites
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, wildcards = snakemake.input, snakemake.output, snakemake.wildcards
files = Files(wildcards.study)
loso = files.table(source.loso)
save(leave_one_out(loso.content), *output.loso)
save(forests(files.table(source.forest).content, read_table(source.roi)), *output.forest)
shown = sites.part(
    wildcards.contrast, wildcards.seed, loso, files.picture(output.loso[0]), files.picture(output.forest[0])
)
write_part(output.part, "sites", shown, source)
