"""Length, motion and connectivity of every participant."""

from amygene.report.figures_cohort import quality
from amygene.report.style import save
from amygene.tables import read_table
from job import start

start(snakemake.log[0])
qc = read_table(snakemake.input.qc, dtype={"participant_id": str, "site": str})
participants = read_table(snakemake.input.participants, dtype={"participant_id": str})
case = participants[f"contrast-{snakemake.params.contrast}"] == "case"
save(quality(qc, case, snakemake.params.seed), snakemake.output.svg, snakemake.output.png)
