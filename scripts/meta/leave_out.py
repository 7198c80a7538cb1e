"""Analyses without each experiment, one share of the experiments."""

from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_json
from amygene.meta.brain import Brain
from amygene.meta.chance import LEVEL
from amygene.meta.contributions import leave_out
from amygene.meta.store import unpack
from job import start

start(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
stored, table = unpack(read_arrays(snakemake.input.ale)), read_table(snakemake.input.table)
significant = table.loc[table["p_fwe"] < LEVEL, "cluster"].to_numpy()
grid, rows = Brain.from_arrays(read_arrays(snakemake.input.grid)), []
if len(significant):
    for index in range(int(wildcards.chunk), len(stored.experiments), params.n_chunks):
        found = leave_out(
            stored.experiments,
            grid,
            stored.labels,
            significant,
            index,
            voxel_p=params.voxel_p,
            seed=params.seed,
            analysis=f"{wildcards.comparison} {wildcards.subgroup}",
            n_draws=params.draws,
        )
        rows += [{"order": index, **row} for row in found]
        print(f"without {stored.experiments.names[index]}: {found}")
write_json(snakemake.output[0], {"rows": rows})
