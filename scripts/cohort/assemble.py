"""Check the cohort, select participants, describe the groups."""

import yaml

from amygene.cohort.assemble import assemble, files_table, findings_table
from amygene.cohort.sheet import read_sheet
from amygene.imaging.series_pack import read_findings
from amygene.io.files import read_json
from amygene.io.tables import write_table
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
found = read_findings(source.findings)
with open(source.schema) as stream:
    schema = yaml.safe_load(stream)
seeds = read_json(source.seeds)
# words about sheets of sessions and outcomes
further = read_json(source.longitudinal)["problems"] if source.longitudinal else []
cohort = assemble(
    read_sheet(source.sheet),
    source.sheet,
    findings_table(found),
    schema,
    contrasts=params.contrasts,
    **params.selection,
    # of series: words about seeds that the atlas does not have; of images: who lacks which seed
    other_problems=[*further, *(seeds if isinstance(seeds, list) else [])],
    uncovered=seeds if isinstance(seeds, dict) else {},
    one_grid=params.one_grid,
)
settings = {**params.selection, "contrasts": params.contrasts}
included = set(cohort.participants["participant_id"])
own = dict.fromkeys(cohort.participants, "as in the participants sheet")
for name, table in (
    ("participants", cohort.participants),
    ("excluded", cohort.excluded),
    ("summary", cohort.summary),
    ("files", files_table(found, included)),
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
