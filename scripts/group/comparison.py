"""Connectivity and design of one contrast and seed as arrays."""

import numpy as np

from amygene.connectivity.regions import gather
from amygene.group.regions import make_comparison
from amygene.io.files import read_arrays, write_arrays
from amygene.io.tables import read_table
from amygene.models.site_effects import SiteEffects
from job import start

start(snakemake.log[0])
participants = read_table(snakemake.input.participants, dtype={"participant_id": str, "site": str})
z = gather(map(read_arrays, snakemake.input.parts))
site_effects = SiteEffects(**snakemake.params.site_effects)
comparison, sites = make_comparison(
    z, participants, snakemake.wildcards.contrast, site_effects, **snakemake.params.model
)
write_arrays(
    snakemake.output[0],
    region=z.columns.to_numpy(dtype=str),
    site_names=np.array(sites, dtype=str),
    **comparison.arrays(),
)
