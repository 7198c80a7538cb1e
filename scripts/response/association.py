"""Does connectivity go with the outcome? Correlations of one seed's edges at every follow-up."""

from amygene.io.tables import read_matrix, read_table, write_table
from amygene.response.associations import correlations
from amygene.response.columns import ASSOCIATION
from amygene.response.members import TEXT
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
association = snakemake.wildcards.association
table = correlations(
    association,
    read_matrix(source.connectivity),
    *(read_table(source[name], dtype=TEXT) for name in ("sessions", "participants", "outcomes")),
    timepoints=params.timepoints,
    order=params.order,
    settings=params.settings,
    categorical=params.categorical,
    seed=params.seed,
    n_permutations=params.permutations,
)
write_table(
    output.table,
    table,
    sidecar=output.sidecar,
    sources=[source.connectivity, source.sessions, source.participants, source.outcomes],
    settings={"association": association, **params.settings, "permutations": params.permutations},
    seed=params.seed,
    note="family of q and p_fwe: the regions of one follow-up, kind and adjustment",
    meanings=ASSOCIATION,
)
for time, own in table.groupby("timepoint", sort=False):
    print(f"{time}: {own['n'].max():.0f} participants, smallest q {own['q'].min():.4f}")
