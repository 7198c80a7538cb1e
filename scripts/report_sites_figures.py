"""Leaving one site out, and the forest of the largest differences."""

from amygene.report.figures_group import forests, leave_one_out
from amygene.report.style import save
from amygene.tables import read_table
from job import start

start(snakemake.log[0])
source, output = snakemake.input, snakemake.output
save(leave_one_out(read_table(source.loso, dtype={"site": str})), output.loso_svg, output.loso_png)
forest = read_table(source.forest, dtype={"site": str})
save(forests(forest, read_table(source.roi)), output.forest_svg, output.forest_png)
