"""All published findings in one table, checked, and where each lies in the atlas."""

import yaml

from amygene.evidence.claims import read_evidence
from amygene.evidence.table import in_atlas
from amygene.io.tables import read_table, write_table
from job import start

start(snakemake.log[0])
source, wildcards = snakemake.input, snakemake.wildcards
with open(source.schema) as stream:
    schema = yaml.safe_load(stream)
regions = read_table(source.regions)["region"]
findings, places = read_evidence(source.tables, schema, source.places, wildcards.atlas, set(regions))
write_table(
    snakemake.output.table,
    in_atlas(findings, places),
    sidecar=snakemake.output.sidecar,
    sources=[*source.tables, source.places],
    meanings={
        **{name: rule["description"] for name, rule in schema["properties"].items()},
        "region_in_atlas": f"regions of {wildcards.atlas}; none: it has none, or the table of regions lacks it",
        "target_in_atlas": "the same of the target",
    },
)
print(f"{len(findings)} findings of {findings['study'].nunique()} studies")
