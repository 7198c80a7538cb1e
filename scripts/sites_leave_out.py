"""Leave the sites of one bucket out, one after the other."""

import json
from dataclasses import asdict

from amygene.cohort.buckets import holds
from amygene.comparison import Comparison
from amygene.files import read_arrays, replacing
from amygene.sites import leave_site_out
from job import start

start(snakemake.log[0])
params = snakemake.params
arrays = read_arrays(snakemake.input[0])
comparison = Comparison.from_arrays(arrays)
names = arrays["site_names"].tolist()
results = {}
for site, name in enumerate(names):
    if len(names) > 1 and holds(snakemake.wildcards.bucket, name):
        left_out = leave_site_out(comparison, site, params.seed, params.permutations, params.min_per_group)
        results[name] = asdict(left_out)
        print(f"{name}: r with all {left_out.r_with_full:.3f}, alone against the rest {left_out.r_heldout_rest:.3f}")
with replacing(snakemake.output[0]) as beside:
    beside.write_text(json.dumps(results, indent=1))
