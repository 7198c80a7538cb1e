"""Animal signatures against a map of the human brain."""

from amygene.enrichment.scores import RandomSets
from amygene.genes.association import on_genes
from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.preclinical.bridge import all_weights, animals_p, bridge_table, orthologues_of
from amygene.preclinical.columns import BRIDGE
from amygene.preclinical.following import holding
from amygene.preclinical.signatures import read_all
from amygene.stats.map_test import unit
from job import start

start(snakemake.log[0])
params, source = snakemake.params, snakemake.input
on = on_genes(read_arrays(source.maps), read_arrays(source.expression), params.correlation)
signatures = read_all(source.contrasts, params.tissues, params.signatures, params.thresholds)
text = {"gene": str, "module": str, "parent": str}
members = {t: read_table(f, dtype=text) for t, f in zip(params.tissues, source.members, strict=True)}
weights = all_weights(signatures, members)
human = orthologues_of(weights, read_table(source.orthologues, dtype=str))
stabilised = {t: read_arrays(f) for t, f in zip(params.tissues, source.stabilised, strict=True)}
animals = animals_p(weights, human, on.gene, on.r, stabilised, params.contrasts, params.seed, params.permutations)
random_sets = RandomSets(unit(on.expression, 0), params.seed, read_arrays(source.pools))
table = bridge_table(weights, human, on, random_sets, params.random_sets, params.min_size, animals)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[source.orthologues, source.expression, *source.contrasts, *source.members, *source.signatures],
    settings={k: params[k] for k in ("thresholds", "min_size", "correlation", "random_sets", "permutations")},
    seed=params.seed,
    meanings=BRIDGE,
    note="p_null is the test; what p_group or p_animals does not confirm may be chance in who, or which animal, is in "
    "which group; p_coexpression stands beside",
)
print(f"{int(holding(table).sum())} of {int(table['p_null'].notna().sum())} signatures follow the map")
