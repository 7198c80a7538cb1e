"""Gene set enrichment analysis of the ranked genes, by gseapy."""

import gseapy

from amygene.enrichment.sets import measured_sets, read_gmt
from amygene.io.tables import read_table, write_table
from job import start

start(snakemake.log[0])
params = snakemake.params
genes = read_table(snakemake.input.genes).dropna(subset="r").set_index("gene")["r"]
names, membership = measured_sets(read_gmt(snakemake.input.gmt), genes.index, params.min_size, params.max_size)
sets = {name: genes.index[membership[[i]].indices].tolist() for i, name in enumerate(names)}
result = gseapy.prerank(
    rnk=genes,
    gene_sets=sets,
    min_size=params.min_size,
    max_size=params.max_size,
    permutation_num=params.permutations,
    seed=params.seed,
    threads=1,
    outdir=None,
    no_plot=True,
).res2d
table = result.set_index("Term").loc[names].reset_index()
table = table.rename(columns={"Term": "set", "ES": "es", "NES": "nes", "NOM p-val": "p_gsea", "FDR q-val": "q_gsea"})
table.insert(1, "n_genes", [len(sets[name]) for name in table["set"]])
write_table(
    snakemake.output.table,
    table[["set", "n_genes", "es", "nes", "p_gsea", "q_gsea"]].astype(
        dict.fromkeys(("es", "nes", "p_gsea", "q_gsea"), float)
    ),
    sidecar=snakemake.output.sidecar,
    sources=[snakemake.input.genes, snakemake.input.gmt],
    settings={k: params[k] for k in ("min_size", "max_size", "permutations")},
    seed=params.seed,
    note="replicate: the null is random genes, which takes genes and regions for independent; p can be 0 here",
)
