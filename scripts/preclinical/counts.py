"""Read and check the counts and sheets of all tissues."""

import numpy as np

from amygene.io.files import write_arrays
from amygene.io.tables import read_table, write_table, write_text_table
from amygene.preclinical.columns import TISSUES
from amygene.preclinical.counts import read_tissues, tissue_table
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
behaviour = read_table(source.behaviour, dtype=str) if source.get("behaviour") else None
tissues = read_tissues(params.tissues, params.group, params.covariates, params.contrasts, behaviour)
table, kept = tissue_table(tissues, read_table(source.orthologues, dtype=str), params.min_count, params.min_samples)
for one, genes, counts, sheet in zip(tissues.values(), kept, output.counts, output.sheets, strict=True):
    values = one.values.loc[:, genes]
    write_arrays(
        counts,
        counts=values.to_numpy(dtype=np.int64),
        sample=values.index.to_numpy(dtype=str),
        gene=values.columns.to_numpy(dtype=str),
    )
    write_text_table(sheet, one.sheet.reset_index())
write_table(
    output.table,
    table,
    sidecar=output.sidecar,
    sources=[*source.files, source.orthologues],
    settings={k: params[k] for k in ("group", "covariates", "contrasts", "min_count", "min_samples")},
    meanings=TISSUES,
)
print(table.to_string(index=False))
