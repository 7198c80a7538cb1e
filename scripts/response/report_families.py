"""Part of the report: how many families of correlations find something, and how many would by chance."""

from amygene.report.parts import Files, write_part
from amygene.report.sections import response
from job import start

start(snakemake.log[0])
files = Files(snakemake.wildcards.study)
tables = [files.table(file).content for file in snakemake.input]
write_part(snakemake.output[0], "response", response.families_part(tables), snakemake.input)
