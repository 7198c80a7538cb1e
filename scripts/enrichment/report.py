"""Part of the report: gene sets that follow a map, collection by collection."""

from amygene.enrichment.scores import kappa
from amygene.enrichment.sets import measured_sets, read_gmt
from amygene.io.tables import read_table
from amygene.report.figures.enrichment import bubbles, classes, network
from amygene.report.parts import Files, write_part
from amygene.report.sections import enrichment
from amygene.report.style import save
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
files = Files(snakemake.wildcards.study)
genes = read_table(source.genes)["gene"]
replicates = dict(zip(params.gsea, source.gsea, strict=True))
collections, of_classes = [], {}
for i, name in enumerate(params.specific):
    fisher = files.table(source.fisher[i])
    drawn = classes(read_table(source.tables[i]), read_table(source.classes[i]), fisher.content)
    save(drawn, *output.classes[2 * i : 2 * i + 2])
    of_classes[name] = (fisher, files.picture(output.classes[2 * i]))
for i, name in enumerate(params.collections):
    table, clusters = files.table(source.sets[i]), read_table(source.clusters[i])
    sets = read_gmt(source.gmt[i])
    _, membership = measured_sets({name: sets[name] for name in clusters["set"]}, genes, 1, len(genes))
    save(bubbles(table.content, name), *output.bubbles[2 * i : 2 * i + 2])
    save(network(clusters, kappa(membership)), *output.network[2 * i : 2 * i + 2])
    collections.append(
        enrichment.Collection(
            name,
            table,
            files.picture(output.bubbles[2 * i]),
            files.picture(output.network[2 * i]),
            files.table(replicates[name]) if name in replicates else None,
            *of_classes.get(name, ()),
        )
    )
write_part(output.part, "enrichment", enrichment.part(snakemake.wildcards.map, collections), source)
