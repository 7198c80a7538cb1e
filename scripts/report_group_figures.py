"""Effects with intervals, and the ways to deal with sites."""

from amygene.report.figures_group import effects, harmonisation
from amygene.report.style import save
from amygene.tables import read_table
from job import start

start(snakemake.log[0])
output, wildcards = snakemake.output, snakemake.wildcards
title = f"{wildcards.contrast}: connectivity of {wildcards.seed}"
save(effects(read_table(snakemake.input.roi), title), output.effects_svg, output.effects_png)
save(
    harmonisation(read_table(snakemake.input.harmonisation)),
    output.harmonisation_svg,
    output.harmonisation_png,
)
