"""Fisher z of one seed with every region, in one bucket of participants."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from job import start

from amygene.connectivity import seed_connectivity
from amygene.files import replacing
from amygene.series_pack import read_pack

start(snakemake.log[0])
series, labels = read_pack(snakemake.input.series)
seed = np.array([labels.index(region) for region in snakemake.params.regions])
z = np.array([seed_connectivity(values, seed) for values in series.values()]).reshape(-1, len(labels))
others = [j for j in range(len(labels)) if j not in seed]
columns = [pa.array(list(series), pa.string()), *(pa.array(z[:, j]) for j in others)]
with replacing(snakemake.output[0]) as beside:
    pq.write_table(pa.table(columns, names=["participant_id", *(labels[j] for j in others)]), beside)
