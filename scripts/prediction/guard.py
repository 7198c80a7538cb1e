"""Does anything that is fitted depend on the participants who are tested?"""

from amygene.io.files import read_arrays
from amygene.io.tables import write_json
from amygene.prediction.designs import splits_of
from amygene.prediction.leakage import guard
from amygene.prediction.nested import Settings
from amygene.prediction.sample import Sample
from job import start

start(snakemake.log[0])
params = snakemake.params
sample = Sample(**read_arrays(snakemake.input[0]))
splits = {design: splits_of(design, sample, **params.splits, seed=params.seed) for design in params.designs}
verdicts = guard(sample, splits, Settings(**params.settings), params.seed)
write_json(snakemake.output[0], verdicts)
for design, verdict in verdicts.items():
    print(f"{design}: {verdict}")
