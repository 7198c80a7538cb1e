"""False positive rates on this atlas."""

from amygene.report.figures_genes import calibration
from amygene.report.style import save
from amygene.tables import read_table
from job import start

start(snakemake.log[0])
save(calibration(read_table(snakemake.input[0])), snakemake.output.svg, snakemake.output.png)
