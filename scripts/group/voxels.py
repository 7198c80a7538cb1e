"""Maps and clusters of one test and seed: of a difference of groups, or of treatment."""

import numpy as np

from amygene.group.voxels import MAP_MEANING, clusters_found, clusters_note
from amygene.imaging.images import read_volume, write_image
from amygene.imaging.labels import read_labels
from amygene.io.files import equal_parts, read_arrays
from amygene.io.tables import write_sidecar, write_table
from amygene.models.cluster_tables import cluster_table, describe_voxels, effect_meaning, facts_of
from amygene.models.columns import OF_CLUSTERS
from amygene.models.draws import gather_draws, largest_of_tests
from amygene.models.voxel_comparison import VoxelComparison
from amygene.stats.lattice import Lattice
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
arrays = read_arrays(source.comparison)
grid, mask = read_volume(source.mask)
voxel = params.voxel
comparison = VoxelComparison.from_arrays(np.load(source.maps, mmap_mode="r", allow_pickle=False), arrays)
lattice = Lattice(arrays["analysed"], voxel["connectivity"])
threshold = float(arrays["threshold"])
# this seed's shards first
shards = equal_parts([read_arrays(f) for f in source.shards], len(params.family))
observed, maxima = (
    [read_arrays(f)["largest"] for f in source.tests],
    [read_arrays(f)["maxima"] for f in source.test_shards],
)
tests = largest_of_tests(observed, maxima, len(params.family))
draws = gather_draws(shards, voxel["draws"], voxel["until"], tests)
result = describe_voxels(comparison, lattice, threshold, draws, voxel["margin"])
settings = {
    **params.asked,
    "seed": snakemake.wildcards.seed,
    "family": list(params.family),
    "permutations": params.permutations,
    **voxel,
}
facts = {
    "participants": dict(zip(arrays["who"].tolist(), arrays["n_who"].tolist(), strict=True)),
    **facts_of(comparison, lattice, grid.affine, threshold, result, draws, voxel["margin"]),
}
if tests:
    facts |= {"tests": params.tests, "over_tests": draws.over_tests}
common = {"sources": [*source.tables, *source.connectivity], "settings": settings, "seed": params.seed}
for stat, image, sidecar in zip(params.stats, output.images, output.image_sidecars, strict=True):
    write_image(image, lattice.volume(result.maps[stat].astype(np.float32), np.nan), grid)
    write_sidecar(sidecar, image, note=MAP_MEANING[stat].format(tested=params.words["tested"]), **common, **facts)
table = cluster_table(
    comparison,
    lattice,
    grid.affine,
    threshold,
    result,
    {name: labels.within(arrays["analysed"][mask > 0]) for name, labels in read_labels(source.labels).items()},
    voxel["peak_distance"],
    voxel["peaks"],
)
if tests:
    table = table.assign(n_tests=len(tests))
write_table(
    output.table,
    table,
    sidecar=output.sidecar,
    note=clusters_note(params.words["positive"], draws.n_tests),
    facts=facts,
    meanings=OF_CLUSTERS | effect_meaning(comparison.effect, params.words["tested"]),
    **common,
)
print(f"{clusters_found(table)}; FWHM {facts['fwhm_mm']} mm")
