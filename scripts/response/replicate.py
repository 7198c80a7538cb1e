"""The published way to predict response, and what it gives on noise."""

import numpy as np
import pandas as pd

from amygene.io.files import read_arrays
from amygene.io.tables import write_table
from amygene.prediction.sample import Sample
from amygene.response.columns import REPLICATE
from amygene.response.replicate import cluster_roc, replicate_row
from job import start

start(snakemake.log[0])
output, params, name = snakemake.output, snakemake.params, snakemake.wildcards.contrast
sample = Sample(**read_arrays(snakemake.input[0]))
known = ~np.isnan(sample.edges).all(axis=0)
found = cluster_roc(sample.edges, sample.case, params.seed, params.draws)
edges = [f"{s} with {r}" for s, r in zip(sample.seeds[known], sample.regions[known], strict=True)]
note = (
    "optimistic: edges were chosen with the groups of the participants they are tested on; for comparison with "
    "published work only. On noise: the same participants with shuffled groups, edges chosen anew"
)
for file, sidecar, rows in (
    (output.table, output.sidecar, replicate_row(found, edges, sample.case)),
    (output.noise, output.noise_sidecar, pd.DataFrame({"draw": range(1, len(found.noise) + 1), "auc": found.noise})),
):
    write_table(
        file,
        rows,
        sidecar=sidecar,
        sources=[snakemake.input[0]],
        settings={"prediction": name, "draws": params.draws},
        seed=params.seed,
        note=note,
        meanings=REPLICATE,
    )
print(f"AUC {found.auc:.3f}; on noise {found.noise.mean():.3f}, 95th percentile {np.percentile(found.noise, 95):.3f}")
