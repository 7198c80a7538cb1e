"""Null maps, and whether they keep what they should."""

import numpy as np

from amygene.io.choices import load
from amygene.io.files import read_arrays, write_arrays
from amygene.io.tables import read_table, write_table
from amygene.nulls.diagnostics import diagnose
from job import start

start(snakemake.log[0])
params = snakemake.params
used = read_table(snakemake.input.map)
used = used[used["used"]]
values, structure = used["value"].to_numpy(), used["structure"].to_numpy(dtype=str)
xyz = used[["x", "y", "z"]].to_numpy()
maps = load(params.null_model)(values, structure, xyz, params.seed, params.null_maps)
relabeled = np.empty((0, len(values)))
if "shards" in dict(snakemake.input.items()):
    column = {name: i for i, name in enumerate(read_arrays(snakemake.input.comparison)["region"].tolist())}
    drawn = np.concatenate([read_arrays(f)["maps"] for f in snakemake.input.shards])
    # a relabeling that leaves a region with one group has no t there
    relabeled = np.nan_to_num(drawn[:, [column[name] for name in used["region"]]])
write_arrays(
    snakemake.output.maps,
    region=used["region"].to_numpy(dtype=str),
    structure=structure,
    observed=values,
    null_maps=maps,
    relabeled=relabeled,
)
write_table(
    snakemake.output.table,
    diagnose(values, maps, structure, xyz),
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.map],
    settings={"method": params.method, "null_maps": params.null_maps},
    seed=params.seed,
)
