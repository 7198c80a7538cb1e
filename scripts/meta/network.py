"""Convergent connectivity of one comparison, against random foci."""

import nibabel
import numpy as np

from amygene.imaging.atlas import region_numbers
from amygene.io.files import read_arrays, write_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.columns import NETWORK, UNMAPPED
from amygene.meta.connectome import Connectome, Places
from amygene.meta.foci import from_text
from amygene.meta.network import (
    canonical_table,
    observed_pooled,
    random_pooled,
    region_table,
    seed_regions,
    similar_unweighted,
    unmapped_foci,
)
from amygene.meta.selection import merge, select
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
connectome, regions = Connectome.from_arrays(read_arrays(source.connectome)), read_table(source.regions)
experiments = merge(select(from_text(read_table(source.foci, dtype=str)), params.rules))
image = nibabel.load(source.image)
numbers = regions.set_index("region")["index"].loc[list(connectome.regions)].to_numpy()
region, distance = Places(region_numbers(image), image.affine, numbers).find(experiments.xyz)
seeds = seed_regions(experiments, region)
observed = observed_pooled(seeds, connectome)
drawn = random_pooled(seeds, connectome, params.seed, snakemake.wildcards.comparison, params.draws)
table = region_table(connectome, observed, drawn)
table = regions[["region", "structure", "hemisphere", "x", "y", "z"]].merge(table, on="region")
canonical = canonical_table(read_table(source.networks), connectome, observed, drawn)
unmapped = unmapped_foci(experiments, region, distance)
common: dict = {
    "sources": [source.foci],
    "settings": {
        "comparison": snakemake.wildcards.comparison,
        "rules": params.rules,
        "draws": params.draws,
        "experiments": len(seeds.starts) - 1,
        "foci": len(region) - len(unmapped),
        "foci_without_region": len(unmapped),
        "median_distance": float(np.median(distance[region >= 0])),
        "r_unweighted": similar_unweighted(table),
    },
    "seed": params.seed,
}
write_table(output.table, table, sidecar=output.sidecar, meanings=NETWORK, **common)
write_table(output.canonical, canonical, sidecar=output.canonical_sidecar, meanings=NETWORK, **common)
write_table(output.unmapped, unmapped, sidecar=output.unmapped_sidecar, meanings=UNMAPPED, **common)
write_arrays(output.draws, observed=observed, drawn=drawn)
