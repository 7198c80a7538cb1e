"""Clusters of one analysis with family-wise p, their places, and who makes them."""

from pathlib import Path

import numpy as np
import pandas as pd

from amygene.imaging.images import write_image
from amygene.imaging.labels import read_labels
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_json, write_table
from amygene.meta.brain import Brain
from amygene.meta.chance import LEVEL
from amygene.meta.clusters import analysis_note, analysis_row, cluster_table
from amygene.meta.columns import CLUSTERS
from amygene.meta.contributions import by_category, contributions
from amygene.meta.foci import from_text
from amygene.meta.selection import categories, select
from amygene.meta.store import unpack
from job import start

start(snakemake.log[0])
source, output, params, wildcards = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards
grid, stored = Brain.from_arrays(read_arrays(source.grid)), unpack(read_arrays(source.ale))
atlases = read_labels(source.labels)
largest = np.concatenate([stored.pilot, *(read_arrays(shard)["largest"] for shard in source.shards)])
foci = select(from_text(read_table(source.foci, dtype=str)), *params.rules)
table = cluster_table(stored.found, grid, largest, atlases)
significant = table.loc[table["p_fwe"] < LEVEL, "cluster"].to_numpy()
empty = np.zeros(grid.shape)
found = stored.found
shares = contributions(stored.experiments, grid, found.labels if found else empty.astype(int), significant)
summed = by_category(shares, {a: categories(foci, a) for a in params.annotations})
settings = {
    "comparison": wildcards.comparison,
    "subgroup": wildcards.subgroup,
    "rules": list(params.rules),
    "voxel_p": params.voxel_p,
    "threshold_ale": found.threshold if found else None,
    "experiments": len(stored.experiments),
    "foci": len(stored.experiments.xyz),
    "draws": len(largest),
    "draws_wanted": params.draws,
}
note = analysis_note(stored.refused, len(table), len(largest), params.draws)
common: dict = {"sources": [source.foci], "settings": settings, "seed": params.seed, "note": note, "meanings": CLUSTERS}
write_table(output.table, table, sidecar=output.sidecar, **common)
write_table(output.contributions, shares, sidecar=output.contributions_sidecar, **common)
write_table(output.categories, summed, sidecar=output.categories_sidecar, **common)
for name, values, kind, what in (
    ("ale", "ale", np.float32, "ALE: probability that at least one experiment has its effect in the voxel"),
    ("z", "z", np.float32, "z of the one-sided p of the ALE value, not corrected"),
    ("clusters", "labels", np.int16, "numbers of the clusters in _clusters.tsv"),
):
    volume = (getattr(found, values) if found else empty).astype(kind)
    write_image(output[name], volume, grid, space="mni", level=6)
    about = {"file": Path(output[name]).name, "what": what, "note": note, "settings": settings, "seed": params.seed}
    write_json(output[f"{name}_sidecar"], about)
row = analysis_row(wildcards.comparison, wildcards.subgroup, stored.experiments, table, len(largest), stored.refused)
write_json(output.row, row)
print(note if pd.isna(row["p_fwe"]) else f"{note}; smallest family-wise p {row['p_fwe']:.4f}")
