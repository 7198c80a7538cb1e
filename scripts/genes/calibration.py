"""Do the tests of genes hold their level on this atlas, with this expression?"""

from amygene.genes.association import complete_expression
from amygene.io.choices import load
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.nulls.calibration import PUBLISHED, false_positive_rates
from job import start

start(snakemake.log[0])
params = snakemake.params
regions = read_table(snakemake.input.regions).dropna(subset=["x", "structure"])
matrix = read_arrays(snakemake.input.expression)
regions = regions[regions["region"].isin(matrix["region"])]
if params.cortex_only:
    regions = regions[regions["structure"] == "cortex"]
_, expression = complete_expression(matrix, regions["region"].to_numpy(dtype=str))
settings = {"n_maps": params.maps, "n_genes": 1000, "n_nulls": 500}
table = false_positive_rates(
    regions[["x", "y", "z"]].to_numpy(),
    regions["structure"].to_numpy(dtype=str),
    expression,
    seed=params.seed,
    nulls=PUBLISHED | {f"{params.nulls}, stratified": load(params.null_model)},
    **settings,
)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.regions, snakemake.input.expression],
    settings=settings,
    seed=params.seed,
    note="share of p < .05 when map and gene are unrelated; it should be .05",
)
