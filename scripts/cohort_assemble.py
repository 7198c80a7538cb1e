"""Check the cohort, select participants, describe the groups."""

import pandas as pd
import yaml

from amygene.cohort.assemble import assemble
from amygene.cohort.sheet import read_sheet
from amygene.files import read_json
from amygene.series_pack import FINDING, read_findings
from amygene.tables import write_table
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
findings = pd.DataFrame(read_findings(source.findings), columns=FINDING)
with open(source.schema) as stream:
    schema = yaml.safe_load(stream)
cohort = assemble(
    read_sheet(source.sheet),
    source.sheet,
    findings,
    schema,
    contrasts=params.contrasts,
    **params.selection,
    other_problems=read_json(source.seeds),
)
settings = {**params.selection, "contrasts": params.contrasts}
included = set(cohort.participants["participant_id"])
files = findings[findings["participant_id"].isin(included)].sort_values("participant_id")
files = files[["participant_id", "file", "n_timepoints", "n_constant", "sha256"]]
own = dict.fromkeys(cohort.participants, "as in the participants sheet")
for name, table in (
    ("participants", cohort.participants),
    ("excluded", cohort.excluded),
    ("summary", cohort.summary),
    ("files", files),
):
    write_table(
        output[name],
        table,
        sidecar=output[f"{name}_sidecar"],
        sources=[source.sheet],
        settings=settings,
        meanings=own if name == "participants" else None,
    )
print(f"{len(included)} participants are in, {(cohort.excluded['contrast'] == 'all').sum()} are out")
