"""Who takes part in one contrast, as case or as control."""

import yaml

from amygene.cohort.assemble import assemble, findings_table
from amygene.cohort.sheet import read_sheet
from amygene.imaging.series_pack import read_findings
from amygene.io.tables import write_table
from job import start

start(snakemake.log[0])
source, params, contrast = snakemake.input, snakemake.params, snakemake.wildcards.contrast
with open(source.schema) as stream:
    schema = yaml.safe_load(stream)
cohort = assemble(
    read_sheet(source.sheet),
    source.sheet,
    findings_table(read_findings(source.findings)),
    schema,
    contrasts={contrast: params.contrast},
    **params.selection,
)
role = cohort.participants[f"contrast-{contrast}"]
write_table(
    snakemake.output.table,
    cohort.participants,
    sidecar=snakemake.output.sidecar,
    sources=[source.sheet],
    settings={**params.selection, "contrasts": {contrast: params.contrast}},
    meanings=dict.fromkeys(cohort.participants, "as in the participants sheet")
    | {f"contrast-{contrast}": f"case or control of {contrast}"},
)
print(f"{contrast}: {(role == 'case').sum()} cases, {(role == 'control').sum()} controls")
