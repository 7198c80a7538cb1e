"""The difference of the groups with four ways to deal with sites."""

from amygene.group.regions import compare_site_effects
from amygene.io.files import read_arrays
from amygene.io.tables import write_table
from amygene.models.comparison import Comparison
from job import start

start(snakemake.log[0])
arrays = read_arrays(snakemake.input.comparison)
write_table(
    snakemake.output.table,
    compare_site_effects(arrays["region"].tolist(), Comparison.from_arrays(arrays)),
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.participants, snakemake.input.comparison],
    settings=snakemake.params.model,
    note="parametric p-values, one family per way; the main table is ..._stat-t_roi.tsv",
)
