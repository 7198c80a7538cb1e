"""Maps of one seed averaged over the regions of the atlas: the table that a cohort of series has, too."""

import nibabel

from amygene.connectivity.maps import region_table
from amygene.imaging.images import read_volume
from amygene.imaging.parcels import own_regions, region_weights
from amygene.imaging.seed_maps import read_sources, weights_on
from amygene.io.files import read_json, write_arrays
from amygene.io.tables import read_table, write_table
from job import start

start(snakemake.log[0])
source, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
listed = read_table(source.participants, dtype={"participant_id": str, "session": str, "unit": str})
# a row per participant, or per scan of every session
if params.session is None:
    scans = list(listed[["unit", "participant_id", "session"]].itertuples(index=False, name=None))
else:
    scans = [(p, p, params.session) for p in listed["participant_id"]]
rows = "participant_id" if params.session is not None else "unit"
made = {p: by for f in source.parts for p, by in read_json(f).items()}
regions = read_table(source.regions)
grid, _ = read_volume(source.mask)
weights = region_weights(nibabel.load(source.atlas), regions["index"].to_numpy(), grid)
seed = weights_on(read_sources(source.sources)[wildcards.seed], grid)
z = region_table(scans, made, wildcards.seed, seed, grid, weights, regions["region"].tolist()).rename_axis(rows)
z = z.loc[:, ~(own_regions(seed, weights) | regions["region"].isin(params.regions).to_numpy())]
write_arrays(
    snakemake.output.part,
    **{rows: z.index.to_numpy(dtype=str)},
    region=z.columns.to_numpy(dtype=str),
    z=z.to_numpy(),
)
write_table(
    snakemake.output.table,
    z,
    sidecar=snakemake.output.sidecar,
    sources=[source.participants, source.atlas],
    settings={"seed": wildcards.seed, "definition": params.definition, "cleaning": params.cleaning},
    note="mean over each region of Fisher z of the seed with its voxels, without the seed's own; regions of which "
    "less than half has signal are missing. Files the maps were made from, with their hashes: cohort/files.tsv",
)
print(f"{z.shape[0]} scans x {z.shape[1]} regions, {int(z.isna().sum().sum())} missing")
