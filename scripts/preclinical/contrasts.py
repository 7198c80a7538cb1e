"""Differential expression of one tissue, every contrast."""

from amygene.io.files import read_arrays
from amygene.io.tables import write_table
from amygene.preclinical.columns import DIFFERENTIAL
from amygene.preclinical.contrasts import all_contrasts
from amygene.preclinical.counts import tested
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
values, sheet = tested(read_arrays(source.counts), source.sheet)
table = all_contrasts(
    values, sheet, params.group, params.covariates, params.contrasts, params.thresholds, params.shrinkage
)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[source.counts, source.sheet],
    settings={k: params[k] for k in ("group", "covariates", "contrasts", "thresholds", "shrinkage")},
    meanings=DIFFERENTIAL,
)
print(table.groupby("contrast", sort=False)["direction"].value_counts().unstack(fill_value=0).to_string())
