"""What is active together with the significant clusters, and what studies that report them are about."""

import numpy as np

from amygene.imaging.labels import read_labels
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.brain import Brain
from amygene.meta.chance import LEVEL
from amygene.meta.coactivation import coactivation, database_files, read_database
from amygene.meta.columns import DECODING
from amygene.meta.store import unpack
from job import start

start(snakemake.log[0])
source, output, params, wildcards = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards
grid, stored = Brain.from_arrays(read_arrays(source.grid)), unpack(read_arrays(source.ale))
atlases = read_labels(source.labels)
files = database_files(source.database)
database, notes = read_database(files)
clusters = read_table(source.table)
seeds = clusters.loc[clusters["p_fwe"] < LEVEL, "cluster"].tolist()
found = coactivation(
    database,
    stored.labels if seeds else np.empty(0),
    seeds,
    grid,
    atlases,
    analysis=f"{wildcards.comparison} {wildcards.subgroup}",
    n_subjects=params.n_subjects,
    min_studies=params.min_studies,
    voxel_p=params.voxel_p,
    seed=params.seed,
    n_draws=params.draws,
)
common: dict = {
    "sources": [source.table, *map(str, files.values())],
    "settings": {"n_subjects": params.n_subjects, "min_studies": params.min_studies, "draws": params.draws},
    "seed": params.seed,
    "meanings": DECODING,
    "note": " ".join([*notes, *found.notes]),
}
write_table(output.coactivation, found.clusters, sidecar=output.coactivation_sidecar, **common)
write_table(output.decoding, found.terms, sidecar=output.decoding_sidecar, **common)
