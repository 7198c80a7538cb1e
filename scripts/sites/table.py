"""All left-out sites in one table, and the forest of every region."""

from amygene.io.files import read_arrays, read_json
from amygene.io.tables import write_table
from amygene.models.comparison import Comparison
from amygene.sites.regions import forest_table, loso_table
from job import start

start(snakemake.log[0])
params = snakemake.params
arrays = read_arrays(snakemake.input.comparison)
sites = arrays["site_names"].tolist()
found = {name: row for part in snakemake.input.parts for name, row in read_json(part).items()}
settings = {**params.model, "permutations": params.permutations, "min_per_group": params.min_per_group}
write_table(
    snakemake.output.loso,
    # a cohort of one site has nothing to leave out
    loso_table({site: found[site] for site in sites} if len(sites) > 1 else {}),
    sidecar=snakemake.output.loso_sidecar,
    sources=[snakemake.input.participants, snakemake.input.comparison],
    settings=settings,
    seed=params.seed,
    note="r_with_full is a replicate: the maps share most participants, so compare it with its null band only; "
    "r_heldout_rest with its p is the test",
)
write_table(
    snakemake.output.forest,
    forest_table(arrays["region"].tolist(), Comparison.from_arrays(arrays), sites),
    sidecar=snakemake.output.forest_sidecar,
    sources=[snakemake.input.participants, snakemake.input.comparison],
    settings=params.model,
    note="covariates as in the contrast, at every site alone; pooled: DerSimonian and Laird, Hartung and Knapp",
)
