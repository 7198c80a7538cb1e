"""Areas of every classifier under one shard of relabelings."""

from amygene.io.files import read_arrays, write_arrays
from amygene.prediction.designs import splits_of
from amygene.prediction.nested import Settings, permuted_areas
from amygene.prediction.sample import Sample
from amygene.prediction.tables import KEY
from job import start

start(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
sample = Sample(**read_arrays(snakemake.input[0]))
splits = splits_of(wildcards.design, sample, **params.splits, seed=params.seed)
found = permuted_areas(
    sample,
    splits,
    Settings(**params.settings),
    wildcards.design,
    params.tested,
    params.seed,
    int(wildcards.shard),
    params.stop,
)
write_arrays(snakemake.output[0], **{"/".join(key): areas for key, areas in found.items()})
for key, areas in found.items():
    print(", ".join(f"{name} {value}" for name, value in zip(KEY, key, strict=True)), f"mean area {areas.mean():.3f}")
