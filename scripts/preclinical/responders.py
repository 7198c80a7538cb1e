"""Which animals respond?"""

from amygene.io.tables import write_table
from amygene.preclinical.behaviour import read_tests, shares, stratified
from amygene.preclinical.columns import BEHAVIOUR, RESPONDERS
from job import start

start(snakemake.log[0])
output, params = snakemake.output, snakemake.params
table = stratified(*read_tests(snakemake.input[0]), params.steps, params.improvement)
meanings = dict.fromkeys(params.steps, "responder or non-responder to this treatment")
meanings |= {f"{step}_change": f"change of the ratio from test to test, per cent ({step})" for step in params.steps}
shared: dict = {"sources": [snakemake.input[0]], "settings": {"steps": params.steps, "improvement": params.improvement}}
write_table(output.table, table, sidecar=output.sidecar, meanings=BEHAVIOUR | meanings, **shared)
write_table(output.shares, shares(table, params.steps), sidecar=output.shares_sidecar, meanings=RESPONDERS, **shared)
