"""Bring the expression matrix into the atlas's order."""

from amygene.expression.alignment import align, read_dk83
from amygene.imaging.atlas import strangers
from amygene.io.files import write_arrays
from amygene.io.tables import read_matrix, read_table, write_table
from job import start

start(snakemake.log[0])
source, output = snakemake.input, snakemake.output
matrix = (read_dk83 if snakemake.params.source == "DK83" else read_matrix)(source.matrix)
regions = read_table(source.regions)
expression, coverage = align(matrix, regions, source.matrix)
if source.get("samples"):
    samples = read_table(source.samples).set_index("region")["n_samples"]
    coverage["n_samples"] = coverage["region"].map(samples).fillna(0).astype(int).to_numpy()
expression.index.name = "region"
settings = {"source": snakemake.params.source}
write_table(
    output.expression,
    expression,
    sidecar=output.expression_sidecar,
    sources=[source.matrix],
    settings=settings,
)
note = strangers(matrix.index, regions)
write_table(
    output.coverage,
    coverage,
    sidecar=output.coverage_sidecar,
    sources=[source.matrix],
    settings=settings,
    note=note,
)
write_arrays(
    output.arrays,
    region=expression.index.to_numpy(dtype=str),
    gene=expression.columns.to_numpy(dtype=str),
    values=expression.to_numpy(),
)
lacking = ", ".join(coverage.loc[~coverage["in_expression"], "region"]) or "none"
print(note or "every row is a region of the atlas")
print(f"{expression.shape[0]} regions x {expression.shape[1]} genes; without expression: {lacking}")
