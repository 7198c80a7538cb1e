"""Who is in a model of change, with which sessions, and how its groups compare at baseline."""

import pandas as pd

from amygene.io.tables import read_table, write_table
from amygene.response.members import TEXT, measure
from amygene.response.table_one import table_one
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
change = snakemake.wildcards.change
sessions, participants, outcomes = (
    read_table(source[name], dtype=TEXT) for name in ("sessions", "participants", "outcomes")
)
measured = measure(sessions, participants, outcomes, f"response.changes.{change}", **params.model)
covariates = [*params.model["covariates"], *params.model["covariates_by_time"]]
groups = table_one(measured, sessions, participants, outcomes, covariates, params.model["categorical"])
sources = [source.sessions, source.participants, source.outcomes]
for name, table, meanings in (
    ("sessions", measured.listed, {"group": "group of the model", "reason": "why it is not used"}),
    ("groups", groups, {"group": "group of the model; all: the test between them"}),
):
    write_table(
        output[name],
        pd.DataFrame(table),
        sidecar=output[f"{name}_sidecar"],
        sources=sources,
        settings={"change": change, **params.model},
        meanings=meanings,
    )
print(f"{measured.listed['in_model'].sum()} of {len(measured.listed)} scans are used")
