"""Sessions that are used and outcomes, of the participants who are in."""

import pandas as pd
import yaml

from amygene.cohort.longitudinal import assemble, image_findings, image_sessions, read_sheets
from amygene.imaging.series_pack import FINDING, read_findings
from amygene.io.problems import raise_if_any
from amygene.io.tables import read_table, write_table
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
with open(source.schema) as stream:
    schema = yaml.safe_load(stream)
sheets = read_sheets(source.sheet, source.sessions or None, source.outcomes or None, schema, **params.reading)
raise_if_any(sheets.problems)
participants = read_table(source.participants, dtype={"participant_id": str})["participant_id"].tolist()
findings = read_findings(source.findings)
# a cohort of images knows its scans, one of series the sheet's
images = params.reading["images"]
found = assemble(
    image_sessions(params.scans, sheets.sessions if source.sessions else None) if images else sheets.sessions,
    sheets.instruments,
    participants,
    image_findings(findings) if images else pd.DataFrame(findings, columns=FINDING),
    timepoints=params.reading["timepoints"],
    outcomes=params.outcomes,
    select=params.select,
    faulty=params.faulty,
)
files = [file for file in (source.sessions, source.outcomes) if file]
settings = {"timepoints": params.reading["timepoints"], "outcomes": params.outcomes, "select": params.select}
own = dict.fromkeys(found.sessions, "as in the sheet of sessions")
for name in ("sessions", "excluded", "outcomes"):
    write_table(
        output[name],
        getattr(found, name),
        sidecar=output[f"{name}_sidecar"],
        sources=files,
        settings=settings,
        meanings=own if name == "sessions" else None,
    )
print(f"{len(found.sessions)} sessions are used, {len(found.excluded)} are not; {len(found.outcomes)} outcomes")
