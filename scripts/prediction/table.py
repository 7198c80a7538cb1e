"""How well every classifier does in every design, and what each participant got."""

from amygene.io.files import read_arrays, read_json
from amygene.io.tables import write_table
from amygene.prediction import tables
from amygene.prediction.sample import Sample
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
sample = Sample(**read_arrays(source.sample))
parts = [read_arrays(file) for file in source.parts]
permuted = tables.gather_permuted([read_arrays(file) for file in source.shards])
made = tables.make_tables(parts, permuted, read_json(source.guard), sample, params.seed, params.models)
notes = {
    "performance": "p tests the area of the first repeat against the same with groups permuted within site and fold, "
    "edges chosen, tuned and trained again; the rows of a design that the guard calls optimistic are shown for "
    "comparison with published work only",
    "weights": "cross-validation; patterns, not weights: see Haufe et al. 2014",
}
for name, file, sidecar in zip(made, snakemake.output.tables, snakemake.output.sidecars, strict=True):
    write_table(
        file,
        made[name],
        sidecar=sidecar,
        sources=[source.participants, source.sample],
        settings={
            "contrast": snakemake.wildcards.contrast,
            **params.model,
            **params.settings,
            "external": params.second,
        },
        seed=params.seed,
        note=notes.get(name),
    )
for _, row in made["performance"].iterrows():
    print(f"{row['design']}, {row['model']}, {row['features']}: AUC {row['auc']:.3f}, p {row['p_permutation']:.4f}")
