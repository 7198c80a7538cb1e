"""How much of every seed has signal in every participant."""

import json
from pathlib import Path

from amygene.cohort.images import read_signal
from amygene.imaging.seed_maps import SeedsOnGrids, read_sources, too_little_signal
from amygene.io.files import replacing
from job import start

start(snakemake.log[0])
params = snakemake.params
sources = {name: s for f in snakemake.input.sources for name, s in read_sources(f).items() if name in params.seeds}
seeds = SeedsOnGrids(sources)
lacking: dict[str, dict] = {name: {} for name in sources}
for file in snakemake.input.signal:
    signal = {p: found for (p, session), found in read_signal(file).items() if session == params.first}
    for name, found in too_little_signal(seeds, signal, params.min_coverage).items():
        lacking[name] |= found
with replacing(snakemake.output[0]) as beside:
    Path(beside).write_text(json.dumps(lacking, indent=1))
