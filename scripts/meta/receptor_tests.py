"""Do maps follow receptors, and are receptors dense in clusters?"""

import nibabel
import numpy as np
import pandas as pd

from amygene.imaging.labels import label_by_number
from amygene.io.choices import load
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.brain import Brain
from amygene.meta.chance import LEVEL
from amygene.meta.columns import RECEPTORS
from amygene.meta.receptors import correlate, densities_in_clusters
from amygene.meta.store import unpack
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
grid, regions = Brain.from_arrays(read_arrays(source.grid)), read_table(source.regions)
densities = read_table(source.receptors).set_index("region")
maps = {
    name: read_table(file).set_index("region")["value"]
    for name, file in zip([*params.run_maps, *params.meta_maps], [*source.run, *source.meta], strict=True)
}
maps = {name: values for name, values in maps.items() if values.notna().any()}
common: dict = {
    "sources": [source.receptors],
    "settings": {"nulls": params.method, "null_maps": params.null_maps},
    "seed": params.seed,
    "meanings": RECEPTORS,
}
null_model = load(params.null_model)
tests = correlate(maps, densities, regions, null_model, params.seed, params.null_maps)
write_table(output.maps, tests, sidecar=output.maps_sidecar, **common)
labels, voxels = label_by_number(nibabel.load(source.image), regions, grid).number, {}
for comparison, ale, clusters in zip(params.comparisons, source.ale, source.clusters, strict=True):
    stored, table = unpack(read_arrays(ale)), read_table(clusters)
    for cluster in table.loc[table["p_fwe"] < LEVEL, "cluster"]:
        row = labels[stored.labels == cluster]
        counts = np.bincount(row[row >= 0], minlength=len(regions))
        voxels[comparison, cluster] = pd.Series(counts, index=regions["region"])
inside = densities_in_clusters(densities, voxels, regions, null_model, params.seed, params.null_maps)
note = None if voxels else "no significant cluster"
write_table(output.clusters, inside, sidecar=output.clusters_sidecar, note=note, **common)
