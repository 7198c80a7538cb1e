"""Co-expression network of one tissue: nested modules and their hub genes."""

from scipy import sparse

from amygene.io.files import read_arrays, write_arrays
from amygene.io.tables import write_table
from amygene.preclinical.columns import MEMBERS, MODULES
from amygene.preclinical.modules import member_table, module_table, nested
from amygene.preclinical.network import soft_power, ties, variable_genes
from job import start

start(snakemake.log[0])
output, params = snakemake.output, snakemake.params
data = read_arrays(snakemake.input.stabilised)
columns = variable_genes(data["values"], params.network["genes"])
values, genes = data["values"][:, columns], data["gene"][columns]
power = params.network.get("power", soft_power(len(values)))
tied = ties(values, power)
modules = nested(tied, params.network["min_size"], params.seed)
members = member_table(tied, genes, modules, params.seed, params.permutations)
shared = {
    "sources": list(snakemake.input),
    "settings": {**params.network, "power": power, "permutations": params.permutations},
    "seed": params.seed,
}
write_table(output.members, members, sidecar=output.members_sidecar, meanings=MEMBERS, **shared)
write_table(
    output.modules,
    module_table(modules, members),
    sidecar=output.modules_sidecar,
    meanings=MODULES,
    note="Leiden's algorithm cuts a module without inner structure too: modules below level 1 describe",
    **shared,
)
upper = sparse.triu(tied, 1, format="coo")
write_arrays(output.ties, gene=genes, row=upper.row, column=upper.col, tie=upper.data)
print(f"{len(genes)} genes, {upper.nnz} ties, {len(modules)} modules")
