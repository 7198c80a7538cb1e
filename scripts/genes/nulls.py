"""Null maps, and whether they keep what they should."""

import numpy as np

from amygene.io.files import read_arrays, write_arrays
from amygene.io.tables import read_table, write_table
from amygene.nulls.diagnostics import diagnose
from amygene.nulls.spin import on_sphere
from amygene.nulls.stratified import null_maps
from job import start

start(snakemake.log[0])
params = snakemake.params
used = read_table(snakemake.input.map)
used = used[used["used"]]
values, structure = used["value"].to_numpy(), used["structure"].to_numpy(dtype=str)
xyz = used[["x", "y", "z"]].to_numpy()
places = {}
if params.method == "spin":
    from nilearn.datasets import load_fsaverage

    right = (xyz[:, 0] > 0) if (used["hemisphere"] == "B").any() else (used["hemisphere"] == "R").to_numpy()
    meshes, sphere = load_fsaverage("fsaverage5"), np.empty_like(xyz)
    for side, name in ((False, "left"), (True, "right")):
        pial, ball = (meshes[kind].parts[name].coordinates for kind in ("pial", "sphere"))
        sphere[right == side] = on_sphere(xyz[right == side], pial, ball)
    places = {"sphere": sphere, "is_right": right}
maps = null_maps(values, structure, xyz, params.method, params.seed, params.null_maps, **places)
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
