"""All genes in one table, and the count test."""

from amygene.genes.association import CountTest
from amygene.genes.table import count_summary, gene_table
from amygene.io.files import read_arrays
from amygene.io.tables import sha256, write_json, write_table
from job import start

start(snakemake.log[0])
params, source = snakemake.params, snakemake.input
table = gene_table([read_arrays(f) for f in source.chunks])
settings = {"correlation": params.correlation, "null": params.null, "null_maps": params.null_maps}
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[source.map, source.expression],
    settings=settings,
    seed=params.seed,
    note="p_null is the test; what p_group does not confirm may be chance in who is a case; p_parametric takes regions "
    "for independent and is a replicate",
)
counts = read_arrays(source.counts)
write_json(
    snakemake.output.counts,
    {
        **count_summary(table, CountTest(int(counts["observed"]), counts["null"])),
        "settings": settings,
        "seed": params.seed,
        "sources": {f: sha256(f) for f in (source.map, source.expression)},
    },
)
