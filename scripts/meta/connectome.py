"""The normative connectome, brought to its atlas."""

import re

import numpy as np
import pandas as pd

from amygene.io.files import read_arrays, write_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.connectome import LEAST_CONTROLS, load_values, mean_of_subjects, read_matrix
from job import start

start(snakemake.log[0])
source = snakemake.input
regions = read_table(source.regions)
if source.get("matrix"):
    labels = None
    if source.get("labels"):
        with open(source.labels, encoding="utf-8-sig") as stream:
            labels = [name for name in re.split(r"[,;\t\n]", stream.read().strip()) if name.strip()]
    connectome, notes = read_matrix(load_values(source.matrix, labels is not None), labels, regions, source.matrix)
else:
    sums = [read_arrays(file) for file in source.controls]
    total, count = (np.sum([s[k] for s in sums], axis=0) for k in ("total", "count"))
    connectome = mean_of_subjects(total, count, regions, LEAST_CONTROLS)
    notes = [f"Mean Fisher z of up to {int(count.max())} controls of {snakemake.params.contrast}."]
write_arrays(snakemake.output.arrays, **connectome.to_arrays())
table = pd.DataFrame(connectome.matrix, columns=list(connectome.regions))
table.insert(0, "region", connectome.regions)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[f for f in (source.get("matrix"), source.get("labels")) if f],
    settings={"contrast": snakemake.params.contrast},
    note=" ".join(notes),
    meanings=dict.fromkeys(connectome.regions, "connectivity with this region"),
)
print("\n".join(notes))
