"""Size factors, dispersions, quality of samples, and the likelihood-ratio test over all groups."""

from amygene.io.files import read_arrays, write_arrays
from amygene.io.tables import write_table
from amygene.preclinical.columns import OVER_GROUPS, SAMPLES
from amygene.preclinical.contrasts import distances, fit, over_groups, quality, stabilised
from amygene.preclinical.counts import tested
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
values, sheet = tested(read_arrays(source.counts), source.sheet)
model = fit(values, sheet, params.group, params.covariates, sheet[params.group].iloc[0])
vst = stabilised(values)
shared: dict = {
    "sources": [source.counts, source.sheet],
    "settings": {"group": params.group, "covariates": params.covariates},
}
write_table(
    output.table,
    over_groups(model),
    sidecar=output.sidecar,
    meanings=OVER_GROUPS,
    facts={"dispersion trend": str(model.data.uns["disp_function_type"])},
    **shared,
)
write_table(output.samples, quality(model, sheet, vst), sidecar=output.samples_sidecar, meanings=SAMPLES, **shared)
write_arrays(
    output.stabilised,
    values=vst.to_numpy(),
    sample=vst.index.to_numpy(dtype=str),
    gene=vst.columns.to_numpy(dtype=str),
    group=sheet[params.group].to_numpy(dtype=str),
    distances=distances(vst),
)
