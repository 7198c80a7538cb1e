"""Are patients like controls after treatment? One seed, every timepoint."""

from amygene.io.tables import read_matrix, read_table, write_table
from amygene.response.members import TEXT
from amygene.response.normalisation import against_controls
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
name = snakemake.wildcards.normalisation
table = against_controls(
    read_matrix(source.connectivity),
    read_table(source.sessions, dtype=TEXT),
    read_table(source.participants, dtype=TEXT),
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
    sources=[source.connectivity, source.sessions, source.participants],
    settings={"normalisation": name, **params.settings, "permutations": params.permutations},
    seed=params.seed,
    note=f"patients minus controls; normalised: differed at baseline (q < .05), and is now smaller than "
    f"{params.settings['margin']:g} standard deviations (p_equivalence < .05). Family of q and p_fwe: the "
    "regions of one time",
)
for (time, verdict), n in table.groupby(["timepoint", "verdict"], sort=False).size().items():
    print(f"{time}: {n} regions {verdict}")
