"""Part of the report: genes that follow a map, the count test, and what null maps keep."""

from amygene.io.files import read_arrays
from amygene.io.tables import read_table
from amygene.report.figures.genes import genes as genes_figure
from amygene.report.figures.genes import nulls as nulls_figure
from amygene.report.parts import Files, write_part
from amygene.report.sections import genes
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, wildcards = snakemake.input, snakemake.output, snakemake.wildcards
files = Files(wildcards.study)
table, counts = files.table(source.genes), files.json(source.counts)
null_counts = read_arrays(source.null_counts)["null"]
save(genes_figure(table.content, counts.content, null_counts), *output.genes)
save(nulls_figure(read_table(source.nulls)), *output.nulls)
shown = genes.part(
    wildcards.map,
    files.table(source.map),
    table,
    counts,
    files.table(source.components),
    files.picture(output.genes[0]),
    files.picture(output.nulls[0]),
    files.table(source.multiverse) if source.get("multiverse") else None,
)
write_part(output.part, "genes", shown, source)
