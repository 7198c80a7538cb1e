"""Genes that are specific to each class of an expression table, and sets of them."""

import pandas as pd

from amygene.enrichment.brainspan import read_brainspan
from amygene.enrichment.sets import write_gmt
from amygene.enrichment.specificity import check_expression, specific_sets, specificity_table
from amygene.io.problems import InputError
from amygene.io.tables import read_given, read_matrix, write_sidecar, write_table
from job import start

start(snakemake.log[0])
params, source, output = snakemake.params, snakemake.input, snakemake.output
if params.brainspan:
    expression, classes = read_brainspan(source.expression, read_given(source.regions), read_given(source.stages))
else:
    expression = read_matrix(source.expression)
    classes = pd.DataFrame({"set": expression.columns})
expression = check_expression(expression, source.expression)
p = specificity_table(expression, params.min_expression, params.draws, params.seed)
threshold = params.thresholds[0]
sets = specific_sets(p, threshold)
if not sets:
    raise InputError(
        f"{source.expression}: no gene is specific to a class at pSI < {threshold:g}; are there enough genes "
        f"({len(p)}), and is min_expression ({params.min_expression:g}) on the table's scale?"
    )
settings = {k: params[k] for k in ("thresholds", "min_expression", "draws")}
shared = {"sources": source, "settings": settings, "seed": params.seed}
write_table(output.p, p, sidecar=output.p_sidecar, note="pSI of every gene (row) in every class (column)", **shared)
classes["n_ranked"] = p.notna().sum().to_numpy()
classes["n_genes"] = (p < threshold).sum().to_numpy()
write_table(
    output.classes,
    classes,
    sidecar=output.classes_sidecar,
    meanings={
        "n_samples": "samples that were averaged",
        "n_genes": f"genes with pSI below {threshold:g}: the set",
    },
    **shared,
)
write_gmt(output.gmt, sets, f"pSI < {threshold:g}")
write_sidecar(output.gmt_sidecar, output.gmt, **shared)
print(f"{len(p)} genes, {p.shape[1]} classes, {len(sets)} of them with specific genes at pSI < {threshold:g}")
