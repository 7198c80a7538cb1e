"""Published effect sizes pooled."""

import yaml

from amygene.evidence.claims import read_findings
from amygene.evidence.columns import POOLED
from amygene.evidence.pooling import pool_findings
from amygene.io.tables import write_table
from job import start

start(snakemake.log[0])
source, output = snakemake.input, snakemake.output
with open(source.schema) as stream:
    findings = read_findings(source.tables, yaml.safe_load(stream))
pooled, studies = pool_findings(findings)
for table, file, sidecar in (
    (pooled, output.pooled, output.pooled_sidecar),
    (studies, output.studies, output.studies_sidecar),
):
    write_table(file, table, sidecar=sidecar, sources=source.tables, meanings=POOLED)
print(f"{len(studies)} effects, {len(pooled)} outcomes pooled")
