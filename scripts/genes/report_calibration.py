"""Part of the report: false positive rates on this atlas."""

from amygene.report.figures.genes import calibration
from amygene.report.parts import Files, write_part
from amygene.report.sections import genes
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output = snakemake.input, snakemake.output
files = Files(snakemake.wildcards.study)
table = files.table(source.calibration)
save(calibration(table.content), *output.figure)
shown = genes.calibration(files.table(source.coverage), table, files.picture(output.figure[0]))
write_part(output.part, "genes", shown, source)
