"""What is active together with the significant clusters, and what studies that report them are about."""

import pandas as pd

from amygene.imaging.labels import read_labels
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.ale import converge
from amygene.meta.brain import Brain
from amygene.meta.chance import LEVEL, largest_by_chance
from amygene.meta.clusters import cluster_table
from amygene.meta.coactivation import active_studies, coactivation_experiments, database_files, decode, read_database
from amygene.meta.meanings import DECODING
from amygene.meta.selection import refusal
from amygene.meta.store import unpack
from job import start

start(snakemake.log[0])
source, output, params, wildcards = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards
grid, stored = Brain.from_arrays(read_arrays(source.grid)), unpack(read_arrays(source.ale))
atlases = read_labels(source.labels)
files = database_files(source.database)
database, notes = read_database(files)
clusters = read_table(source.table)
active_tables, decoded = [], []
for cluster in clusters.loc[clusters["p_fwe"] < LEVEL, "cluster"]:
    active = active_studies(database, grid, stored.found.labels == cluster)
    reason = refusal(int(active.sum()))
    notes.append(f"Cluster {cluster}: {int(active.sum())} of {len(active)} studies report a focus within it.")
    if reason:
        notes.append(f"Cluster {cluster} has no co-activation map and is not decoded: {reason}.")
        continue
    terms = decode(database, active, params.min_studies)
    terms.insert(0, "seed_cluster", cluster)
    decoded.append(terms)
    experiments = coactivation_experiments(database, active, params.n_subjects)
    found = converge(experiments, grid, params.voxel_p)
    name = f"{wildcards.comparison} {wildcards.subgroup} coactivation {cluster}"
    largest = largest_by_chance(experiments, grid, found.threshold, params.seed, name, 0, params.draws)
    table = cluster_table(found, grid, largest, atlases)
    table.insert(0, "seed_cluster", cluster)
    active_tables.append(table)
if not (clusters["p_fwe"] < LEVEL).any():
    notes.append("No significant cluster to look for.")
common = {
    "sources": [source.table, *map(str, files.values())],
    "settings": {"n_subjects": params.n_subjects, "min_studies": params.min_studies, "draws": params.draws},
    "seed": params.seed,
    "meanings": DECODING,
    "note": " ".join(notes),
}
empty = cluster_table(None, grid, stored.pilot, atlases)
empty.insert(0, "seed_cluster", None)
terms = ["seed_cluster", "term", "n_studies", "n_active", "likelihood_ratio", "p", "q"]
write_table(
    output.coactivation,
    pd.concat(active_tables, ignore_index=True) if active_tables else empty,
    sidecar=output.coactivation_sidecar,
    **common,
)
write_table(
    output.decoding,
    pd.concat(decoded, ignore_index=True) if decoded else pd.DataFrame(columns=terms),
    sidecar=output.decoding_sidecar,
    **common,
)
