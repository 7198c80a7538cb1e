"""Read and check the foci of all experiments."""

import pandas as pd

from amygene.io.columns import known
from amygene.io.files import read_arrays
from amygene.io.problems import InputError, raise_if_any
from amygene.io.tables import write_json, write_table
from amygene.meta.brain import Brain
from amygene.meta.columns import FOCI as MEANINGS
from amygene.meta.foci import check_foci, read_foci
from job import start

start(snakemake.log[0])
arrays, params = read_arrays(snakemake.input.grid), snakemake.params
tables, problems = [], []
for file in snakemake.input.foci:
    try:
        tables.append(read_foci(file))
    except InputError as error:
        problems += error.problems
raise_if_any(problems)
brain = Brain.of(arrays["brain"], arrays["affine"])
foci, notes = check_foci(pd.concat(tables, ignore_index=True), brain, params.faulty)
own = {c: "annotation of the experiments, as in their file" for c in foci.columns if c not in known()} | MEANINGS
write_table(
    snakemake.output.table,
    foci,
    sidecar=snakemake.output.sidecar,
    sources=list(snakemake.input.foci),
    settings={"faulty": params.faulty},
    note=" ".join(notes),
    meanings=own,
)
write_json(snakemake.output.notes, {"notes": notes, "foci": len(foci), "experiments": int(foci["sample"].nunique())})
print("\n".join(notes))
