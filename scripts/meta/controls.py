"""Sums of all region pairs' connectivity over the controls of one bucket."""

import numpy as np

from amygene.imaging.series_pack import read_pack
from amygene.io.files import write_arrays
from amygene.io.tables import read_table
from amygene.meta.connectome import add_subject
from job import start

start(snakemake.log[0])
series, labels = read_pack(snakemake.input.series)
people = read_table(snakemake.input.participants, dtype={"participant_id": str})
controls = set(people.loc[people[f"contrast-{snakemake.params.contrast}"] == "control", "participant_id"])
total, count = (np.zeros((len(labels), len(labels)), dtype=np.int64) for _ in range(2))
for participant, values in series.items():
    if participant in controls:
        add_subject(values, total, count)
write_arrays(snakemake.output[0], total=total, count=count, region=np.array(labels))
