"""Fisher z of one seed with every region, in one bucket of participants."""

import numpy as np

from amygene.connectivity.regions import seed_connectivity
from amygene.imaging.seeds import check_seeds
from amygene.imaging.series_pack import read_pack
from amygene.io.files import write_arrays
from amygene.io.problems import raise_if_any
from job import start

start(snakemake.log[0])
series, labels = read_pack(snakemake.input.series)
raise_if_any(check_seeds({snakemake.wildcards.seed: snakemake.params.regions}, labels, snakemake.wildcards.atlas))
seed = np.array([labels.index(region) for region in snakemake.params.regions])
z = np.array([seed_connectivity(values, seed) for values in series.values()]).reshape(-1, len(labels))
others = [j for j in range(len(labels)) if j not in seed]
write_arrays(
    snakemake.output[0],
    participant_id=np.array(list(series), dtype=str),
    region=np.array([labels[j] for j in others]),
    z=z[:, others],
)
