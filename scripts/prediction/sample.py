"""Edges, covariates, sites and groups of one contrast as arrays."""

from pathlib import Path

import pandas as pd

from amygene.connectivity.regions import gather
from amygene.io.files import equal_parts, read_arrays, write_arrays
from amygene.io.problems import InputError, some
from amygene.io.tables import read_table
from amygene.prediction.designs import check_folds
from amygene.prediction.sample import make_sample
from job import start

start(snakemake.log[0])
params, contrast = snakemake.params, snakemake.wildcards.contrast
absent = [file for file in params.second if not Path(file).is_file()]
if absent:
    raise InputError(
        f"config key prediction.external: study {params.second_study} lacks {some(absent)}; "
        "run the stage connectivity of that study first, with the same atlas and seeds"
    )
connectivity = {
    seed: gather(map(read_arrays, files))
    for seed, files in zip(params.seeds, equal_parts(snakemake.input.parts, len(params.seeds)), strict=True)
}
text, second = {"participant_id": str, "site": str}, None
if params.second:
    tables = dict(zip(params.seeds, map(pd.read_parquet, params.second[1:]), strict=True))
    second = (tables, read_table(params.second[0], dtype=text), params.second_contrast)
sample = make_sample(
    connectivity,
    read_table(snakemake.input.participants, dtype=text),
    contrast,
    seed_regions=params.seeds,
    **params.model,
    second=second,
    second_name=params.second_study,
)
check_folds(sample.case[~sample.external], params.folds, contrast)
write_arrays(snakemake.output[0], **sample.arrays())
print(f"{len(sample.case)} participants, {len(sample.regions)} edges, {len(sample.site_names)} sites")
