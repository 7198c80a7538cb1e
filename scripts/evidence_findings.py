"""All published findings in one table, checked, and where each lies in the atlas."""

import yaml

from amygene.evidence.claims import read_findings
from amygene.evidence.places import read_places
from amygene.tables import read_given, read_table, write_table
from job import start

start(snakemake.log[0])
source, wildcards = snakemake.input, snakemake.wildcards
with open(source.schema) as stream:
    schema = yaml.safe_load(stream)
findings = read_findings(source.tables, schema)
regions = read_table(source.regions)["region"]
places = read_places(read_given(source.places, dtype=str), wildcards.atlas, set(regions), source.places)
for name, side in (("region", "side"), ("target", "target_side")):
    mapped = [
        "; ".join(places[row[name]].on(row[side])) if row[name] in places else None for _, row in findings.iterrows()
    ]
    findings[f"{name}_in_atlas"] = [m or None for m in mapped]
write_table(
    snakemake.output.table,
    findings,
    sidecar=snakemake.output.sidecar,
    sources=[*source.tables, source.places],
    meanings={
        **{name: rule["description"] for name, rule in schema["properties"].items()},
        "region_in_atlas": f"regions of {wildcards.atlas}; none: it has none, or the table of regions lacks it",
        "target_in_atlas": "the same of the target",
    },
)
print(f"{len(findings)} findings of {findings['study'].nunique()} studies")
