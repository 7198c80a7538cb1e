"""Are the clusters that differ from controls at baseline like controls later? One seed, every timepoint."""

import numpy as np

from amygene.group.voxels import open_maps
from amygene.imaging.images import read_volume
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.models.cluster_tables import members_of, significant_clusters
from amygene.models.columns import OF_CLUSTERS
from amygene.response.members import TEXT
from amygene.response.voxel_normalisation import clusters_against_controls, mean_connectivity
from amygene.stats.lattice import Lattice
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
name = snakemake.wildcards.normalisation
sessions, participants = (read_table(source[one], dtype=TEXT) for one in ("sessions", "participants"))
baseline = read_arrays(source.comparison)
analysed, (_, mask) = baseline["analysed"], read_volume(source.mask)
chosen = significant_clusters(read_table(source.clusters))
score, log_p = (read_volume(source[one])[1][analysed] for one in ("score", "score_p"))
lattice = Lattice(analysed, params.connectivity)
clusters = members_of(chosen, baseline["t"], lattice, float(baseline["threshold"]), score, log_p)
of_mask, maps, equivalent = np.flatnonzero(analysed[mask > 0]), {}, {}
for time, file, image in zip(params.timepoints, source.connectivity, source.equivalence, strict=True):
    maps[time], people = open_maps(file, source.rows[0])
    log_equivalent = read_volume(image)[1][analysed]
    equivalent[time] = [log_equivalent[voxels] for voxels in clusters]
table = clusters_against_controls(
    mean_connectivity(maps, people, sessions, [of_mask[voxels] for voxels in clusters]),
    chosen,
    equivalent,
    sessions,
    participants,
    name,
    timepoints=params.timepoints,
    settings=params.settings,
    categorical=params.categorical,
    seed=params.seed,
    n_permutations=params.permutations,
)
write_table(
    output.table,
    table,
    sidecar=output.sidecar,
    sources=[*source.connectivity, source.sessions, source.participants],
    settings={"normalisation": name, **params.settings, "permutations": params.permutations},
    seed=params.seed,
    note=f"mean connectivity of the clusters that differ at {params.timepoints[0]} (family-wise p < .05 by size or "
    "mass, or else by score), patients minus controls; normalised: the difference is now smaller than "
    f"{params.settings['margin']:g} standard deviations (p_equivalence < .05). Family of q and p_fwe: the clusters of "
    "one time. A cluster was chosen where its difference is largest, so that of the baseline is too large; controls "
    "seen once count with the same scan at every time, so part of that stays",
    meanings=OF_CLUSTERS,
)
for (time, verdict), n in table.groupby(["timepoint", "verdict"], sort=False).size().items():
    print(f"{time}: {n} clusters {verdict}")
if table.empty:
    print(f"no cluster differs at {params.timepoints[0]}, so none can normalise")
