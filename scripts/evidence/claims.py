"""Published findings of connectivity against one difference of groups."""

import numpy as np
import yaml

from amygene.evidence.claims import read_evidence
from amygene.evidence.columns import CLAIMS
from amygene.evidence.table import contrast_tables, of_connectivity
from amygene.io.files import equal_parts, read_arrays
from amygene.io.tables import read_table, write_table
from amygene.models.comparison import Comparison
from job import start

start(snakemake.log[0])
source, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
with open(source.schema) as stream:
    schema = yaml.safe_load(stream)
regions = read_table(source.regions)["region"]
findings, places = read_evidence(source.tables, schema, source.places, wildcards.atlas, set(regions))
arrays = {seed: read_arrays(file) for seed, file in zip(params.seeds, source.comparisons, strict=True)}
relabeled = {
    seed: np.concatenate([read_arrays(f)["maps"] for f in files])
    for seed, files in zip(params.seeds, equal_parts(source.shards, len(params.seeds)), strict=True)
}
claims, agreement = contrast_tables(
    of_connectivity(findings),
    places,
    params.seeds,
    {seed: Comparison.from_arrays(one) for seed, one in arrays.items()},
    relabeled,
    {seed: one["region"].tolist() for seed, one in arrays.items()},
    params.stands_for,
    wildcards.atlas,
)
shared = {
    "sources": [*source.tables, source.places, *source.comparisons],
    "settings": {**params.contrast, "stands_for": params.stands_for, "permutations": params.permutations},
    "seed": params.seed,
}
write_table(
    snakemake.output.claims,
    claims,
    sidecar=snakemake.output.claims_sidecar,
    note="effects are of this study's cases against its controls, whoever the findings are about",
    meanings=CLAIMS,
    **shared,
)
write_table(snakemake.output.agreement, agreement, sidecar=snakemake.output.agreement_sidecar, **shared)
print(agreement.to_string(index=False))
