"""Leave the sites of one bucket out, one at a time."""

import json
from dataclasses import asdict

from amygene.cohort.buckets import holds
from amygene.io.files import read_arrays, replacing
from amygene.models.comparison import Comparison
from amygene.sites.regions import leave_sites_out
from job import start

start(snakemake.log[0])
params = snakemake.params
arrays = read_arrays(snakemake.input[0])
comparison = Comparison.from_arrays(arrays)
names = arrays["site_names"].tolist()
held = [site for site, name in enumerate(names) if holds(snakemake.wildcards.bucket, name)] if len(names) > 1 else []
found = leave_sites_out(comparison, held, params.seed, params.permutations, params.min_per_group) if held else {}
for site, left_out in found.items():
    print(f"{names[site]}: r with all {left_out.r_with_full:.3f}, alone against the rest {left_out.r_heldout_rest:.3f}")
with replacing(snakemake.output[0]) as beside:
    beside.write_text(json.dumps({names[site]: asdict(left_out) for site, left_out in found.items()}, indent=1))
