"""Which modules hold the genes that a contrast changes?"""

from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.preclinical.columns import MODULE_ENRICHMENT
from amygene.preclinical.modules import module_enrichment, modules_of
from amygene.preclinical.signatures import of_contrasts
from job import start

start(snakemake.log[0])
source = snakemake.input
text = {"gene": str, "module": str, "parent": str}
genes = read_arrays(source.ties)["gene"]
modules = modules_of(read_table(source.members, dtype=text), genes)
signatures = of_contrasts(read_table(source.contrasts, dtype=text), snakemake.wildcards.tissue)
sides = {s.name: (set(s.genes(1)), set(s.genes(-1))) for s in signatures}
write_table(
    snakemake.output.table,
    module_enrichment(modules, genes, sides),
    sidecar=snakemake.output.sidecar,
    sources=[source.members, source.contrasts],
    meanings=MODULE_ENRICHMENT,
    note="modules and contrasts come from the same animals: this describes more than it proves",
)
