"""Tune, train and test every classifier on the folds of one part of a design."""

from amygene.io.files import read_arrays, write_arrays
from amygene.prediction.designs import part_of, splits_of
from amygene.prediction.nested import Settings
from amygene.prediction.observed import observe
from amygene.prediction.sample import Sample
from amygene.prediction.tables import to_arrays
from job import start

start(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
sample = Sample(**read_arrays(snakemake.input[0]))
splits = splits_of(wildcards.design, sample, **params.splits, seed=params.seed)
here = part_of(splits, wildcards.part, params.folds_per_job)
found = observe(sample, here, Settings(**params.settings), wildcards.design)
write_arrays(snakemake.output[0], **to_arrays(found))
print(f"{len(here)} of {len(splits)} folds")
