"""Published findings of change with treatment, or of what goes with response, against maps of this study."""

import yaml

from amygene.evidence.claims import read_evidence
from amygene.evidence.columns import CLAIMS, RESPONSE
from amygene.evidence.table import change_maps, of_connectivity, response_maps, response_table
from amygene.io.tables import read_table, write_table
from amygene.response.members import TEXT
from job import start

start(snakemake.log[0])
source, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
with open(source.schema) as stream:
    schema = yaml.safe_load(stream)
regions = read_table(source.regions)["region"]
findings, places = read_evidence(source.tables, schema, source.places, wildcards.atlas, set(regions))
tables = {seed: read_table(file, dtype=TEXT) for seed, file in zip(params.seeds, source.maps, strict=True)}
changed = wildcards.treatment.startswith("change-")
maps = change_maps(tables, params.baseline) if changed else response_maps(tables)
stands_for = ["before treatment"] if changed else ["response", "nonresponders"]
table = response_table(of_connectivity(findings), places, params.seeds, maps, stands_for, wildcards.atlas)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[*source.tables, source.places, *source.maps],
    note="interval and p stand for claims with one connection only: these analyses keep no maps of their relabelings",
    meanings={
        **CLAIMS,
        **RESPONSE,
        "estimate": "mean over the claim's connections of "
        + ("Hedges g of the change" if changed else "r of connectivity before treatment with a better outcome"),
    },
)
print(f"{int(table['testable'].sum())} of {len(table)} can be tested")
