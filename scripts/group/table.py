"""The difference of the groups in every region, with permutation p."""

import numpy as np

from amygene.group.regions import gather_shards, roi_table
from amygene.io.files import equal_parts, read_arrays
from amygene.io.tables import write_table
from amygene.models.comparison import Comparison
from job import start

start(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
arrays = read_arrays(snakemake.input.comparison)
# this table's seed first
shards = equal_parts([read_arrays(f) for f in snakemake.input.shards], len(params.family))
table = roi_table(arrays["region"].tolist(), Comparison.from_arrays(arrays), list(map(gather_shards, shards)))
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.participants, snakemake.input.comparison],
    settings={
        "contrast": wildcards.contrast,
        **params.contrast,
        **params.model,
        "seed": wildcards.seed,
        "family": list(params.family),
        "permutations": params.permutations,
    },
    seed=params.seed,
    note=f"positive: more in {params.contrast['case']}; family of q and p_fwe: regions of {', '.join(params.family)}",
)
print(
    f"{int(np.sum(table['q'] < 0.05))} regions at q < .05, {int(np.sum(table['p_fwe'] < 0.05))} at family-wise p < .05"
)
