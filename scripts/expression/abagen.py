"""Regions x genes with one set of choices; runs in abagen's environment, so settings come as arguments."""

import argparse
import json

import nibabel

from amygene.expression import ahba
from amygene.io.tables import read_table, write_table
from job import start

parser = argparse.ArgumentParser(description=__doc__)
for name in ("settings", "image", "regions", "donors-folder", "expression", "samples", "log"):
    parser.add_argument(f"--{name}", required=True)
options = parser.parse_args()
start(options.log)
settings = json.loads(options.settings)
found = ahba.regional_expression(
    nibabel.load(options.image), read_table(options.regions), options.donors_folder, settings, options.image
)
folders = [f"{options.donors_folder}/{ahba.donor_folder(donor)}" for donor in settings["donors"]]
sources = [options.image, options.regions, *(f"{folder}/{file}" for folder in folders for file in ahba.FILES)]
write_table(
    options.expression,
    found.matrix,
    sidecar=options.expression.replace(".parquet", ".json"),
    sources=sources,
    settings=settings,
    note=f"{found.n_unstable} genes with a differential stability below {settings['stability']} are left out",
)
write_table(
    options.samples,
    found.samples,
    sidecar=options.samples.replace(".tsv", ".json"),
    sources=sources[:2],
    settings=settings,
    note="a sample that is mirrored counts at both of its places" if settings["lr_mirror"] else None,
)
without = found.samples.loc[found.samples["n_samples"] == 0, "region"]
print(f"{found.matrix.shape[1]} genes, {found.samples['n_samples'].sum()} samples in regions; regions without samples:")
print(", ".join(without) or "none")
