"""Do the foci have the columns and values that analyses ask for?"""

from amygene.io.tables import read_table
from amygene.meta.foci import from_text
from amygene.meta.selection import check_rules
from job import start

start(snakemake.log[0])
foci = from_text(read_table(snakemake.input.foci, dtype=str))
check_rules(foci, snakemake.params.analyses, snakemake.params.contributions)
