"""Genes that follow the map, the count test, and what null maps keep."""

import json
from pathlib import Path

from amygene.files import read_arrays
from amygene.report.figures_genes import genes, nulls
from amygene.report.style import save
from amygene.tables import read_table
from job import start

start(snakemake.log[0])
source, output = snakemake.input, snakemake.output
counts = json.loads(Path(source.counts).read_text())
figure = genes(read_table(source.genes), counts, read_arrays(source.null_counts)["null"])
save(figure, output.genes_svg, output.genes_png)
save(nulls(read_table(source.nulls)), output.nulls_svg, output.nulls_png)
