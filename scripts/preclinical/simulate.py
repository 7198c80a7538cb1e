"""Make counts of two tissues with planted truth, in the files that real ones come in."""

from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_text_table
from amygene.preclinical.simulated import simulate
from job import start

start(snakemake.log[0])
source, output, settings = snakemake.input, snakemake.output, snakemake.params.settings
made = simulate(
    read_table(source.orthologues, dtype=str),
    read_arrays(source.expression),
    read_table(source.regions),
    settings["genes"],
    settings["module_size"],
    settings["effect"],
    settings["bridge"],
    snakemake.params.seed,
)
for table, file in zip(made.counts.values(), output.counts, strict=True):
    write_text_table(file, table.reset_index())
for table, file in zip(made.samples.values(), output.samples, strict=True):
    write_text_table(file, table)
write_text_table(output.behaviour, made.behaviour)
write_text_table(output.map, made.map)
write_text_table(output.truth, made.truth)
