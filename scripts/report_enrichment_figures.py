"""The sets with the smallest p, and the network of sets that share genes."""

from amygene.enrichment import kappa
from amygene.genesets import measured_sets, read_gmt
from amygene.report.figures_genes import bubbles, network
from amygene.report.style import save
from amygene.tables import read_table
from job import start

start(snakemake.log[0])
source, output = snakemake.input, snakemake.output
clusters = read_table(source.clusters)
sets = read_gmt(source.gmt)
genes = read_table(source.genes)["gene"]
_, membership = measured_sets({name: sets[name] for name in clusters["set"]}, genes, 1, len(genes))
save(bubbles(read_table(source.sets), snakemake.wildcards.collection), output.bubbles_svg, output.bubbles_png)
save(network(clusters, kappa(membership)), output.network_svg, output.network_png)
