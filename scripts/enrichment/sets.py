"""Score every set of a collection against null maps and against random sets."""

from amygene.enrichment.scores import RandomSets
from amygene.enrichment.sets import measured_sets, read_gmt
from amygene.enrichment.table import cluster_table, set_table
from amygene.genes.association import on_genes
from amygene.io.files import read_arrays
from amygene.io.problems import InputError
from amygene.io.tables import read_table, write_table
from amygene.stats.map_test import unit
from job import start

start(snakemake.log[0])
params, source = snakemake.params, snakemake.input
on = on_genes(read_arrays(source.maps), read_arrays(source.expression), params.correlation)
sets, membership = measured_sets(read_gmt(source.gmt), on.gene, params.min_size, params.max_size)
if not sets:
    raise InputError(
        f"{source.gmt}: no set has {params.min_size} to {params.max_size} measured genes; "
        "are its genes named by symbol? (config keys enrichment.min_size, max_size)"
    )
genes = read_table(source.genes).set_index("gene").loc[on.gene]
random_sets = RandomSets(unit(on.expression, 0), params.seed, read_arrays(source.pools))
table = set_table(sets, membership, on, genes, params.score, random_sets, params.random_sets)
settings = {k: params[k] for k in ("correlation", "score", "min_size", "max_size", "random_sets")}
shared = {"sources": [source.genes, source.expression, source.gmt], "settings": settings, "seed": params.seed}
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    note="p_null is the test; what p_group does not confirm may be chance in who is a case; p_coexpression stands "
    "beside them; p_hypergeometric takes genes and regions for independent and is a replicate",
    **shared,
)
write_table(
    snakemake.output.clusters,
    cluster_table(table, membership),
    sidecar=snakemake.output.clusters_sidecar,
    **shared,
)
print(f"{len(sets)} sets, {int((table['q_null'] < 0.05).sum())} at q_null < .05")
