"""Density of every receptor by region: tracers averaged by sample size."""

import nibabel
import pandas as pd

from amygene.imaging.maps import map_from_image
from amygene.io.tables import read_given, read_table, write_table
from amygene.meta.receptors import check_list, combine, files_in
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
regions, atlas = read_table(source.regions), nibabel.load(source.image)
if source.get("list"):
    file = source.list
    listed = check_list(read_given(file), file)
elif params.folder:
    listed = files_in(params.folder)
else:
    listed = pd.concat([files_in(folder) for folder in source.images], ignore_index=True)
tracers = pd.DataFrame({i: map_from_image(nibabel.load(f), atlas, regions, f) for i, f in enumerate(listed["image"])})
densities = combine(tracers, listed)
table = densities.rename_axis("region").reset_index()
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=listed["image"],
    settings={"tracers": listed.drop(columns="image").to_dict("records")},
    note="z over regions; several tracers of a target averaged by sample size",
    meanings=dict.fromkeys(densities.columns, "density of this receptor or transporter, z over regions"),
)
print(listed.to_string(index=False))
