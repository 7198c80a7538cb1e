"""Check the sheets of sessions and outcomes."""

import yaml

from amygene.cohort.longitudinal import read_sheets
from amygene.io.tables import write_json
from job import start

start(snakemake.log[0])
source = snakemake.input
with open(source.schema) as stream:
    schema = yaml.safe_load(stream)
sheets = read_sheets(source.sheet, source.sessions or None, source.outcomes or None, schema, **snakemake.params.reading)
write_json(snakemake.output[0], {"problems": sheets.problems})
print(f"{len(sheets.sessions)} sessions, {len(sheets.problems)} problems")
