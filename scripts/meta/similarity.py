"""Correlation of every two maps of the run, under null maps."""

from amygene.io.choices import load
from amygene.io.tables import read_table, write_table
from amygene.meta.columns import SIMILARITY
from amygene.meta.joins import similarity
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
maps = {
    name: read_table(file).set_index("region")["value"]
    for name, file in zip([*params.run_maps, *params.meta_maps], [*source.run, *source.meta], strict=True)
}
circuits = read_table(source.circuits)
maps |= {
    f"circuit of {name}": rows.set_index("region")["connectivity"]
    for name, rows in circuits.groupby("circuit", sort=False)
}
maps = {name: values for name, values in maps.items() if values.notna().any()}
table = similarity(maps, read_table(source.regions), load(params.null_model), params.seed, params.null_maps)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[*source.run, *source.meta, source.circuits],
    settings={"nulls": params.method, "null_maps": params.null_maps},
    seed=params.seed,
    meanings=SIMILARITY,
    note="null maps are those of the first map; false discovery rate over all pairs",
)
