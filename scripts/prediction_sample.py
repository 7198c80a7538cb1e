"""Edges, covariates, sites and groups of one contrast as arrays."""

from pathlib import Path

import pandas as pd

from amygene.files import write_arrays
from amygene.prediction.designs import check_folds
from amygene.prediction.sample import make_sample
from amygene.problems import InputError, some
from amygene.tables import read_table
from job import start

start(snakemake.log[0])
params, contrast = snakemake.params, snakemake.wildcards.contrast
absent = [file for file in params.second if not Path(file).is_file()]
if absent:
    raise InputError(
        f"config key prediction.external: study {params.second_study} lacks {some(absent)}; "
        "run the stage connectivity of that study first, with the same atlas and seeds"
    )


def read(participants, connectivity):
    """Participants, and seed -> connectivity."""
    listed = read_table(participants, dtype={"participant_id": str, "site": str})
    return dict(zip(params.seeds, map(pd.read_parquet, connectivity), strict=True)), listed


second = (*read(params.second[0], params.second[1:]), params.second_contrast) if params.second else None
sample = make_sample(
    *read(snakemake.input.participants, snakemake.input.connectivity),
    contrast,
    seed_regions=params.seeds,
    **params.model,
    second=second,
    second_name=params.second_study,
)
check_folds(sample.case[~sample.external], params.folds, contrast)
write_arrays(snakemake.output[0], **sample.arrays())
print(f"{len(sample.case)} participants, {len(sample.regions)} edges, {len(sample.site_names)} sites")
