"""The difference of the groups with several ways to deal with sites."""

from amygene.group.regions import compare_site_effects
from amygene.io.files import read_arrays
from amygene.io.tables import write_table
from amygene.models.comparison import Comparison
from amygene.models.site_effects import SiteEffects
from job import start

start(snakemake.log[0])
arrays = read_arrays(snakemake.input.comparison)
ways = [SiteEffects(**way) for way in snakemake.params.ways]
write_table(
    snakemake.output.table,
    compare_site_effects(arrays["region"].tolist(), Comparison.from_arrays(arrays), ways),
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.participants, snakemake.input.comparison],
    settings=snakemake.params.model,
    note="parametric p-values, one family per way; the main table is ..._stat-t_roi.tsv",
)
