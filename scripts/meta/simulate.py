"""Make foci of experiments with planted truth."""

import json

from amygene.io.files import read_arrays, replacing
from amygene.meta.brain import Brain
from amygene.meta.simulated import simulate, to_nimads
from job import start

start(snakemake.log[0])
foci = simulate(Brain.from_arrays(read_arrays(snakemake.input.grid)), snakemake.params.settings, snakemake.params.seed)
in_mni = foci["space"] == "MNI"
with replacing(snakemake.output.table) as beside:
    foci[in_mni].to_csv(beside, sep="\t", index=False, lineterminator="\n")
with replacing(snakemake.output.studyset) as beside:
    beside.write_text(json.dumps(to_nimads(foci[~in_mni], "simulated"), indent=1) + "\n", encoding="utf-8")
